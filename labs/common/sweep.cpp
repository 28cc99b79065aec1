// Provenance, sweep points, the clock and the small builders that labs share.
// SPDX-License-Identifier: MIT
#include "labs/common/sweep.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace alab {

Provenance measured_here(std::string_view what) {
  return {Provenance::measured, what.empty() ? cpu_name() : text(cpu_name(), "; ", what)};
}
Provenance timed_here(std::string_view what) {
  return {Provenance::measured, text(cpu_name(), "; clock", what.empty() ? "" : ", ", what)};
}
Provenance counted_by(std::string_view what) {
  return {Provenance::counted, std::string(what)};
}
Provenance modelled_by(std::string_view formula) {
  return {Provenance::modelled, std::string(formula)};
}
Provenance paper_says(std::string_view citation) {
  return {Provenance::paper, std::string(citation)};
}

std::vector<double> doublings(double first, double last) {
  require(first > 0 && first <= last, "a sweep by doublings from ", first, " to ", last,
          " needs 0 < first <= last");
  std::vector<double> points;
  for (double x = first; x <= last; x *= 2) {
    points.push_back(x);
  }
  if (points.back() < last) {
    points.push_back(last);
  }
  return points;
}

std::vector<double> evenly(double low, double high, int count) {
  require(count >= 2, "a sweep needs at least 2 points, got ", count);
  std::vector<double> points;
  for (int i = 0; i < count; ++i) {
    points.push_back(low + (high - low) * i / (count - 1));
  }
  return points;
}

Timing median_time(const std::function<void()>& work, const Progress& progress, double budget, int repeats) {
  using Clock = std::chrono::steady_clock;
  const auto elapsed = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const auto begin = Clock::now();
  work();
  const double once = std::max(elapsed(begin), 1e-9);
  if (repeats <= 1) {
    return {once, 0, 1};
  }
  const int calls = once < 20e-6 ? static_cast<int>(std::ceil(20e-6 / once)) : 1;
  std::vector<double> times;
  while (static_cast<int>(times.size()) < repeats && (times.size() < 3 || elapsed(begin) < budget)) {
    progress.step(static_cast<double>(times.size()) / repeats, "timing");
    const auto start = Clock::now();
    for (int c = 0; c < calls; ++c) {
      work();
    }
    times.push_back(elapsed(start) / calls);
  }
  std::ranges::sort(times);
  const std::size_t n = times.size();
  return {times[n / 2], (times[(3 * n) / 4] - times[n / 4]) / 2, static_cast<int>(n)};
}

std::string part_of(std::int64_t done, std::int64_t wanted, std::string_view what) {
  return done < wanted ? text(done, " of ", wanted, " ", what) : "";
}

Series fitted(std::string key, std::string label, std::vector<double> xs, std::vector<double> ys,
              Provenance provenance, SeriesStyle style) {
  const double slope = loglog_slope(xs, ys);
  return {std::move(key), std::move(label), std::move(xs), std::move(ys), std::move(provenance), style,
          slope};
}

Series plain(std::string key, std::string label, std::vector<double> xs, std::vector<double> ys,
             Provenance provenance, SeriesStyle style) {
  Series series{std::move(key), std::move(label), std::move(xs), std::move(ys), std::move(provenance)};
  series.style = style;
  return series;
}

Series level(std::string key, std::string label, double x_low, double x_high, double y,
             Provenance provenance) {
  return plain(std::move(key), std::move(label), {x_low, x_high}, {y, y}, std::move(provenance),
               SeriesStyle::dashed);
}

Scalar scalar(std::string key, std::string label, double value, std::string hint, Provenance provenance,
              std::string unit) {
  return {std::move(key), std::move(label), std::move(unit), value, std::move(provenance), std::move(hint)};
}

Check as_lamp(Check check) {
  check.lamp = true;
  return check;
}

void keep(const void* value) {
  asm volatile("" : : "g"(value) : "memory");
}

}  // namespace alab
