// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/export/figures.hpp"

namespace alab {
namespace {

std::vector<double> decade_ticks(double low, double high) {
  std::vector<double> ticks;
  const int first = static_cast<int>(std::floor(std::log10(low)));
  const int last = static_cast<int>(std::ceil(std::log10(high)));
  const int stride = std::max(1, (last - first) / 8);
  const bool few = last - first <= 2;
  for (int e = first; e <= last; e += stride) {
    for (const double m : {1.0, 2.0, 5.0}) {
      const double tick = m * std::pow(10.0, e);
      if ((m == 1.0 || few) && low * 0.999 <= tick && tick <= high * 1.001) {
        ticks.push_back(tick);
      }
    }
  }
  return ticks;
}

std::vector<double> linear_ticks(double low, double high) {
  const double raw = (high - low) / 6;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double unit = raw / power;
  const double step = power * (unit <= 1 ? 1 : (unit <= 2 ? 2 : (unit <= 5 ? 5 : 10)));
  std::vector<double> ticks;
  for (double tick = std::ceil(low / step) * step; tick <= high + step * 1e-9; tick += step) {
    ticks.push_back(std::abs(tick) < step * 1e-9 ? 0 : tick);
  }
  return ticks;
}

}  // namespace

Scale::Scale(const Axis& axis, double low, double high, double from, double to)
    : log_(axis.log && low > 0), low_(low), high_(high), from_(from), to_(to) {
  if (low_ == high_) {
    const double room = log_ ? 0 : std::max(1.0, std::abs(low_) * 0.1);
    low_ = log_ ? low_ / 2 : low_ - room;
    high_ = log_ ? high_ * 2 : high_ + room;
  }
  const double margin = 0.04;
  if (log_) {
    const double ratio = std::pow(high_ / low_, margin);
    low_ /= ratio;
    high_ *= ratio;
  } else {
    const double room = margin * (high_ - low_);
    low_ -= low_ == 0 ? 0 : room;
    high_ += room;
  }
  ticks_ = log_ ? decade_ticks(low_, high_) : linear_ticks(low_, high_);
}

double Scale::map(double value) const {
  return log_ ? std::log(value) : value;
}

double Scale::operator()(double value) const {
  return from_ + (to_ - from_) * (map(value) - map(low_)) / (map(high_) - map(low_));
}

bool Scale::shows(double value) const {
  return std::isfinite(value) && (!log_ || value > 0);
}

std::string tick_label(double value) {
  const double size = std::abs(value);
  char buffer[32];
  if (size >= 1e4 && size < 1e7) {
    return format_value(std::round(value), "count");  // 20,000
  }
  if (size != 0 && (size >= 1e7 || size < 1e-3)) {
    const int exponent = static_cast<int>(std::floor(std::log10(size) + 1e-9));
    const double mantissa = value / std::pow(10.0, exponent);
    if (std::abs(mantissa - 1) < 1e-6) {
      std::snprintf(buffer, sizeof buffer, "1e%d", exponent);
    } else {
      std::snprintf(buffer, sizeof buffer, "%.3ge%d", mantissa, exponent);
    }
  } else {
    std::snprintf(buffer, sizeof buffer, "%.4g", value);
  }
  return buffer;
}

}  // namespace alab
