// The registry behind `alab eval` and `alab list algorithms`: named tensors in, named tensors out.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "reference/core/json.hpp"
#include "reference/core/tensor.hpp"

namespace alab {

template <class T>
using NamedTensors = std::map<std::string, Tensor<T>, std::less<>>;

/// A key of a case's "params".
struct AlgorithmParam {
  std::string_view name, doc, default_text;  ///< default_text: what is taken when the key is absent
};

/// One algorithm of the case format. Inputs are files NAME.npy, outputs are written as NAME.npy.
/// The f32 run holds values in f32 and accumulates sums in double, so that it is truth to one rounding per
/// step.
struct Algorithm {
  std::string_view name, doc;
  std::span<const std::string_view> inputs, optional_inputs, outputs;
  std::span<const AlgorithmParam> params;
  std::string_view layout;  ///< shapes by name: "q, k [H, N, dk]; v [H, N, dv]"
  NamedTensors<float> (*run_f32)(const Json& params, const NamedTensors<float>& inputs) = nullptr;
  NamedTensors<double> (*run_f64)(const Json& params, const NamedTensors<double>& inputs) = nullptr;
  std::string_view op = {};  ///< kernel ladder that computes it, or ""
};

/// In the order of the case format.
std::span<const Algorithm> all_algorithms();
/// nullptr when unknown.
const Algorithm* find_algorithm(std::string_view name);

/// Checks names of params and inputs, then runs. T is float or double.
/// @throws Error naming a missing or unknown input, an unknown or ill-typed param, or shapes that disagree
template <class T>
NamedTensors<T> run_algorithm(const Algorithm& algorithm, const Json& params, const NamedTensors<T>& inputs);

}  // namespace alab
