// Two looks inside a head: the N x N weights that it applies without storing them, and the state that stands
// for them. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"
#include "labs/common/chunk_steps.hpp"
#include "labs/common/implicit_map.hpp"
#include "labs/common/state_view.hpp"

namespace alab::causal_linear {
namespace {

/// Head 0 without its axis: [N, width].
Tensor<double> rows_of(const Tensor<double>& x) {
  return Tensor<double>({x.extent(1), x.extent(2)}, {x.span().begin(), x.span().end()});
}

Tensor<double> applied(const Tensor<double>& weights, const Tensor<double>& value) {
  Tensor<double> o(value.shape());
  for (std::int64_t i = 0; i < weights.extent(0); ++i) {
    for (std::int64_t j = 0; j < weights.extent(1); ++j) {
      for (std::int64_t c = 0; c < value.extent(2); ++c) {
        o(0, i, c) += weights(i, j) * value(0, j, c);
      }
    }
  }
  return o;
}

double largest_row_gap(const Tensor<double>& weights) {
  double worst = 0;
  for (std::int64_t i = 0; i < weights.extent(0); ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < weights.extent(1); ++j) {
      sum += weights(i, j);
    }
    worst = worse(worst, std::abs(sum - 1));
  }
  return worst;
}

constexpr std::int64_t kWalkChunk = 16;

/// The head's features as the rung 20_fused_chunk takes them.
ChunkWalk watch_head(const Head& head, const FeatureMap& map, const Context& context) {
  const LinearAttentionProblem<float> features = head.features(map, context.progress);
  const std::int64_t m = features.key.extent(2);
  const WalkRequest request{"causal_linear",  "20_fused_chunk", text("chunk=", kWalkChunk), 0, m,
                            head.head_dim_v()};
  return watch_walk(
      request,
      [&](const Op& op, ParamSet& problem) {
        problem.set("seq_len", static_cast<double>(head.seq_len()));
        problem.set("head_dim", static_cast<double>(m));
        problem.set("head_dim_v", static_cast<double>(head.head_dim_v()));
        problem.set("heads", 1);
        problem.set_text("feature_map", "identity");
        InputSource source = context.input;  // hands the op the features of this head
        source.make = [&](const InputRequest&, const Progress&) {
          AttentionInput input = head.input();
          input.query = features.query;
          input.key = features.key;
          return input;
        };
        return op.inputs(problem, source, context.progress);
      },
      context);
}

}  // namespace

Result run_weights(const ParamSet& params, const Context& context) {
  const std::int64_t asked = params.integer(kViewLength), dim = params.integer(kHeadDim);
  const Head head(context, asked, dim, static_cast<std::uint64_t>(params.integer(params::seed)));
  const FeatureMap map = feature_map_named(params.option(kMap));
  const bool sound = info_of(map.kind).non_negative;
  context.progress.step(0.1, "features");
  const LinearAttentionProblem<double> p = head.features_f64(map, context.progress);
  const WeightMap linear = feature_weights(rows_of(p.query), rows_of(p.key), true, RowDivision::by_sum,
                                           std::string(info_of(map.kind).label));
  Result result;
  head.describe(result, asked, dim);
  add_implicit_map(result, softmax_weights(head.input(), 0), linear,
                   token_labels(head.input(), head.seq_len()));
  context.progress.step(0.8, "the same output from the state");
  const double apart = rel_l2(linear_attention_recurrent(p).output, applied(linear.weights, p.value));
  const Provenance here = measured_here("double");
  result.scalars.push_back(
      scalar("output_apart", "state against N x N weights: difference of the output", apart, "error", here));
  if (sound) {
    result.checks = {
        check_at_most("pass_same_output", "the state gives what the N x N weights give: <= 1e-12", apart,
                      kT64, here),
        check_at_most("pass_rows_sum", "every row of the weights sums to 1: <= 1e-12",
                      largest_row_gap(linear.weights), kT64, here)};
  } else {
    result.notes.push_back(
        "Not checked: with features of any sign a denominator may vanish, and rounding is enlarged there.");
  }
  return result;
}

Result run_state(const ParamSet& params, const Context& context) {
  const std::int64_t asked = params.integer(kViewLength), dim = params.integer(kHeadDim);
  const Head head(context, asked, dim, static_cast<std::uint64_t>(params.integer(params::seed)));
  const FeatureMap map = feature_map_named(params.option(kMap));
  const LinearAttentionProblem<double> p = head.features_f64(map, context.progress);
  StateTrace trace;
  trace.rows = p.key.extent(2);
  trace.cols = p.value.extent(2);
  trace.row_label = "feature of the key";
  trace.col_label = "value channel";
  trace.tokens = head.input().tokens;
  trace.provenance = measured_here("recurrent form in double");
  LinearAttentionOptions options;
  options.observer = [&](const StateMoment& moment) {
    context.progress.step(0.5, "following the state");
    trace.add(std::span<const double>(moment.state.span()));
  };
  const LinearAttentionOutput<double> out = linear_attention_recurrent(p, options, context.progress);
  Result result;
  head.describe(result, asked, dim);
  result.steppers.push_back(state_stepper(trace, "state", "The state after every token"));
  result.plots.push_back(state_plot(trace, "state_size"));
  LinearAttentionOptions total;
  total.causal = false;
  const double apart = rel_l2(linear_attention_chunkwise(p, 64, total).state, out.state);
  const double entries = static_cast<double>(trace.rows * trace.cols),
               cached = static_cast<double>(head.seq_len() * (head.head_dim() + head.head_dim_v()));
  const std::span<const double> last = trace.at(trace.size() - 1);
  const Provenance here = measured_here("recurrent form in double"),
                   sizes = modelled_by("m dv + m; N (d + dv)");
  result.scalars = {
      scalar("final_rank", "effective rank of the last state", effective_rank(last, trace.rows, trace.cols),
             "", here),
      scalar("full_rank", "largest rank it could have",
             static_cast<double>(std::min({trace.rows, trace.cols, head.seq_len()})), "count", sizes),
      scalar("final_norm", "norm of the last state", state_norm(last), "", here),
      scalar("state_elements", "elements of state and normaliser", entries + static_cast<double>(trace.rows),
             "count", sizes),
      scalar("cache_elements", "elements of a KV cache here", cached, "count", sizes)};
  result.checks = {check_at_most("pass_total", "the last state is phi(K)^T V: <= 1e-12", apart, kT64, here)};
  add_walk(
      result, trace,
      {[&] { return watch_head(head, map, context); }, kWalkChunk, "pass_kernel_states",
       "after every chunk the kernel's state is the recurrence's: <= 5e-6", kT32, "double", "S <- S + K^T V"},
      context);
  return result;
}

}  // namespace alab::causal_linear
