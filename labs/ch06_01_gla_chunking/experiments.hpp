// The lab's experiments and its longer tables of constant data, one declaration each.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "labs/lab.hpp"

namespace alab::gla_chunking {

/// Tolerance classes of the course: the same sums in another order, and with exponentials of differences of
/// cumulative logs.
inline constexpr double kT32 = 5e-6, kT32x = 5e-5;

Result run_naive(const ParamSet& params, const Context& context);        ///< step 1: 1/b overflows
Result run_forms(const ParamSet& params, const Context& context);        ///< step 2: five forms, one input
Result run_chunk_limit(const ParamSet& params, const Context& context);  ///< step 3: largest safe chunk
Result run_pairs(const ParamSet& params, const Context& context);        ///< step 4: pairs in log space
Result run_gradient(const ParamSet& params, const Context& context);     ///< step 5: gate gradient
Result run_half_life(const ParamSet& params, const Context& context);    ///< step 6: gate temperature
Result run_scalar_gate(const ParamSet& params, const Context& context);  ///< step 7: one gate per token
Result run_microscope(const ParamSet& params, const Context& context);   ///< digits lost, then overflow
Result run_state(const ParamSet& params, const Context& context);        ///< S_t over tokens
Result run_weights(const ParamSet& params, const Context& context);  ///< implicit N x N map beside softmax's
Result run_three_forms(const ParamSet& params, const Context& context);  ///< chunk size from 1 to N
Result run_segment_sum(const ParamSet& params, const Context& context);  ///< trap P8
Result run_bug(const ParamSet& params, const Context& context);          ///< wrong chunkwise forms
Result run_bug_gamma(const ParamSet& params, const Context& context);    ///< trap P10
Result run_conventions(const ParamSet& params, const Context& context);  ///< S-07: the fla library
Result run_backends(const ParamSet& params, const Context& context);     ///< the ladder side by side

inline constexpr std::size_t kExperimentCount = 16;
inline constexpr std::size_t kStepCount = 26;
inline constexpr std::size_t kQuizCount = 7;
inline constexpr std::size_t kReadingCount = 12;
inline constexpr std::size_t kTermCount = 18;
extern const std::array<Experiment, kExperimentCount> kExperiments;
extern const std::array<Step, kStepCount> kSteps;
extern const std::array<QuizItem, kQuizCount> kQuiz;
extern const std::array<Reading, kReadingCount> kReadings;
extern const std::array<Term, kTermCount> kGlossary;

}  // namespace alab::gla_chunking
