// At which x does exp(x) leave a number format? fp32 by the machine itself; fp16 and bf16 emulated by one
// rounding. SPDX-License-Identifier: MIT
#include <cmath>
#include <functional>
#include <limits>

#include "labs/ch10_01_online_softmax/experiments.hpp"
#include "labs/common/sweep.hpp"

namespace alab::ch10_01 {
namespace {

/// A binary format by its numbers; round(x) is the nearest value of the format, ties to even.
struct Format {
  std::string_view key, name;
  int fraction_bits, min_exponent, max_exponent;
  bool native;

  double round(double x) const {
    if (x == 0 || !std::isfinite(x)) {
      return x;
    }
    const int exponent = std::max(std::ilogb(x), min_exponent);
    const double unit = std::ldexp(1.0, exponent - fraction_bits);
    const double rounded = std::nearbyint(x / unit) * unit;
    return std::abs(rounded) > largest() ? std::copysign(std::numeric_limits<double>::infinity(), x)
                                         : rounded;
  }
  double largest() const { return std::ldexp(2.0 - std::ldexp(1.0, -fraction_bits), max_exponent); }
  double exp_of(double x) const {
    return native ? static_cast<double>(std::exp(static_cast<float>(x))) : round(std::exp(round(x)));
  }
};

constexpr Format kFormats[] = {{"fp32", "fp32", 23, -126, 127, true},
                               {"bf16", "bf16", 7, -126, 127, false},
                               {"fp16", "fp16", 10, -14, 15, false}};

struct Bracket {
  double below, above;  ///< neighbours in the format: the property is false at below and true at above
};

/// Bisects until the two ends are neighbours in the format; holds(low) is false and holds(high) true at the
/// start.
Bracket bracket(const Format& format, double low, double high, const std::function<bool(double)>& holds) {
  while (true) {
    const double middle = format.round((low + high) / 2);
    if (middle <= std::min(low, high) || middle >= std::max(low, high)) {
      return {low, high};
    }
    (holds(middle) ? high : low) = middle;
  }
}

Bracket overflow_of(const Format& format) {
  return bracket(format, 0, 200, [&](double x) { return std::isinf(format.exp_of(x)); });
}
Bracket underflow_of(const Format& format) {
  return bracket(format, 0, -200, [&](double x) { return format.exp_of(x) == 0; });
}

Plot exp_curves(double span) {
  Plot plot;
  plot.key = "exp_range";
  plot.title = text("exp(x) leaves fp16 at ", format_value(overflow_of(kFormats[2]).above, ""),
                    " and fp32 at ", format_value(overflow_of(kFormats[0]).above, ""));
  plot.note =
      "exp(x) in one format per line. It leaves the plot where it becomes inf; at the bottom stands what "
      "became 0.";
  plot.x = {"x", "", false};
  plot.y = {"exp(x)", "", true};
  for (const Format& format : kFormats) {
    std::vector<double> xs = evenly(-span, span, 241), ys;
    for (const double x : xs) {
      ys.push_back(format.exp_of(x));
    }
    plot.series.push_back(
        plain(text("exp_", format.key), std::string(format.name), std::move(xs), std::move(ys),
              measured_here(format.native ? "std::exp in float" : "exp in double, one rounding"),
              format.native ? SeriesStyle::line : SeriesStyle::dashed));
  }
  return plot;
}

Table format_table(double probe) {
  Table table;
  table.key = "formats";
  table.title = "Where exp(x) ends in three formats";
  table.note =
      "The first x whose exp is inf and the first, going down, whose exp is 0; x itself is in the format.";
  table.columns = {"format", "largest finite value", "first overflow at x", "first underflow at x",
                   "exp of your x"};
  for (const Format& format : kFormats) {
    const Provenance from =
        measured_here(format.native ? "float, bisection" : "emulated by rounding, bisection");
    table.rows.push_back(
        {Cell::words(std::string(format.name)),
         Cell::number(format.largest(), "", modelled_by("(2 - 2^-fraction bits) 2^largest exponent")),
         Cell::number(overflow_of(format).above, "", from),
         Cell::number(underflow_of(format).above, "", from), Cell::number(format.exp_of(probe), "", from)});
  }
  return table;
}

}  // namespace

Result thresholds(const ParamSet& params, const Context& context) {
  context.progress.step(0, "bisecting exp");
  Result result;
  result.plots.push_back(exp_curves(params.value("span")));
  result.tables.push_back(format_table(params.value("probe")));
  const Provenance bisected = measured_here("bisection to neighbouring values of the format");
  const Bracket fp32 = overflow_of(kFormats[0]);
  const Bracket fp16 = overflow_of(kFormats[2]);
  result.scalars = {scalar("overflow_fp32", "first x with exp(x) = inf, fp32", fp32.above, "", bisected),
                    scalar("overflow_fp16", "first x with exp(x) = inf, fp16", fp16.above, "", bisected),
                    scalar("largest_fp32", "largest fp32 value", kFormats[0].largest(), "",
                           modelled_by("(2 - 2^-23) 2^127"))};
  result.checks = {check_between("fp32_threshold", "fp32 overflows at 88.7228, bracketed to 0.01", fp32.above,
                                 88.7228 - 0.01, 88.7228 + 0.01, bisected),
                   check_between("fp16_threshold", "fp16 overflows at 11.0899, bracketed to 0.01", fp16.above,
                                 11.0899 - 0.01, 11.0899 + 0.01, bisected),
                   check_at_most("bracket_width", "neighbours in the format: bracket no wider than 0.01",
                                 std::max(fp32.above - fp32.below, fp16.above - fp16.below), 0.01, bisected)};
  result.notes.push_back(
      "fp16 and bf16 are emulated: exp in double, rounded once. A GPU's own half exp may differ in the last "
      "digit.");
  return result;
}

}  // namespace alab::ch10_01
