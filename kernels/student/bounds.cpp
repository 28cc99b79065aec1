// SPDX-License-Identifier: MIT
#include "kernels/student/bounds.hpp"

#include <cmath>

#include "kernels/student/counters.hpp"

namespace alab::student {
namespace {

std::string count_text(double x) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, std::abs(x - std::round(x)) < 1e-9 ? "%.0f" : "%.4g", x);
  return buffer;
}

}  // namespace

Bounds counts_of(const CheckSpec& check, const ParamSet& shape,
                 std::span<const counted::LaunchProfile> launches) {
  Bounds out;
  const NameValue numbers = numbers_of(shape, launches, Atomics::apart);
  for (const Expression& expression : check.require) {
    const Compared c = expression.compare(numbers);
    out.all.push_back({expression.text(), c.left, c.right, c.relation, c.holds});
    if (!c.holds && out.sentence.empty()) {
      out.sentence = text(expression.left_text(), " is ", count_text(c.left), ", allowed ", c.relation, " ",
                          count_text(c.right), " (", expression.text(), ")");
    }
  }
  return out;
}

Bounds growth_of(const CheckSpec& check, const Counted& small, const Counted& large) {
  const auto value = [&](const Counted& at) {
    return check.counter->value(numbers_of(at.shape, at.launches, Atomics::as_load_and_store));
  };
  const double before = value(small), after = value(large), ratio = after / before;
  const bool holds = before > 0 && ratio <= check.most;
  Bounds out;
  out.all.push_back({check.counter->text(), ratio, check.most, "<=", holds});
  if (!holds) {
    out.sentence = text(check.counter->text(), " grows ", count_text(ratio), " times when ", check.param,
                        " doubles (from ", count_text(before), " to ", count_text(after),
                        "), allowed at most ", check.most, " times");
  }
  return out;
}

}  // namespace alab::student
