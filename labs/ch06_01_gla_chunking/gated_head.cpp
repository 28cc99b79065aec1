// Gates for heads that have none, and the cells where their products leave a format.
// SPDX-License-Identifier: MIT
#include "labs/ch06_01_gla_chunking/gated_head.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/compare.hpp"
#include "reference/core/eigen_view.hpp"
#include "reference/core/rng.hpp"

namespace alab::gla_chunking {
namespace {

Tensor<float> first_rows(const Tensor<float>& x, std::int64_t rows) {
  const auto count = static_cast<std::ptrdiff_t>(rows * x.extent(2));
  return Tensor<float>({1, rows, x.extent(2)}, std::vector<float>(x.data(), x.data() + count));
}

/// The two decays in order, so that crossed sliders still draw.
std::pair<double, double> decays(const ParamSet& params) {
  return std::minmax({params.real(kAlphaLow), params.real(kAlphaHigh)});
}

Tensor<float> sigmoid_gates(double temperature, const Shape& shape, std::uint64_t seed) {
  Rng rng(seed);
  Tensor<float> logits(shape);
  for (float& x : logits.span()) {
    x = static_cast<float>(rng.normal());
  }
  return log_decay_of_logits<float>(logits, temperature);
}

Tensor<float> channel_gates(double low, double high, std::int64_t seq_len, std::int64_t head_dim) {
  Tensor<float> out({1, seq_len, head_dim});
  const std::vector<double> alphas =
      head_dim > 1 ? evenly(low, high, static_cast<int>(head_dim)) : std::vector<double>{low};
  for (std::int64_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(std::log(alphas[static_cast<std::size_t>(i % head_dim)]));
  }
  return out;
}

/// k / b as the forms compute it.
float over_decay(float key, float log_b, NumberFormat format) {
  const float b = rounded(std::exp(log_b), format);
  return format == NumberFormat::full ? key / b : rounded(key * rounded(1 / b, format), format);
}

}  // namespace

Tensor<float> constant_gates(double alpha, std::int64_t seq_len, std::int64_t head_dim) {
  Tensor<float> out({1, seq_len, head_dim});
  std::ranges::fill(out.span(), static_cast<float>(std::log(alpha)));
  return out;
}

Tensor<float> drawn_log_decay(const ParamSet& params, std::int64_t seq_len, std::int64_t head_dim,
                              std::uint64_t seed) {
  const auto [low, high] = decays(params);
  const std::string_view source = params.option(kGates);
  if (source == "constant") {
    return constant_gates(low, seq_len, head_dim);
  }
  if (source == "sigmoid") {
    return sigmoid_gates(params.real(kTemperature), {1, seq_len, head_dim}, seed + 7);
  }
  if (source == "channels") {
    return channel_gates(low, high, seq_len, head_dim);
  }
  return uniform_log_decay<float>({1, seq_len, head_dim}, low, high, seed + 7);
}

std::string words_of_gates(const ParamSet& params) {
  const auto [low, high] = decays(params);
  const std::string_view source = params.option(kGates);
  if (source == "constant") {
    return text("all ", format_value(low, ""));
  }
  if (source == "sigmoid") {
    return text("sigmoid(x)^(1/", format_value(params.real(kTemperature), ""), ") of normal x");
  }
  return text(source == "channels" ? "by channel from " : "uniform between ", format_value(low, ""),
              source == "channels" ? " to " : " and ", format_value(high, ""));
}

std::string GatedHead::token(std::int64_t position) const {
  const auto at = static_cast<std::size_t>(position);
  return at < input.tokens.size() ? text("token ", position, " '", input.tokens[at], "'")
                                  : text("token ", position);
}

GatedHead read_head(const Context& context, std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed) {
  GatedHead head;
  head.input = context.input.make({1, seq_len, head_dim, head_dim, seed}, context.progress);
  const std::int64_t rows =
      std::min({seq_len, head.input.query.extent(1), head.input.key.extent(1), head.input.value.extent(1)});
  require(head.input.query.extent(2) == head.input.key.extent(2), "queries of ", head.input.query.extent(2),
          " channels cannot be paired with keys of ", head.input.key.extent(2), "; choose another input");
  head.problem.query = first_rows(head.input.query, rows);
  head.problem.key = first_rows(head.input.key, rows);
  head.problem.value = first_rows(head.input.value, rows);
  return head;
}

GatedHead first_channels(GatedHead head, std::int64_t channels) {
  for (Tensor<float>* x : {&head.problem.query, &head.problem.key, &head.problem.value}) {
    const std::int64_t kept = std::min(channels, x->extent(2));
    Tensor<float> cut({1, x->extent(1), kept});
    alab::head(cut, 0) = alab::head(std::as_const(*x), 0).leftCols(kept);
    *x = std::move(cut);
  }
  return head;
}

GatedHead normal_head(std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed) {
  Rng rng(seed);
  GatedHead head;
  for (Tensor<float>* x : {&head.problem.query, &head.problem.key, &head.problem.value}) {
    *x = Tensor<float>({1, seq_len, head_dim});
    for (float& value : x->span()) {
      value = static_cast<float>(rng.normal());
    }
  }
  return head;
}

GatedLinearAttentionProblem<double> in_double(const GatedLinearAttentionProblem<float>& problem) {
  return {problem.query.cast<double>(), problem.key.cast<double>(), problem.value.cast<double>(),
          problem.log_decay.cast<double>()};
}

std::optional<Break> first_break(const GatedLinearAttentionProblem<float>& problem, std::int64_t chunk_size,
                                 NumberFormat format) {
  const std::int64_t tokens = problem.key.extent(1), channels = problem.key.extent(2);
  std::vector<float> sums(static_cast<std::size_t>(channels));
  for (std::int64_t t = 0; t < tokens; ++t) {
    if (t % chunk_size == 0) {
      std::ranges::fill(sums, 0.0F);
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      float& sum = sums[static_cast<std::size_t>(c)];
      const float before = sum;
      sum += problem.log_decay(0, t, c);
      if (!std::isfinite(over_decay(problem.key(0, t, c), sum, format))) {
        return Break{t, c, t - t % chunk_size, before, sum};
      }
    }
  }
  return std::nullopt;
}

std::int64_t token_of(const std::optional<Break>& found) {
  return found ? found->token : -1;
}

RowCounts count_rows(const Tensor<float>& output) {
  RowCounts counts;
  for (std::int64_t t = 0; t < output.extent(1); ++t) {
    bool nan = false, inf = false;
    for (std::int64_t c = 0; c < output.extent(2); ++c) {
      nan = nan || std::isnan(output(0, t, c));
      inf = inf || std::isinf(output(0, t, c));
    }
    counts.nan_rows += nan ? 1 : 0;
    counts.inf_rows += inf && !nan ? 1 : 0;
    counts.first = counts.first < 0 && (nan || inf) ? t : counts.first;
  }
  return counts;
}

std::vector<double> row_errors(const Tensor<float>& got, const Tensor<double>& truth) {
  std::vector<double> errors;
  for (std::int64_t t = 0; t < got.extent(1); ++t) {
    const Eigen::RowVectorXd row = head(got, 0).row(t).cast<double>();
    const Eigen::RowVectorXd right = head(truth, 0).row(t);
    const double norm = right.norm();
    errors.push_back(row.allFinite() ? (row - right).norm() / (norm > 0 ? norm : 1) : std::nan(""));
  }
  return errors;
}

double error_of(const Tensor<float>& got, const Tensor<double>& truth) {
  return head(got, 0).allFinite() ? difference<float>(got.span(), truth.span()).rel_l2 : std::nan("");
}

double worst_of(const std::vector<double>& errors) {
  double worst = 0;
  for (const double error : errors) {
    worst = error <= worst || std::isnan(worst) ? worst : error;  // a NaN stays, wherever it comes
  }
  return worst;
}

Table break_table(const GatedHead& head, const std::optional<Break>& found, NumberFormat format) {
  const Provenance from = measured_here("cumulative log gates summed in float");
  const std::string_view name = to_string(format == NumberFormat::full ? NumberFormat::fp32 : format);
  Table table;
  table.key = "where";
  table.title = found ? text("k / b leaves ", name, " first at ", head.token(found->token), ", channel ",
                             found->channel)
                      : text("k / b stays inside ", name, " at every token and channel");
  table.note = "The cell that breaks first and the one before it: this is the cause, NaN is the effect.";
  table.columns = {"where", "token", "channel", "cumulative log gate", "b", "key", "key / b"};
  if (!found) {
    return table;
  }
  const auto row = [&](std::string words, std::int64_t token, float log_b) {
    const float key = head.problem.key(0, token, found->channel);
    table.rows.push_back({Cell::words(std::move(words)),
                          Cell::number(static_cast<double>(token), "count", from),
                          Cell::number(static_cast<double>(found->channel), "count", from),
                          Cell::number(static_cast<double>(log_b), "", from),
                          Cell::number(static_cast<double>(std::exp(log_b)), "error", from),
                          Cell::number(static_cast<double>(key), "", from),
                          Cell::number(static_cast<double>(over_decay(key, log_b, format)), "error", from)});
  };
  if (found->token > found->chunk_start) {
    row("last sound cell of the channel", found->token - 1, found->log_before);
  }
  row("first broken cell", found->token, found->log_here);
  return table;
}

}  // namespace alab::gla_chunking
