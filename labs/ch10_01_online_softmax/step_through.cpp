// Online softmax, score by score: the recording that the stepper scrubs through.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch10_01_online_softmax/experiments.hpp"
#include "labs/ch10_01_online_softmax/forms.hpp"
#include "labs/ch10_01_online_softmax/row_input.hpp"
#include "labs/common/attention_view.hpp"
#include "labs/common/sweep.hpp"

namespace alab::ch10_01 {
namespace {

/// "'Alice'" for a token, "x_3" for a score without one.
std::string name_of(const OnlineStep& s, const Row& row) {
  return row.head.tokens.empty() ? text("x_", s.j)
                                 : text("'", row.labels[static_cast<std::size_t>(s.j)], "'");
}

std::string caption(const OnlineStep& s, bool first, const Row& row) {
  const std::string name = name_of(s, row), x = format_value(s.x, "");
  if (s.x == kMinusInf<double>) {
    return text(name, " is masked: m and d stay as they are.");
  }
  const std::string scores = text(name, row.head.tokens.empty() ? " = " : " scores ", x);
  if (!s.new_max) {
    return text(scores, ", not above m: it adds e^(x - m) = ", format_value(std::exp(s.x - s.m), ""), ".");
  }
  if (first) {
    return text(scores, " and is the first: m = ", x, ", d = 1.");
  }
  return text(scores, ", a new maximum: the old sum shrinks by ", format_value(s.rescale, ""),
              ", then 1 is added.");
}

Stepper stepper_of(const std::vector<OnlineStep>& steps, const Row& row) {
  Stepper out;
  out.key = "steps";
  out.title = "Online softmax, score by score";
  out.note =
      "One cell per score. A rescale is drawn where the maximum rises; the last frame holds logsumexp = m + "
      "log d.";
  out.rows = 1;
  out.cols = static_cast<std::int64_t>(steps.size());
  out.row_label = "row";
  out.col_label = row.head.tokens.empty() ? "score" : "key token";
  out.row_names = {"this row"};
  out.col_names = row.labels;
  out.quantities = {"score x", "m (running max)", "d (running sum)", "rescale factor", "added term"};
  out.provenance = measured_here("float, recorded while the reference ran");
  bool seen = false;  // a score that is not masked came before
  for (const OnlineStep& s : steps) {
    const bool masked = s.x == kMinusInf<double>;
    const Frame::Kind kind = masked ? Frame::skip : (s.new_max && seen ? Frame::rescale : Frame::compute);
    const double term = masked ? 0 : std::exp(s.x - s.m);
    out.frames.push_back({kind, 0, s.j, caption(s, !seen, row), {s.x, s.m, s.d, s.rescale, term}});
    seen = seen || !masked;
  }
  const OnlineStep& last = steps.back();
  const double lse = last.d > 0 ? last.m + std::log(last.d) : kMinusInf<double>;
  out.frames.push_back({Frame::finish,
                        0,
                        last.j,
                        text("The row is read: logsumexp = m + log d = ", format_value(lse, ""),
                             "; a second pass writes e^(x - m)/d."),
                        {last.x, last.m, last.d, 1, 0}});
  return out;
}

Plot row_plot(const std::vector<OnlineStep>& steps, double rises) {
  std::vector<double> js, xs, ms;
  for (const OnlineStep& s : steps) {
    js.push_back(static_cast<double>(s.j));
    xs.push_back(std::isfinite(s.x) ? s.x : std::nan(""));
    ms.push_back(std::isfinite(s.m) ? s.m : std::nan(""));
  }
  Plot plot;
  plot.key = "row";
  plot.title =
      text("The maximum rises ", rises, rises == 1 ? " time" : " times", " in ", steps.size(), " scores");
  plot.note =
      "Markers: the scores as they come. Line: the running maximum m; each step of the line rescales d.";
  plot.x = {"position j", "", false};
  plot.y = {"score", "", false};
  plot.series = {plain("scores", "score x", js, xs, measured_here("float"), SeriesStyle::markers),
                 plain("m", "running maximum m", js, ms, measured_here("float"))};
  return plot;
}

Plot sum_plot(const std::vector<OnlineStep>& steps) {
  std::vector<double> js, ds;
  for (const OnlineStep& s : steps) {
    js.push_back(static_cast<double>(s.j));
    ds.push_back(s.d);
  }
  Plot plot;
  plot.key = "sum";
  plot.title = text("The running sum ends at d = ", format_value(steps.back().d, ""));
  plot.note = "d after each score: it climbs by at most 1 and falls when the maximum rises.";
  plot.x = {"position j", "", false};
  plot.y = {"running sum d", "", false};
  plot.series = {plain("d", "d", js, ds, measured_here("float"))};
  return plot;
}

double harmonic(std::size_t n) {
  double sum = 0;
  for (std::size_t j = 1; j <= n; ++j) {
    sum += 1.0 / static_cast<double>(j);
  }
  return sum;
}

}  // namespace

Result step_through(const ParamSet& params, const Context& context) {
  Row row = current_row(context, params.integer(kShortCols), params.integer(kQuery),
                        static_cast<std::uint64_t>(params.integer(params::seed)));
  context.progress.step(0.6, "recording");
  const std::vector<OnlineStep> steps = online_softmax_trace<float>(row.scores);
  const auto rises = static_cast<double>(std::ranges::count_if(steps, &OnlineStep::new_max));
  Result result;
  result.input = row.description;
  result.steppers.push_back(stepper_of(steps, row));
  result.plots = {row_plot(steps, rises), sum_plot(steps)};
  if (row.head.real) {
    result.heatmaps.push_back(attention_map(row.head, 0, "attention_map"));
  }
  std::vector<float> y(row.scores.size());
  online_softmax<float>(PlainRow<float>{row.scores.data()}, PlainRow<float>{y.data()},
                        static_cast<std::int64_t>(y.size()));
  const Provenance from = measured_here("float against double");
  result.scalars = {
      scalar("rises", "times the maximum rises", rises, "count", counted_by("steps with a new maximum")),
      scalar("expected_rises", "expected for scores in random order", harmonic(steps.size()), "",
             modelled_by("1 + 1/2 + ... + 1/V")),
      scalar("final_m", "m at the end", steps.back().m, "", measured_here("float")),
      scalar("final_d", "d at the end", steps.back().d, "", measured_here("float")),
      scalar("scores_read", "scores in the row", static_cast<double>(steps.size()), "count",
             counted_by("the row"))};
  result.checks = {check_at_most("weights_t32", "weights within T32 of double",
                                 rel_l2(y, true_softmax(row.scores)), kT32, from)};
  return result;
}

}  // namespace alab::ch10_01
