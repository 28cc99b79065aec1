// Gated linear attention as the kernels take it: sizes, gates drawn from a range, and where exponents end.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/linear_problem.hpp"

namespace alab {

namespace params {
/// Decay factors of the made-up gates are uniform in [alpha_min, alpha_max], one per token and key channel.
extern const Param alpha_min, alpha_max;
/// A tile parameter of the rungs that divide by cumulative gates: on, they refuse gates that may overflow;
/// off, they run and show where.
extern const Param refuse_overflow;
/// Tile parameters "chunk" and "block_v" of the chunkwise rungs.
extern const Param gla_chunk, gla_block_v;
}  // namespace params

struct GlaProblem : LinearProblem {
  double alpha_min = 1;
};
GlaProblem gla_problem(const ParamSet& problem);

/// e^x and e^-x both keep all their digits in fp32 for |x| up to this: -ln of the smallest normal number.
inline constexpr double kExponentRange = 87.33;

/// "" when a cumulative gate over `tokens` stays above e^-kExponentRange even if every factor is alpha_min,
/// or refuse_overflow is off; otherwise why not. `lower_this`: what to do about it.
std::string cumulative_gate_limit(const GlaProblem& p, const ParamSet& tiles, std::int64_t tokens,
                                  std::string_view lower_this);

}  // namespace alab
