// Generation keeps a state of features. What if W is drawn anew in the middle, or the sequence is padded?
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "labs/ch05_03_feature_maps/rows.hpp"
#include "reference/core/compare.hpp"
#include "reference/linear_attention.hpp"

namespace alab::ch05_03 {
namespace {

constexpr std::int64_t kTokens = 128, kFeatures = 64;

using Problem = LinearAttentionProblem<float>;
using Output = LinearAttentionOutput<float>;

struct Sequence {
  Tensor<float> query, key, value;  ///< [1, tokens, dim]
};

Tensor<float> normal_head(std::int64_t rows, std::int64_t dim, Rng& rng) {
  const Tensor<float> drawn = normal_rows(rows, dim, 1, rng).cast<float>();
  return Tensor<float>({1, rows, dim}, {drawn.span().begin(), drawn.span().end()});
}

Tensor<float> slice(const Tensor<float>& x, std::int64_t first, std::int64_t count) {
  Tensor<float> out({1, count, x.extent(2)});
  head(out, 0) = head(x, 0).middleRows(first, count);
  return out;
}

FeatureMap favor(std::uint64_t seed) {
  FeatureMap map;
  map.kind = FeatureKind::favor_positive;
  map.rows = kFeatures;
  map.stabilizer = Stabilizer::off;  // norms are near 2: nothing under- or overflows
  map.seed = seed;
  return with_drawn(map, kWidth);
}

/// Tokens first .. first + count with phi from this map, continuing the state of before.
Output run_part(const Sequence& s, const FeatureMap& map, std::int64_t first, std::int64_t count,
                const Output* before) {
  Problem problem = linear_attention_problem(map, slice(s.query, first, count), slice(s.key, first, count),
                                             slice(s.value, first, count));
  if (before != nullptr) {
    problem.initial_state = before->state;
    problem.initial_normalizer = before->normalizer;
  }
  return linear_attention_recurrent(problem);
}

std::vector<double> error_by_position(const Tensor<float>& got, const Tensor<float>& truth) {
  std::vector<double> out;
  const RowMatrix<double> a = head(got, 0).cast<double>(), b = head(truth, 0).cast<double>();
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    out.push_back((a.row(i) - b.row(i)).norm() / b.row(i).norm());
  }
  return out;
}

double relative(const Tensor<float>& got, const Tensor<float>& truth) {
  return difference<float>(got.span(), truth.cast<double>().span()).rel_l2;
}

/// Outputs of the real tokens of a padded, non-causal sequence: phi(k) of the padding is set to 0, or kept.
Tensor<float> padded_output(const Sequence& s, std::int64_t padding, bool masked, const FeatureMap& map,
                            Rng& rng) {
  const auto extend = [&](const Tensor<float>& x) {
    Tensor<float> out = normal_head(x.extent(1) + padding, x.extent(2), rng);
    head(out, 0).topRows(x.extent(1)) = head(x, 0);
    return out;
  };
  Problem problem = linear_attention_problem(map, extend(s.query), extend(s.key), extend(s.value));
  if (masked) {
    head(problem.key, 0).bottomRows(padding).setZero();
  }
  return slice(linear_attention_recurrent(problem, {.causal = false}).output, 0, s.query.extent(1));
}

}  // namespace

Result run_redraw(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const std::int64_t padding = params.integer(kPadding);
  const auto at = static_cast<std::int64_t>(params.real(kRedrawAt) * kTokens);
  Rng rng(seed);
  const Sequence s{normal_head(kTokens, kWidth, rng), normal_head(kTokens, kWidth, rng),
                   normal_head(kTokens, kValues, rng)};
  const FeatureMap map = favor(seed + 1), other = favor(seed + 2);
  context.progress.step(0.2, "prefill and decode");
  const Output whole = run_part(s, map, 0, kTokens, nullptr), prefill = run_part(s, map, 0, at, nullptr);
  const Tensor<float> fixed = run_part(s, map, at, kTokens - at, &prefill).output;
  const Tensor<float> redrawn = run_part(s, other, at, kTokens - at, &prefill).output;
  const Tensor<float> rest = slice(whole.output, at, kTokens - at);
  context.progress.step(0.6, "padding");
  const Tensor<float> plain_output =
      linear_attention_recurrent(linear_attention_problem(map, s.query, s.key, s.value), {.causal = false})
          .output;
  const double masked = relative(padded_output(s, padding, true, map, rng), plain_output);
  const double unmasked = relative(padded_output(s, padding, false, map, rng), plain_output);

  const Provenance from = measured_here("recurrent form in float, FAVOR+ with 64 rows");
  std::vector<double> positions;
  for (std::int64_t i = at; i < kTokens; ++i) {
    positions.push_back(static_cast<double>(i));
  }
  Result result;
  result.input = text("normal rows, seed ", seed, " (128 tokens, head_dim 16)");
  Plot plot{"error_by_position",
            text("After a redraw the output is off by ", format_value(relative(redrawn, rest), "")),
            "Error of each generated token against one uninterrupted pass with the first W.",
            {"position", "", false},
            {"relative error", "", true},
            {}};
  plot.series = {plain("redrawn", "W redrawn between prefill and decode", positions,
                       error_by_position(redrawn, rest), from),
                 plain("fixed", "the same W kept", positions, error_by_position(fixed, rest), from)};
  result.plots.push_back(std::move(plot));
  result.scalars = {
      scalar("error_redrawn", "error after the redraw", relative(redrawn, rest), "", from),
      scalar("error_fixed", "error with the same W, in two parts", relative(fixed, rest), "error", from),
      scalar("error_padded", "padded and masked against unpadded", masked, "error", from),
      scalar("error_unmasked", "padded, not masked", unmasked, "", from)};
  result.checks = {check_between("redraw_breaks", "redrawn in mid-sequence: relL2 above 0.1",
                                 relative(redrawn, rest), 0.1, 10, from),
                   check_at_most("fixed_t32", "the same W: two parts equal one pass within T32",
                                 relative(fixed, rest), kT32, from),
                   check_at_most("padded_t32", "padding masked: equal to the unpadded run within T32", masked,
                                 kT32, from)};
  return result;
}

}  // namespace alab::ch05_03
