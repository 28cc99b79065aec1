// One head of the current input as linear attention takes it, and small helpers that this lab's experiments
// share. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "labs/common/attention_view.hpp"
#include "labs/common/sweep.hpp"
#include "labs/lab.hpp"
#include "reference/core/compare.hpp"
#include "reference/linear_attention.hpp"

namespace alab::causal_linear {

inline constexpr double kT64 = 1e-12;  ///< double precision, same mathematics
inline constexpr double kT32 = 5e-6;   ///< single precision, another order of summation

/// The map of that name as this lab uses it: relu gets Performer's 1e-3, so that no row is empty.
FeatureMap feature_map_named(std::string_view name);

/// Head 0 of the input source, at most seq_len tokens of it.
class Head {
 public:
  /// @throws Error when the input has another number of keys than of queries
  Head(const Context& context, std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed);

  const AttentionInput& input() const { return input_; }
  std::int64_t seq_len() const { return input_.query.extent(1); }
  std::int64_t head_dim() const { return input_.query.extent(2); }
  std::int64_t head_dim_v() const { return input_.value.extent(2); }

  /// Features of queries and keys, computed in float and then widened: the same rounded inputs for all.
  LinearAttentionProblem<float> features(const FeatureMap& map, const Progress& progress) const;
  LinearAttentionProblem<double> features_f64(const FeatureMap& map, const Progress& progress) const;

  /// Names the input in the result, and says so when the request could not be met.
  void describe(Result& result, std::int64_t asked_seq_len, std::int64_t asked_head_dim) const;

 private:
  AttentionInput input_;
  std::int64_t heads_ = 1, had_ = 0;  ///< of the source, before cutting
  bool masked_ = false;               ///< the source had an additive mask
};

LinearAttentionProblem<double> widened(const LinearAttentionProblem<float>& problem);

/// Queries, keys, values from N(0, 1) with phi = elu + 1 applied: for experiments whose shapes are the point.
LinearAttentionProblem<float> drawn_problem(std::int64_t heads, std::int64_t seq_len,
                                            std::int64_t feature_dim, std::int64_t head_dim_v,
                                            std::uint64_t seed);

/// ||got - truth|| / ||truth||; NaN when got has one.
double rel_l2(const Tensor<float>& got, const Tensor<double>& truth);
double rel_l2(const Tensor<double>& got, const Tensor<double>& truth);

/// Adds the check where its criterion is stated; elsewhere leaves it out, with a note that says where it
/// holds.
void add_where(Result& result, bool stated_here, std::string_view where_stated, Check check);

/// NaN wins over every number.
double worse(double a, double b);

}  // namespace alab::causal_linear
