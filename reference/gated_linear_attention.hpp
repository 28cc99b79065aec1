// Gated linear attention: a decay per key channel and token, in five orders of evaluation that differ in what
// overflows. Gates are log decays <= 0 throughout. SPDX-License-Identifier: MIT
#pragma once

#include "reference/core/job.hpp"
#include "reference/core/tensor.hpp"
#include "reference/counters.hpp"
#include "reference/linear_counts.hpp"
#include "reference/rounding.hpp"
#include "reference/state_moment.hpp"

namespace alab {

/// S_t = diag(e^{g_t}) S_{t-1} + k_t^T v_t, o_t = scale q_t S_t: decayed before the write, read after it.
/// With b_t = prod_{j <= t} e^{g_j}. Source: Yang et al. 2024, arXiv:2312.06635, eq. 3.
template <class T>
struct GatedLinearAttentionProblem {
  Tensor<T> query, key;          ///< [H, N, dk]
  Tensor<T> value;               ///< [H, N, dv]
  Tensor<T> log_decay;           ///< g [H, N, dk], <= 0; -infinity forgets everything
  Tensor<T> initial_state = {};  ///< S_0 [H, dk, dv]; empty: zeros
};
/// Throws Error unless the shapes agree, every extent is at least 1 and no gate is positive or NaN.
template <class T>
void check_gated_shapes(const GatedLinearAttentionProblem<T>& problem);

/// How the causal mask reaches the scores. selection writes 0; product multiplies, and 0 * infinity is NaN.
enum class MaskBy { selection, product };

/// Formats that named intermediate quantities are rounded to; the rest stays in T.
struct GatePrecision {
  NumberFormat log_cumulative = NumberFormat::full;  ///< the running sum log b
  NumberFormat decay = NumberFormat::full;           ///< b, e^{..} of a difference, and their uses q * b
  NumberFormat inverse_decay = NumberFormat::full;   ///< 1/b and k / b
  NumberFormat scores = NumberFormat::full;          ///< entries of q k^T with their gates
  NumberFormat state = NumberFormat::full;           ///< S after every update
  /// The same format for all five.
  static GatePrecision all(NumberFormat format) { return {format, format, format, format, format}; }
};

struct GatedOptions {
  double scale = 1;  ///< factor on q; fla_query_scale(dk) for the conventions of the fla library
  MaskBy mask = MaskBy::selection;
  GatePrecision precision = {};
  LinearCounters* counters = nullptr;  ///< added to
  AllocationMeter* meter = nullptr;    ///< temporaries of the form, in elements
  StateObserver observer = {};         ///< for watch_head only: recurrent, chunkwise, chunkwise_two_level
  std::int64_t watch_head = 0;
};
/// 1/sqrt(head_dim): fla's recurrent functions multiply q by it; its normalisers add 1e-10.
double fla_query_scale(std::int64_t head_dim);
inline constexpr double kFlaNormalizerEps = 1e-10;

template <class T>
struct GatedOutput {
  Tensor<T> output;  ///< o [H, N, dv]
  Tensor<T> state;   ///< S_N [H, dk, dv]
};

/// Recurrent form, eq. 3: never overflows, one state of dk dv elements.
template <class T>
GatedOutput<T> gated_linear_attention_recurrent(const GatedLinearAttentionProblem<T>& problem,
                                                const GatedOptions& options = {},
                                                const Progress& progress = {});
/// Naive parallel form: O = ((Q * B)(K / B)^T * M) V. 1/b overflows once |sum g| exceeds the format's range.
template <class T>
GatedOutput<T> gated_linear_attention_parallel_naive(const GatedLinearAttentionProblem<T>& problem,
                                                     const GatedOptions& options = {},
                                                     const Progress& progress = {});
/// Parallel form in log space, eq. 4: P_ij = sum_c q_ic k_jc e^{log b_ic - log b_jc}, exponents <= 0. Never
/// overflows; N^2 dk / 2 exponentials and no matrix product for P; loses |log b| 2^-24 to the subtraction in
/// f32.
template <class T>
GatedOutput<T> gated_linear_attention_parallel_log(const GatedLinearAttentionProblem<T>& problem,
                                                   const GatedOptions& options = {},
                                                   const Progress& progress = {});
/// One-level chunkwise form, section 4.2: naive parallel inside a chunk (b starts again at every chunk),
/// states between chunks: O_inter = (Q * Lambda) S, S' = diag(gamma) S + (K * Gamma)^T V.
/// @param chunk_size >= 1; more than N stands for N
template <class T>
GatedOutput<T> gated_linear_attention_chunkwise(const GatedLinearAttentionProblem<T>& problem,
                                                std::int64_t chunk_size, const GatedOptions& options = {},
                                                const Progress& progress = {});
/// Two-level form, section 4.3: sub-chunk pairs below the diagonal are matrix products whose gates are
/// measured from the start of the query's sub-chunk (both exponents <= 0), the diagonal ones run in log
/// space.
/// @param sub_chunk_size >= 1, at most chunk_size; the last of a chunk may be short
template <class T>
GatedOutput<T> gated_linear_attention_chunkwise_two_level(const GatedLinearAttentionProblem<T>& problem,
                                                          std::int64_t chunk_size,
                                                          std::int64_t sub_chunk_size,
                                                          const GatedOptions& options = {},
                                                          const Progress& progress = {});
/// The honest CPU baseline: the two-level form (64, 16) in Eigen's products and vectorised exp, threads over
/// heads and chunks, constant memory. Same numbers for any number of threads. Only options.scale is used.
/// @param threads 1 .. 256; 0: as many as the machine has
template <class T>
GatedOutput<T> blocked_gated_linear_attention(const GatedLinearAttentionProblem<T>& problem,
                                              const GatedOptions& options = {}, int threads = 1,
                                              const Progress& progress = {});

template <class T>
struct GatedGradients {
  Tensor<T> output;           ///< of the forward pass
  Tensor<T> dq, dk, dv;       ///< shapes of query, key, value
  Tensor<T> d_log_decay;      ///< [H, N, dk]
  Tensor<T> d_initial_state;  ///< [H, dk, dv]
};
/// dq_t = scale S_t do_t; R_t = scale q_t^T do_t + diag(e^{g_{t+1}}) R_{t+1}; dk_t = R_t v_t; dv_t = k_t R_t;
/// d log b_t = q_t * dq_t - k_t * dk_t, dg_t = sum_{i >= t} d log b_i. Source: arXiv:2312.06635, appendix on
/// the gradient of the gates. @param d_output [H, N, dv]
template <class T>
GatedGradients<T> gated_linear_attention_backward(const GatedLinearAttentionProblem<T>& problem,
                                                  const Tensor<T>& d_output, const GatedOptions& options = {},
                                                  const Progress& progress = {});

/// The N x N matrix that the model applies: scale sum_c q_ic k_jc e^{log b_ic - log b_jc} for j <= i, else 0:
/// [H, N, N]. S_0 has no part in it and must be empty.
template <class T>
Tensor<T> gated_implicit_weights(const GatedLinearAttentionProblem<T>& problem,
                                 const GatedOptions& options = {}, const Progress& progress = {});

/// log sigma(x) / temperature, element by element. Source: arXiv:2312.06635, section 4.4 (temperature 16).
template <class T>
Tensor<T> log_decay_of_logits(const Tensor<T>& logits, double temperature = 16);
/// Gates with e^{g} uniform in [low, high], 0 < low <= high <= 1.
template <class T>
Tensor<T> uniform_log_decay(const Shape& shape, double low, double high, std::uint64_t seed);
/// Steps until half is forgotten: ln 2 / |log_decay|; infinity for 0.
double half_life(double log_decay);

/// How the cumulative gate of a chunk is formed when one looks for its first overflow.
enum class CumulativeGate {
  product,    ///< b multiplied up in the format
  log_wide,   ///< log b summed in double, e^{-log b} rounded to the format
  log_narrow  ///< log b summed in the format
};
/// Smallest C >= 1 at which 1/b, for the same decay at every step, is infinite in the format.
/// @param log_decay < 0; @throws Error when none occurs up to 2^20 steps
std::int64_t first_overflow(double log_decay, NumberFormat format, CumulativeGate how);

}  // namespace alab
