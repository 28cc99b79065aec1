// SPDX-License-Identifier: MIT
#include "kernels/gla_problem.hpp"

#include <cmath>

#include "reference/core/result.hpp"

namespace alab {

namespace params {
const Param alpha_min =
    real_param("alpha_min", "smallest gate", "",
               "Gates are drawn uniformly from [alpha_min, alpha_max]; 0.9 halves a channel in 7 tokens.",
               0.95, 1e-18, 1);
const Param alpha_max =
    real_param("alpha_max", "largest gate", "", "The other end of the range of gates.", 0.999, 1e-18, 1);
const Param refuse_overflow = bool_param(
    "refuse_overflow", "refuse overflow",
    "On: gates that may overflow are refused; off: the kernel runs and shows where it breaks.", true);
const Param gla_chunk =
    int_param("chunk", "chunk size", "tokens", "Tokens per chunk C: 32 or 64.", 64, 32, 64, true);
const Param gla_block_v =
    int_param("block_v", "value columns per block", "columns",
              "Columns of the state that a block of the walk over chunks owns: 32 or 64.", 32, 32, 64, true);
}  // namespace params

GlaProblem gla_problem(const ParamSet& problem) {
  GlaProblem p;
  static_cast<LinearProblem&>(p) = linear_problem(problem);
  p.alpha_min = problem.real(params::alpha_min);
  return p;
}

std::string cumulative_gate_limit(const GlaProblem& p, const ParamSet& tiles, std::int64_t tokens,
                                  std::string_view lower_this) {
  const double nats = -static_cast<double>(tokens) * std::log(p.alpha_min);
  if (!tiles.flag(params::refuse_overflow) || nats <= kExponentRange) {
    return "";
  }
  return text("divides by cumulative gates, which may reach e^-", format_value(nats, ""), " over ", tokens,
              " tokens at alpha_min = ", format_value(p.alpha_min, ""), ", and fp32 ends at e^-",
              kExponentRange, "; ", lower_this, ", or set refuse_overflow=false to see it break");
}

}  // namespace alab
