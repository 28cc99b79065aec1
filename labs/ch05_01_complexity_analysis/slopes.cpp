// Time against N of both forms on this CPU: the exponent is the slope, and small N bends it.
// SPDX-License-Identifier: MIT
#include <cmath>

#include "labs/ch05_01_complexity_analysis/costs.hpp"
#include "labs/ch05_01_complexity_analysis/experiments.hpp"
#include "labs/ch05_01_complexity_analysis/params.hpp"

namespace alab::complexity {
namespace {

struct Times {
  std::vector<double> ns, softmax, linear;
};

Times time_both(std::int64_t longest, std::int64_t d, std::uint64_t seed, int repeats,
                const Progress& progress) {
  Times t;
  t.ns = doublings(128, static_cast<double>(longest));
  const double scale = 1 / std::sqrt(static_cast<double>(d));
  for (const double n : t.ns) {
    const double done = n / (2 * t.ns.back());
    progress.step(done, text("timing N = ", n));
    const Operands<float> in = normal_operands(static_cast<std::int64_t>(n), d, seed);
    WorkMeter work;
    const Progress part = progress.part(done, 2 * done);
    t.softmax.push_back(
        median_time([&] { keep(softmax_form(in, scale, work).data()); }, part, 0.02, repeats).seconds);
    t.linear.push_back(median_time(
                           [&] {
                             const auto mapped = Operands<float>::of(features("elu1", in.query),
                                                                     features("elu1", in.key), in.value);
                             keep(state_first(mapped, true, work).data());
                           },
                           part, 0.02, repeats)
                           .seconds);
  }
  return t;
}

/// Slope over the last four points: three doublings.
double late_slope(const std::vector<double>& xs, const std::vector<double>& ys) {
  const auto from = static_cast<std::ptrdiff_t>(xs.size() > 4 ? xs.size() - 4 : 0);
  return loglog_slope({xs.begin() + from, xs.end()}, {ys.begin() + from, ys.end()});
}

/// log2 of the ratio of neighbours, one per doubling.
std::vector<double> local_slopes(const std::vector<double>& xs, const std::vector<double>& ys) {
  std::vector<double> out;
  for (std::size_t i = 1; i < xs.size(); ++i) {
    out.push_back(std::log(ys[i] / ys[i - 1]) / std::log(xs[i] / xs[i - 1]));
  }
  return out;
}

Plot local_plot(const Times& t, const Provenance& clock) {
  const std::vector<double> ns(t.ns.begin() + 1, t.ns.end());
  Plot plot{"local_slope",
            "The exponent of each doubling: it settles as N grows",
            "log2 of the time at N over the time at N / 2.",
            {"sequence length N", "tokens", true},
            {"local slope", "", false},
            {}};
  plot.series = {
      plain("local_softmax", "softmax", ns, local_slopes(t.ns, t.softmax), clock,
            SeriesStyle::line_and_markers),
      plain("local_linear", "linear", ns, local_slopes(t.ns, t.linear), clock, SeriesStyle::line_and_markers),
      level("two", "slope 2", ns.front(), ns.back(), 2, modelled_by("4 N^2 d")),
      level("one", "slope 1", ns.front(), ns.back(), 1, modelled_by("4 N m d"))};
  return plot;
}

}  // namespace

Result run_slopes(const ParamSet& params, const Context& context) {
  const std::int64_t d = params.integer(kTimedDim);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  context.progress.step(0, "checking both forms");
  constexpr std::int64_t kChecked = 128;
  const FormErrors errors = form_errors("elu1", kChecked, d, seed, context.progress.part(0, 0.1));
  const int repeats = context.quick ? 1 : 5;
  const Times t = time_both(params.integer(kLongestTimed), d, seed, repeats, context.progress.part(0.1, 1));
  const Provenance clock = clocked(repeats);
  Result result;
  result.quick = context.quick ? kOneRunEach : "";
  Plot time{"time",
            text("Softmax grows with slope ", format_value(late_slope(t.ns, t.softmax), ""), ", linear with ",
                 format_value(late_slope(t.ns, t.linear), "")),
            "Median wall time of one head; the printed slopes are fitted over all points.",
            {"sequence length N", "tokens", true},
            {"time", "seconds", true},
            {}};
  time.series = {fitted("softmax", "softmax", t.ns, t.softmax, clock),
                 fitted("linear", "linear, elu + 1", t.ns, t.linear, clock)};
  result.plots = {std::move(time), local_plot(t, clock)};
  const std::size_t last = t.ns.size() - 1;
  const double slope_softmax = late_slope(t.ns, t.softmax), slope_linear = late_slope(t.ns, t.linear);
  result.scalars = {
      scalar("ratio_softmax", "softmax: last N over half of it", t.softmax[last] / t.softmax[last - 1],
             "ratio", clock),
      scalar("ratio_linear", "linear: last N over half of it", t.linear[last] / t.linear[last - 1], "ratio",
             clock),
      scalar("slope_softmax", "softmax: slope over the last three doublings", slope_softmax, "", clock),
      scalar("slope_linear", "linear: slope over the last three doublings", slope_linear, "", clock),
      scalar("softmax_time", "softmax at the longest N", t.softmax[last], "seconds", clock),
      scalar("linear_time", "linear at the longest N", t.linear[last], "seconds", clock),
      scalar("longest", "longest N", t.ns[last], "count", counted_by("the sweep"), "tokens")};
  add_form_checks(result, errors, kChecked);
  result.checks.push_back(
      as_lamp(check_between("slope_softmax_lamp", "softmax: slope in [1.8, 2.2] over three doublings",
                            slope_softmax, 1.8, 2.2, clock)));
  result.checks.push_back(
      as_lamp(check_between("slope_linear_lamp", "linear: slope in [0.85, 1.15] over three doublings",
                            slope_linear, 0.85, 1.15, clock)));
  return result;
}

}  // namespace alab::complexity
