// The request trace: single requests of chosen blocks, as the kernel made them.
// SPDX-License-Identifier: MIT
#if defined(ALAB_HAVE_COUNTED)

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <sstream>

#include "kernels/executor/counted/counted_stream.hpp"
#include "kernels/profile_rung.hpp"
#include "reference/core/files.hpp"
#include "reference/core/inputs.hpp"
#include "tests/folders.hpp"
#include "tests/kernels/counting_samples.hpp"

using namespace alab;
using counted::RequestKind;
using counted::RequestSpace;
using counted::RequestTrace;
using counted::TracedRequest;
using counted::TraceWish;

namespace {

TraceWish blocks(std::vector<std::uint64_t> wanted) {
  TraceWish wish;
  wish.blocks = std::move(wanted);
  return wish;
}

RequestTrace trace_of(std::string_view name, const TraceWish& wish, unsigned workers = 0) {
  for (const samples::Counting& sample : counted_build::counting_samples()) {
    if (sample.name == name) {
      counted::Options options;
      options.trace = wish;
      options.workers = workers;
      counted::CountedStream stream({}, options);
      sample.run(stream);
      return stream.trace();
    }
  }
  FAIL("no sample '", name, "'");
  return {};
}

std::string words_of(const counted::Line& line) {
  std::istringstream file(read_file(alab::tests::source_folder() + "/" + line.file));
  std::string words;
  for (int i = 0; i < line.line; ++i) {
    std::getline(file, words);
  }
  return words;
}

std::vector<TracedRequest> of_space(const RequestTrace& trace, RequestSpace space) {
  std::vector<TracedRequest> some;
  std::copy_if(trace.requests.begin(), trace.requests.end(), std::back_inserter(some),
               [&](const TracedRequest& r) { return r.space == space; });
  return some;
}

}  // namespace

TEST_CASE("a strided load is traced with its line, buffer, offsets and sectors") {
  const RequestTrace trace = trace_of("stride of 32 bytes", blocks({0}));
  REQUIRE(trace.requests.size() == 2);
  const TracedRequest& load = trace.requests[0];
  CHECK(load.kind == RequestKind::load);
  CHECK(load.space == RequestSpace::global);
  REQUIRE(load.buffer >= 0);
  CHECK(trace.buffers[static_cast<std::size_t>(load.buffer)] == "in");
  CHECK(load.bytes == 4);
  CHECK(load.mask == 0xFFFFFFFFu);
  CHECK(load.sectors == 32);
  CHECK(load.wavefronts == 0);
  for (std::size_t lane = 0; lane < 32; ++lane) {
    CHECK(load.offsets[lane] == static_cast<std::int64_t>(lane) * 32);
  }
  CHECK(words_of(trace.lines[static_cast<std::size_t>(load.line)]).find("in[here() * 8]") !=
        std::string::npos);
  const TracedRequest& store = trace.requests[1];
  CHECK(store.kind == RequestKind::store);
  CHECK(trace.buffers[static_cast<std::size_t>(store.buffer)] == "out");
  CHECK(store.sectors == 4);
  CHECK(trace.cut == 0);
}

TEST_CASE("inactive lanes are not in the mask and repeat the first active one") {
  const RequestTrace trace = trace_of("every second lane", blocks({0}));
  REQUIRE(trace.requests.size() == 2);
  CHECK(trace.requests[0].mask == 0x55555555u);
  CHECK(trace.requests[0].offsets[2] == 8);
  CHECK(trace.requests[0].offsets[3] == 0);
  CHECK(trace.requests[0].sectors == 4);
}

TEST_CASE("static shared requests have wavefronts, conflicts and the number of barriers before them") {
  const RequestTrace trace = trace_of("columns of a tile of 32 x 32", blocks({0}));
  const auto shared = of_space(trace, RequestSpace::static_shared);
  REQUIRE(shared.size() == 36);
  for (std::size_t i = 0; i < shared.size(); ++i) {
    const TracedRequest& r = shared[i];
    CAPTURE(i);
    CHECK(r.buffer == -1);
    CHECK(r.sectors == 0);
    if (i < 32) {
      CHECK(r.kind == RequestKind::store);
      CHECK(r.epoch == (i == 0 ? 0u : 1u));
      CHECK(r.wavefronts == 1);
      CHECK(r.conflicts == 0);
      CHECK(r.offsets[5] == static_cast<std::int64_t>(i) * 128 + 20);
    } else {
      CHECK(r.kind == RequestKind::load);
      CHECK(r.epoch == 2);
      CHECK(r.wavefronts == 32);
      CHECK(r.conflicts == 31);
      CHECK(r.offsets[5] == 5 * 128 + (static_cast<std::int64_t>(i) - 32) * 4);
    }
  }
}

TEST_CASE("dynamic shared requests start at its first byte; 16 bytes a lane") {
  const auto shared =
      of_space(trace_of("float4 in dynamic shared memory", blocks({0})), RequestSpace::dynamic_shared);
  REQUIRE(shared.size() == 2);
  CHECK(shared[0].bytes == 16);
  CHECK(shared[0].offsets[31] == 31 * 16);
  CHECK(shared[0].wavefronts == 4);
  CHECK(shared[0].conflicts == 0);
  CHECK(shared[1].offsets[0] == 31 * 16);
}

TEST_CASE("atomics are traced as such, on both memories") {
  const RequestTrace trace = trace_of("atomics on both memories", blocks({0}));
  const auto count = [&](RequestSpace space) {
    return std::count_if(trace.requests.begin(), trace.requests.end(), [&](const TracedRequest& r) {
      return r.kind == RequestKind::atomic && r.space == space && std::popcount(r.mask) == 32;
    });
  };
  CHECK(count(RequestSpace::global) == 2);
  CHECK(count(RequestSpace::static_shared) == 2);
}

