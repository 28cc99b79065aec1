// The Hedgehog form softmax([2cx, -2cx]) with one number c chosen to imitate softmax: the smallest learned
// map. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/head.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"

namespace alab::ch05_03 {
namespace {

constexpr std::array<double, 13> kFactors{0.125, 0.177, 0.25,  0.354, 0.5,   0.707, 1,
                                          1.414, 2,     2.828, 4,     5.657, 8};
constexpr std::size_t kUnchanged = 6;

/// Mean distance of the even and of the odd queries, and the mean entropy of all.
struct Halves {
  double even = 0, odd = 0, entropy = 0;
};

Halves halves_of(const RowMeasures& measures) {
  std::array<std::vector<double>, 2> distance;
  for (std::size_t i = 0; i < measures.distance.size(); ++i) {
    if (!std::isnan(measures.distance[i])) {
      distance[i % 2].push_back(measures.distance[i]);
    }
  }
  return {mean_of(distance[0]), mean_of(distance[1]), measures.mean_entropy};
}

Halves hedgehog(const Head& head, const WeightMap& soft, double factor) {
  const std::int64_t d = head.query.extent(1);
  FeatureMap map;
  map.kind = FeatureKind::hedgehog;
  map.matrix = Tensor<double>({d, d});
  matrix(map.matrix).diagonal().setConstant(factor);
  return halves_of(measure_rows(implicit_map(map, head.query, head.key, head.causal, "Hedgehog form"), soft));
}

}  // namespace

Result run_learned(const ParamSet& params, const Context& context) {
  const Head head(context, params.integer(kMapLength), params.integer(kHeadDim), 1,
                  static_cast<std::uint64_t>(params.integer(params::seed)));
  const WeightMap soft = head.softmax();
  std::vector<double> even, odd, entropy;
  for (std::size_t i = 0; i < kFactors.size(); ++i) {
    context.progress.step(static_cast<double>(i) / kFactors.size(), "trying factors");
    const Halves h = hedgehog(head, soft, kFactors[i]);
    even.push_back(h.even);
    odd.push_back(h.odd);
    entropy.push_back(h.entropy);
  }
  const auto best = static_cast<std::size_t>(std::ranges::min_element(even) - even.begin());
  FeatureMap elu;
  const double elu_odd =
      halves_of(measure_rows(implicit_map(elu, head.query, head.key, head.causal, "elu + 1"), soft)).odd;
  const Provenance from = measured_here("weights in double");
  const std::vector<double> xs(kFactors.begin(), kFactors.end());
  Result result;
  head.describe(result);
  Plot distance{"distance_by_factor",
                text("Best factor on the even queries: ", format_value(kFactors[best], ""),
                     "; distance on the odd ones ", format_value(odd[best], "")),
                "One number is learned: the factor c in softmax([2cx, -2cx]), from half of the queries.",
                {"factor c", "", true},
                {"mean total variation", "", false},
                {}};
  distance.series = {plain("even", "queries it is chosen on", xs, even, from, SeriesStyle::line_and_markers),
                     plain("odd", "queries held back", xs, odd, from, SeriesStyle::line_and_markers),
                     level("elu1", "elu + 1, held back", xs.front(), xs.back(), elu_odd, from)};
  Plot spread{"entropy_by_factor",
              "The factor sets how sharp the rows are",
              "Mean entropy of a row: small factors average over everything, large ones single out few keys.",
              {"factor c", "", true},
              {"mean entropy", "nats", false},
              {}};
  const double soft_entropy = measure_rows(soft, soft).mean_entropy;
  spread.series = {plain("form", "Hedgehog form", xs, entropy, from, SeriesStyle::line_and_markers),
                   level("softmax", "softmax", xs.front(), xs.back(), soft_entropy, from)};
  result.plots = {std::move(distance), std::move(spread)};
  result.scalars = {scalar("best_factor", "factor chosen", kFactors[best], "", from),
                    scalar("held_back", "distance on the queries held back", odd[best], "", from),
                    scalar("unchanged", "the same at c = 1", odd[kUnchanged], "", from),
                    scalar("elu1_held_back", "the same for elu + 1", elu_odd, "", from)};
  add_where(result, head.query.extent(0) >= 64, "at least 64 tokens",
            check_at_most("generalises", "the chosen factor is no worse than c = 1 on held-back queries",
                          odd[best], odd[kUnchanged] + 0.02, from));
  return result;
}

}  // namespace alab::ch05_03
