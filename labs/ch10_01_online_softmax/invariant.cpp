// How large can the running sum d become, and what is an empty row? The bounds and the neutral element.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch10_01_online_softmax/experiments.hpp"
#include "labs/ch10_01_online_softmax/forms.hpp"
#include "labs/ch10_01_online_softmax/row_input.hpp"
#include "labs/common/sweep.hpp"

namespace alab::ch10_01 {
namespace {

/// Positions to draw: all of a short row, else about 300 spaced evenly in the logarithm.
std::vector<std::size_t> drawn_positions(std::size_t n) {
  std::vector<std::size_t> out;
  double next = 0;
  for (std::size_t j = 0; j < n; ++j) {
    if (n <= 400 || static_cast<double>(j) >= next || j + 1 == n) {
      out.push_back(j);
      next = std::max(next + 1, std::floor(static_cast<double>(j) * 1.03));
    }
  }
  return out;
}

double violations(const std::vector<OnlineStep>& steps) {
  double count = 0;
  for (const OnlineStep& s : steps) {
    const bool seen = s.m != kMinusInf<double>;
    const bool holds = seen ? 1 <= s.d && s.d <= static_cast<double>(s.j + 1) : s.d == 0;
    count += holds ? 0 : 1;
  }
  return count;
}

Plot sum_plot(const std::vector<OnlineStep>& steps) {
  std::vector<double> js, ds, bound;
  for (const std::size_t at : drawn_positions(steps.size())) {
    js.push_back(static_cast<double>(at + 1));
    ds.push_back(steps[at].d > 0 ? steps[at].d : std::nan(""));
    bound.push_back(static_cast<double>(at + 1));
  }
  Plot plot;
  plot.key = "running_sum";
  plot.title = text("d stays between 1 and j: here d = ", format_value(steps.back().d, ""), " after ",
                    steps.size(), " scores");
  plot.note = "The running sum after j scores. Each rise of the maximum shrinks it, but never below 1.";
  plot.x = {"scores seen, j", "", true};
  plot.y = {"running sum d", "", true};
  plot.series = {
      plain("d", "d after j scores", js, ds, measured_here("float")),
      plain("upper", "upper bound j", js, bound, modelled_by("every term is at most e^0 = 1"),
            SeriesStyle::dashed),
      level("lower", "lower bound 1", 1, js.back(), 1, modelled_by("the maximum itself adds e^0 = 1"))};
  return plot;
}

/// "(-inf, 0)" and the like.
std::string pair_text(const NormalizerPart<float>& p) {
  return text("(", format_value(p.m, ""), ", ", format_value(p.d, ""), ")");
}

struct MergeCase {
  std::string name;
  NormalizerPart<float> a, b;
};

struct MergeTally {
  double printed_nan = 0, guarded_nan = 0, identity_broken = 0;
};

Table merge_table(const std::vector<MergeCase>& cases, MergeTally& tally) {
  const NormalizerPart<float> zero = NormalizerPart<float>::neutral();
  Table table;
  table.key = "merges";
  table.title = "Merging with the neutral element";
  table.note =
      "The formula as printed against the guarded one; (-inf, 0) must leave the other side as it is.";
  table.columns = {"merge", "as printed", "guarded"};
  for (const MergeCase& c : cases) {
    const NormalizerPart<float> printed = merge_as_printed(c.a, c.b), guarded = merge(c.a, c.b);
    tally.printed_nan += std::isnan(printed.m) || std::isnan(printed.d) ? 1 : 0;
    tally.guarded_nan += std::isnan(guarded.m) || std::isnan(guarded.d) ? 1 : 0;
    const bool left = c.a == zero && guarded != c.b, right = c.b == zero && guarded != c.a;
    tally.identity_broken += left || right ? 1 : 0;
    table.rows.push_back(
        {Cell::words(c.name), Cell::words(pair_text(printed)), Cell::words(pair_text(guarded))});
  }
  return table;
}

/// d after each score of a row whose first entries are masked, with and without the guard.
Plot masked_plot(const std::vector<float>& row) {
  std::vector<double> js, printed_d, guarded_d;
  NormalizerPart<float> printed = NormalizerPart<float>::neutral(), guarded = printed;
  for (std::size_t j = 0; j < row.size(); ++j) {
    printed = merge_as_printed(printed, {row[j], 1.0F});
    push(guarded, row[j]);
    js.push_back(static_cast<double>(j + 1));
    printed_d.push_back(printed.d);
    guarded_d.push_back(guarded.d);
  }
  Plot plot;
  plot.key = "masked_prefix";
  plot.title = row.front() == kMinusInf<float>
                   ? "One masked score at the start, and the printed formula is NaN for good"
                   : "No score is masked at the start: the printed formula holds";
  plot.note = "Running sum over a row whose first scores are masked, that is -inf.";
  plot.x = {"scores seen, j", "", false};
  plot.y = {"running sum d", "", false};
  plot.series = {plain("printed", "as printed", js, printed_d, measured_here("float")),
                 plain("guarded", "guarded", js, guarded_d, measured_here("float"))};
  return plot;
}

std::vector<float> guarded_softmax(std::vector<float> row) {
  std::vector<float> y(row.size(), std::nanf(""));
  online_softmax<float>(PlainRow<float>{row.data()}, PlainRow<float>{y.data()},
                        static_cast<std::int64_t>(row.size()));
  return y;
}

/// The largest |y|; NaN when there is one.
double largest_output(const std::vector<float>& row) {
  double top = 0;
  for (const float v : guarded_softmax(row)) {
    top = std::abs(v) <= top ? top : std::abs(v);
  }
  return top;
}

}  // namespace

Result invariant(const ParamSet& params, const Context& context) {
  const Row row = current_row(context, params.integer(kCols), params.integer(kQuery),
                              static_cast<std::uint64_t>(params.integer(params::seed)));
  context.progress.step(0.5, "summing");
  const std::vector<OnlineStep> steps = online_softmax_trace<float>(row.scores);
  const Provenance counted = counted_by("positions j at which the bound fails, float");
  const double n = static_cast<double>(steps.size());
  Result result;
  result.input = row.description;
  result.plots.push_back(sum_plot(steps));
  result.scalars = {
      scalar("final_d", "d at the end of the row", steps.back().d, "", measured_here("float")),
      scalar("row_length", "scores in the row", n, "count", counted_by("the row")),
      scalar("half_spacing", "distance between fp16 numbers at d = V",
             std::exp2(std::floor(std::log2(n)) - 10), "", modelled_by("2^(floor(log2 V) - 10)")),
      scalar("violations", "positions where 1 <= d <= j fails", violations(steps), "count", counted)};
  result.checks = {check_exactly("invariant", "1 <= d_j <= j at every j", violations(steps), 0, counted)};
  return result;
}

Result neutral_element(const ParamSet& params, const Context& context) {
  const auto cols = params.integer(kShortCols);
  const auto masked = std::min<std::int64_t>(static_cast<std::int64_t>(params.value("masked")), cols);
  const Tensor<float> drawn =
      synthetic_rows("normal", 1, cols, static_cast<std::uint64_t>(params.integer(params::seed)));
  context.progress.step(0.2, "merging");
  std::vector<float> row(drawn.span().begin(), drawn.span().end());
  std::fill(row.begin(), row.begin() + masked, kMinusInf<float>);
  const std::vector<float> all_masked(row.size(), kMinusInf<float>);
  const NormalizerPart<float> zero = NormalizerPart<float>::neutral(),
                              part = reduce_sequential<float>(drawn.span());
  MergeTally tally;
  Result result;
  result.tables.push_back(merge_table({{"neutral with a part", zero, part},
                                       {"a part with neutral", part, zero},
                                       {"neutral with neutral", zero, zero}},
                                      tally));
  result.plots.push_back(masked_plot(row));
  const Provenance from = measured_here("float");
  result.scalars = {
      scalar("printed_nan", "merges that the printed formula turns into NaN", tally.printed_nan, "count",
             from),
      scalar("masked_output", "largest weight of a fully masked row", largest_output(all_masked), "", from)};
  const std::vector<float> y = guarded_softmax(row);
  const auto nans = static_cast<double>(std::ranges::count_if(y, [](float v) { return std::isnan(v); }));
  result.checks = {
      check_exactly("no_nan", "no NaN from the guarded merge", tally.guarded_nan + nans, 0, from),
      check_exactly("neutral", "(-inf, 0) changes nothing", tally.identity_broken, 0, from),
      check_exactly("masked_row_zero", "a fully masked row gives 0", largest_output(all_masked), 0, from)};
  return result;
}

}  // namespace alab::ch10_01
