// What the ops on features have in common: parameters, sizes, rows cut from a source, plain products in f32.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/op.hpp"

namespace alab {

namespace params {
extern const Param features;   ///< rows of the drawn matrix W
extern const Param role;       ///< what favor's stabiliser is shared by: one query, or all keys
extern const Param row_scale;  ///< factor on the rows
extern const Param eps;        ///< added to a denominator
}  // namespace params

/// Sizes with every default resolved; what a schema lacks stays 0 (features) or 1.
struct FeatureProblem {
  std::int64_t heads = 1, seq_len = 0, head_dim = 0, head_dim_v = 0, features = 0;
  std::uint64_t seed = 0;
  std::int64_t rows() const { return heads * seq_len; }
};
FeatureProblem feature_problem(const ParamSet& problem);

/// Queries of the source, times row_scale, heads flattened into rows: x [heads seq_len, head_dim].
Tensor<float> feature_rows(const ParamSet& problem, const InputSource& source, const Progress& progress);
/// elu + 1 of the source's queries and keys [H, T, m] and its values [H, T, V].
HostArrays elu1_inputs(const ParamSet& problem, const InputSource& source, const Progress& progress);

/// W x for every row, sums in T in the order of the formula: x [n, d], w [m, d] -> [n, m].
template <class T>
Tensor<T> plain_projections(const Tensor<T>& x, const Tensor<T>& w);

}  // namespace alab
