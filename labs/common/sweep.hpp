// What labs that sweep and time share: where numbers come from, points of a sweep, a robust clock, small
// builders. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "labs/lab.hpp"

namespace alab {

/// measured, on this CPU by name; what: "Eigen, float, 1 thread" or "".
Provenance measured_here(std::string_view what = "");
/// measured with the clock: the one kind of number that may differ between two runs of the same parameters.
/// Put it on every time and on whatever is derived from one.
Provenance timed_here(std::string_view what = "");
/// counted by the named instrumentation while the algorithm ran.
Provenance counted_by(std::string_view what);
/// modelled; the formula as a reader would write it.
Provenance modelled_by(std::string_view formula);
/// printed in a publication.
Provenance paper_says(std::string_view citation);

/// first, 2 first, 4 first ... up to last; last itself closes the list when it is no such multiple.
std::vector<double> doublings(double first, double last);
/// count points from low to high, both included.
std::vector<double> evenly(double low, double high, int count);

struct Timing {
  double seconds = 0;  ///< median over the repeats of one call's time
  double spread = 0;   ///< half the interquartile range
  int repeats = 0;
};
/// Median wall time of work() after one warm-up; with repeats = 1 the time of the first run. Short work is
/// called often enough per repeat to outlast the clock (20 us); repeating ends after budget seconds, with at
/// least 3 of them when repeats allows. Steps progress between repeats.
Timing median_time(const std::function<void()>& work, const Progress& progress, double budget = 0.03,
                   int repeats = 9);

/// Words of Result::quick: "4 of 40 draws", "" when nothing was left out; and what a single timed run is.
std::string part_of(std::int64_t done, std::int64_t wanted, std::string_view what);
inline constexpr std::string_view kOneRunEach = "times are of one run each, not medians";

/// A series whose log-log slope over all of its points is fitted.
Series fitted(std::string key, std::string label, std::vector<double> xs, std::vector<double> ys,
              Provenance provenance, SeriesStyle style = SeriesStyle::line_and_markers);
/// A series without a slope.
Series plain(std::string key, std::string label, std::vector<double> xs, std::vector<double> ys,
             Provenance provenance, SeriesStyle style = SeriesStyle::line);
/// Two points that draw a level line from x_low to x_high.
Series level(std::string key, std::string label, double x_low, double x_high, double y,
             Provenance provenance);

Scalar scalar(std::string key, std::string label, double value, std::string hint, Provenance provenance,
              std::string unit = "");

/// The same check, shown but never gating: for timings.
Check as_lamp(Check check);

/// Keeps a computed value alive that nobody reads, so that the timed work is not optimised away.
void keep(const void* value);

}  // namespace alab
