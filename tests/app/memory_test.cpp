// "Code and memory" without its window: annotated sources, request pictures, the painter, counting in the
// background. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "app/shell/model/kernel_counts.hpp"
#include "app/shell/model/kernel_source.hpp"
#include "app/shell/model/lab_kernels.hpp"
#include "app/shell/model/painter.hpp"
#include "app/shell/model/request_picture.hpp"
#include "kernels/sources.hpp"
#include "labs/lab.hpp"
#include "reference/core/files.hpp"
#include "tests/folders.hpp"

namespace alab::shell {
namespace {

using counted::RequestKind;
using counted::RequestShape;
using counted::RequestSpace;

RequestShape strided(RequestSpace space, unsigned bytes, std::int64_t step, std::int64_t start = 0) {
  RequestShape shape;
  shape.space = space;
  shape.bytes = bytes;
  for (std::size_t lane = 0; lane < 32; ++lane) {
    shape.offsets[lane] = start + static_cast<std::int64_t>(lane) * step;
  }
  return shape;
}

ParamSet knobs(const std::string& assignments) {
  ParamSet set(painter_params());
  for (std::size_t at = 0; at < assignments.size();) {
    const std::size_t end = std::min(assignments.find(';', at), assignments.size());
    const std::string one = assignments.substr(at, end - at);
    set.set_text(one.substr(0, one.find('=')), one.substr(one.find('=') + 1));
    at = end + 1;
  }
  return set;
}

std::string cost_of_painted(const std::string& assignments) {
  return cost_in_words(picture_of(painted(knobs(assignments), {})));
}

CountRequest request_of(std::string_view op, std::string_view rung, const std::string& problem) {
  CountRequest request;
  request.op = find_op(op);
  for (const RungBuild* build : rungs_of(op, counted_rungs())) {
    request.build = build->rung->id == rung ? build : request.build;
  }
  request.problem = small_problem(*request.op);
  request.problem.assign(problem);
  if (request.build != nullptr) {
    request.tiles = ParamSet(request.build->rung->tiles);
  }
  return request;
}

}  // namespace

TEST_CASE("every rung's source is in the program, as it is in the repository") {
  CHECK(kernel_sources().size() > executor_rungs().size());
  for (const RungBuild* build : executor_rungs()) {
    const std::string file = file_of(*build->rung);
    CAPTURE(file);
    const auto texts = annotated_source(*build->rung, nullptr);
    REQUIRE(texts.size() == 1);
    std::string joined;
    for (const SourceLine& line : texts[0].lines) {
      joined += std::string(line.text) + "\n";
    }
    CHECK(joined == read_file(alab::tests::source_folder() + "/" + file));
  }
}

TEST_CASE("every op of a lab exists, and every op belongs to a lab") {
  std::vector<std::string_view> shown;
  for (const Lab* lab : all_labs()) {
    for (const std::string_view op : ops_of_lab(lab->id)) {
      CAPTURE(op);
      CHECK(find_op(op) != nullptr);
      CHECK(!rungs_of(op, executor_rungs()).empty());
      shown.push_back(op);
    }
  }
  for (const Op* op : all_ops()) {
    CAPTURE(op->id);
    CHECK(std::count(shown.begin(), shown.end(), op->id) > 0);
  }
}

TEST_CASE("links from lessons to kernels lead to rungs of their lab") {
  constexpr std::string_view kMark = "](kernel:";
  for (const Lab* lab : all_labs()) {
    const std::string_view words = files_of(*lab).text_md;
    for (std::size_t at = words.find(kMark); at != std::string_view::npos; at = words.find(kMark, at + 1)) {
      const std::size_t from = at + kMark.size(), slash = words.find('/', from);
      const std::string_view op = words.substr(from, slash - from);
      const std::string_view rung = words.substr(slash + 1, words.find(')', slash) - slash - 1);
      CAPTURE(lab->id);
      CAPTURE(rung);
      CHECK(std::count(ops_of_lab(lab->id).begin(), ops_of_lab(lab->id).end(), op) == 1);
      const auto rungs = rungs_of(op, executor_rungs());
      CHECK(std::any_of(rungs.begin(), rungs.end(), [&](const RungBuild* b) { return b->rung->id == rung; }));
    }
  }
}

TEST_CASE("a picture has a row for each 128 bytes that are touched") {
  const RequestPicture side = picture_of(strided(RequestSpace::global, 4, 4));
  REQUIRE(side.rows.size() == 1);
  CHECK(side.rows[0].lanes[31] == 1u << 31);
  CHECK(cost_in_words(side) == "4 sectors: moved 128 B, used 128 B (100 %)");
  const RequestPicture wide = picture_of(strided(RequestSpace::global, 4, 32));
  CHECK(wide.rows.size() == 8);
  CHECK(cost_in_words(wide) == "32 sectors: moved 1024 B, used 128 B (13 %)");
  const RequestPicture before = picture_of(strided(RequestSpace::global, 4, 4, -4));
  REQUIRE(before.rows.size() == 2);
  CHECK(before.rows[0].first == -128);
  CHECK(before.rows[0].lanes[31] == 1);
  CHECK(before.cost.passes == 5);
  const RequestPicture same = picture_of(strided(RequestSpace::global, 4, 0));
  CHECK(same.rows[0].lanes[0] == 0xFFFFFFFFu);
  CHECK(cost_in_words(same) == "1 sector: moved 32 B, used 4 B (13 %)");
}

TEST_CASE("lanes that meet in a bank are named") {
  const RequestPicture two = picture_of(strided(RequestSpace::dynamic_shared, 4, 8));
  CHECK(cost_in_words(two) == "2 wavefronts where 1 would do: 1 bank conflict");
  CHECK(conflict_in_words(two) == "lanes 0 and 16 meet in bank 0: 2 wavefronts; so in 15 more places");
  const RequestPicture column = picture_of(strided(RequestSpace::static_shared, 4, 128, 16));
  CHECK(column.cost.passes == 32);
  CHECK(conflict_in_words(column) == "lanes 0, 1, 2 ... 31 meet in bank 4: 32 wavefronts");
  const RequestPicture padded = picture_of(strided(RequestSpace::dynamic_shared, 4, 132));
  CHECK(cost_in_words(padded) == "1 wavefront, no bank conflict");
  CHECK(conflict_in_words(padded).empty());
  RequestShape atomic = strided(RequestSpace::dynamic_shared, 4, 128);
  atomic.kind = RequestKind::atomic;
  CHECK(cost_in_words(picture_of(atomic)).find("not counted") != std::string::npos);
}

TEST_CASE("meetings add up to the conflicts of the rule, for every width and stride") {
  for (const unsigned bytes : {4u, 8u, 16u}) {
    for (std::int64_t step = 0; step <= 64; ++step) {
      for (const RequestKind kind : {RequestKind::load, RequestKind::store}) {
        RequestShape shape = strided(RequestSpace::dynamic_shared, bytes, step * bytes);
        shape.kind = kind;
        shape.mask = 0x7FFFFFFFu;
        const RequestPicture picture = picture_of(shape);
        CAPTURE(bytes);
        CAPTURE(step);
        CHECK((picture.cost.conflicts > 0) == !picture.meetings.empty());
        if (bytes == 4 && !picture.meetings.empty()) {
          CHECK(picture.meetings.front().words == picture.cost.passes);
        }
      }
    }
  }
}

TEST_CASE("few lanes are all named, many are shortened") {
  CHECK(lanes_in_words(1u << 7) == "lane 7");
  CHECK(lanes_in_words(0x10001u) == "lanes 0 and 16");
  CHECK(lanes_in_words(0x1Fu) == "lanes 0, 1, 2, 3 and 4");
  CHECK(lanes_in_words(0xFFu) == "lanes 0, 1, 2 ... 7");
}

TEST_CASE("the painter's knobs give the textbook's counts") {
  CHECK(cost_of_painted("stride=1") == "4 sectors: moved 128 B, used 128 B (100 %)");
  CHECK(cost_of_painted("stride=1;offset=1") == "5 sectors: moved 160 B, used 128 B (80 %)");
  CHECK(cost_of_painted("stride=32") == "32 sectors: moved 1024 B, used 128 B (13 %)");
  CHECK(cost_of_painted("width=16 B") == "16 sectors: moved 512 B, used 512 B (100 %)");
  CHECK(cost_of_painted("lanes=8") == "1 sector: moved 32 B, used 32 B (100 %)");
  CHECK(cost_of_painted("memory=shared;pattern=tile column").starts_with("32 wavefronts"));
  CHECK(cost_of_painted("memory=shared;pattern=tile column;padding=1") == "1 wavefront, no bank conflict");
  CHECK(cost_of_painted("memory=shared;stride=2").starts_with("2 wavefronts"));
  CHECK(painted_code(knobs("stride=8")) == "float x[]; x[8 * lane]");
  CHECK(painted_code(knobs("stride=0;offset=3;width=16 B")) == "float4 x[]; x[3]");
  std::array<std::int64_t, 32> placed{};
  placed[5] = 70;
  CHECK(painted(knobs("pattern=by hand;width=8 B"), placed).offsets[5] == 64);
}

TEST_CASE("a request without lanes or of an odd width is refused in words") {
  RequestShape none;
  none.mask = 0;
  CHECK_THROWS_AS(picture_of(none), Error);
  RequestShape odd;
  odd.bytes = 12;
  CHECK_THROWS_AS(picture_of(odd), Error);
}

TEST_CASE("a counted rung has its numbers on its lines, and requests behind them") {
  if (counted_rungs().empty()) {
    return;
  }
  const CountRequest request = request_of("attention_scores", "20_tiled", "seq_len=40 head_dim=24");
  const KernelCount count = count_kernel(request, {});
  CHECK(count.profile.run.passed);
  const auto texts = annotated_source(*request.build->rung, &count.profile);
  counted::Counters total;
  double global = 0, shared = 0, flops = 0;
  std::size_t requests = 0;
  for (const SourceText& file : texts) {
    for (const SourceLine& line : file.lines) {
      total += line.counters;
      global += line.global_share;
      shared += line.shared_share;
      flops += line.flop_share;
      requests += line.requests.size();
    }
  }
  CHECK(sectors_of(total) == sectors_of(count.profile.launches[0].total));
  CHECK(global == doctest::Approx(1));
  CHECK(shared == doctest::Approx(1));
  CHECK(flops == doctest::Approx(1));
  CHECK(requests == count.profile.trace.requests.size());
  const counted::Line busiest = busiest_line(texts);
  CHECK(busiest.line > 0);
  const SourceLine* line = texts[0].line(busiest.line);
  REQUIRE(line != nullptr);
  REQUIRE(!line->requests.empty());
  for (const std::size_t i : line->requests) {
    const counted::TracedRequest& traced = count.profile.trace.requests[i];
    const RequestPicture picture = picture_of(counted::shape_of(traced));
    CHECK(picture.cost.passes == traced.sectors + traced.wavefronts);
    CHECK(picture.cost.conflicts == traced.conflicts);
  }
  const counted::TracedRequest& first = count.profile.trace.requests[line->requests.front()];
  CHECK(place_in_words(count.profile, first).starts_with("block 0, warp "));
  CHECK(access_in_words(count.profile.trace, first).find(" B a lane ") != std::string::npos);
}

TEST_CASE("operations are named by kind") {
  counted::FlopCounts flops;
  CHECK(operations_in_words(flops).empty());
  flops[counted::FlopKind::ffma] = 12;
  flops[counted::FlopKind::min_max] = 3;
  CHECK(operations_in_words(flops) == "All threads, counted: 12 multiply-adds, 3 minima and maxima");
}

TEST_CASE("every recorded request of every ladder costs what its picture says") {
  for (const Op* op : all_ops()) {
    for (const RungBuild* build : rungs_of(op->id, counted_rungs())) {
      CountRequest request{op, build, small_problem(*op), ParamSet(build->rung->tiles)};
      CAPTURE(op->id);
      CAPTURE(build->rung->id);
      if (request.problem.find("seq_len") != nullptr) {
        request.problem.set("seq_len", 33);
      }
      if (!why_not(request).empty()) {
        continue;
      }
      const KernelCount count = count_kernel(request, {});
      std::size_t wrong = 0;
      for (const counted::TracedRequest& r : count.profile.trace.requests) {
        const counted::Access cost = counted::cost_of(counted::shape_of(r));
        wrong += cost.passes == r.sectors + r.wavefronts && cost.conflicts == r.conflicts ? 0u : 1u;
      }
      CHECK(count.profile.trace.requests.size() > 0);
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("counting runs in the background, is cancelled, and keeps the newest count of each rung") {
  if (counted_rungs().empty()) {
    return;
  }
  KernelCounts counts;
  const CountRequest request = request_of("softmax_rows", "10_safe", "rows=4 cols=64");
  counts.submit(request);
  while (counts.running()) {
    std::this_thread::yield();
  }
  CHECK(counts.poll());
  CHECK(!counts.poll());
  CHECK(counts.error().empty());
  REQUIRE(counts.of(*request.build->rung) != nullptr);
  CHECK(counts.of(*request.build->rung)->request == request);
  CHECK(counts.ladder("softmax_rows").size() == 1);
  CHECK(counts.ladder("gla").empty());
  counts.submit(request);
  counts.cancel();
  while (counts.running()) {
    std::this_thread::yield();
  }
  counts.poll();
  CHECK(counts.error().empty());
  CHECK(counts.of(*request.build->rung) != nullptr);
}

TEST_CASE("every rung's lines add up to its counters, whatever number of headers it runs") {
  for (const RungBuild* build : counted_rungs()) {
    const Op& op = *find_op(build->rung->op);
    const CountRequest request = request_of(op.id, build->rung->id, std::string(op.shapes[1]));
    if (!why_not(request).empty()) {
      continue;
    }
    CAPTURE(build->rung->op);
    CAPTURE(build->rung->id);
    const KernelCount count = count_kernel(request, {});
    std::uint64_t sectors = 0, all = 0;
    counted::FlopCounts flops, all_flops;
    for (const SourceText& file : annotated_source(*build->rung, &count.profile)) {
      for (const SourceLine& line : file.lines) {
        sectors += sectors_of(line.counters);
        flops += line.flops;
      }
    }
    for (const counted::LaunchProfile& launch : count.profile.launches) {
      all += sectors_of(launch.total);
      all_flops += launch.flops.value();
    }
    CHECK(sectors == all);
    CHECK(flops == all_flops);
  }
}

}  // namespace alab::shell