TEST_CASE("only wished blocks are kept, in their order; those that a launch does not have are ignored") {
  const RequestTrace one = trace_of("two blocks that load the same twice", blocks({1, 7}));
  REQUIRE(one.requests.size() == 3);
  for (const TracedRequest& r : one.requests) {
    CHECK(r.block == 1);
  }
  CHECK(one.requests[0].epoch == 0);
  CHECK(one.requests[1].epoch == 1);
  const RequestTrace both = trace_of("two blocks that load the same twice", blocks({1, 0, 1}));
  REQUIRE(both.requests.size() == 6);
  CHECK(both.requests[2].block == 0);
  CHECK(both.requests[3].block == 1);
  CHECK(trace_of("two blocks that load the same twice", {}).requests.empty());
}

TEST_CASE("a trace is bounded, says what it cut, and is the same on one and on several OS threads") {
  TraceWish wish = blocks({0, 1});
  wish.most_requests = 100;
  const RequestTrace alone = trace_of("a loop longer than the log", wish, 1);
  const RequestTrace together = trace_of("a loop longer than the log", wish, 4);
  // Two blocks of two warps, each with 1000 loads and a store.
  CHECK(alone.requests.size() == 100);
  CHECK(alone.cut == 4 * 1001 - 100);
  REQUIRE(together.requests.size() == 100);
  CHECK(together.cut == alone.cut);
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(together.requests[i].block == alone.requests[i].block);
    CHECK(together.requests[i].warp == alone.requests[i].warp);
    CHECK(together.requests[i].offsets == alone.requests[i].offsets);
  }
}

TEST_CASE("a limit per instruction leaves room for the lines behind a loop") {
  TraceWish wish = blocks({0});
  wish.most_per_instruction = 16;
  const RequestTrace trace = trace_of("a loop longer than the log", wish);
  const auto stores = std::count_if(trace.requests.begin(), trace.requests.end(),
                                    [](const TracedRequest& r) { return r.kind == RequestKind::store; });
  CHECK(trace.requests.size() == 16 + 2);
  CHECK(stores == 2);
  CHECK(trace.cut == 2000 - 16);
}

TEST_CASE("values that threads show come with their block and epoch; without a wish there are none") {
  TraceWish wish = blocks({0, 1});
  CHECK(trace_of("a load that goes to two buffers in turn", wish).values.empty());
  wish.most_values = 320;
  const RequestTrace trace = trace_of("a load that goes to two buffers in turn", wish);
  CHECK(trace.values_cut == 0);
  REQUIRE(trace.values.size() == 2 * 5 * 32);
  for (std::size_t i = 0; i < trace.values.size(); ++i) {
    const counted::WatchedValue& v = trace.values[i];
    CAPTURE(i);
    CHECK(v.name == "sum");
    CHECK(v.block == i / 160);
    CHECK(v.epoch == i % 160 / 32);
    CHECK(v.row == static_cast<int>(v.epoch));
    CHECK(v.col == static_cast<int>(v.block * 32 + i % 32));
    CHECK(v.value == static_cast<float>(v.row + 1));
  }
  wish.most_values = 100;
  const RequestTrace cut = trace_of("a load that goes to two buffers in turn", wish);
  CHECK(cut.values.size() == 100);
  CHECK(cut.values_cut == 220);
  CHECK(cut.cut == 0);
}

TEST_CASE("a wish for global memory alone leaves shared memory out") {
  TraceWish wish = blocks({0});
  wish.only_global = true;
  const RequestTrace some = trace_of("columns of a tile of 32 x 32", wish);
  const RequestTrace all = trace_of("columns of a tile of 32 x 32", blocks({0}));
  CHECK(some.requests.size() == all.requests.size() - 36);
  CHECK(of_space(some, RequestSpace::global).size() == some.requests.size());
  CHECK(some.cut == 0);
}

TEST_CASE("a rung's trace adds up to its counters, launch by launch") {
  const Op& op = *find_op("softmax_rows");
  const RungBuild& build = *rungs_of("softmax_rows", counted_rungs()).front();
  ParamSet problem(op.params);
  problem.assign("rows=3");
  problem.assign("cols=70");
  const HostArrays inputs = op.inputs(problem, synthetic_inputs().front(), {});
  const Judged judged = judge(op, problem, inputs);
  TraceWish wish;
  for (std::uint64_t b = 0; b < 64; ++b) {
    wish.blocks.push_back(b);
  }
  const RungProfile profile =
      profile_rung(op, build, problem, ParamSet(build.rung->tiles), inputs, judged, {}, {}, wish);
  CHECK(profile.run.passed);
  CHECK(profile.trace.cut == 0);
  for (std::size_t l = 0; l < profile.launches.size(); ++l) {
    std::uint64_t sectors = 0, wavefronts = 0;
    for (const TracedRequest& r : profile.trace.requests) {
      sectors += r.launch == l ? r.sectors : 0;
      wavefronts += r.launch == l ? r.wavefronts : 0;
    }
    const counted::Counters& total = profile.launches[l].total;
    std::uint64_t loaded = 0, stored = 0;
    for (const counted::BufferProfile& b : profile.launches[l].buffers) {
      loaded += b.load_bytes;
      stored += b.store_bytes;
    }
    CHECK(loaded == total.global_load.used_bytes);
    CHECK(stored == total.global_store.used_bytes);
    CHECK(sectors == total.global_load.passes + total.global_store.passes + total.global_atomic.passes);
    CHECK(wavefronts == total.shared_load.passes + total.shared_store.passes);
  }
}

#endif
