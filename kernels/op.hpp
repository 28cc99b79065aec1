// An op is a folder: what is computed, the shapes every rung is held to, and the reference that judges them.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/inputs.hpp"
#include "reference/core/param.hpp"
#include "reference/core/tensor.hpp"

namespace alab {

enum class BufferRole { input, output };
enum class ElementType { f32, i32 };

/// One array that a rung reads or writes, by the name it has in the op's equation.
struct BufferSpec {
  std::string name;
  Shape shape;
  BufferRole role = BufferRole::input;
  ElementType type = ElementType::f32;
};

/// Host arrays by name.
struct HostArrays {
  std::map<std::string, Tensor<float>, std::less<>> f32;
  std::map<std::string, Tensor<std::int32_t>, std::less<>> i32;
};
/// The truth, in double, computed from the same rounded inputs. Indices are held as doubles.
using TruthArrays = std::map<std::string, Tensor<double>, std::less<>>;

/// The least any algorithm must do (compulsory traffic) and the arithmetic as the field counts it.
struct Cost {
  double flops = 0;
  double compulsory_bytes = 0;
};

struct Op {
  std::string_view id, title, doc;
  ParamList params;                          ///< the problem: seq_len, head_dim, causal, ...
  std::span<const std::string_view> shapes;  ///< assignments every rung must pass: "seq_len=129 causal=true"
  std::vector<BufferSpec> (*buffers)(const ParamSet& problem);
  /// Fills the inputs from an input source ("normal" in tests); deterministic in the problem's seed.
  HostArrays (*inputs)(const ParamSet& problem, const InputSource& source, const Progress& progress);
  TruthArrays (*reference)(const ParamSet& problem, const HostArrays& inputs);
  /// The same outputs by the plain form in f32: what derived_tolerance is measured on.
  HostArrays (*plain)(const ParamSet& problem, const HostArrays& inputs);
  Cost (*cost)(const ParamSet& problem);
};

}  // namespace alab
