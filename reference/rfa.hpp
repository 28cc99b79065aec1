// Attention by random features as two papers have it: RFA (trigonometric, unit rows, optional gate) and
// FAVOR+ computed without overflow. SPDX-License-Identifier: MIT
#pragma once

#include "reference/linear_attention.hpp"

namespace alab {

struct RfaOptions {
  bool causal = true;
  bool unit_rows = true;  ///< q and k rows divided by their Euclidean norm first, so that e^{|x|^2/2} cancels
  double sigma = 1;       ///< rows of W are divided by it
};

/// phi(x) = M^{-1/2} [sin W x, cos W x], o_t = phi(q_t) S_t / (phi(q_t).z_t), S_t = S_{t-1} + phi(k_t)^T v_t;
/// with a gate: S_t = g_t S_{t-1} + (1 - g_t) phi(k_t)^T v_t and the same for z.
/// Source: Peng et al. 2021, arXiv:2103.02143, sections 3.1 and 3.2.
/// @param query, key [H, N, d], value [H, N, dv], W [M, d]; gate [H, N] in [0, 1] after its sigmoid, or empty
/// @throws Error when shapes disagree, or on a gate without causality
template <class T>
LinearAttentionOutput<T> random_feature_attention(const Tensor<T>& query, const Tensor<T>& key,
                                                  const Tensor<T>& value, const Tensor<T>& W,
                                                  const RfaOptions& options = {}, const Tensor<T>& gate = {},
                                                  const Progress& progress = {});
/// Rows divided by their Euclidean norm; a row of zeros stays zero. x [H, N, d].
template <class T>
Tensor<T> unit_rows(const Tensor<T>& x);

/// FAVOR+ with positive features and no epsilon, exact for any size of the rows: log features, a running
/// maximum per feature in the state and one per query. o_i = sum_j phi(q_i).phi(k_j) v_j / sum_j
/// phi(q_i).phi(k_j). Source: Choromanski et al. 2021, arXiv:2009.14794, lemma 1. Sums in T; W [M, d];
/// constant memory.
/// @param query, key [H, N, d], value [H, N, dv]; rows are scaled by d^{-1/4}
template <class T>
Tensor<T> favor_attention(const Tensor<T>& query, const Tensor<T>& key, const Tensor<T>& value,
                          const Tensor<T>& W, bool causal, const Progress& progress = {});

}  // namespace alab
