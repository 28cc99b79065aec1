// The lab's experiments and its longer tables of constant data, one declaration each.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "labs/lab.hpp"

namespace alab::complexity {

Result run_calculator(const ParamSet& params, const Context& context);  ///< every cost of one head
Result run_slopes(const ParamSet& params, const Context& context);      ///< step 1: time against N
Result run_crossover(const ParamSet& params, const Context& context);   ///< step 2: where the lines meet
Result run_decode(const ParamSet& params, const Context& context);      ///< step 3: cache against state
Result run_chunk(const ParamSet& params, const Context& context);       ///< step 4: chunk sizes
Result run_lra(const ParamSet& params, const Context& context);         ///< step 5: LRA Table 2
Result run_averages(const ParamSet& params, const Context& context);    ///< trap P5: LRA Table 1
Result run_roofline(const ParamSet& params, const Context& context);    ///< step 6, S-45
Result run_explorer(const ParamSet& params, const Context& context);    ///< counts, models, clocks, tables
Result run_model(const ParamSet& params, const Context& context);       ///< C = 6 N D and the context term
Result run_backends(const ParamSet& params, const Context& context);    ///< ladders side by side

inline constexpr std::size_t kStepCount = 13;
inline constexpr std::size_t kQuizCount = 6;
inline constexpr std::size_t kReadingCount = 10;
inline constexpr std::size_t kTermCount = 14;
extern const std::array<Step, kStepCount> kSteps;
extern const std::array<QuizItem, kQuizCount> kQuiz;
extern const std::array<Reading, kReadingCount> kReadings;
extern const std::array<Term, kTermCount> kGlossary;

}  // namespace alab::complexity
