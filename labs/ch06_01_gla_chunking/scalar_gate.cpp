// Step 7: one gate per token instead of one per channel: the mask becomes an N x N matrix of numbers.
// SPDX-License-Identifier: MIT
#include "reference/simple_gate.hpp"

#include <algorithm>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/gated_head.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/rng.hpp"

namespace alab::gla_chunking {
namespace {

constexpr std::int64_t kShown = 96;  // positions of the mask that are drawn

/// One gate per token [1, N], uniform between the decays.
Tensor<float> scalar_gates(const ParamSet& params, std::int64_t tokens, std::uint64_t seed) {
  const auto [low, high] = std::minmax({params.real(kAlphaLow), params.real(kAlphaHigh)});
  const Tensor<float> drawn = uniform_log_decay<float>({1, tokens, 1}, low, high, seed + 7);
  return Tensor<float>({1, tokens}, {drawn.span().begin(), drawn.span().end()});
}

Heatmap mask_map(const Tensor<float>& mask) {
  const std::int64_t side = std::min(kShown, mask.extent(0));
  Heatmap map;
  map.key = "mask";
  map.title = text("The whole decay mask of a scalar gate, first ", side, " tokens");
  map.note = "Row: query, column: key; product of the gates between them. A vector gate has one per channel.";
  map.value_label = "decay";
  map.row = {"query", "token", false};
  map.col = {"key", "token", false};
  map.rows = map.cols = side;
  map.provenance = measured_here("segment sums in float, exponentiated");
  for (std::int64_t i = 0; i < side; ++i) {
    for (std::int64_t j = 0; j < side; ++j) {
      map.values.push_back(j > i ? std::nanf("") : mask(i, j));
    }
  }
  return map;
}

struct FormError {
  std::string name;
  double error = 0;
  RowCounts rows;
};

Table form_table(const std::vector<FormError>& forms) {
  Table table;
  table.key = "forms";
  table.title = "The same gates, as a scalar gate and spread over the channels";
  table.note =
      "A scalar gate may be applied to the finished product q k^T: nothing is divided, nothing overflows.";
  table.columns = {"form", "error against double", "rows that are no number"};
  for (const FormError& form : forms) {
    table.rows.push_back(
        {Cell::words(form.name), Cell::number(form.error, "error", measured_here("float against double")),
         Cell::number(static_cast<double>(form.rows.broken()), "count", counted_by("rows of the output"))});
  }
  return table;
}

Plot cost_plot(std::int64_t dim) {
  Plot plot;
  plot.key = "cost";
  plot.title = text("A vector gate needs ", dim, " times the exponentials of a scalar one");
  plot.note = "Exponentials of one chunk in log space: one per pair, or one per pair and channel.";
  plot.x = {"chunk size C", "tokens", true};
  plot.y = {"exponentials per chunk", "", true};
  std::vector<double> sizes = doublings(8, 256), scalar_gate, vector_gate, two_level;
  for (const double c : sizes) {
    const double pairs = c * (c + 1) / 2;
    scalar_gate.push_back(pairs);
    vector_gate.push_back(pairs * static_cast<double>(dim));
    two_level.push_back(pairs * log_pair_share(c, std::min(c, 16.0)) * static_cast<double>(dim));
  }
  plot.series = {plain("scalar", "scalar gate", sizes, scalar_gate, modelled_by("C (C + 1) / 2")),
                 plain("vector", "vector gate", sizes, vector_gate, modelled_by("d C (C + 1) / 2")),
                 plain("two_level", "vector gate, two-level, c = 16", sizes, two_level,
                       modelled_by("d (c + 1) / (C + 1) of them; the rest are products"))};
  return plot;
}

}  // namespace

Result run_scalar_gate(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  GatedHead head = read_head(context, params.integer(kLength), params.integer(kHeadDim), seed);
  SimpleGateProblem<float> problem{head.problem.query, head.problem.key, head.problem.value,
                                   scalar_gates(params, head.seq_len(), seed)};
  const SimpleGateProblem<double> exact{problem.query.cast<double>(), problem.key.cast<double>(),
                                        problem.value.cast<double>(), problem.log_decay.cast<double>()};
  const Tensor<double> truth = simple_gate_recurrent(exact, {}, context.progress).output;
  const std::int64_t chunk = std::min(params.integer(kChunk), head.seq_len());
  const GatedLinearAttentionProblem<float> vector_problem = widened(problem);
  std::vector<FormError> forms;
  const auto add = [&](std::string name, const Tensor<float>& output) {
    forms.push_back({std::move(name), error_of(output, truth), count_rows(output)});
  };
  const Progress part = context.progress.part(0.1, 0.9);
  add("scalar gate, recurrent", simple_gate_recurrent(problem, {}, part).output);
  add("scalar gate, parallel", simple_gate_parallel(problem, {}, part).output);
  add(text("scalar gate, chunks of ", chunk), simple_gate_chunkwise(problem, chunk, {}, part).output);
  add("vector gate, naive parallel", gated_linear_attention_parallel_naive(vector_problem, {}, part).output);
  add(text("vector gate, one-level chunks of ", chunk),
      gated_linear_attention_chunkwise(vector_problem, chunk, {}, part).output);
  const Provenance here = measured_here("float against double");
  const Tensor<float> mask = decay_mask<float>(problem.log_decay.span());
  Result result;
  result.input = text(head.input.description, "; one gate per token, uniform between the decays");
  result.heatmaps = {mask_map(mask)};
  result.plots = {cost_plot(head.head_dim())};
  result.tables = {form_table(forms)};
  const double worst = worst_of({forms[0].error, forms[1].error, forms[2].error});
  const double pairs = static_cast<double>(chunk) * static_cast<double>(chunk + 1) / 2;
  result.scalars = {
      scalar("mask_numbers", "numbers in the mask of one chunk, scalar gate", pairs, "count",
             modelled_by("C (C + 1) / 2")),
      scalar("mask_vector", "the same with a gate per channel", pairs * static_cast<double>(head.head_dim()),
             "count", modelled_by("d C (C + 1) / 2")),
      scalar("error_parallel", "error of the parallel scalar form", forms[1].error, "error", here),
      scalar("error_naive", "error of the naive vector form", forms[3].error, "error", here),
      scalar("naive_rows", "lost rows of the naive vector form", static_cast<double>(forms[3].rows.broken()),
             "count", counted_by("rows of the output"))};
  result.checks = {check_at_most("scalar_t32", "recurrent, parallel and chunkwise scalar forms within T32",
                                 worst, kT32, here)};
  return result;
}

}  // namespace alab::gla_chunking
