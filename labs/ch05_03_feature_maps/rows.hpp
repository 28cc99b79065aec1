// Random rows, maps by name and small measures that the lab's experiments share.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "labs/common/implicit_map.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/eigen_view.hpp"
#include "reference/core/rng.hpp"
#include "reference/feature_maps.hpp"

namespace alab::ch05_03 {

inline constexpr double kT32 = 5e-6;         ///< single precision, another order of summation
inline constexpr std::int64_t kWidth = 16;   ///< head_dim where the curriculum fixes it
inline constexpr std::int64_t kValues = 16;  ///< head_dim_v of random values

/// spread N(0, I): [rows, dim].
Tensor<double> normal_rows(std::int64_t rows, std::int64_t dim, double spread, Rng& rng);
/// Directions uniform on the sphere, every row of the same norm: [rows, dim].
Tensor<double> rows_of_norm(std::int64_t rows, std::int64_t dim, double norm, Rng& rng);
/// The rows times a factor.
Tensor<double> scaled(const Tensor<double>& rows, double factor);
/// Head h of [heads, rows, dim], in double: [rows, dim].
Tensor<double> head_in_double(const Tensor<float>& tensor, std::int64_t h);

/// A map of that name; drawn ones with M rows, iid or orthogonal, from the seed.
FeatureMap map_named(std::string_view name, std::int64_t rows, Rows drawn, std::uint64_t seed);
/// The same for rows that are scaled already: nothing is multiplied on.
FeatureMap plain_map(FeatureKind kind, std::int64_t rows, Rows drawn, std::uint64_t seed);

/// The implicit map of a feature map on these rows; W is drawn once for both.
WeightMap implicit_map(const FeatureMap& map, const Tensor<double>& query, const Tensor<double>& key,
                       bool causal, std::string name);
/// All keys alike.
WeightMap uniform_map(std::int64_t queries, std::int64_t keys, bool causal);
/// weights times values: [queries, dv].
RowMatrix<double> output_of(const WeightMap& map, const Tensor<double>& value);

/// ||got - truth|| / ||truth||; NaN when got has one.
double rel_l2(const RowMatrix<double>& got, const RowMatrix<double>& truth);
double mean_of(const std::vector<double>& values);
double quantile(std::vector<double> values, double share);

/// Adds the check where its criterion is stated; elsewhere a note says where it holds.
void add_where(Result& result, bool stated_here, std::string_view where_stated, Check check);

}  // namespace alab::ch05_03
