// The scalar gate: one decay per head and token. Retention, gated RFA and Mamba-2's core are its special
// cases; the decay mask is an N x N matrix of numbers, and nothing can overflow. SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "reference/gated_linear_attention.hpp"

namespace alab {

/// S_t = e^{g_t} S_{t-1} + k_t^T v_t, o_t = scale q_t S_t. Source: Dao, Gu 2024, arXiv:2405.21060, section 5;
/// Sun et al. 2023, arXiv:2307.08621, eqs. 5-7, for a constant gate.
template <class T>
struct SimpleGateProblem {
  Tensor<T> query, key;          ///< [H, N, dk]
  Tensor<T> value;               ///< [H, N, dv]
  Tensor<T> log_decay;           ///< g [H, N], <= 0
  Tensor<T> initial_state = {};  ///< S_0 [H, dk, dv]; empty: zeros
};
template <class T>
void check_simple_gate_shapes(const SimpleGateProblem<T>& problem);
/// The vector-gated problem with the same gate on every channel.
template <class T>
GatedLinearAttentionProblem<T> widened(const SimpleGateProblem<T>& problem);

/// Of the options: scale, counters, meter, observer. The others have no meaning here.
template <class T>
GatedOutput<T> simple_gate_recurrent(const SimpleGateProblem<T>& problem, const GatedOptions& options = {},
                                     const Progress& progress = {});
/// O = (scale Q K^T * D) V, D_ij = e^{sum of g over (j, i]} for j <= i, summed from the mask, never by
/// difference.
template <class T>
GatedOutput<T> simple_gate_parallel(const SimpleGateProblem<T>& problem, const GatedOptions& options = {},
                                    const Progress& progress = {});
template <class T>
GatedOutput<T> simple_gate_chunkwise(const SimpleGateProblem<T>& problem, std::int64_t chunk_size,
                                     const GatedOptions& options = {}, const Progress& progress = {});

/// D [N, N] of one head's gates [N]: the stable segment sum (mask first, then sums), exponentiated; 0 above.
template <class T>
Tensor<T> decay_mask(std::span<const T> log_decay);
/// log gamma_h for every token, gamma_h = 1 - 2^{-5-h}: [H, N]. Source: arXiv:2307.08621, section 2.2.
template <class T>
Tensor<T> retention_log_decay(std::int64_t heads, std::int64_t seq_len);
/// log gamma for every head and token; 0 < gamma <= 1.
template <class T>
Tensor<T> constant_log_decay(std::int64_t heads, std::int64_t seq_len, double gamma);

}  // namespace alab
