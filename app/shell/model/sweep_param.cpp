// "Sweep this": an experiment run over the values of one parameter, its scalars as curves.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "app/shell/model/runner.hpp"

namespace alab::shell {
namespace {

struct Curve {
  const Param* param;
  std::vector<double> xs;
  std::vector<Result> results;
};

std::string axis_name(const std::string& hint) {
  static const std::map<std::string, std::string> kNames = {
      {"bytes", "size"}, {"seconds", "time"}, {"count", "count"}, {"ratio", "ratio"}, {"error", "error"}};
  const auto found = kNames.find(hint);
  return found == kNames.end() ? "value" : found->second;
}

Series series_of(const Curve& curve, const Scalar& scalar) {
  Series series;
  series.key = scalar.key;
  series.label = scalar.label;
  series.provenance = scalar.provenance;
  for (std::size_t i = 0; i < curve.xs.size(); ++i) {
    const Scalar* here = curve.results[i].scalar(scalar.key);
    if (here != nullptr && std::isfinite(here->value)) {
      series.xs.push_back(curve.xs[i]);
      series.ys.push_back(here->value);
    }
  }
  return series;
}

/// A log axis pays when the values are positive and span a decade.
bool spans_decade(const std::vector<Series>& all) {
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  for (const Series& series : all) {
    for (const double y : series.ys) {
      low = std::min(low, y);
      high = std::max(high, y);
    }
  }
  return low > 0 && high >= 10 * low;
}

Plot plot_of(const Curve& curve, const std::string& hint, const std::string& unit,
             std::vector<Series> series) {
  Plot plot;
  plot.key = "sweep_" + (hint.empty() ? "value" : hint) + (unit.empty() ? "" : "_" + unit);
  std::ranges::replace_if(
      plot.key, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  plot.title = text("How it changes with ", curve.param->label);
  plot.note = text("Every point is one run; the other settings stay as they are.");
  plot.x = {std::string(curve.param->label), std::string(curve.param->unit), curve.param->log2};
  const bool log = curve.param->log2 && spans_decade(series);
  plot.y = {axis_name(hint), unit.empty() && hint == "bytes" ? "bytes" : (hint == "seconds" ? "s" : unit),
            log};
  for (Series& s : series) {
    if (log && s.xs.size() >= 3) {
      s.slope = loglog_slope(s.xs, s.ys);
    }
  }
  plot.series = std::move(series);
  return plot;
}

}  // namespace

Result sweep_param(const Lab& lab, const Experiment& experiment, const ParamSet& params, std::string_view key,
                   const Context& context) {
  const Param* param = params.find(key);
  require(param != nullptr, "experiment '", experiment.id, "' has no parameter '", key, "' to sweep");
  Curve curve{param, {}, {}};
  const std::vector<double> values = sweep_values(*param);
  for (std::size_t i = 0; i < values.size(); ++i) {
    ParamSet here = params;
    here.set(key, values[i]);
    const auto n = static_cast<double>(values.size());
    const double from = static_cast<double>(i) / n;
    const double to = static_cast<double>(i + 1) / n;
    const std::string now = text(param->label, " = ", here.text_of(*param));
    context.progress.step(from, now);
    const Progress part = context.progress.part(from, to);
    curve.results.push_back(
        run_experiment(lab, experiment, here, {context.input, part, context.simulated, context.cuda}));
    curve.xs.push_back(values[i]);
  }
  require(!curve.results.empty(), "there is nothing to sweep between ", param->min, " and ", param->max);
  std::map<std::pair<std::string, std::string>, std::vector<Series>> groups;
  for (const Scalar& scalar : curve.results.back().scalars) {
    Series series = series_of(curve, scalar);
    if (series.xs.size() >= 2) {
      groups[{scalar.hint, scalar.unit}].push_back(std::move(series));
    }
  }
  require(!groups.empty(), "experiment '", experiment.id, "' gives no numbers that could be drawn over ",
          param->label, "; choose another experiment");
  Result result = curve.results.back();
  Result out;
  out.lab = result.lab;
  out.experiment = result.experiment;
  out.params = text(params.describe(), " (", param->key, " swept)");
  out.input = result.input;
  for (auto& [kind, series] : groups) {
    out.plots.push_back(plot_of(curve, kind.first, kind.second, std::move(series)));
  }
  return out;
}

}  // namespace alab::shell
