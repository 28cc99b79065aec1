// A random feature map drawn again between prefill and generation: the state speaks one language, the queries
// another. Source: fast-transformers (idiap), random maps with a redraw period. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"

namespace alab::causal_linear {
namespace {

using Problem = LinearAttentionProblem<double>;

/// FAVOR+ without its stabiliser, which depends on all keys and would not be the same for two halves.
FeatureMap favor(std::int64_t features, std::uint64_t seed) {
  FeatureMap map;
  map.kind = FeatureKind::favor_positive;
  map.rows = features;
  map.seed = seed;
  map.stabilizer = Stabilizer::off;
  return map;
}

Tensor<double> rows(const Tensor<double>& x, std::int64_t first, std::int64_t end) {
  const std::int64_t width = x.extent(2);
  return Tensor<double>({1, end - first, width}, {x.data() + first * width, x.data() + end * width});
}

Problem part(const Problem& p, std::int64_t first, std::int64_t end) {
  return {rows(p.query, first, end), rows(p.key, first, end), rows(p.value, first, end)};
}

/// Generation that starts from the state which the prefill left.
Tensor<double> continued(const Problem& prefill, Problem rest) {
  const auto before = linear_attention_chunkwise(prefill, 16);
  rest.initial_state = before.state;
  rest.initial_normalizer = before.normalizer;
  return linear_attention_recurrent(rest).output;
}

std::vector<double> row_errors(const Tensor<double>& got, const Tensor<double>& truth) {
  std::vector<double> errors;
  for (std::int64_t i = 0; i < truth.extent(1); ++i) {
    errors.push_back(std::max(rel_l2(rows(got, i, i + 1), rows(truth, i, i + 1)), 1e-17));
  }
  return errors;
}

Plot tokens_plot(std::int64_t prefill, const std::vector<double>& fixed, const std::vector<double>& redrawn) {
  const Provenance here = measured_here("double against one pass with the first draw");
  Plot plot{"after_prefill",
            "After the new draw the state cannot be read any more",
            "Error of every generated token against one pass over the whole sequence with the first draw.",
            {"position", "tokens", false},
            {"relative error", "", true},
            {}};
  std::vector<double> xs;
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    xs.push_back(static_cast<double>(prefill) + static_cast<double>(i));
  }
  plot.series = {plain("redrawn", "drawn again after the prefill", xs, redrawn, here),
                 plain("fixed", "the same draw", xs, fixed, here)};
  return plot;
}

}  // namespace

Result run_redraw(const ParamSet& params, const Context& context) {
  const std::int64_t asked = params.integer(kRedrawLength), dim = params.integer(kSmallDim),
                     features = params.integer(kFeatures);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const std::int64_t prefill = std::min(params.integer(kPrefill), asked - 1);
  context.progress.step(0.1, "features of both draws");
  const AttentionInput in = synthetic_inputs().front().make({1, asked, dim, dim, seed}, context.progress);
  const Tensor<double> q = in.query.cast<double>(), k = in.key.cast<double>(), v = in.value.cast<double>();
  const Problem first = linear_attention_problem(favor(features, seed), q, k, v),
                second = linear_attention_problem(favor(features, seed + 1), q, k, v);
  const Tensor<double> truth = rows(linear_attention_parallel(first).output, prefill, asked);
  context.progress.step(0.5, "generating");
  const Tensor<double> fixed = continued(part(first, 0, prefill), part(first, prefill, asked)),
                       redrawn = continued(part(first, 0, prefill), part(second, prefill, asked));
  const double fixed_error = rel_l2(fixed, truth), redrawn_error = rel_l2(redrawn, truth);
  const double other_draw = rel_l2(rows(linear_attention_parallel(second).output, prefill, asked), truth);
  const Provenance here = measured_here("double");
  Result result;
  result.input = in.description;
  result.plots.push_back(tokens_plot(prefill, row_errors(fixed, truth), row_errors(redrawn, truth)));
  result.tables.push_back(
      {"draws",
       "Who may use which draw",
       "Error of the generated tokens against one pass with the first draw.",
       {"prefill", "generation", "error"},
       {{Cell::words("draw 1"), Cell::words("draw 1"), Cell::number(fixed_error, "error", here)},
        {Cell::words("draw 1"), Cell::words("draw 2"), Cell::number(redrawn_error, "error", here)},
        {Cell::words("draw 2"), Cell::words("draw 2"), Cell::number(other_draw, "error", here)}}});
  result.scalars = {scalar("fixed", "same draw: error", fixed_error, "error", here),
                    scalar("redrawn", "drawn again: error", redrawn_error, "", here),
                    scalar("other_draw", "another draw from the start: difference", other_draw, "", here)};
  result.checks = {check_at_most("pass_fixed", "prefill and generation with one draw equal one pass: <= 5e-6",
                                 fixed_error, kT32, here),
                   check_between("pass_redrawn", "drawn again in mid-sequence: error above 0.1",
                                 redrawn_error, 0.1, 1e9, here)};
  return result;
}

}  // namespace alab::causal_linear
