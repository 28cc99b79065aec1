// Softmax attention, the slow and obvious truth: naive, online, and the blocked form that is the honest CPU
// baseline; backward in closed form. Heads are independent: every tensor is [heads, rows, cols].
// SPDX-License-Identifier: MIT
#pragma once

#include "reference/core/job.hpp"
#include "reference/core/tensor.hpp"
#include "reference/counters.hpp"

namespace alab {

/// How dot products and sums over keys are accumulated. Values themselves are always held in T.
enum class Reduction {
  plain,  ///< in T: what a kernel of this precision does
  wide    ///< in double: one rounding per sum, for truth in single precision
};

struct AttentionOptions {
  bool causal = false;  ///< query i sees keys j <= i + (Nk - Nq): bottom-right aligned, as FlashAttention-2
  double scale = 0;     ///< factor on q.k; 0 stands for 1/sqrt(head_dim)
  Reduction reduction = Reduction::plain;
  AllocationMeter* meter = nullptr;  ///< receives the temporaries of the form, in elements
};

/// scale, or 1/sqrt(head_dim) when it is 0.
double resolved_scale(const AttentionOptions& options, std::int64_t head_dim);

template <class T>
struct AttentionOutput {
  Tensor<T> output;     ///< [H, Nq, dv]; 0 in a row that sees no key
  Tensor<T> logsumexp;  ///< [H, Nq], natural log of the sum over the scaled scores; -inf in such a row
};

/// Throws Error unless q [H, Nq, dk], k [H, Nk, dk], v [H, Nk, dv] agree, every extent is at least 1 (Nk = 0
/// is refused too) and the mask, when not empty, broadcasts to [H, Nq, Nk] by NumPy's rules.
template <class T>
void check_attention_shapes(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                            const Tensor<T>& mask);

/// Additive term of one score: 0, the mask's entry, or -inf when causality hides the key. Cheap to copy.
template <class T>
class ScoreMask {
 public:
  ScoreMask(const Tensor<T>& mask, std::int64_t heads, std::int64_t rows, std::int64_t cols, bool causal);
  /// Keys of row i end here (exclusive): j < visible(i) by causality alone; in [0, Nk].
  std::int64_t visible(std::int64_t i) const {
    const std::int64_t end = i + 1 + cols_ - rows_;
    return !causal_ ? cols_ : (end < 0 ? 0 : (end > cols_ ? cols_ : end));
  }
  bool additive() const { return data_ != nullptr; }
  T term(std::int64_t h, std::int64_t i, std::int64_t j) const {
    return data_[h * head_stride_ + i * row_stride_ + j * col_stride_];
  }
  /// score + mask, or -inf outside.
  T apply(T score, std::int64_t h, std::int64_t i, std::int64_t j) const;

 private:
  const T* data_ = nullptr;
  std::int64_t head_stride_ = 0, row_stride_ = 0, col_stride_ = 0, rows_ = 0, cols_ = 0;
  bool causal_ = false;
};

/// P = softmax over keys of scale q k^T + mask, [H, Nq, Nk]; rows sum to 1, a row that sees no key is all 0.
template <class T>
Tensor<T> attention_weights(const Tensor<T>& q, const Tensor<T>& k, const AttentionOptions& options = {},
                            const Tensor<T>& mask = {});

/// Naive form: S = scale Q K^T + mask, P = softmax(S), O = P V; S is materialised head by head.
/// Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2.1.
/// @param q [H, Nq, dk], k [H, Nk, dk], v [H, Nk, dv], mask: empty, [Nq, Nk] or [H, Nq, Nk], additive
/// @throws Error when shapes disagree; Cancelled when a stop is requested
/// Memory: Nq Nk elements of scores; 4 H Nq Nk (dk + dv) / 2 flops.
template <class T>
AttentionOutput<T> softmax_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                     const AttentionOptions& options = {}, const Tensor<T>& mask = {},
                                     const Progress& progress = {});

/// Online form: one pass over the keys with running (m, l, o) per query, block_n keys at a time (1: key by
/// key).
///   m' = max(m, max_j s_j),  l' = e^{m-m'} l + sum_j e^{s_j-m'},  o' = e^{m-m'} o + sum_j e^{s_j-m'} v_j;  O
///   = o/l.
/// Source: Milakov, Gimelshein 2018, arXiv:1805.02867, section 3; Rabe, Staats 2021, arXiv:2112.05682,
/// section 2.
template <class T>
AttentionOutput<T> online_softmax_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                            const AttentionOptions& options = {}, const Tensor<T>& mask = {},
                                            std::int64_t block_n = 1, const Progress& progress = {});

/// The honest CPU baseline: tiles of queries against tiles of keys with Eigen's products, online softmax,
/// vectorised exp, causal tiles that hold no visible key skipped, query tiles spread over threads.
/// Same numbers for any number of threads. options.reduction is not used: sums are in T.
/// @param threads 1 .. 256; 0: as many as the machine has
template <class T>
AttentionOutput<T> blocked_softmax_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                             const AttentionOptions& options = {}, int threads = 1,
                                             const Progress& progress = {}, const Tensor<T>& mask = {});

/// Which of two equal expressions gives D_i, the row term of the backward pass.
enum class RowTerm {
  output_dot,  ///< rowsum(dO * O): Nq dv reads (FlashAttention)
  weights_dot  ///< rowsum(P * dP): Nq Nk reads (the softmax Jacobian as it comes)
};

template <class T>
struct AttentionGradients {
  Tensor<T> output, logsumexp;  ///< of the forward pass: [H, Nq, dv], [H, Nq]
  Tensor<T> dq, dk, dv;         ///< shapes of q, k, v
  Tensor<T> row_term;           ///< D [H, Nq]
};

/// Closed form: dV = P^T dO, dP = dO V^T, D = rowsum(dO * O), dS = P * (dP - D), dQ = scale dS K, dK = scale
/// dS^T Q. Source: Dao et al. 2022, arXiv:2205.14135, appendix B.2.
/// @param d_output [H, Nq, dv], gradient of the loss with respect to the output
template <class T>
AttentionGradients<T> softmax_attention_backward(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                                 const Tensor<T>& d_output,
                                                 const AttentionOptions& options = {},
                                                 const Tensor<T>& mask = {},
                                                 RowTerm row_term = RowTerm::output_dot,
                                                 const Progress& progress = {});

/// Elements a forward pass must keep for its backward beyond q, k, v: dense keeps P and nothing else; flash
/// keeps O and one logsumexp per row. Source: arXiv:2205.14135, section 3.1 and theorem 1.
std::int64_t saved_for_backward_dense(std::int64_t heads, std::int64_t queries, std::int64_t keys);
std::int64_t saved_for_backward_flash(std::int64_t heads, std::int64_t queries, std::int64_t head_dim_v);

}  // namespace alab
