// Softmax attention in single precision as a plain kernel computes it: every sum one term after the other.
// Tolerances of the attention rungs are derived from its error (Eigen's sums in lanes would be too good).
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/attention_problem.hpp"

namespace alab {

/// o [H, T, V], logsumexp [H, T] from q, k, v (and mask).
HostArrays plain_attention_forward(const ParamSet& problem, const HostArrays& inputs);
/// dq, dk, dv from q, k, v (and mask), o, logsumexp, do: P = e^{S - logsumexp}, dS = P * (dO V^T - rowsum(dO
/// * O)).
HostArrays plain_attention_backward(const ParamSet& problem, const HostArrays& inputs);

}  // namespace alab
