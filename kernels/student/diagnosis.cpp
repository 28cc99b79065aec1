// SPDX-License-Identifier: MIT
#include "kernels/student/diagnosis.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "kernels/student/region.hpp"

namespace alab::student {
namespace {

constexpr double kNear = 20;  ///< tolerances by which a relation may miss, in the L2 sense

struct Look {
  const JudgedOutput& o;
  double tolerance;
  const ParamSet& numbers;
  Layout l;
  std::vector<std::uint8_t> wrong;
  bool all_finite = true;

  double got(std::int64_t i) const { return o.got[i]; }
  double truth(std::int64_t i) const { return (*o.truth)[i]; }
  std::int64_t at(std::int64_t m, std::int64_t r, std::int64_t c) const {
    return (m * l.rows + r) * l.cols + c;
  }
};

Look look_at(const JudgedOutput& o, double tolerance, const ParamSet& numbers) {
  Look look{o, tolerance, numbers, layout_of(o.spec.shape), wrong_elements(o, tolerance)};
  for (std::int64_t i = 0; i < o.got.size(); ++i) {
    look.all_finite = look.all_finite && std::isfinite(look.got(i)) && std::isfinite(look.truth(i));
  }
  return look;
}

// got is near f(i) over all elements, and f is not zero everywhere.
bool is_near(const Look& k, const std::function<double(std::int64_t)>& f) {
  double error = 0, norm = 0;
  for (std::int64_t i = 0; i < k.o.got.size(); ++i) {
    const double expected = f(i), d = k.got(i) - expected;
    error += d * d;
    norm += expected * expected;
  }
  return norm > 0 && std::sqrt(error) <= kNear * k.tolerance * std::sqrt(norm);
}

using Found = std::optional<Diagnosis>;
Found found(std::string kind, std::string sentence) {
  return Diagnosis{std::move(kind), std::move(sentence), {}};
}

Found unwritten(const Look& k) {
  const auto count = std::count(k.o.unwritten.begin(), k.o.unwritten.end(), 1);
  if (count == 0) {
    return {};
  }
  return found(
      "unwritten",
      count == k.o.got.size()
          ? text("nothing was written to ", k.o.spec.name, ": it still holds what the host left there")
          : text(region_in_words(k.o.unwritten, k.l), " of ", k.o.spec.name, count == 1 ? " was" : " were",
                 " never written, or computed from what was never written"));
}

Found not_a_number(const Look& k) {
  std::vector<std::uint8_t> nan(k.wrong.size());
  for (std::size_t i = 0; i < nan.size(); ++i) {
    nan[i] = std::isnan(k.got(static_cast<std::int64_t>(i)));
  }
  return std::count(nan.begin(), nan.end(), 1) == 0
             ? Found()
             : found(
                   "not_a_number",
                   text(
                       region_in_words(nan, k.l), " of ", k.o.spec.name,
                       " became NaN: 0 / 0, infinity minus infinity, 0 times infinity, or padding was read"));
}

Found zero(const Look& k) {
  const auto values = k.o.got.span();
  return std::all_of(values.begin(), values.end(), [](double x) { return x == 0; })
             ? found("zero", text("every element of ", k.o.spec.name, " is 0"))
             : Found();
}

Found transposed(const Look& k) {
  if (k.l.rows < 2 || k.l.cols < 2) {
    return {};
  }
  const bool is = is_near(k, [&](std::int64_t i) {
    const std::int64_t m = i / (k.l.rows * k.l.cols), inside = i % (k.l.rows * k.l.cols);
    return k.truth(k.at(m, inside % k.l.rows, inside / k.l.rows));
  });
  return is ? found("transposed", text(k.o.spec.name, " is transposed: rows and columns are exchanged"))
            : Found();
}

Found shifted(const Look& k) {
  for (const int by : {1, -1}) {
    double error = 0, norm = 0;
    for (std::int64_t m = 0; m < k.l.matrices && k.l.rows >= 4; ++m) {
      for (std::int64_t r = std::max(by, 0); r < k.l.rows + std::min(by, 0); ++r) {
        for (std::int64_t c = 0; c < k.l.cols; ++c) {
          const double expected = k.truth(k.at(m, r - by, c)), d = k.got(k.at(m, r, c)) - expected;
          error += d * d;
          norm += expected * expected;
        }
      }
    }
    if (norm > 0 && std::sqrt(error) <= kNear * k.tolerance * std::sqrt(norm)) {
      return found("shifted",
                   text(k.l.rank == 1 ? "elements" : "rows", " of ", k.o.spec.name,
                        " are shifted by one: place i holds what belongs to i ", by > 0 ? "- 1" : "+ 1"));
    }
  }
  return {};
}

std::string number_text(double x) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.5g", x);
  return buffer;
}

// "scale", "1 / scale", "the square root of d" ...: the number of the shape that makes this factor, or "".
std::string name_of_factor(double factor, const ParamSet& numbers) {
  struct Form {
    std::string_view before, after;
    double (*of)(double);
  };
  constexpr std::array<Form, 6> kForms{{{"", "", [](double v) { return v; }},
                                        {"1 / ", "", [](double v) { return 1 / v; }},
                                        {"sqrt(", ")", [](double v) { return std::sqrt(v); }},
                                        {"1 / sqrt(", ")", [](double v) { return 1 / std::sqrt(v); }},
                                        {"", "^2", [](double v) { return v * v; }},
                                        {"1 / ", "^2", [](double v) { return 1 / (v * v); }}}};
  for (const bool integers : {false, true}) {
    for (const Param* p : numbers.schema()) {
      const double v =
          p->kind == ParamKind::boolean || p->kind == ParamKind::choice ? 0 : numbers.value(p->key);
      for (const Form& form : kForms) {
        const bool fits = v > 0 && v != 1 && std::abs(form.of(v) - factor) <= 1e-4 * std::abs(factor);
        if (fits && integers == (p->kind == ParamKind::integer)) {
          return text(form.before, p->key, form.after);
        }
      }
    }
  }
  return {};
}

Found factor(const Look& k) {
  double cross = 0, norm = 0;
  std::int64_t counted = 0;
  for (std::int64_t i = 0; i < k.o.got.size(); ++i) {
    cross += k.got(i) * k.truth(i);
    norm += k.truth(i) * k.truth(i);
    counted += k.truth(i) != 0;
  }
  const double c = cross / norm;
  if (counted < 3 || !(std::abs(c) > 0) || !is_near(k, [&](std::int64_t i) { return c * k.truth(i); })) {
    return {};
  }
  const std::string name = name_of_factor(c, k.numbers);
  return found("factor",
               text("every element of ", k.o.spec.name, " is ", number_text(c), " times the right one",
                    name.empty() ? "" : text(" (the factor is ", name, ")")));
}

// Each row times a number of its own: a normaliser that is missing or wrong.
Found row_factor(const Look& k) {
  if (k.l.cols < 3 || k.l.matrices * k.l.rows < 2) {
    return {};
  }
  std::vector<double> factors;
  for (std::int64_t row = 0; row < k.l.matrices * k.l.rows; ++row) {
    double cross = 0, norm = 0;
    for (std::int64_t c = 0; c < k.l.cols; ++c) {
      const std::int64_t i = row * k.l.cols + c;
      cross += k.got(i) * k.truth(i);
      norm += k.truth(i) * k.truth(i);
    }
    factors.push_back(norm > 0 ? cross / norm : 1);
  }
  const auto of = [&](std::int64_t i) {
    return factors[static_cast<std::size_t>(i / k.l.cols)] * k.truth(i);
  };
  if (!is_near(k, of)) {
    return {};
  }
  const auto [low, high] = std::minmax_element(factors.begin(), factors.end());
  return found("row_factor", text("each row of ", k.o.spec.name, " is off by a factor of its own, from ",
                                  number_text(*low), " to ", number_text(*high),
                                  ": what is computed once per row (a sum, a maximum) is wrong"));
}

Found offset(const Look& k) {
  double mean = 0;
  for (std::int64_t i = 0; i < k.o.got.size(); ++i) {
    mean += (k.got(i) - k.truth(i)) / static_cast<double>(k.o.got.size());
  }
  return k.o.got.size() >= 3 && std::abs(mean) > 0 &&
                 is_near(k, [&](std::int64_t i) { return k.truth(i) + mean; })
             ? found("offset", text("every element of ", k.o.spec.name, " is ", number_text(std::abs(mean)),
                                    mean > 0 ? " too large" : " too small"))
             : Found();
}

Found same_matrix(const Look& k) {
  const std::int64_t one = k.l.rows * k.l.cols;
  return k.l.matrices > 1 && is_near(k, [&](std::int64_t i) { return k.truth(i % one); })
             ? found("same_matrix", text("every head of ", k.o.spec.name,
                                         " holds the result of head 0: the head's offset is missing"))
             : Found();
}

Found region(const Look& k) {
  const std::string where = wrong_region(k.wrong, k.l);
  return where.empty() ? Found() : found("region", text("in ", k.o.spec.name, " ", where));
}

}  // namespace

