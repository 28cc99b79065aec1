// One head of the current input in double, as the experiments on maps and heads read it.
// SPDX-License-Identifier: MIT
#pragma once

#include "labs/ch05_03_feature_maps/rows.hpp"

namespace alab::ch05_03 {

struct Head {
  /// Head 0 of the context's input, at most seq_len tokens, queries and keys times the factor.
  Head(const Context& context, std::int64_t seq_len, std::int64_t head_dim, double factor,
       std::uint64_t seed);

  /// softmax of scale q.k, without the input's additive mask: feature maps have no place for one.
  WeightMap softmax() const { return softmax_weights(query, key, scale, causal); }
  /// [1, rows, dim], as the reference takes it.
  static Tensor<double> stacked(const Tensor<double>& rows);
  void describe(Result& result) const;

  Tensor<double> query, key, value;  ///< [tokens, dim]
  std::vector<std::string> tokens;   ///< one label per position
  std::string description;
  double scale = 0;  ///< on q.k
  bool causal = false, real = false;

 private:
  std::int64_t asked_length_, asked_dim_;
  bool had_mask_ = false;
};

}  // namespace alab::ch05_03
