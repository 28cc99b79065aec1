// The knobs and experiments of the lab "Online softmax"; one .cpp per question.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "labs/lab.hpp"

namespace alab::ch10_01 {

/// Tolerance class of the curriculum for the same mathematics in another order of summation, float, n <=
/// 4096.
inline constexpr double kT32 = 5e-6;
/// ln(2^128 - 2^103): the exact x where a correctly rounded float exp(x) becomes inf.
inline constexpr double kExpLimit = 88.72283911167299;

inline constexpr std::array<std::string_view, 5> kGpus{"V100", "A100-40GB", "A100-80GB", "H100", "H200"};
inline constexpr std::array<std::string_view, 2> kOps{"softmax_rows", "softmax_topk"};
inline constexpr std::array<std::string_view, 2> kDraws{"normal", "uniform"};
inline constexpr std::array<std::string_view, 5> kBugs{"stale_max", "sums_without_rescale", "no_guard",
                                                       "normalised_parts", "fa2_as_printed"};
inline constexpr std::array<std::string_view, 7> kOrders{"ascending", "descending", "spike",      "normal",
                                                         "constant",  "large",      "masked_tile"};

inline constexpr Param kCols =
    int_param("cols", "row length V", "scores",
              "Scores in the row; in a language model the vocabulary or the keys.", 1000, 8, 25000, true);
inline constexpr Param kQuery = int_param(
    "query", "query position", "",
    "Which query's row of scores is read from a head; beyond the last token means the last.", 2047, 0, 2047);
inline constexpr Param kTopK =
    int_param("top_k", "top-k", "winners", "How many of the largest weights are kept.", 5, 1, 16);
inline constexpr Param kShortCols =
    int_param("cols", "row length V", "scores", "Scores in the row; a real head reads as many tokens.", 48, 2,
              256, true);

Result thresholds(const ParamSet& params, const Context& context);
Result offset_sweep(const ParamSet& params, const Context& context);
Result step_through(const ParamSet& params, const Context& context);
Result accesses(const ParamSet& params, const Context& context);
Result speed(const ParamSet& params, const Context& context);
Result merge_trees(const ParamSet& params, const Context& context);
Result invariant(const ParamSet& params, const Context& context);
Result neutral_element(const ParamSet& params, const Context& context);
Result attention_row(const ParamSet& params, const Context& context);
Result bug_hunt(const ParamSet& params, const Context& context);
Result backends(const ParamSet& params, const Context& context);

extern const std::array<Experiment, 11> kExperiments;

/// Text of the lab that is data: lesson.cpp.
extern const std::array<Step, 16> kSteps;
extern const std::array<QuizItem, 3> kQuiz;
extern const std::array<Reading, 7> kReadings;
extern const std::array<Term, 10> kGlossary;

}  // namespace alab::ch10_01
