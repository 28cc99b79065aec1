// The lab's experiments and its longer tables of constant data, one declaration each.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "labs/lab.hpp"

namespace alab::kernel_trick {

Result run_associativity(const ParamSet& params, const Context& context);  ///< step 1: (Q K^T) V = Q (K^T V)?
Result run_smoother(const ParamSet& params, const Context& context);       ///< attention as kernel smoothing
Result run_polynomial(const ParamSet& params, const Context& context);     ///< step 2: exact map of (x.y)^2
Result run_packing(const ParamSet& params, const Context& context);        ///< wrong packings
Result run_gram(const ParamSet& params, const Context& context);           ///< step 3, S-04 A: Gram matrices
Result run_series(const ParamSet& params, const Context& context);         ///< S-04 B: the series of exp
Result run_fourier(const ParamSet& params, const Context& context);       ///< step 4, S-03 A: error against D
Result run_ridge(const ParamSet& params, const Context& context);         ///< S-03 B: kernel ridge regression
Result run_orders(const ParamSet& params, const Context& context);        ///< step 5: two orders, counted
Result run_apply_bugs(const ParamSet& params, const Context& context);    ///< wrong states and normalisers
Result run_denominators(const ParamSet& params, const Context& context);  ///< step 6: signs of phi(q).z
Result run_backends(const ParamSet& params, const Context& context);      ///< ladders side by side

inline constexpr std::size_t kStepCount = 13;
inline constexpr std::size_t kQuizCount = 6;
inline constexpr std::size_t kReadingCount = 7;
inline constexpr std::size_t kTermCount = 15;
extern const std::array<Step, kStepCount> kSteps;
extern const std::array<QuizItem, kQuizCount> kQuiz;
extern const std::array<Reading, kReadingCount> kReadings;
extern const std::array<Term, kTermCount> kGlossary;

}  // namespace alab::kernel_trick
