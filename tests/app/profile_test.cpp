// alab profile prints and writes what the counted executor saw.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "kernels/profile_rung.hpp"
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
