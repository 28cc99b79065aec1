// The families of algorithms of the case format, one function each, and how they read their params.
// SPDX-License-Identifier: MIT
#pragma once

#include "reference/algorithms.hpp"

namespace alab {

std::span<const Algorithm> softmax_attention_algorithms();  ///< softmax_attention, softmax_attention_backward
std::span<const Algorithm> online_softmax_algorithms();     ///< online_softmax, online_softmax_merge
std::span<const Algorithm> linear_attention_algorithms();   ///< linear_attention, linear_attention_backward
std::span<const Algorithm> feature_algorithms();            ///< feature_maps, favor_plus, rfa
std::span<const Algorithm> gated_algorithms();              ///< gla, first_order_scan

/// A param, or `otherwise` when it is absent or null; Error when it has another type.
bool bool_param(const Json& params, std::string_view name, bool otherwise);
double number_param(const Json& params, std::string_view name, double otherwise);
std::string text_param(const Json& params, std::string_view name, std::string_view otherwise);
/// The factor on the queries, 1 when absent. Error unless it is finite and not 0.
double scale_param(const Json& params);
/// Error unless the param, when given, is the number that the inputs say: M rows of W, d columns of x.
void require_number(const Json& params, std::string_view name, std::int64_t expected);

/// An input that may be missing: empty then.
template <class T>
Tensor<T> optional_input(const NamedTensors<T>& inputs, std::string_view name) {
  const auto found = inputs.find(name);
  return found == inputs.end() ? Tensor<T>() : found->second;
}
/// The f32 run of an algorithm whose f64 run is Run64: values in f32 at input and output, double between
/// them.
template <NamedTensors<double> (*Run64)(const Json&, const NamedTensors<double>&)>
NamedTensors<float> run_in_double(const Json& params, const NamedTensors<float>& inputs) {
  NamedTensors<double> wide;
  for (const auto& [name, tensor] : inputs) {
    wide.emplace(name, tensor.template cast<double>());
  }
  NamedTensors<float> out;
  for (const auto& [name, tensor] : Run64(params, wide)) {
    out.emplace(name, tensor.template cast<float>());
  }
  return out;
}

}  // namespace alab
