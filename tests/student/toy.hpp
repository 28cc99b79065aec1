// A small exercise: Y = scale X, row by row. SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "kernels/student/judge.hpp"
#include "reference/core/error.hpp"

namespace alab::student::toy {

inline const Param kN = int_param("N", "rows", "rows", "rows of a head", 8, 1, 128);
inline const Param kD = int_param("d", "columns", "elements", "columns", 4, 1, 64);
inline const Param kHeads = int_param("heads", "heads", "", "heads", 2, 1, 4);
inline const Param kScale = real_param("scale", "scale", "", "the factor", 0.5, 1e-3, 1e3);
inline constexpr std::array<const Param*, 4> kParams{&kN, &kD, &kHeads, &kScale};
inline constexpr std::array<std::string_view, 3> kKinds{"random", "zeros", "large"};

inline Shape shape_of(const ParamSet& p) {
  return {p.integer(kHeads), p.integer(kN), p.integer(kD)};
}

inline std::vector<BufferSpec> buffers(const ParamSet& p) {
  return {{"X", shape_of(p)}, {"Y", shape_of(p), BufferRole::output}};
}

inline HostArrays inputs(const ParamSet& p, std::string_view kind, std::uint64_t seed) {
  HostArrays out;
  Tensor<float> x(shape_of(p));
  std::uint64_t state = seed * 2654435761u + 12345;
  for (float& v : x.span()) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    v = kind == "zeros" ? 0.0f : static_cast<float>(state >> 40) / 16777216.0f - 0.3f;
  }
  out.f32.emplace("X", std::move(x));
  return out;
}

inline TruthArrays reference(const ParamSet& p, const HostArrays& in) {
  Tensor<double> y = in.f32.at("X").cast<double>();
  for (double& v : y.span()) {
    v *= p.real(kScale);
  }
  TruthArrays out;
  out.emplace("Y", std::move(y));
  return out;
}

inline const Exercise kExercise{"0a_scale_rows", kParams, kKinds, buffers, inputs, reference};

inline constexpr std::string_view kManifest = R"toml(title = "Rows, scaled"
signature = ["__global__ void scale_rows(const float* X, float* Y, int N, int d, float scale)"]
geometry = "One block per row"
arrays = "X, Y [heads][N][d]"
statement = "Write $scale\\,X$ to Y."

[[check]]
id = "values"
title = "Every element"
kind = "values"
points = 4
shapes = ["N=9 d=5", "N=33 d=4 scale=2"]
inputs = ["random", "zeros"]

[[check]]
id = "secret"
title = "Other numbers"
kind = "values"
points = 2
visibility = "hidden"
shapes = ["N=17 d=3"]

[[check]]
id = "traffic"
title = "One load, one store"
kind = "count"
points = 2
shapes = ["N=9 d=5"]
require = ["loads == heads*N*d", "stores <= heads*N*d"]
why = "An element is read once."

[[check]]
id = "growth"
title = "Work that grows with N"
kind = "growth"
points = 1
counter = "loads + stores"
param = "N"
shapes = ["N=16 d=4"]
most = 2.2

[[check]]
id = "memory"
title = "Clean"
kind = "clean"
points = 1

[[wrong]]
file = "twice.cu"
mistake = "applies the scale twice"
fails = "values"
verdict = "applies the scale twice"

[[wrong]]
file = "no_test.cu"
mistake = "lets threads beyond N write"
fails = "memory"
verdict = "outside"
compare = false
)toml";

inline Manifest manifest() {
  return read_manifest(kExercise, kManifest, "checks.toml");
}

inline bool says(std::string_view sentence, std::string_view words) {
  return sentence.find(words) != std::string_view::npos;
}

}  // namespace alab::student::toy
