// Linear attention: the same sums in four orders (parallel, cumulative, recurrent, chunkwise), backward in
// closed form, and the weights it applies without ever forming them. Queries and keys are features: apply phi
// first. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "reference/core/cache_line.hpp"
#include "reference/core/job.hpp"
#include "reference/core/tensor.hpp"
#include "reference/counters.hpp"
#include "reference/feature_maps.hpp"
#include "reference/linear_counts.hpp"
#include "reference/state_moment.hpp"

namespace alab {

/// S_t = S_{t-1} + phi(k_t)^T v_t, z_t = z_{t-1} + phi(k_t), o_t = scale phi(q_t) S_t / (scale phi(q_t).z_t +
/// eps). Without causality every token reads the totals. Source: Katharopoulos et al. 2020, arXiv:2006.16236,
/// eqs. 5, 10-12 and 16-20.
template <class T>
struct LinearAttentionProblem {
  Tensor<T> query, key;               ///< phi(q), phi(k) [H, N, m]
  Tensor<T> value;                    ///< v [H, N, dv]
  Tensor<T> initial_state = {};       ///< S_0 [H, m, dv]; empty: zeros
  Tensor<T> initial_normalizer = {};  ///< z_0 [H, m]; empty: zeros
};
/// phi applied to query and key; W is drawn once for both.
template <class T>
LinearAttentionProblem<T> linear_attention_problem(const FeatureMap& map, const Tensor<T>& query,
                                                   const Tensor<T>& key, const Tensor<T>& value,
                                                   const Progress& progress = {});
/// Throws Error unless the shapes agree and every extent is at least 1.
template <class T>
void check_linear_attention_shapes(const LinearAttentionProblem<T>& problem);

/// Where a chunkwise form keeps the states between chunks (FlashLinearAttention, arXiv:2312.06635, algorithm
/// 1).
enum class ChunkStates {
  on_chip,      ///< one state, chunks in sequence
  materialized  ///< every state before a chunk is written to slow memory, then all chunks run in parallel
};

struct LinearAttentionOptions {
  bool causal = true;
  bool normalize = true;  ///< false: o_t = scale phi(q_t) S_t
  double scale = 1;       ///< factor on phi(q); cancels in the normalised form when eps = 0
  double eps = 0;         ///< added to the denominator (fast-transformers 1e-6, fla 1e-10)
  ChunkStates states = ChunkStates::on_chip;  ///< chunkwise only
  LinearCounters* counters = nullptr;         ///< added to
  AllocationMeter* meter = nullptr;           ///< temporaries of the form, in elements
  StateObserver observer = {};  ///< called for watch_head only: recurrent, cumulative, chunkwise
  std::int64_t watch_head = 0;
};

template <class T>
struct LinearAttentionOutput {
  Tensor<T> output;       ///< o [H, N, dv]; 0/0 is NaN, as IEEE has it
  Tensor<T> denominator;  ///< scale phi(q_t).z_t + eps [H, N]; empty when not normalised
  Tensor<T> state;        ///< S_N [H, m, dv]
  Tensor<T> normalizer;   ///< z_N [H, m]
};

/// Parallel form: A = phi(Q) phi(K)^T (* M when causal), O = A V / rowsum(A); A [N, N] is materialised per
/// head.
template <class T>
LinearAttentionOutput<T> linear_attention_parallel(const LinearAttentionProblem<T>& problem,
                                                   const LinearAttentionOptions& options = {},
                                                   const Progress& progress = {});
/// Recurrent form: one state of m dv (+ m) elements; causal: token by token; otherwise the totals first.
template <class T>
LinearAttentionOutput<T> linear_attention_recurrent(const LinearAttentionProblem<T>& problem,
                                                    const LinearAttentionOptions& options = {},
                                                    const Progress& progress = {});
/// Cumulative form: all N states stored (N m dv elements), then read: what an autograd of the recurrence
/// keeps.
/// @throws Error when N m dv exceeds 2^28 elements
template <class T>
LinearAttentionOutput<T> linear_attention_cumulative(const LinearAttentionProblem<T>& problem,
                                                     const LinearAttentionOptions& options = {},
                                                     const Progress& progress = {});
/// Chunkwise form, literally: O = phi(Q) S + (phi(Q) phi(K)^T * M) V per chunk, M lower-triangular with its
/// diagonal, then S += phi(K)^T V. chunk_size 1 is the recurrent form, N the parallel one; the last chunk may
/// be short. Not causal: the same chunks build the totals, then read them. Source: arXiv:2312.06635, section
/// 3 and algorithm 1.
/// @param chunk_size >= 1; more than N stands for N
template <class T>
LinearAttentionOutput<T> linear_attention_chunkwise(const LinearAttentionProblem<T>& problem,
                                                    std::int64_t chunk_size,
                                                    const LinearAttentionOptions& options = {},
                                                    const Progress& progress = {});
/// The honest CPU baseline: chunks of 64 in Eigen's products, threads over chunks and heads, constant memory.
/// Same numbers for any number of threads. Counters and observer are not used.
/// @param threads 1 .. 256; 0: as many as the machine has
template <class T>
LinearAttentionOutput<T> blocked_linear_attention(const LinearAttentionProblem<T>& problem,
                                                  const LinearAttentionOptions& options = {}, int threads = 1,
                                                  const Progress& progress = {});

/// What a backward pass keeps of the states.
enum class BackwardStorage {
  reverse_scan,  ///< one state, scanned forward for dq and a second one backward for dk, dv: m dv elements
  all_states     ///< every S_t of the forward pass: N m dv elements
};

template <class T>
struct LinearAttentionGradients {
  Tensor<T> output;                ///< of the forward pass [H, N, dv]
  Tensor<T> dq, dk;                ///< with respect to phi(q), phi(k) [H, N, m]
  Tensor<T> dv;                    ///< [H, N, dv]
  Tensor<T> d_initial_state;       ///< [H, m, dv]
  Tensor<T> d_initial_normalizer;  ///< [H, m]; 0 when not normalised
};
/// Closed form. With g_i = do_i / den_i and e_i = -(do_i.o_i) / den_i (not normalised: g_i = do_i, e_i = 0):
///   dphi(q_i) = scale (S_i g_i + z_i e_i);  R_i = R_{i+1} + scale phi(q_i)^T g_i, r_i = r_{i+1} + scale e_i
///   phi(q_i); dphi(k_i) = R_i v_i + r_i;  dv_i = phi(k_i) R_i.  Not causal: S_N, z_N and R_1, r_1 for every
///   token.
/// Source: arXiv:2006.16236, eqs. 13-15 (un-normalised); the normaliser by the quotient rule.
/// @param d_output [H, N, dv]
template <class T>
LinearAttentionGradients<T> linear_attention_backward(const LinearAttentionProblem<T>& problem,
                                                      const Tensor<T>& d_output,
                                                      const LinearAttentionOptions& options = {},
                                                      BackwardStorage storage = BackwardStorage::reverse_scan,
                                                      const Progress& progress = {});

template <class T>
struct ImplicitWeights {
  Tensor<T> weights;      ///< [H, N, N]: o = weights v; 0 where causality hides the key
  Tensor<T> denominator;  ///< [H, N]; empty when not normalised
};
/// The N x N matrix that the model applies: phi(q_i).phi(k_j) / den_i, or scale phi(q_i).phi(k_j). S_0, z_0
/// have no part in it and must be empty.
template <class T>
ImplicitWeights<T> implicit_weights(const LinearAttentionProblem<T>& problem,
                                    const LinearAttentionOptions& options = {},
                                    const Progress& progress = {});

/// Generation of one head, token by token, with a state that does not grow: 2 m dv + m elements read and
/// written.
template <class T>
class LinearDecoder {
 public:
  LinearDecoder(std::int64_t feature_dim, std::int64_t head_dim_v,
                const LinearAttentionOptions& options = {});
  /// Folds (k, v) in and reads with q: phi(q), phi(k) [m], v and out [dv].
  void step(std::span<const T> query, std::span<const T> key, std::span<const T> value, std::span<T> out);
  std::int64_t state_elements() const;

 private:
  std::int64_t m_, dv_;
  bool normalize_;
  T scale_, eps_;
  AlignedVector<T> state_, normalizer_;
};
/// The same for softmax attention with a cache of all keys and values: (dk + dv) t elements read at token t.
template <class T>
class CacheDecoder {
 public:
  /// @param capacity tokens reserved; @param scale 0: 1/sqrt(head_dim)
  CacheDecoder(std::int64_t head_dim, std::int64_t head_dim_v, std::int64_t capacity, double scale = 0);
  void step(std::span<const T> query, std::span<const T> key, std::span<const T> value, std::span<T> out);
  std::int64_t tokens() const { return tokens_; }
  std::int64_t cache_elements() const { return tokens_ * (dk_ + dv_); }

 private:
  std::int64_t dk_, dv_, tokens_ = 0;
  T scale_;
  AlignedVector<T> keys_, values_, scores_;
};

}  // namespace alab
