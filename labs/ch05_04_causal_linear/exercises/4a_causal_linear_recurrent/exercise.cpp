// Exercise 4A: causal linear attention, token by token.
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
constexpr Param kEps = real_param("eps", "eps", "", "Added to the denominator.", 1e-6, 1e-12, 100);
const Param* const kParams[] = {&kTokens, &kFeatures, &kColumns, &kHeads, &kEps};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t H = shape.integer(kHeads), N = shape.integer(kTokens), m = shape.integer(kFeatures),
                     dv = shape.integer(kColumns);
  return {{"PhiQ", {H, N, m}}, {"PhiK", {H, N, m}}, {"V", {H, N, dv}}, {"O", {H, N, dv}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::vector<BufferSpec> arrays = buffers(shape);
  Rng rng(seed);
  HostArrays out;
  out.f32["PhiQ"] = feature_rows(arrays[0].shape, kind, rng);
  out.f32["PhiK"] = key_rows(arrays[1].shape, kind, rng);
  out.f32["V"] = value_rows(arrays[2].shape, kind, rng);
  return out;
}

TruthArrays reference(const ParamSet& shape, const HostArrays& inputs) {
  const LinearAttentionProblem<double> problem{inputs.f32.at("PhiQ").cast<double>(),
                                               inputs.f32.at("PhiK").cast<double>(),
                                               inputs.f32.at("V").cast<double>()};
  LinearAttentionOptions options;
  options.eps = static_cast<float>(shape.real(kEps));  // what the kernel is given
  TruthArrays truth;
  truth["O"] = linear_attention_recurrent<double>(problem, options).output;
  return truth;
}

}  // namespace

extern const Exercise exercise_4a_causal_linear_recurrent;
const Exercise exercise_4a_causal_linear_recurrent{.id = "4a_causal_linear_recurrent",
                                                   .params = kParams,
                                                   .input_kinds = kFeatureInputKinds,
                                                   .buffers = buffers,
                                                   .inputs = inputs,
                                                   .reference = reference,
                                                   .op = "causal_linear"};

}  // namespace alab::student
