// The list of families and the checks common to all algorithms.
// SPDX-License-Identifier: MIT
#include "reference/algorithms.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "reference/algorithm_families.hpp"

namespace alab {

namespace {

/// "a, b or c".
std::string joined(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += (i == 0 ? "" : (i + 1 == words.size() ? " or " : ", ")) + std::string(words[i]);
  }
  return out.empty() ? "none" : out;
}

template <class T>
const NamedTensors<T>& checked(const Algorithm& algorithm, const Json& params,
                               const NamedTensors<T>& inputs) {
  std::vector<std::string_view> allowed(algorithm.inputs.begin(), algorithm.inputs.end());
  for (const std::string_view name : algorithm.inputs) {
    require(inputs.contains(name), algorithm.name, " needs the input ", name, ": add ", name, ".npy (",
            algorithm.layout, ")");
  }
  allowed.insert(allowed.end(), algorithm.optional_inputs.begin(), algorithm.optional_inputs.end());
  for (const auto& [name, tensor] : inputs) {
    require(std::find(allowed.begin(), allowed.end(), name) != allowed.end(), algorithm.name,
            " has no input ", name, ": it takes ", joined(allowed));
  }
  require(params.is_null() || params.is_object(), "the params of ", algorithm.name,
          " must be a JSON object, got ", params.dump());
  std::vector<std::string_view> keys;
  for (const AlgorithmParam& param : algorithm.params) {
    keys.push_back(param.name);
  }
  for (const auto& item : params.items()) {
    require(std::find(keys.begin(), keys.end(), item.key()) != keys.end(), algorithm.name, " has no param ",
            item.key(), ": it takes ", joined(keys));
  }
  return inputs;
}

}  // namespace

std::span<const Algorithm> all_algorithms() {
  static const std::vector<Algorithm> all = [] {
    std::vector<Algorithm> list;
    for (const auto family : {
             softmax_attention_algorithms(),
             online_softmax_algorithms(),
             linear_attention_algorithms(),
             feature_algorithms(),
             gated_algorithms(),
         }) {
      list.insert(list.end(), family.begin(), family.end());
    }
    return list;
  }();
  return all;
}

const Algorithm* find_algorithm(std::string_view name) {
  const std::span<const Algorithm> all = all_algorithms();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Algorithm& a) { return a.name == name; });
  return found == all.end() ? nullptr : &*found;
}

template <>
NamedTensors<float> run_algorithm(const Algorithm& algorithm, const Json& params,
                                  const NamedTensors<float>& inputs) {
  return algorithm.run_f32(params, checked(algorithm, params, inputs));
}

template <>
NamedTensors<double> run_algorithm(const Algorithm& algorithm, const Json& params,
                                   const NamedTensors<double>& inputs) {
  return algorithm.run_f64(params, checked(algorithm, params, inputs));
}

bool bool_param(const Json& params, std::string_view name, bool otherwise) {
  if (!params.is_object() || !params.contains(name) || params.at(name).is_null()) {
    return otherwise;
  }
  const Json& value = params.at(name);
  require(value.is_boolean(), "the param ", name, " must be true or false, got ", value.dump());
  return value.get<bool>();
}

double number_param(const Json& params, std::string_view name, double otherwise) {
  if (!params.is_object() || !params.contains(name) || params.at(name).is_null()) {
    return otherwise;
  }
  const Json& value = params.at(name);
  require(value.is_number(), "the param ", name, " must be a number, got ", value.dump());
  return value.get<double>();
}

std::string text_param(const Json& params, std::string_view name, std::string_view otherwise) {
  if (!params.is_object() || !params.contains(name) || params.at(name).is_null()) {
    return std::string(otherwise);
  }
  const Json& value = params.at(name);
  require(value.is_string(), "the param ", name, " must be a word, got ", value.dump());
  return value.get<std::string>();
}

double scale_param(const Json& params) {
  const double scale = number_param(params, "scale", 1);
  require(scale != 0 && std::isfinite(scale), "scale ", scale,
          " is not usable: give a finite factor other than 0, or leave it out for 1");
  return scale;
}

void require_number(const Json& params, std::string_view name, std::int64_t expected) {
  const double given = number_param(params, name, static_cast<double>(expected));
  require(given == static_cast<double>(expected), "the param ", name, " is ", given, " but the inputs have ",
          expected, ": make them agree, or leave the param out");
}

}  // namespace alab
