// Step 5: the gradient of every gate from quantities that the backward pass has anyway.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/gated_head.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/attention_view.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/compare.hpp"
#include "reference/core/rng.hpp"

namespace alab::gla_chunking {
namespace {

using Problem = GatedLinearAttentionProblem<double>;
constexpr double kStep = 1e-5;

Tensor<double> random_like(const Tensor<double>& x, std::uint64_t seed) {
  Rng rng(seed);
  Tensor<double> out(x.shape());
  for (double& value : out.span()) {
    value = rng.normal();
  }
  return out;
}

/// <G, o>: a scalar whose gradient with respect to o is G.
double loss_of(const Problem& problem, const Tensor<double>& g) {
  const Tensor<double> o = gated_linear_attention_recurrent(problem).output;
  double sum = 0;
  for (std::int64_t i = 0; i < o.size(); ++i) {
    sum += g[i] * o[i];
  }
  return sum;
}

/// Central differences in log alpha of every gate. It knows nothing of the closed form. The recurrence
/// accepts gates <= 0 only, so near 0 both probes stay below.
Tensor<double> by_differences(Problem problem, const Tensor<double>& g, const Progress& progress) {
  Tensor<double> out(problem.log_decay.shape());
  for (std::int64_t i = 0; i < out.size(); ++i) {
    progress.step(static_cast<double>(i) / static_cast<double>(out.size()), "finite differences");
    double& gate = problem.log_decay[i];
    const double here = gate;
    gate = here + kStep;
    const double above = loss_of(problem, g);
    gate = here - kStep;
    const double below = loss_of(problem, g);
    gate = here;
    out[i] = (above - below) / (2 * kStep);
  }
  return out;
}

/// q_t * dq_t - k_t * dk_t summed the wrong way: over i <= t.
Tensor<double> forward_sums(const Problem& problem, const GatedGradients<double>& grads, bool with_keys) {
  Tensor<double> out(problem.log_decay.shape());
  const std::int64_t tokens = out.extent(1), channels = out.extent(2);
  const auto term = [&](std::int64_t t, std::int64_t c) {
    return problem.query(0, t, c) * grads.dq(0, t, c) -
           (with_keys ? problem.key(0, t, c) * grads.dk(0, t, c) : 0.0);
  };
  for (std::int64_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (std::int64_t i = 0; i < tokens; ++i) {
      const std::int64_t t = with_keys ? i : tokens - 1 - i;  // without keys the direction is the right one
      sum += term(t, c);
      out(0, t, c) = sum;
    }
  }
  return out;
}

double relative(const Tensor<double>& got, const Tensor<double>& truth) {
  return difference<double>(got.span(), truth.span()).rel_l2;
}

Heatmap gate_map(const Tensor<double>& grad, const GatedHead& head) {
  Heatmap map;
  map.key = "gate_gradient";
  map.title = "Gradient of every log gate";
  map.note = "Row: token, column: key channel. The last gates matter least: little is left to be read.";
  map.value_label = "d loss / d log alpha";
  map.row = {"token", "", false};
  map.col = {"key channel", "", false};
  map.rows = grad.extent(1);
  map.cols = grad.extent(2);
  map.diverging = true;
  map.row_labels = token_labels(head.input, map.rows);
  map.provenance = measured_here("closed form, double");
  map.values.assign(grad.span().begin(), grad.span().end());
  return map;
}

Plot scatter(const Tensor<double>& numeric, const Tensor<double>& closed, const Tensor<double>& wrong) {
  const auto as_vector = [](const Tensor<double>& x) {
    return std::vector<double>(x.span().begin(), x.span().end());
  };
  const Provenance here = measured_here("double");
  Plot plot;
  plot.key = "agreement";
  plot.title = "The closed form lies on the diagonal, a forward sum does not";
  plot.note = "One marker per gate: the closed form over the finite difference of the same gate.";
  plot.x = {"finite difference", "", false};
  plot.y = {"formula", "", false};
  plot.series = {
      plain("closed", "sum over i >= t", as_vector(numeric), as_vector(closed), here, SeriesStyle::markers),
      plain("forward", "sum over i <= t", as_vector(numeric), as_vector(wrong), here, SeriesStyle::markers)};
  return plot;
}

}  // namespace

Result run_gradient(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  constexpr std::int64_t kMostChannels = 16;  // of a wide head: finite differences run it twice per gate
  GatedHead head = read_head(context, params.integer(kGradLength), params.integer(kGradDim), seed);
  const std::int64_t channels = std::min(head.head_dim(), kMostChannels);
  head = first_channels(std::move(head), channels);
  head.problem.log_decay = drawn_log_decay(params, head.seq_len(), head.head_dim(), seed);
  for (float& gate : head.problem.log_decay.span()) {
    gate = std::min(gate, -2 * static_cast<float>(kStep));
  }
  const Problem problem = in_double(head.problem);
  const Tensor<double> g = random_like(problem.value, seed + 11);
  const GatedGradients<double> grads =
      gated_linear_attention_backward(problem, g, {}, context.progress.part(0, 0.1));
  const Tensor<double> numeric = by_differences(problem, g, context.progress.part(0.1, 0.95));
  const Tensor<double> wrong = forward_sums(problem, grads, true);
  const Tensor<double> no_keys = forward_sums(problem, grads, false);
  const double error = relative(grads.d_log_decay, numeric);
  const Provenance here = measured_here("double against central differences, h = 1e-5");
  Result result;
  result.input = text(head.input.description, "; gates ", words_of_gates(params));
  result.plots = {scatter(numeric, grads.d_log_decay, wrong)};
  result.heatmaps = {gate_map(grads.d_log_decay, head)};
  result.scalars = {
      scalar("error", "closed form against finite differences", error, "error", here),
      scalar("error_forward", "summed over i <= t instead", relative(wrong, numeric), "error", here),
      scalar("error_no_keys", "without k dk", relative(no_keys, numeric), "error", here),
      scalar("gates", "gates", static_cast<double>(numeric.size()), "count", counted_by("N x channels"))};
  result.checks = {
      check_at_most("gradient_1e6", "closed form within 1e-6 of finite differences", error, 1e-6, here)};
  return result;
}

}  // namespace alab::gla_chunking
