// Exercise 1B: scores from tiles of Q and K in shared memory.
// SPDX-License-Identifier: MIT
#include "labs/ch05_01_complexity_analysis/exercises/scores.hpp"

namespace alab::student {
namespace {

constexpr Param kTile =
    int_param("T", "tile", "elements", "Side of a tile and of a block: 16 or 32.", 16, 16, 32, true);
constexpr const Param* kParams[] = {&kScoresTokens, &kScoresWidth, &kScoresHeads, &kScoresScale, &kTile};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t tile = shape.integer(kTile);
  require(tile == 16 || tile == 32, "T is ", tile, "; the kernel is launched with T = 16 and T = 32 only");
  return scores_buffers(shape);
}

}  // namespace

extern const Exercise exercise_1b_scores_tiled;
const Exercise exercise_1b_scores_tiled{.id = "1b_scores_tiled",
                                        .params = kParams,
                                        .input_kinds = kRowKinds,
                                        .buffers = buffers,
                                        .inputs = scores_inputs,
                                        .reference = scores_reference,
                                        .op = "attention_scores"};

}  // namespace alab::student
