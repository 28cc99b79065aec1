// The lab's experiments and its longer tables of constant data, one declaration each.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "labs/lab.hpp"

namespace alab::flash_tiling {

Result run_exactness(const ParamSet& params, const Context& context);  ///< step 1: dense against tiled
Result run_stepper(const ParamSet& params, const Context& context);    ///< S-42: every tile, one row watched
Result run_orders(const ParamSet& params, const Context& context);     ///< step 2: adversarial score orders
Result run_hbm(const ParamSet& params, const Context& context);        ///< step 3: accesses against M
Result run_crossover(const ParamSet& params, const Context& context);  ///< step 4: M > 3 d^2
Result run_ledger(const ParamSet& params, const Context& context);     ///< step 5: Fig. 2 (left), trap P4
Result run_fusion(const ParamSet& params, const Context& context);     ///< S-42 B: N^2 passes
Result run_causal(const ParamSet& params, const Context& context);     ///< step 6: tiles under causality
Result run_backward(const ParamSet& params, const Context& context);   ///< step 7: D, gradients
Result run_memory(const ParamSet& params, const Context& context);     ///< step 8: working and saved memory
Result run_scaling(const ParamSet& params, const Context& context);    ///< time against N on this CPU
Result run_sparse(const ParamSet& params, const Context& context);     ///< S-28 C: block-sparse traffic
Result run_occupancy(const ParamSet& params, const Context& context);  ///< S-29 A-D: what FA-2 changed
Result run_map(const ParamSet& params, const Context& context);        ///< attention map of the current head
Result run_backends(const ParamSet& params, const Context& context);   ///< ladders side by side
Result run_bug_rescale(const ParamSet& params, const Context& context);  ///< trap P1
Result run_bug_merge(const ParamSet& params, const Context& context);    ///< trap P2
Result run_bug_mask(const ParamSet& params, const Context& context);     ///< trap P3

inline constexpr std::size_t kStepCount = 22;
inline constexpr std::size_t kQuizCount = 8;
inline constexpr std::size_t kReadingCount = 20;
inline constexpr std::size_t kTermCount = 18;
extern const std::array<Step, kStepCount> kSteps;
extern const std::array<QuizItem, kQuizCount> kQuiz;
extern const std::array<Reading, kReadingCount> kReadings;
extern const std::array<Term, kTermCount> kGlossary;

}  // namespace alab::flash_tiling
