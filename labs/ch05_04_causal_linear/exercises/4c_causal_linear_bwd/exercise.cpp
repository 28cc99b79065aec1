// Exercise 4C: gradients of causal linear attention by a forward and a reverse scan.
// SPDX-License-Identifier: MIT
#include "kernels/student/exercise.hpp"
#include "labs/ch05_04_causal_linear/exercises/feature_inputs.hpp"
#include "reference/linear_attention.hpp"

namespace alab::student {
namespace {

constexpr Param kTokens = int_param("N", "tokens", "tokens", "Length of the sequence.", 37, 1, 4096);
constexpr Param kFeatures = int_param("m", "features", "elements", "Width of a feature row.", 12, 1, 64);
constexpr Param kColumns = int_param("dv", "value columns", "elements", "Width of a value row.", 20, 1, 64);
constexpr Param kHeads = int_param("heads", "heads", "heads", "Blocks of the launch.", 1, 1, 64);
const Param* const kParams[] = {&kTokens, &kFeatures, &kColumns, &kHeads};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t H = shape.integer(kHeads), N = shape.integer(kTokens), m = shape.integer(kFeatures),
                     dv = shape.integer(kColumns);
  return {{"PhiQ", {H, N, m}},
          {"PhiK", {H, N, m}},
          {"V", {H, N, dv}},
          {"G", {H, N, dv}},
          {"dQ", {H, N, m}, BufferRole::output},
          {"dK", {H, N, m}, BufferRole::output},
          {"dV", {H, N, dv}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::vector<BufferSpec> arrays = buffers(shape);
  Rng rng(seed);
  HostArrays out;
  out.f32["PhiQ"] = feature_rows(arrays[0].shape, kind, rng);
  out.f32["PhiK"] = key_rows(arrays[1].shape, kind, rng);
  out.f32["V"] = value_rows(arrays[2].shape, kind, rng);
  out.f32["G"] = value_rows(arrays[3].shape, kind, rng);
  return out;
}

TruthArrays gradients(const LinearAttentionProblem<double>& problem, const Tensor<double>& d_output) {
  LinearAttentionOptions options;
  options.normalize = false;
  LinearAttentionGradients<double> out = linear_attention_backward<double>(problem, d_output, options);
  TruthArrays arrays;
  arrays["dQ"] = std::move(out.dq);
  arrays["dK"] = std::move(out.dk);
  arrays["dV"] = std::move(out.dv);
  return arrays;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  return gradients({inputs.f32.at("PhiQ").cast<double>(), inputs.f32.at("PhiK").cast<double>(),
                    inputs.f32.at("V").cast<double>()},
                   inputs.f32.at("G").cast<double>());
}

// G and V have any sign: at N = 1 dQ = (G.V) k, and G.V may be as near to 0 as it likes.
TruthArrays magnitude(const ParamSet&, const HostArrays& inputs) {
  return gradients(
      {absolute(inputs.f32.at("PhiQ")), absolute(inputs.f32.at("PhiK")), absolute(inputs.f32.at("V"))},
      absolute(inputs.f32.at("G")));
}

}  // namespace

extern const Exercise exercise_4c_causal_linear_bwd;
const Exercise exercise_4c_causal_linear_bwd{.id = "4c_causal_linear_bwd",
                                             .params = kParams,
                                             .input_kinds = kFeatureInputKinds,
                                             .buffers = buffers,
                                             .inputs = inputs,
                                             .reference = reference,
                                             .magnitude = magnitude,
                                             .op = "causal_linear_bwd"};

}  // namespace alab::student
