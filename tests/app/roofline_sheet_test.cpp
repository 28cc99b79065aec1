// Counted kernels under a roofline, and ladders counted in the background.
// SPDX-License-Identifier: MIT
#include "app/shell/model/roofline_sheet.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <thread>

#include "app/export/export.hpp"
#include "kernels/profile_ladder.hpp"
#include "labs/lab.hpp"
#include "reference/core/files.hpp"

namespace alab::shell {
namespace {

using Counts = std::vector<std::shared_ptr<const KernelCount>>;

CountRequest request_of(const RungBuild& build, const std::string& problem) {
  const Op& op = *find_op(build.rung->op);
  CountRequest request{&op, &build, small_problem(op), ParamSet(build.rung->tiles)};
  request.problem.assign(problem);
  return request;
}

const Counts& counted_softmax() {
  static const Counts counts = [] {
    Counts all;
    for (const RungBuild* build : rungs_of("softmax_rows", counted_rungs())) {
      all.push_back(
          std::make_shared<const KernelCount>(count_kernel(request_of(*build, "rows=4 cols=96"), {})));
    }
    return all;
  }();
  return counts;
}

}  // namespace

TEST_CASE("the sheet holds what kernel_point and time_bounds say, and its points stand on the fp32 roof") {
  for (const RooflineDevice& device : roofline_devices()) {
    CAPTURE(device.name);
    const Result sheet = roofline_sheet(device, counted_softmax());
    CHECK(problems_of(sheet).empty());
    CHECK(sheet.notes.empty());
    const Plot& plot = *sheet.plot("roofline");
    const Table& table = *sheet.table("bytes");
    REQUIRE(table.rows.size() == counted_softmax().size());
    REQUIRE(plot.series.size() == counted_softmax().size() + 2);
    for (std::size_t i = 0; i < counted_softmax().size(); ++i) {
      const KernelPoint p = *kernel_point(counted_softmax()[i]->profile.launches, "");
      const std::vector<Cell>& row = table.rows[i];
      CHECK(row[1].value == p.sector_bytes);
      CHECK(row[2].value == p.compulsory_bytes);
      CHECK(row[3].value >= 1);
      CHECK(row[4].value == p.flops);
      CHECK(row[5].value == doctest::Approx(p.flops / p.sector_bytes));
      CHECK(row[6].value == p.intensity());
      const auto seconds = [&](double bytes) {
        return time_bounds(device, RooflinePrecision::fp32, p.flops, bytes).seconds();
      };
      CHECK(row[7].value == seconds(p.compulsory_bytes));
      CHECK(row[8].value == seconds(p.sector_bytes));
      CHECK(row[1].provenance.kind == Provenance::counted);
      CHECK(row[7].provenance.kind == Provenance::modelled);
      const Cell occupancy = occupancy_cell(*counted_softmax()[i]->request.build->rung,
                                            counted_softmax()[i]->profile.launches, device);
      CHECK(row[10].text == occupancy.text);
      CHECK(row[10].has_number == occupancy.has_number);
      CHECK((!occupancy.has_number || row[10].value == occupancy.value));
      const Series& points = plot.series[i + 2];
      for (std::size_t k = 0; k < 2; ++k) {
        CHECK(points.ys[k] == attainable(device, RooflinePrecision::fp32, points.xs[k]));
      }
    }
    CHECK(plot.series[0].ys[1] == doctest::Approx(device.fp32_flops));
    CHECK(plot.series[1].ys[2] == doctest::Approx(device.fp16_flops));
  }
}

TEST_CASE("without kernels there is the roof alone") {
  const Result sheet = roofline_sheet(*find_roofline_device("H200"), {});
  CHECK(sheet.plot("roofline")->series.size() == 2);
  CHECK(sheet.table("bytes")->rows.empty());
}

TEST_CASE("counts that cannot be compared say so") {
  if (counted_rungs().empty()) {
    return;
  }
  Counts counts = counted_softmax();
  auto other = *counts[0];
  other.request.problem.assign("cols=64");
  counts[0] = std::make_shared<const KernelCount>(other);
  const Result mixed = roofline_sheet(*find_roofline_device("H200"), counts);
  REQUIRE(mixed.notes.size() == 1);
  CHECK(mixed.notes[0].find("different problems") != std::string::npos);
  CHECK(mixed.table("bytes")->columns.back() == "counted on");
  CHECK(mixed.table("bytes")->rows[0].back().text.find("cols=64") != std::string::npos);
  auto bare = *counts[1];
  bare.profile.launches[0].flops.reset();
  bare.profile.flops_unavailable = "not counted here";
  auto wrong = *counts[2];
  wrong.profile.run.passed = false;
  const Counts two = {std::make_shared<const KernelCount>(bare), std::make_shared<const KernelCount>(wrong)};
  const Result partial = roofline_sheet(*find_roofline_device("H200"), two);
  CHECK(partial.table("bytes")->rows.size() == 1);
  REQUIRE(partial.notes.size() == 2);
  CHECK(partial.notes[0].find("not counted here") != std::string::npos);
  CHECK(partial.notes[1].find("wrong") != std::string::npos);
}

TEST_CASE("the sheet is exported like any result") {
  if (counted_rungs().empty()) {
    return;
  }
  Result sheet = roofline_sheet(*find_roofline_device("T4"), counted_softmax());
  const Lab& lab = *find_lab("ch10_01_online_softmax");
  sheet.lab = std::string(lab.id);
  ExportOptions options;
  options.folder = std::filesystem::temp_directory_path() / text("alab-roofline-", ::getpid());
  options.formats = ExportFormats::parse("svg,csv,json");
  export_result(lab, sheet, options, {});
  CHECK(read_file(options.folder / "softmax_rows_roofline.svg").find("FLOP/B") != std::string::npos);
  CHECK(read_file(options.folder / "softmax_rows_bytes.csv").find("compulsory") != std::string::npos);
  CHECK(std::filesystem::exists(options.folder / "softmax_rows.json"));
  std::filesystem::remove_all(options.folder);
}

TEST_CASE("a ladder is counted one rung after the other, and a cancel ends all of it") {
  if (counted_rungs().empty()) {
    return;
  }
  KernelCounts counts;
  std::vector<CountRequest> ladder;
  for (const RungBuild* build : rungs_of("softmax_rows", counted_rungs())) {
    ladder.push_back(request_of(*build, "rows=2 cols=64"));
  }
  counts.submit_all(ladder);
  double fraction = 0;
  std::size_t arrived = 0;
  while (counts.running()) {
    const JobStatus status = counts.status();
    if (status.state == JobState::running) {
      CHECK(status.fraction >= fraction);
      fraction = status.fraction;
    }
    arrived += counts.poll() ? 1 : 0;
    std::this_thread::yield();
  }
  arrived += counts.poll() ? 1 : 0;
  CHECK(arrived == ladder.size());
  CHECK(counts.ladder("softmax_rows").size() == ladder.size());
  CHECK(counts.has(ladder.back()));
  CHECK(!counts.has(request_of(*ladder[0].build, "rows=3 cols=64")));
  const std::uint64_t version = counts.version();
  counts.submit_all(ladder);
  counts.cancel();
  while (counts.running()) {
    std::this_thread::yield();
  }
  counts.poll();
  CHECK(!counts.running());
  CHECK(counts.version() <= version + 1);
  CHECK(counts.error().empty());
}

}  // namespace alab::shell
