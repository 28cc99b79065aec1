// A row plus a constant has the same softmax. Which form still knows it when the constant grows?
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <functional>

#include "labs/ch10_01_online_softmax/experiments.hpp"
#include "labs/ch10_01_online_softmax/forms.hpp"
#include "labs/ch10_01_online_softmax/row_input.hpp"
#include "labs/common/sweep.hpp"

namespace alab::ch10_01 {
namespace {

constexpr double kLargestOffset = 200;

enum class Form { naive, safe, online };

/// The row with the offset added, rounded to float: the input that every form sees and is judged on.
std::vector<float> shifted(const std::vector<float>& row, double offset) {
  std::vector<float> out(row);
  for (float& x : out) {
    x += static_cast<float>(offset);
  }
  return out;
}

std::vector<float> softmax_by(Form form, std::vector<float> x) {
  std::vector<float> y(x.size());
  const PlainRow<float> in{x.data()}, out{y.data()};
  const auto n = static_cast<std::int64_t>(x.size());
  if (form == Form::naive) {
    naive_softmax<float>(in, out, n);
  } else if (form == Form::safe) {
    safe_softmax<float>(in, out, n);
  } else {
    online_softmax<float>(in, out, n);
  }
  return y;
}

/// The smallest offset in [0, 200] with the property, to 0.001; NaN when there is none. The property is
/// monotone.
double first_offset(const std::function<bool(double)>& holds) {
  if (holds(0)) {
    return 0;
  }
  if (!holds(kLargestOffset)) {
    return std::nan("");
  }
  double low = 0, high = kLargestOffset;
  while (high - low > 1e-3) {
    const double middle = (low + high) / 2;
    (holds(middle) ? high : low) = middle;
  }
  return high;
}

/// First offsets at which the naive form gives only zeros (or worse), and anything that is not finite.
struct NaiveLimits {
  double zero, non_finite;
};
NaiveLimits naive_limits(const std::vector<float>& row) {
  const auto wrong = [&](double offset) {
    const std::vector<float> y = softmax_by(Form::naive, shifted(row, offset));
    return std::ranges::none_of(y, [](float v) { return v > 0; });
  };
  const auto non_finite = [&](double offset) {
    const std::vector<float> y = softmax_by(Form::naive, shifted(row, offset));
    return std::ranges::any_of(y, [](float v) { return !std::isfinite(v); });
  };
  return {first_offset([&](double c) { return wrong(c) || non_finite(c); }), first_offset(non_finite)};
}

struct Sweep {
  std::vector<double> offsets, naive, safe, online, against_unshifted, denominator;
};

Sweep sweep_offsets(const std::vector<float>& row, const Progress& progress) {
  Sweep s;
  s.offsets = evenly(0, kLargestOffset, row.size() <= 8192 ? 201 : 81);
  const std::vector<double> unshifted = true_softmax(row);
  for (const double offset : s.offsets) {
    progress.step(offset / kLargestOffset, "offsets");
    const std::vector<float> x = shifted(row, offset);
    const std::vector<double> truth = true_softmax(x);
    s.naive.push_back(rel_l2(softmax_by(Form::naive, x), truth));
    s.safe.push_back(rel_l2(softmax_by(Form::safe, x), truth));
    const std::vector<float> online = softmax_by(Form::online, x);
    s.online.push_back(rel_l2(online, truth));
    s.against_unshifted.push_back(rel_l2(online, unshifted));
    float sum = 0;
    for (const float v : x) {
      sum += std::exp(v);
    }
    s.denominator.push_back(std::isfinite(sum) ? sum : std::nan(""));
  }
  return s;
}

Plot error_plot(const Sweep& s, const NaiveLimits& limits) {
  const Provenance error = measured_here("float against double on the same rounded scores");
  Plot plot;
  plot.key = "error";
  plot.title = std::isnan(limits.zero) ? std::string("No form fails on this row up to offset 200")
                                       : text("Naive softmax fails from offset ",
                                              format_value(limits.zero, ""), "; safe and online never do");
  plot.note = "relL2 error of the weights; 1 means that the naive form returned only zeros.";
  plot.x = {"offset added to every score", "", false};
  plot.y = {"relL2 error", "", true};
  plot.series = {
      plain("naive", "naive", s.offsets, s.naive, error), plain("safe", "safe", s.offsets, s.safe, error),
      plain("online", "online", s.offsets, s.online, error),
      plain("rounding", "online, against the row without offset", s.offsets, s.against_unshifted, error,
            SeriesStyle::dashed),
      level("t32", "tolerance T32", 0, kLargestOffset, kT32, modelled_by("5e-6, float class of the course"))};
  return plot;
}

Plot denominator_plot(const Sweep& s) {
  Plot plot;
  plot.key = "denominator";
  plot.title = "The naive sum grows by e per unit of offset until fp32 ends";
  plot.note = "Sum of exp(x + offset) in fp32; the line stops where the sum becomes inf.";
  plot.x = {"offset added to every score", "", false};
  plot.y = {"sum of exponentials", "", true};
  plot.series = {plain("naive_sum", "naive sum d", s.offsets, s.denominator, measured_here("float")),
                 level("fp32_max", "largest fp32 value", 0, kLargestOffset, 3.4028234663852886e38,
                       modelled_by("(2 - 2^-23) 2^127"))};
  return plot;
}

double largest(const std::vector<double>& values) {
  double top = 0;
  for (const double v : values) {
    top = v <= top ? top : v;  // this way round, NaN stays
  }
  return top;
}

void add_limits(Result& result, const std::vector<float>& row, const NaiveLimits& limits) {
  const NormalizerPart<double> part = reduce_sequential<double>(in_double(row));
  const Provenance model = modelled_by("88.7228 - LSE(x); 88.7228 - max x; cut to 0 .. 200");
  const Provenance found = measured_here("bisection over the offset, naive form in float");
  const double zero = kExpLimit - (part.m + std::log(part.d));
  const double non_finite = kExpLimit - part.m;
  result.scalars.push_back(scalar("predicted_zero", "88.7228 - LSE(x)", zero, "", model));
  result.scalars.push_back(scalar("predicted_non_finite", "88.7228 - max x", non_finite, "", model));
  if (zero >= kLargestOffset || non_finite >= kLargestOffset) {
    result.notes.push_back("This row is so low that the naive form does not fail below offset 200.");
    return;
  }
  result.scalars.push_back(scalar("first_zero", "first offset where naive is wrong", limits.zero, "", found));
  result.scalars.push_back(
      scalar("first_non_finite", "first offset where naive is not finite", limits.non_finite, "", found));
  const double at_zero = std::max(zero, 0.0), at_inf = std::max(non_finite, 0.0);
  result.checks.push_back(check_between("zero_at_lse", "naive gives zeros from 88.72 - LSE(x), +-0.25",
                                        limits.zero, at_zero - 0.25, at_zero + 0.25, found));
  result.checks.push_back(check_between("non_finite_at_max", "naive is non-finite from 88.72 - max x, +-0.25",
                                        limits.non_finite, at_inf - 0.25, at_inf + 0.25, found));
}

}  // namespace

Result offset_sweep(const ParamSet& params, const Context& context) {
  const Row row = current_row(context, params.integer(kCols), params.integer(kQuery),
                              static_cast<std::uint64_t>(params.integer(params::seed)));
  Result result;
  result.input = row.description;
  const bool masked = std::ranges::none_of(row.scores, [](float x) { return std::isfinite(x); });
  const NaiveLimits limits = naive_limits(row.scores);
  const Sweep sweep = sweep_offsets(row.scores, context.progress.part(0.5, 1));
  result.plots = {error_plot(sweep, limits), denominator_plot(sweep)};
  const Provenance error = measured_here("float against double on the same rounded scores");
  result.scalars = {scalar("safe_error", "largest error of safe", largest(sweep.safe), "error", error),
                    scalar("online_error", "largest error of online", largest(sweep.online), "error", error),
                    scalar("rounding_error", "error from rounding x + 200 alone",
                           sweep.against_unshifted.back(), "error", error)};
  result.checks = {
      check_at_most("safe_t32", "safe within T32 at every offset", largest(sweep.safe), kT32, error),
      check_at_most("online_t32", "online within T32 at every offset", largest(sweep.online), kT32, error)};
  if (masked) {
    result.notes.push_back(
        "Every score is masked: naive gives 0/0 = NaN at every offset, the guarded forms give 0.");
  } else {
    add_limits(result, row.scores, limits);
  }
  return result;
}

}  // namespace alab::ch10_01
