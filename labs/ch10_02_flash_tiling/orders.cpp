// Adversarial score orders with the rescale switched off, and the misprinted rescale of the FA-2 preprint
// (trap P1). SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "labs/ch10_02_flash_tiling/prefix.hpp"
#include "reference/softmax_attention.hpp"

namespace alab::flash_tiling {
namespace {

constexpr std::int64_t kRows = 16;      // queries; all see the same order of scores
constexpr std::int64_t kOrderDim = 64;  // width of q, k, v
constexpr std::int64_t kOrderBlock = 32;
constexpr std::array<std::string_view, 3> kOrderNames{"ascending", "descending", "spike"};

/// Scores q.k of every query along the keys: 0 .. span, span .. 0, or zeros and one span in the last tile.
double score_at(std::string_view order, std::int64_t j, std::int64_t n, double span) {
  const double along = static_cast<double>(j) / static_cast<double>(n - 1);
  if (order == "ascending") {
    return span * along;
  }
  if (order == "descending") {
    return span * (1 - along);
  }
  return j == n - kOrderBlock / 2 ? span : 0;
}

/// q = e_0 and k_j = score_j e_0, so that with scale 1 the scores are what score_at says; v from N(0, 1).
struct Ordered {
  AttentionInput in;
  TileProblem problem(RescaleRule rule) const {
    return {.query = head(in.query, 0),
            .key = head(in.key, 0),
            .value = head(in.value, 0),
            .softmax_scale = 1,
            .block_m = kRows,
            .block_n = kOrderBlock,
            .rescale = rule};
  }
  RowMatrix<double> truth() const {
    const Tensor<double> out = softmax_attention(in.query.cast<double>(), in.key.cast<double>(),
                                                 in.value.cast<double>(), {.scale = 1})
                                   .output;
    return head(out, 0);
  }
};
Ordered ordered(std::string_view order, std::int64_t tiles, double span, std::uint64_t seed,
                const Progress& progress) {
  const std::int64_t n = tiles * kOrderBlock;
  Ordered out;
  const AttentionInput drawn = synthetic_inputs().front().make({1, n, kOrderDim, kOrderDim, seed}, progress);
  out.in.value = drawn.value;
  out.in.query = Tensor<float>({1, kRows, kOrderDim});
  out.in.key = Tensor<float>({1, n, kOrderDim});
  for (std::int64_t i = 0; i < kRows; ++i) {
    out.in.query(0, i, 0) = 1;
  }
  for (std::int64_t j = 0; j < n; ++j) {
    out.in.key(0, j, 0) = static_cast<float>(score_at(order, j, n, span));
  }
  return out;
}

/// Error of row 0 against the dense softmax over the keys seen, after each tile.
std::vector<double> trace(const Ordered& o, RescaleRule rule) {
  const TileProblem p = o.problem(rule);
  DensePrefix prefix(p);
  std::vector<double> errors;
  run_tiles<float>(p, [&](const TileMoment<float>& e) {
    if (e.kind != TileMoment<float>::compute) {
      return;
    }
    prefix.add(0, e.col_begin, e.col_end);
    const Eigen::RowVectorXd truth = prefix.output(0);
    const Eigen::RowVectorXd got = e.o.row(0).cast<double>() / static_cast<double>(e.l[0]);
    errors.push_back(std::max((got - truth).norm() / truth.norm(), 1e-9));
  });
  return errors;
}

void check_order(Result& result, std::string_view order, double span, double off) {
  const Provenance here = measured_here("float against double");
  if (order == "descending") {
    result.checks.push_back(check_at_most("pass_off_descending",
                                          "descending, switch off: <= 5e-6, because nothing is ever rescaled",
                                          off, kT32, here));
    return;
  }
  add_where(result, span >= 8, "a span of 8",
            check_between(text("pass_off_", order), text(order, ", switch off: error > 0.3"), off,
                          std::nextafter(0.3, 1.0), std::numeric_limits<double>::max(), here));
}

}  // namespace

Result run_orders(const ParamSet& params, const Context& context) {
  const std::int64_t tiles = params.integer(kTiles);
  const double span = params.real(kSpan);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const RescaleRule chosen = params.flag(kRescale) ? RescaleRule::right : RescaleRule::off;
  const Provenance here = measured_here("float against double");
  Result result;
  result.input = text("scores in order over ", tiles * kOrderBlock, " keys, values N(0, 1), seed ", seed);
  Plot plot{"prefix_errors",
            params.flag(kRescale) ? "With the rescale every order stays at rounding error"
                                  : "Without the rescale the error enters where the maximum rises",
            "Error of the running output against the dense softmax over the keys seen so far, for the switch "
            "as you set it.",
            {"key tile", "", false},
            {"relative error", "", true},
            {}};
  Table table{"orders",
              "The same algorithm, three orders of scores",
              "Error of the final output against double precision.",
              {"order", "rescale on", "rescale off"},
              {}};
  double worst_on = 0;
  for (std::size_t i = 0; i < kOrderNames.size(); ++i) {
    const std::string order(kOrderNames[i]);
    context.progress.step(static_cast<double>(i) / 3, order);
    const Ordered o = ordered(order, tiles, span, seed, context.progress);
    const RowMatrix<double> truth = o.truth();
    const double on = rel_l2(run_tiles<float>(o.problem(RescaleRule::right)).o, truth);
    const double off = rel_l2(run_tiles<float>(o.problem(RescaleRule::off)).o, truth);
    worst_on = std::max(worst_on, on);
    std::vector<double> xs(static_cast<std::size_t>(tiles));
    for (std::size_t j = 0; j < xs.size(); ++j) {
      xs[j] = static_cast<double>(j + 1);
    }
    plot.series.push_back(plain(order, order, xs, trace(o, chosen), here, SeriesStyle::line_and_markers));
    table.rows.push_back(
        {Cell::words(order), Cell::number(on, "error", here), Cell::number(off, "error", here)});
    result.scalars.push_back(scalar("off_" + order, order + ", rescale off", off, "error", here));
    check_order(result, order, span, off);
  }
  plot.series.push_back(level("bound", "bound 5e-6", 1, static_cast<double>(tiles), kT32,
                              modelled_by("single precision, other order of summation")));
  result.plots.push_back(std::move(plot));
  result.tables.push_back(std::move(table));
  result.scalars.push_back(scalar("on_worst", "worst order, rescale on", worst_on, "error", here));
  result.checks.push_back(
      check_at_most("pass_on_all", "every order with the switch on: <= 5e-6", worst_on, kT32, here));
  return result;
}

namespace {

struct RuleErrors {
  double right = 0, inverse = 0;
};
/// Scores of standard deviation score_scale: q, k from N(0, 1) and q scaled.
RuleErrors rule_errors(double score_scale, std::int64_t n, std::int64_t block_n, std::uint64_t seed,
                       const Progress& progress) {
  AttentionInput drawn = synthetic_inputs().front().make({1, n, kOrderDim, kOrderDim, seed}, progress);
  for (float& x : drawn.query.span()) {
    x *= static_cast<float>(score_scale);
  }
  const AttentionInput& in = drawn;
  const Tensor<double> truth =
      softmax_attention(in.query.cast<double>(), in.key.cast<double>(), in.value.cast<double>()).output;
  TileProblem p{.query = head(in.query, 0),
                .key = head(in.key, 0),
                .value = head(in.value, 0),
                .softmax_scale = 1 / std::sqrt(static_cast<double>(kOrderDim)),
                .block_m = 64,
                .block_n = block_n};
  RuleErrors out;
  out.right = rel_l2(run_tiles<float>(p).o, RowMatrix<double>(head(truth, 0)));
  p.rescale = RescaleRule::inverse;
  out.inverse = rel_l2(run_tiles<double>(p).o, RowMatrix<double>(head(truth, 0)));
  return out;
}

}  // namespace

Result run_bug_rescale(const ParamSet& params, const Context& context) {
  const std::int64_t n = params.integer(kTrapLength), block_n = params.integer(kTrapBlockN);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const double chosen = params.real(kScoreScale);
  const Provenance here = measured_here("against dense attention in double");
  Result result;
  result.input = text("normal, seed ", seed, ", queries times the score scale");
  std::vector<double> scales, right, inverse;
  for (const double s : {0.5, 1.0, 2.0, 4.0, 8.0}) {
    context.progress.step(s / 10, "both formulas");
    const RuleErrors e = rule_errors(s, n, block_n, seed, context.progress);
    scales.push_back(s);
    right.push_back(e.right);
    inverse.push_back(e.inverse);
  }
  const RuleErrors here_errors = rule_errors(chosen, n, block_n, seed, context.progress);
  Plot plot{"rules",
            "The inverse blows the accumulator up instead of shrinking it",
            "Error of the output for both formulas as the scores grow; at least two key tiles.",
            {"score scale", "", true},
            {"relative error", "", true},
            {}};
  plot.series.push_back(
      plain("right", "O times e^(m_old - m_new)", scales, right, here, SeriesStyle::line_and_markers));
  plot.series.push_back(plain("inverse", "O times (e^(m_old - m_new))^-1, as printed", scales, inverse, here,
                              SeriesStyle::line_and_markers));
  plot.series.push_back(
      level("one", "error 1: no digit is right", 0.5, 8, 1, modelled_by("relative error of 1")));
  result.plots.push_back(std::move(plot));
  result.scalars = {
      scalar("unit", "as printed, unit scores", inverse[1], "error", here),
      scalar("eight", "as printed, scores x 8", inverse[4], "error", here),
      scalar("right_unit", "corrected, unit scores", right[1], "error", here),
      scalar("right_eight", "corrected, scores x 8", right[4], "error", here),
      scalar("chosen_inverse", "as printed, your score scale", here_errors.inverse, "error", here),
      scalar("chosen_right", "corrected, your score scale", here_errors.right, "error", here)};
  const bool stated = n >= 4 * block_n;
  const double most = std::numeric_limits<double>::max();
  add_where(result, stated, "four key tiles or more",
            check_between("pass_inverse_unit", "as printed, unit scores: error > 1", inverse[1],
                          std::nextafter(1.0, 2.0), most, here));
  add_where(result, stated, "four key tiles or more",
            check_between("pass_inverse_eight", "as printed, scores x 8: error > 1e4", inverse[4],
                          std::nextafter(1e4, 1e5), most, here));
  result.checks.push_back(check_at_most("pass_right", "corrected: error <= 5e-6 at both scales",
                                        std::max(right[1], right[4]), kT32, here));
  return result;
}

}  // namespace alab::flash_tiling
