// The lab's experiments and its longer tables of constant data, one declaration each.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "labs/lab.hpp"

namespace alab::causal_linear {

Result run_mask(const ParamSet& params, const Context& context);          ///< step 1: who sees whom
Result run_forms(const ParamSet& params, const Context& context);         ///< step 2: three forms, one result
Result run_bug_forward(const ParamSet& params, const Context& context);   ///< eight wrong forward kernels
Result run_memory(const ParamSet& params, const Context& context);        ///< step 3: kept for backward
Result run_gradients(const ParamSet& params, const Context& context);     ///< step 4: Eqs. 13-15
Result run_bug_backward(const ParamSet& params, const Context& context);  ///< three wrong backward kernels
Result run_decode(const ParamSet& params, const Context& context);        ///< step 5: cache against state
Result run_traffic(const ParamSet& params, const Context& context);       ///< step 6: FlashLinearAttention
Result run_parallelism(const ParamSet& params, const Context& context);   ///< step 7: blocks and chains
Result run_weights(const ParamSet& params, const Context& context);      ///< implicit N x N weights of a head
Result run_state(const ParamSet& params, const Context& context);        ///< S_t over tokens
Result run_long_sums(const ParamSet& params, const Context& context);    ///< sums that stop growing
Result run_padding(const ParamSet& params, const Context& context);      ///< S-08 A: key lengths
Result run_redraw(const ParamSet& params, const Context& context);       ///< S-08 B: a map drawn again
Result run_conventions(const ParamSet& params, const Context& context);  ///< S-07: fla's scale and eps
Result run_backends(const ParamSet& params, const Context& context);     ///< ladders side by side

inline constexpr std::size_t kStepCount = 21;
inline constexpr std::size_t kQuizCount = 6;
inline constexpr std::size_t kReadingCount = 11;
inline constexpr std::size_t kTermCount = 16;
extern const std::array<Step, kStepCount> kSteps;
extern const std::array<QuizItem, kQuizCount> kQuiz;
extern const std::array<Reading, kReadingCount> kReadings;
extern const std::array<Term, kTermCount> kGlossary;

}  // namespace alab::causal_linear
