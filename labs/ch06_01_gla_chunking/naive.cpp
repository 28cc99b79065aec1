// Step 1: the textbook parallel form divides by a product of gates, and the product underflows.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/gated_head.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/sweep.hpp"

namespace alab::gla_chunking {
namespace {

struct Decay {
  std::vector<double> token, b, inverse;
};

/// b_t and 1/b_t in float; NaN where they leave the plot.
Decay decay_of(const Tensor<float>& log_decay) {
  Decay out;
  float sum = 0;
  for (std::int64_t t = 0; t < log_decay.extent(1); ++t) {
    sum += log_decay(0, t, 0);
    const float b = std::exp(sum), inverse = 1 / b;
    out.token.push_back(static_cast<double>(t + 1));
    out.b.push_back(b > 0 ? static_cast<double>(b) : std::nan(""));
    out.inverse.push_back(std::isfinite(inverse) ? static_cast<double>(inverse) : std::nan(""));
  }
  return out;
}

Plot decay_plot(const Decay& decay, std::int64_t limit, double alpha) {
  const Provenance here = measured_here("float");
  Plot plot;
  plot.key = "decay";
  plot.title = limit > 0 ? text("With ", format_value(alpha, ""), " at every step 1/b is infinite from step ",
                                limit, " on")
                         : text("With ", format_value(alpha, ""), " at every step 1/b stays finite");
  plot.note = "b_t is the product of the gates up to t; the lines end where fp32 has no number for them.";
  plot.x = {"step t", "", false};
  plot.y = {"b and 1/b", "", true};
  plot.series = {plain("b", "b = product of gates", decay.token, decay.b, here),
                 plain("inverse", "1/b", decay.token, decay.inverse, here),
                 level("fp32_max", "largest fp32 value", 1, decay.token.back(),
                       largest_of(NumberFormat::fp32), modelled_by("(2 - 2^-23) 2^127"))};
  return plot;
}

Plot row_plot(const std::vector<double>& naive, const std::vector<double>& recurrent, std::int64_t lost) {
  std::vector<double> token;
  for (std::size_t t = 0; t < naive.size(); ++t) {
    token.push_back(static_cast<double>(t + 1));
  }
  const Provenance here = measured_here("float against double");
  Plot plot;
  plot.key = "rows";
  plot.title = lost < 0 ? std::string("At this gate both forms give numbers at every token")
                        : text("The naive form is lost from token ", lost, " on, the recurrence never");
  plot.note = "relL2 error of each token's output; where a line stops, the output is no number.";
  plot.x = {"token t", "", false};
  plot.y = {"relL2 error of the row", "", true};
  plot.series = {plain("naive", "naive parallel", token, naive, here),
                 plain("recurrent", "recurrent", token, recurrent, here),
                 level("t32", "tolerance T32", 1, token.back(), kT32, modelled_by("5e-6"))};
  return plot;
}

/// First step with 1/b = inf by the formula floor(88.72 / -ln alpha) + 1; 0 when it lies beyond N.
std::int64_t predicted_limit(double alpha, std::int64_t tokens) {
  const std::int64_t step = largest_safe_chunk(std::log(alpha), nats_of(NumberFormat::fp32)) + 1;
  return step <= tokens ? step : 0;
}

void add_checks(Result& result, const Decay& decay, std::int64_t predicted) {
  const auto found =
      std::ranges::find_if(decay.inverse, [](double v) { return !std::isfinite(v); }) - decay.inverse.begin();
  const auto tokens = static_cast<std::int64_t>(decay.token.size());
  const std::int64_t measured = found < tokens ? found + 1 : 0;
  const Provenance counted = counted_by("tokens of the run");
  result.scalars.push_back(scalar("first_infinite", "first step with 1/b infinite (0: none)",
                                  static_cast<double>(measured), "count", counted));
  // Float rounds the sum of logs, so the step may come one earlier or later, and fall off the end.
  const std::int64_t slack = predicted == 0 ? (measured >= tokens ? tokens : 0) : 1;
  const double low = predicted == tokens ? 0 : static_cast<double>(predicted - slack);
  result.checks.push_back(check_between(
      "overflow_step", "1/b is infinite from floor(88.72 / |ln alpha|) + 1 on", static_cast<double>(measured),
      std::max(0.0, low), static_cast<double>(predicted + slack), counted));
}

/// The first lost row against the first cell whose k / b is infinite.
void add_row_check(Result& result, const RowCounts& rows, std::int64_t broken_token, bool by_product) {
  const Provenance counted = counted_by("rows of the output; -1: none");
  result.scalars.push_back(
      scalar("first_lost", "first lost row (-1: none)", static_cast<double>(rows.first), "count", counted));
  const std::int64_t expected = broken_token < 0 ? -1 : (by_product ? 0 : broken_token);
  result.checks.push_back(
      check_exactly("first_bad_row",
                    by_product ? "mask by product: one infinite k / b and the first row is lost"
                               : "mask by selection: the first lost row is that of the first infinite k / b",
                    static_cast<double>(rows.first), static_cast<double>(expected), counted));
}

}  // namespace

Result run_naive(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  GatedHead head = read_head(context, params.integer(kLongLength), params.integer(kHeadDim), seed);
  const double alpha = params.real(kAlpha);
  head.problem.log_decay = constant_gates(alpha, head.seq_len(), head.head_dim());
  const bool by_product = params.option(kMask) == "product";
  const GatedOptions options{.scale = 1, .mask = by_product ? MaskBy::product : MaskBy::selection};
  const Tensor<double> truth =
      gated_linear_attention_recurrent(in_double(head.problem), {}, context.progress).output;
  const Tensor<float> naive =
      gated_linear_attention_parallel_naive(head.problem, options, context.progress.part(0.1, 0.8)).output;
  const Tensor<float> recurrent = gated_linear_attention_recurrent(head.problem, {}, context.progress).output;
  const Decay decay = decay_of(head.problem.log_decay);
  const RowCounts rows = count_rows(naive);
  const std::int64_t predicted = predicted_limit(alpha, head.seq_len());

  Result result;
  result.input = text(head.input.description, "; every gate ", format_value(alpha, ""));
  result.plots = {decay_plot(decay, predicted, alpha),
                  row_plot(row_errors(naive, truth), row_errors(recurrent, truth), rows.first)};
  const std::optional<Break> broken = first_break(head.problem, head.seq_len());
  result.tables = {break_table(head, broken)};
  const Provenance counted = counted_by("rows of the output"), here = measured_here("float against double");
  const double log_b = static_cast<double>(head.seq_len()) * std::log(alpha);
  result.scalars = {
      scalar("log_b", "log b after the last token", log_b, "", modelled_by("N ln alpha"), "nats"),
      scalar("b_exact", "b after the last token, exactly", std::exp(log_b), "error", modelled_by("alpha^N")),
      scalar("nan_rows", "rows with a NaN", static_cast<double>(rows.nan_rows), "count", counted),
      scalar("inf_rows", "rows with an inf but no NaN", static_cast<double>(rows.inf_rows), "count", counted),
      scalar("tokens", "tokens", static_cast<double>(head.seq_len()), "count", counted),
      scalar("predicted_step", "first infinite step by the formula (0: none)", static_cast<double>(predicted),
             "count", modelled_by("floor(88.72 / |ln alpha|) + 1")),
      scalar("error_recurrent", "error of the recurrent form", error_of(recurrent, truth), "error", here),
      scalar("error_naive", "error of the naive form", error_of(naive, truth), "error", here)};
  add_checks(result, decay, predicted);
  add_row_check(result, rows, token_of(broken), by_product);
  // Near 1 the rounding of one constant gate repeats at every step of a long memory.
  const double bound = alpha <= 0.99 ? kT32 : kT32x;
  result.checks.push_back(check_at_most(
      "recurrent_t32",
      alpha <= 0.99 ? "recurrent form within T32" : "recurrent form within T32x (gates above 0.99)",
      error_of(recurrent, truth), bound, here));
  return result;
}

}  // namespace alab::gla_chunking
