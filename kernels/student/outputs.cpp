// SPDX-License-Identifier: MIT
#include "kernels/student/outputs.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace alab::student {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct ScaleSums {
  double squares = 0, largest = 0;
  std::int64_t finite = 0;
};

ScaleSums sums_of(const Tensor<double>& scale) {
  ScaleSums sums;
  for (const double s : scale.span()) {
    if (std::isfinite(s)) {
      sums.squares += s * s;
      sums.largest = std::max(sums.largest, std::abs(s));
      ++sums.finite;
    }
  }
  return sums;
}

bool must_be_exact(const JudgedOutput& o) {
  return o.spec.type == ElementType::i32 || sums_of(*o.scale).largest == 0;
}

std::string shown(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.7g", value);
  return buffer;
}

std::string error_text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.2g", value);
  return buffer;
}

void take_f32(JudgedOutput& o, const Tensor<float>& got) {
  o.got = got.cast<double>();
  o.unwritten.resize(static_cast<std::size_t>(got.size()));
  std::transform(got.span().begin(), got.span().end(), o.unwritten.begin(),
                 [](float x) { return std::bit_cast<std::uint32_t>(x) == kUnwrittenBits; });
}

const Tensor<double>& of(const TruthArrays& arrays, const BufferSpec& spec, std::string_view what) {
  const auto at = arrays.find(spec.name);
  require(at != arrays.end() && at->second.shape() == spec.shape, "the ", what, " of output ", spec.name,
          " must have shape ", to_string(spec.shape),
          at == arrays.end() ? " and is missing" : ", got " + to_string(at->second.shape()));
  return at->second;
}

}  // namespace

Layout layout_of(const Shape& shape) {
  Layout out;
  out.rank = static_cast<int>(shape.size());
  if (out.rank == 1) {
    out.rows = shape[0];
  } else if (out.rank > 1) {
    out.cols = shape.back();
    out.rows = shape[shape.size() - 2];
    for (std::size_t axis = 0; axis + 2 < shape.size(); ++axis) {
      out.matrices *= shape[axis];
    }
  }
  return out;
}

std::string element_name(std::string_view array, const Shape& shape, std::int64_t flat) {
  Shape at(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    at[axis] = shape[axis] > 0 ? flat % shape[axis] : 0;
    flat = shape[axis] > 0 ? flat / shape[axis] : 0;
  }
  return text(array, to_string(at));
}

std::vector<JudgedOutput> judged_outputs(const std::vector<BufferSpec>& arrays, const HostArrays& outputs,
                                         const TruthArrays& truth, const TruthArrays& magnitude) {
  std::vector<JudgedOutput> out;
  for (const BufferSpec& spec : arrays) {
    if (spec.role != BufferRole::output) {
      continue;
    }
    JudgedOutput o;
    o.spec = spec;
    o.truth = &of(truth, spec, "truth");
    o.scale = magnitude.contains(spec.name) ? &of(magnitude, spec, "magnitude") : o.truth;
    const auto f32 = outputs.f32.find(spec.name);
    const auto i32 = outputs.i32.find(spec.name);
    if (spec.type == ElementType::f32 && f32 != outputs.f32.end()) {
      take_f32(o, f32->second);
    } else if (spec.type == ElementType::i32 && i32 != outputs.i32.end()) {
      o.got = i32->second.cast<double>();
      o.unwritten.resize(static_cast<std::size_t>(o.got.size()));
      std::transform(i32->second.span().begin(), i32->second.span().end(), o.unwritten.begin(),
                     [](std::int32_t x) { return x == kUnwrittenIndex; });
    }
    require(o.got.size() == o.truth->size(), "output ", spec.name, " did not come back whole: ", o.got.size(),
            " of ", o.truth->size(), " elements");
    out.push_back(std::move(o));
  }
  return out;
}

double element_error(const JudgedOutput& o, std::int64_t i) {
  const double got = o.got[i], truth = (*o.truth)[i];
  if (std::isfinite(got) && std::isfinite(truth)) {
    return std::abs(got - truth);
  }
  return got == truth ? 0 : kInfinity;
}

std::vector<double> element_limits(const JudgedOutput& o, double tolerance) {
  std::vector<double> limits(static_cast<std::size_t>(o.got.size()), 0.0);
  if (must_be_exact(o)) {
    return limits;
  }
  const ScaleSums sums = sums_of(*o.scale);
  const double rms = std::sqrt(sums.squares / static_cast<double>(sums.finite));
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const double scale = (*o.scale)[static_cast<std::int64_t>(i)];
    limits[i] = tolerance * std::max(rms, std::isfinite(scale) ? std::abs(scale) : 0.0);
  }
  return limits;
}

std::vector<std::uint8_t> wrong_elements(const JudgedOutput& o, double tolerance) {
  const std::vector<double> limits = element_limits(o, tolerance);
  std::vector<std::uint8_t> wrong(limits.size());
  for (std::size_t i = 0; i < limits.size(); ++i) {
    wrong[i] = !(element_error(o, static_cast<std::int64_t>(i)) <= limits[i]);
  }
  return wrong;
}

OutputError error_of(const JudgedOutput& o, double tolerance) {
  OutputError out;
  const std::vector<double> limits = element_limits(o, tolerance);
  double squares = 0, largest = 0, worst = -1;
  bool finite = true;
  std::int64_t not_finite = -1;
  for (std::int64_t i = 0; i < o.got.size(); ++i) {
    const double error = element_error(o, i);
    const double limit = limits[static_cast<std::size_t>(i)];
    if (!(error <= limit)) {
      ++out.wrong;
      out.first = out.first < 0 ? i : out.first;
    }
    if (finite && !(error < kInfinity)) {
      finite = false;
      not_finite = i;
    }
    squares += error * error;
    largest = std::max(largest, error);
    if (error > worst) {
      worst = error;
      out.worst = i;
    }
  }
  const ScaleSums sums = sums_of(*o.scale);
  const double nan = std::nan("");
  out.relative = finite ? std::sqrt(squares / (sums.squares > 0 ? sums.squares : 1)) : nan;
  out.largest = finite ? largest / (sums.largest > 0 ? sums.largest : 1) : nan;
  if (must_be_exact(o)) {
    out.rule = out.wrong == 0 ? Rule::none : Rule::exact;
  } else if (!finite) {
    out.rule = Rule::finite;
    out.first = not_finite;
  } else if (!(out.relative <= tolerance)) {
    out.rule = Rule::relative;
  } else if (!(out.largest <= 100 * tolerance)) {
    out.rule = Rule::largest;
  }
  if (out.rule != Rule::none && out.first < 0) {
    out.first = out.worst;
  }
  return out;
}

std::string sentence_of(const JudgedOutput& o, const OutputError& e, double tolerance) {
  const std::int64_t at = e.first;
  std::string out = text(element_name(o.spec.name, o.spec.shape, at), " is ", shown(o.got[at]), ", expected ",
                         shown((*o.truth)[at]), "; ", e.wrong, " of ", o.got.size(), " elements are wrong");
  switch (e.rule) {
    case Rule::exact:
      return out + (o.spec.type == ElementType::i32 ? " (integers must be equal)"
                                                    : " (every element must be exactly 0 here)");
    case Rule::finite:
      return out + " (not finite where a number belongs)";
    case Rule::largest:
      return out + text(" (the worst is off by ", error_text(e.largest), " of the largest, allowed ",
                        error_text(100 * tolerance), ")");
    default:
      return out +
             text(" (relative error ", error_text(e.relative), ", allowed ", error_text(tolerance), ")");
  }
}

}  // namespace alab::student
