// The normaliser phi(q).z of every query, for maps whose features may be negative and maps whose may not.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"
#include "labs/common/one_head.hpp"
#include "labs/common/sweep.hpp"
#include "reference/feature_maps.hpp"

namespace alab::kernel_trick {
namespace {

struct Row {
  FeatureKind kind;
  std::string_view key, label;
};
constexpr Row kRows[] = {{FeatureKind::identity, "identity", "identity"},
                         {FeatureKind::elu1, "elu1", "elu + 1"},
                         {FeatureKind::relu, "relu", "ReLU"},
                         {FeatureKind::quadratic, "quadratic", "quadratic"}};

struct Sums {
  std::vector<double> values;  ///< phi(q_i).z / sum_j |phi(q_i).phi(k_j)|; 0 where every product is 0
  double not_positive = 0;     ///< sums <= 0
  double largest_weight = 0;   ///< |phi(q_i).phi(k_j) / (phi(q_i).z)|, over i and j; inf after a 0
};

Sums sums_of(const Row& row, const OneHead& head, const Progress& progress) {
  const FeatureMap map{.kind = row.kind};
  const auto wide = [](const RowMatrix<float>& x) { return as_head<double>(x.cast<double>()); };
  const Tensor<double> q = apply_feature_map(map, wide(head.query), Role::query, progress),
                       k = apply_feature_map(map, wide(head.key), Role::key, progress);
  const RowMatrix<double> phi_q = alab::head(q, 0), phi_k = alab::head(k, 0);
  const Eigen::VectorXd sums = phi_q * phi_k.colwise().sum().transpose();
  Sums out;
  constexpr Eigen::Index kBlock = 64;
  for (Eigen::Index first = 0; first < sums.size(); first += kBlock) {
    progress.step(0.5, text("denominators of ", row.label));
    const Eigen::Index count = std::min(kBlock, sums.size() - first);
    const RowMatrix<double> sizes = (phi_q.middleRows(first, count) * phi_k.transpose()).cwiseAbs();
    const Eigen::VectorXd tops = sizes.rowwise().maxCoeff(), totals = sizes.rowwise().sum();
    for (Eigen::Index i = 0; i < count; ++i) {
      const double sum = sums[first + i];
      out.values.push_back(totals[i] > 0 ? sum / totals[i] : 0);
      out.not_positive += sum > 0 ? 0 : 1;
      out.largest_weight =
          tops[i] > 0 ? std::max(out.largest_weight, tops[i] / std::abs(sum)) : out.largest_weight;
    }
  }
  return out;
}

}  // namespace

Result run_denominators(const ParamSet& params, const Context& context) {
  context.progress.step(0, "reading the head");
  const OneHead head = one_head(context, params.integer(kLength), params.integer(kHeadDim),
                                static_cast<std::uint64_t>(params.integer(params::seed)));
  const double n = static_cast<double>(head.seq_len());
  const Provenance here = measured_here("double"), counted = counted_by("rows with phi(q).z <= 0");
  Result result;
  describe(result, head);
  Plot plot{"denominators",
            "Below the line the weights of a row change sign; near it they explode",
            "The denominator of each query as a share of its absolute terms: 1 when no term is negative, 0 "
            "when all cancel.",
            {"query", "position", false},
            {"phi(q).z / sum of |terms|", "", false},
            {}};
  Table table{"signs",
              text("Denominators of ", head.seq_len(), " queries"),
              "A largest weight of 0.1 means: no key has more than a tenth of any row.",
              {"feature map", "not positive", "smallest share", "largest weight in a row"},
              {}};
  std::vector<double> positions;
  for (double i = 0; i < n; ++i) {
    positions.push_back(i);
  }
  for (const Row& row : kRows) {
    const Sums s = sums_of(row, head, context.progress);
    const std::string key(row.key), label(row.label);
    const double smallest = *std::ranges::min_element(s.values);
    if (row.kind == FeatureKind::identity || row.kind == FeatureKind::elu1) {
      plot.series.push_back(plain(key, label, positions, s.values, here, SeriesStyle::markers));
    }
    table.rows.push_back({Cell::words(label), Cell::number(s.not_positive, "count", counted),
                          Cell::number(smallest, "", here), Cell::number(s.largest_weight, "", here)});
    result.scalars.push_back(scalar("not_positive_" + key, label + ": denominators that are not positive",
                                    s.not_positive, "count", counted));
    result.scalars.push_back(
        scalar("largest_" + key, label + ": largest weight", s.largest_weight, "", here));
    if (row.kind == FeatureKind::elu1 || row.kind == FeatureKind::quadratic) {
      result.checks.push_back(check_exactly("positive_" + key, label + ": every denominator is positive",
                                            s.not_positive, 0, counted));
    }
    if (row.kind == FeatureKind::identity) {
      const double share = s.not_positive / n;
      result.scalars.push_back(
          scalar("share", "identity: share of the queries", 100 * share, "", counted, "%"));
      if (context.input.name == "normal" && n >= 128) {
        result.checks.push_back(check_between("half",
                                              "identity, normal inputs: a third to two thirds not positive",
                                              share, 1.0 / 3, 2.0 / 3, counted));
      } else {
        result.notes.push_back(
            "The share for the identity is stated for 128 or more normal queries; here it is shown.");
      }
    }
  }
  plot.series.push_back(level("zero", "zero", 0, n - 1, 0, modelled_by("y = 0")));
  result.plots.push_back(std::move(plot));
  result.tables.push_back(std::move(table));
  return result;
}

}  // namespace alab::kernel_trick
