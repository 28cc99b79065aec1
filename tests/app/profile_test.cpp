// alab profile prints and writes what the counted executor saw.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "kernels/profile_rung.hpp"
#include "kernels/student/exercise.hpp"
#include "reference/core/files.hpp"
#include "reference/core/json.hpp"
#include "tests/app/program.hpp"

namespace alab::app_test {
namespace {

double counter(const Json& owner, const char* name) {
  return owner["counters"][name]["value"].get<double>();
}

}  // namespace

TEST_CASE("profile counts a rung per launch and per source line") {
  if (counted_rungs().empty()) {
    const Ran refused = alab({"profile", "softmax_rows/00_naive"});
    CHECK(refused.code == 2);
    CHECK(contains(refused.err, counted_unavailable()));
    return;
  }
  const Scratch scratch("profile");
  const std::string file = (scratch / "p.json").string();
  const Ran ran =
      alab({"profile", "softmax_rows/40_vectorised", "--set", "rows=3", "--set", "cols=128", "--json", file});
  CAPTURE(ran.err);
  CHECK(ran.code == 0);
  CHECK(contains(ran.out, "smsp__inst_executed_op_global_ld.sum"));
  CHECK(contains(ran.out, "kernels/softmax_rows/40_vectorised.cu:"));
  CHECK(contains(ran.out, "no mistake was found"));
  CHECK(
      alab({"profile", "softmax_rows/40_vectorised", "--set", "rows=3", "--set", "cols=128", "--here"}).out ==
      ran.out);
  const Json json = parse_json(read_file(file), file);
  CHECK(json["passed"] == true);
  CHECK(json["findings"].empty());
  REQUIRE(json["launches"].size() == 1);
  const Json& launch = json["launches"][0];
  CHECK(launch["kernel"] == "softmax<true>");
  CHECK(launch["grid"] == Json({3, 1, 1}));
  // Of the block's 256 threads one warp has elements; it loads its row twice, 16 bytes a lane.
  CHECK(counter(launch, "smsp__inst_executed_op_global_ld.sum") == 6);
  CHECK(counter(launch, "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum") == 96);
  CHECK(counter(launch, "compulsory_read_bytes") == 3 * 128 * 4);
  CHECK(counter(launch, "block_load_bytes") == 2 * 3 * 128 * 4);
  CHECK(launch["blocks"].size() == 3);
  double loads = 0;
  for (const Json& line : launch["lines"]) {
    loads += counter(line, "smsp__inst_executed_op_global_ld.sum");
  }
  CHECK(loads == 6);
  for (const char* kind : {"flops", "exponentials", "divisions", "comparisons"}) {
    double sum = 0;
    for (const Json& line : launch["lines"]) {
      sum += counter(line, kind);
    }
    CHECK(sum == counter(launch, kind));
  }
  // Two exponentials an element in the first pass (of four at a time, one more for the sum so far), one in
  // the second, and those of the reduction.
  CHECK(counter(launch, "flops") > 3 * 128);
  CHECK(counter(launch, "divisions") > 0);
  CHECK(launch["occupancy"]["registers"].get<int>() > 0);
  CHECK(launch["occupancy"]["share"].get<double>() > 0);
  CHECK(contains(launch["occupancy"]["registers_from"].get<std::string>(), "sm_90a"));
  CHECK(launch["roofline"]["compulsory_bytes"] == 3 * 128 * 4 * 2 + 32);
  CHECK(launch["roofline"]["provenance"]["kind"] == "modelled");
}

TEST_CASE("profile counts a student's kernel of an exercise") {
  if (counted_rungs().empty()) {
    return;
  }
  const Scratch scratch("own");
  const std::string kernel = (scratch / "mine.cu").string(), file = (scratch / "p.json").string();
  write_file_atomic(kernel, student::file_of(*student::find_exercise("1a"), "solution.cu"));
  const Ran ran = alab({"profile", "--exercise", "1a", "--file", kernel, "--set", "N=32 d=16 heads=1",
                        "--json", file, "--without-sandbox"});
  CAPTURE(ran.err);
  CHECK(ran.code == 0);
  CHECK(contains(ran.out, "student.cu:"));
  CHECK(contains(ran.out, "no mistake was found"));
  const Json json = parse_json(read_file(file), file);
  CHECK(json["rung"] == "1a_scores_naive");
  CHECK(json["passed"] == true);
  REQUIRE(json["launches"].size() == 1);
  CHECK(json["launches"][0]["grid"] == Json({2, 2, 1}));
  CHECK(counter(json["launches"][0], "compulsory_write_bytes") == 32 * 32 * 4);
  CHECK(counter(json["launches"][0], "flops") == 32 * 32 * (2 * 16 + 1));
  CHECK(json["launches"][0].contains("roofline"));
  CHECK(contains(
      alab({"profile", "--exercise", "1a", "--file", kernel, "--set", "N=0", "--without-sandbox"}).err, "N"));
  write_file_atomic(kernel, "__global__ void scores_naive() { x; }\n");
  const Ran broken = alab({"profile", "--exercise", "1a", "--file", kernel, "--without-sandbox"});
  CHECK(broken.code == 2);
  CHECK(contains(broken.err, "it does not compile: line 1: "));
  CHECK(alab({"profile", "--file", kernel}).code == 2);
  CHECK(alab({"profile", "softmax_rows", "--exercise", "1a"}).code == 2);
}

TEST_CASE("profile takes a GPU and registers, and says what is wrong with them") {
  if (counted_rungs().empty()) {
    return;
  }
  const Ran ran = alab({"profile", "softmax_rows/00_naive", "--set", "rows=2", "--set", "cols=64", "--gpu",
                        "A100-40GB", "--registers", "128"});
  CAPTURE(ran.err);
  CHECK(ran.code == 0);
  // 256 threads of 128 registers: 4 warps in each quarter of a multiprocessor.
  CHECK(contains(ran.out, "A100-40GB: 2 blocks = 16 warps per multiprocessor, 25 % (limit: registers)"));
  CHECK(contains(ran.out, "A100-40GB, modelled:"));
  const Ran gpu = alab({"profile", "softmax_rows/00_naive", "--gpu", "H20"});
  CHECK(gpu.code == 2);
  CHECK(contains(gpu.err, "did you mean 'H200'"));
  CHECK(alab({"profile", "softmax_rows/00_naive", "--registers", "256"}).code == 2);
  CHECK(alab({"profile", "softmax_rows/00_naive", "--registers", "many"}).code == 2);
  CHECK(alab({"profile", "softmax_rows/00_naive", "--out", "."}).code == 2);
  CHECK(alab({"profile", "softmax_rows", "--format", "md"}).code == 2);
  CHECK(alab({"profile", "softmax_rows", "--out", ".", "--format", "html"}).code == 2);
}

TEST_CASE("profile of an op sets its ladder side by side") {
  if (counted_rungs().empty()) {
    return;
  }
  const Scratch scratch("ladder");
  const std::string file = (scratch / "l.json").string(), out = (scratch / "out").string();
  const Ran ran = alab({"profile", "attention_scores", "--set", "seq_len=64", "--set", "head_dim=32", "--set",
                        "tile=16", "--json", file, "--out", out});
  CAPTURE(ran.err);
  CHECK(ran.code == 0);
  const Json json = parse_json(read_file(file), file);
  const auto& columns = json["table"]["columns"];
  REQUIRE(json["rungs"].size() == rungs_of("attention_scores", counted_rungs()).size());
  REQUIRE(json["table"]["rows"].size() == json["rungs"].size());
  const auto cell = [&](std::size_t row, std::string_view column) {
    const auto at = std::find(columns.begin(), columns.end(), column) - columns.begin();
    return json["table"]["rows"][row][static_cast<std::size_t>(at)];
  };
  for (std::size_t i = 0; i < json["rungs"].size(); ++i) {
    const Json& rung = json["rungs"][i];
    CHECK(cell(i, "rung") == rung["rung"]);
    CHECK(rung["passed"] == true);
    double flops = 0, loads = 0;
    for (const Json& launch : rung["launches"]) {
      flops += counter(launch, "flops");
      loads += counter(launch, "smsp__inst_executed_op_global_ld.sum");
    }
    CHECK(cell(i, "FLOPs").get<double>() == flops);
    CHECK(cell(i, "global loads").get<double>() == loads);
    CHECK(cell(i, "occupancy, %").get<double>() > 0);
    CHECK(cell(i, "result, mistakes") == "right, none");
    CHECK(flops == 64 * 64 * (2 * 32 + 1));
  }
  CHECK(contains(json["rungs"][2]["tiles"].get<std::string>(), "tile=16"));
  const std::string markdown = read_file(scratch / "out" / "attention_scores_ladder.md");
  CHECK(contains(markdown, "| rung | launches | FLOPs |"));
  CHECK(contains(markdown, "| 20_tiled | 1 | 266"));
  CHECK(contains(markdown, "registers.json, sm_90a"));
  const std::string csv = read_file(scratch / "out" / "attention_scores_ladder.csv");
  CHECK(contains(csv, "rung,launches,provenance of launches,FLOPs"));
  CHECK(contains(csv, "20_tiled,1,counted: CPU executor,266240,counted: CPU executor"));
}

TEST_CASE("a ladder says why a rung was not run, and counts the others") {
  if (counted_rungs().empty()) {
    return;
  }
  const Ran ran =
      alab({"profile", "softmax_rows", "--set", "rows=1", "--set", "cols=64", "--set", "offset=100"});
  CAPTURE(ran.err);
  CHECK(ran.code == 0);
  CHECK(contains(ran.out, "not run: "));
  CHECK(contains(ran.out, "right, none"));
}

TEST_CASE("profile takes tile sizes and orders") {
  if (counted_rungs().empty()) {
    return;
  }
  const Ran ran = alab({"profile", "flash_attention_fwd/30_fa2_order", "--set", "seq_len=33", "--set",
                        "head_dim=16", "--set", "block_m=16", "--order", "shuffled"});
  CAPTURE(ran.err);
  CHECK(ran.code == 0);
  CHECK(contains(ran.out, "block_m=16"));
  CHECK(contains(ran.out, "flash_fwd<16, 32>"));
  CHECK(alab({"profile", "softmax_rows/00_naive", "--order", "sideways"}).code == 2);
}

}  // namespace alab::app_test