std::optional<Diagnosis> look_of(const JudgedOutput& output, double tolerance, const ParamSet& numbers) {
  const Look k = look_at(output, tolerance, numbers);
  std::vector<Found (*)(const Look&)> looks{unwritten, not_a_number};
  if (k.all_finite && output.spec.type == ElementType::f32) {
    looks = {zero, transposed, shifted, factor, same_matrix, offset, row_factor, region};
  } else if (k.all_finite) {
    looks = {unwritten, zero, shifted, same_matrix, region};
  } else {
    looks.push_back(region);
  }
  for (const auto look : looks) {
    if (Found result = look(k)) {
      return result;
    }
  }
  return {};
}

namespace {

// The other outputs as a truth that the given ones are held against. Empty when they are not comparable.
template <class Judge>
bool every_output(std::span<const JudgedOutput> outputs, const HostArrays& other, const Judge& judge) {
  return std::all_of(outputs.begin(), outputs.end(), [&](const JudgedOutput& o) {
    const auto f32 = other.f32.find(o.spec.name);
    const auto i32 = other.i32.find(o.spec.name);
    const bool is_f32 = o.spec.type == ElementType::f32 && f32 != other.f32.end();
    if (!is_f32 && i32 == other.i32.end()) {
      return false;
    }
    const Tensor<double> values = is_f32 ? f32->second.cast<double>() : i32->second.cast<double>();
    return values.size() == o.got.size() && judge(o, values);
  });
}

// Norms over elements where both are numbers; elsewhere they must be the same kind of nothing.
bool near_each_other(const Tensor<double>& a, const Tensor<double>& b, double tolerance) {
  double error = 0, norm = 0, largest = 0, off = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    if (std::isfinite(a[i]) && std::isfinite(b[i])) {
      const double d = std::abs(a[i] - b[i]);
      error += d * d;
      norm += b[i] * b[i];
      off = std::max(off, d);
      largest = std::max(largest, std::abs(b[i]));
    } else if (!(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])))) {
      return false;
    }
  }
  return std::sqrt(error) <= tolerance * std::sqrt(norm) && off <= 100 * tolerance * largest;
}

}  // namespace

bool same_outputs(std::span<const JudgedOutput> got, const HostArrays& other, double tolerance) {
  return every_output(got, other, [&](const JudgedOutput& o, const Tensor<double>& values) {
    return o.spec.type == ElementType::i32 ? o.got == values : near_each_other(o.got, values, tolerance);
  });
}

bool mistake_shows(std::span<const JudgedOutput> outputs, const HostArrays& of_mistake, double tolerance) {
  return !every_output(outputs, of_mistake, [&](const JudgedOutput& o, const Tensor<double>& values) {
    return near_each_other(values, *o.truth, 10 * tolerance);
  });
}

}  // namespace alab::student
