// Would a kernel that computes nothing pass? SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "kernels/student/plan.hpp"
#include "kernels/student/self_test.hpp"

namespace alab::student {
namespace {

constexpr double kSignal = 10;  ///< tolerances by which a trivial output must be off

// What a lazy kernel writes; got is empty where it cannot be formed in this shape.
struct Trivial {
  std::string name;
  std::function<Tensor<double>(const BufferSpec& output, const HostArrays& inputs)> of;
};

Tensor<double> filled(const Shape& shape, double value) {
  Tensor<double> out(shape);
  std::fill(out.span().begin(), out.span().end(), value);
  return out;
}

Tensor<double> copied(const Tensor<float>& input, const Shape& shape) {
  Tensor<double> out(shape);
  if (input.size() != out.size()) {
    return {};
  }
  std::copy(input.span().begin(), input.span().end(), out.span().begin());
  return out;
}

// Each row of the output is the mean of the input's rows, of the same head where there are as many.
Tensor<double> mean_rows(const Tensor<float>& input, const Shape& shape) {
  const Layout in = layout_of(input.shape()), l = layout_of(shape);
  if (in.cols != l.cols || in.rank < 2) {
    return {};
  }
  Tensor<double> out(shape);
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const std::int64_t matrix = in.matrices == l.matrices ? i / (l.rows * l.cols) : 0;
    double sum = 0;
    for (std::int64_t r = 0; r < in.rows; ++r) {
      sum += static_cast<double>(input[(matrix * in.rows + r) * in.cols + i % l.cols]);
    }
    out[i] = sum / static_cast<double>(in.rows);
  }
  return out;
}

std::vector<Trivial> trivial_outputs(const std::vector<BufferSpec>& arrays) {
  std::vector<Trivial> out;
  out.push_back({"zeros", [](const BufferSpec& o, const HostArrays&) { return filled(o.shape, 0); }});
  out.push_back(
      {"NaN", [](const BufferSpec& o, const HostArrays&) { return filled(o.shape, std::nan("")); }});
  for (const BufferSpec& array : arrays) {
    if (array.role == BufferRole::input && array.type == ElementType::f32) {
      const std::string name = array.name;
      out.push_back({text("a copy of ", name), [name](const BufferSpec& o, const HostArrays& in) {
                       return copied(in.f32.at(name), o.shape);
                     }});
      out.push_back(
          {text("the mean of the rows of ", name), [name](const BufferSpec& o, const HostArrays& in) {
             return mean_rows(in.f32.at(name), o.shape);
           }});
    }
  }
  return out;
}

// Some case of the check tells the trivial output from the truth; or none of them has one.
bool is_caught(const Exercise& exercise, Plan& plan, const PlannedCheck& check, const std::string& output,
               const Trivial& trivial) {
  bool formed = false;
  for (const std::size_t index : check.inputs) {
    PlannedInput& p = *plan.inputs[index];
    for (const BufferSpec& spec : exercise.buffers(p.shape)) {
      if (spec.name != output) {
        continue;
      }
      JudgedOutput o;
      o.spec = spec;
      o.truth = &p.truth(exercise).at(output);
      const auto scale = p.magnitude(exercise).find(output);
      o.scale = scale == p.magnitude(exercise).end() ? o.truth : &scale->second;
      o.got = trivial.of(spec, p.inputs(exercise));
      if (o.got.size() != o.truth->size()) {
        return true;
      }
      formed = true;
      if (error_of(o, kSignal * tolerance_of(*check.spec, p.input, true)).rule != Rule::none) {
        return true;
      }
    }
  }
  return !formed;
}

}  // namespace

std::vector<std::string> vacuous_checks(const Exercise& exercise, const Manifest& manifest) {
  std::vector<std::string> problems;
  Plan plan = plan_of(exercise, manifest, {});
  for (const PlannedCheck& check : plan.checks) {
    if (check.spec->kind != CheckKind::values) {
      continue;
    }
    const std::vector<BufferSpec> arrays = exercise.buffers(plan.inputs[check.inputs.front()]->shape);
    const std::vector<Trivial> trivials = trivial_outputs(arrays);
    for (const BufferSpec& array : arrays) {
      for (const Trivial& trivial : trivials) {
        if (array.role == BufferRole::output && !is_caught(exercise, plan, check, array.name, trivial)) {
          problems.push_back(
              text("check '", check.spec->id, "' cannot tell ", array.name, " from ", trivial.name,
                   " by ten tolerances in any of its cases: add a shape or an input that does"));
        }
      }
    }
  }
  return problems;
}

}  // namespace alab::student
