// Experiments and lesson data of the lab "Feature maps"; one .cpp per question.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "labs/lab.hpp"

namespace alab::ch05_03 {

Result run_rank(const ParamSet& params, const Context& context);
Result run_maps(const ParamSet& params, const Context& context);
Result run_taylor(const ParamSet& params, const Context& context);
Result run_lemma(const ParamSet& params, const Context& context);
Result run_matrix_error(const ParamSet& params, const Context& context);
Result run_denominators(const ParamSet& params, const Context& context);
Result run_stabiliser(const ParamSet& params, const Context& context);
Result run_leak(const ParamSet& params, const Context& context);
Result run_learned(const ParamSet& params, const Context& context);
Result run_dpfp(const ParamSet& params, const Context& context);
Result run_real_heads(const ParamSet& params, const Context& context);
Result run_rfa(const ParamSet& params, const Context& context);
Result run_library(const ParamSet& params, const Context& context);
Result run_redraw(const ParamSet& params, const Context& context);
Result run_backends(const ParamSet& params, const Context& context);

inline constexpr std::size_t kStepCount = 18, kQuizCount = 6, kReadingCount = 9, kTermCount = 16;
extern const std::array<Step, kStepCount> kSteps;
extern const std::array<QuizItem, kQuizCount> kQuiz;
extern const std::array<Reading, kReadingCount> kReadings;
extern const std::array<Term, kTermCount> kGlossary;

}  // namespace alab::ch05_03
