// Exercise 1A: one thread per attention score.
// SPDX-License-Identifier: MIT
#include "labs/ch05_01_complexity_analysis/exercises/scores.hpp"

namespace alab::student {
namespace {

constexpr const Param* kParams[] = {&kScoresTokens, &kScoresWidth, &kScoresHeads, &kScoresScale};

}  // namespace

extern const Exercise exercise_1a_scores_naive;
const Exercise exercise_1a_scores_naive{.id = "1a_scores_naive",
                                        .params = kParams,
                                        .input_kinds = kRowKinds,
                                        .buffers = scores_buffers,
                                        .inputs = scores_inputs,
                                        .reference = scores_reference,
                                        .op = "attention_scores"};

}  // namespace alab::student
