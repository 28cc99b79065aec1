// The N x N weights that a model applies without ever storing them, beside the softmax map of the same head.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "labs/lab.hpp"

namespace alab {

/// Whether a row of products is divided by its own sum (linear attention, Performer) or applied as it is
/// (gated linear attention, retention).
enum class RowDivision { by_sum, none };

/// What a head does to its values, written out: o_i = sum_j weights(i, j) v_j.
struct WeightMap {
  Tensor<double> weights;           ///< [queries, keys]; 0 where the query may not look, NaN after 0/0
  Tensor<double> products;          ///< [queries, keys]: before the division, phi(q_i).phi(k_j) (softmax: the
                                    ///< score); 0 where unseen; empty when the map was measured
  std::vector<double> denominator;  ///< [queries]: sum over the keys seen; empty with RowDivision::none
  bool causal = false;              ///< query i sees the keys j <= i only
  std::string name;                 ///< "elu + 1", "gated linear attention": for titles and legends

  std::int64_t queries() const { return weights.extent(0); }
  std::int64_t keys() const { return weights.extent(1); }
  /// Keys that query i may see; positions are aligned at the last one, as in softmax_attention.
  std::int64_t seen(std::int64_t i) const;
};

/// softmax over the keys seen of scale q.k + mask, in double. Throws Error when the head is outside the
/// input.
WeightMap softmax_weights(const AttentionInput& input, std::int64_t head);
/// The same from rows [queries, dim] and [keys, dim], without a mask.
WeightMap softmax_weights(const Tensor<double>& query, const Tensor<double>& key, double scale, bool causal);

/// a_ij = phi(q_i).phi(k_j), divided by its row sum or not. Source: Katharopoulos et al. 2020,
/// arXiv:2006.16236, Eqs. 4 and 9.
/// @param phi_query [queries, features], phi_key [keys, features]
/// @throws Error when the numbers of features differ, or a causal map has more queries than keys
WeightMap feature_weights(const Tensor<double>& phi_query, const Tensor<double>& phi_key, bool causal,
                          RowDivision division, std::string name);

/// A map that is applied as it is, never divided: gated linear attention's gated_implicit_weights, retention.
/// @param weights [queries, keys], or head `head` of [heads, queries, keys]
WeightMap applied_weights(const Tensor<double>& weights, std::int64_t head, bool causal, std::string name);

/// The map of any model that is linear in its values, measured instead of derived: fed the identity as values
/// [positions, positions], its output is the map. products stays empty; denominator too.
WeightMap measured_weights(const std::function<Tensor<double>(const Tensor<double>& value)>& model,
                           std::int64_t positions, bool causal, std::string name);

/// What can go wrong with the sum that a row is divided by.
enum class RowState {
  sound,
  negative,   ///< the sum is below 0: every weight of the row changes its sign
  vanishing,  ///< the sum is 0, or under a thousandth of the sum of absolute products: noise, enlarged
  undefined   ///< the row holds inf or NaN
};
inline constexpr double kVanishing = 1e-3;

struct RowMeasures {
  std::vector<double> entropy;  ///< nats, of |w| / sum |w|; ln(keys seen) is uniform; NaN in an undefined row
  std::vector<double> distance;  ///< total variation to the same row of the other map; NaN if undefined
  std::vector<double> balance;   ///< row sum / sum of absolute products: 1 when nothing cancels
  std::vector<RowState> state;
  std::int64_t negative_weights = 0;           ///< cells below 0
  double mean_entropy = 0, mean_distance = 0;  ///< over rows that are numbers; inf when none is

  std::int64_t count(RowState wanted) const;
  std::int64_t marked() const;  ///< rows that are not sound
};

/// Total variation is 1/2 sum_j |w_ij - p_ij|: 0 for equal rows, 1 for rows that share nothing, more when
/// weights are negative. A row that is not divided by its sum is first brought to sum |w| = 1, so that shapes
/// are compared; a row of zeros has distance 1/2 to any distribution.
RowMeasures measure_rows(const WeightMap& map, const WeightMap& other);

/// Entropy of a row in nats, of |w| / sum |w|.
double row_entropy(std::span<const double> row);
/// 1/2 sum |a - b|.
double total_variation(std::span<const double> a, std::span<const double> b);

/// One map as a texture; rows whose sum is not sound say so in their label. Up to 512 positions a side.
Heatmap heatmap_of(const WeightMap& map, const RowMeasures& measures, const std::vector<std::string>& tokens,
                   std::string key);

/// Both maps in one picture with one colour scale, softmax on the left. Up to 256 positions of each.
Heatmap side_by_side_maps(const WeightMap& softmax, const WeightMap& map, const RowMeasures& measures,
                          const std::vector<std::string>& tokens, std::string key);

/// Adds the whole view to a Result. tokens: labels of the positions, from token_labels().
/// Keys: heatmaps "maps" (both), "softmax", "implicit"; plots "row_distance", "row_entropy", and
/// "denominators" when rows are divided by their sum; table "marked" when a row is not sound; scalars
/// "distance", "entropy", "entropy_softmax", "entropy_uniform", "negative_weights", "marked_rows".
/// Reads what it draws from measure_rows and returns it.
RowMeasures add_implicit_map(Result& result, const WeightMap& softmax, const WeightMap& map,
                             const std::vector<std::string>& tokens);

}  // namespace alab
