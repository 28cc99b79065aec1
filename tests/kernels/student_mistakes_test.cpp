// Known mistakes and solutions of the exercises, as built in. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>

#include "kernels/student/mistake.hpp"
#include "kernels/student/run_case.hpp"
#include "reference/core/error.hpp"

using namespace alab;
using namespace alab::student;

namespace {

Case default_case(const Exercise& exercise) {
  Case c;
  c.shape = ParamSet(exercise.params);
  return c;
}

double relative_error(const Tensor<float>& got, const Tensor<double>& truth) {
  double difference = 0, size = 0;
  for (std::int64_t i = 0; i < truth.size(); ++i) {
    difference += std::pow(static_cast<double>(got[i]) - truth[i], 2);
    size += truth[i] * truth[i];
  }
  return std::sqrt(difference) / std::sqrt(size);
}

}  // namespace

TEST_CASE("every exercise's solution is built in, and its outputs are right at the default shape") {
  for (const Exercise* exercise : all_exercises()) {
    CAPTURE(exercise->id);
    const Case c = default_case(*exercise);
    const HostArrays inputs = exercise->inputs(c.shape, c.input, c.seed);
    const auto outputs = outputs_of_mistake(*exercise, "solution.cu", c, inputs, {});
    REQUIRE(outputs.has_value());
    for (const auto& [name, truth] : exercise->reference(c.shape, inputs)) {
      CAPTURE(name);
      if (const auto f32 = outputs->f32.find(name); f32 != outputs->f32.end()) {
        CHECK(relative_error(f32->second, truth) <= 5e-5);
      } else {
        CHECK(outputs->i32.contains(name));
      }
    }
    CHECK_FALSE(outputs_of_mistake(*exercise, "wrong/of_nobody.cu", c, inputs, {}).has_value());
  }
}
