// One head of the current input as the tile loops take it, and small helpers that this lab's experiments
// share. SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "labs/ch10_02_flash_tiling/tiles.hpp"
#include "labs/common/attention_view.hpp"
#include "labs/common/sweep.hpp"
#include "labs/lab.hpp"

namespace alab::flash_tiling {

inline constexpr double kT64 = 1e-12;  ///< double precision, same mathematics
inline constexpr double kT32 = 5e-6;   ///< single precision, another order of summation
inline constexpr double kT32x = 5e-5;  ///< single precision, an exp of a difference of logs is involved

/// Head 0 of the input source, at most seq_len tokens of it, with what a run needs to know about it.
class Head {
 public:
  /// Asks the context's input for one head; a real head keeps its own head_dim and its own causality.
  Head(const Context& context, std::int64_t seq_len, std::int64_t head_dim, bool causal, std::uint64_t seed);

  /// Takes the additive mask away and sets causality, for experiments that state their own mask.
  void set_mask(bool causal);

  const AttentionInput& input() const { return input_; }
  ConstMatrixMap<float> query() const { return head(input_.query, 0); }
  ConstMatrixMap<float> key() const { return head(input_.key, 0); }
  ConstMatrixMap<float> value() const { return head(input_.value, 0); }
  std::int64_t seq_len() const { return input_.query.extent(1); }
  std::int64_t key_len() const { return input_.key.extent(1); }
  std::int64_t head_dim() const { return input_.query.extent(2); }
  std::int64_t head_dim_v() const { return input_.value.extent(2); }
  bool causal() const { return input_.causal; }
  double scale() const { return scale_of(input_); }
  std::string token(std::int64_t position) const;  ///< "'the'", or "17" for synthetic inputs

  TileProblem problem(std::int64_t block_m, std::int64_t block_n, LoopOrder order = LoopOrder::fa2) const;
  Tensor<double> mask_f64() const;  ///< the additive mask, or empty
  /// Output in double, dense, by the reference.
  RowMatrix<double> truth() const;
  /// Output in float by the plain dense form of the reference.
  RowMatrix<float> dense_f32() const;
  /// Names the input in the result, and says so when the request could not be met.
  void describe(Result& result, std::int64_t asked_seq_len, std::int64_t asked_head_dim) const;

 private:
  AttentionInput input_;
  std::int64_t heads_ = 1, had_ = 0;  ///< of the source, before cutting
};

/// ||got - truth|| / ||truth||; NaN when got has one.
double rel_l2(const RowMatrix<float>& got, const RowMatrix<double>& truth);
double rel_l2(const RowMatrix<double>& got, const RowMatrix<double>& truth);

/// Adds the check where its criterion is stated; elsewhere leaves it out, with a note that says where it
/// holds.
void add_where(Result& result, bool stated_here, std::string_view where_stated, Check check);

/// A problem with shapes only, for loops that count and compute nothing.
class ShapeOnly {
 public:
  ShapeOnly(std::int64_t seq_len, std::int64_t head_dim);
  TileProblem problem(std::int64_t block_m, std::int64_t block_n, LoopOrder order) const;

 private:
  Tensor<float> rows_;
};

}  // namespace alab::flash_tiling
