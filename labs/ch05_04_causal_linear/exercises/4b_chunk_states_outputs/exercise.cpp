// Exercise 4B: causal linear attention in chunks, the states between them written to memory first.
// SPDX-License-Identifier: MIT
#include "kernels/student/exercise.hpp"
#include "labs/ch05_04_causal_linear/exercises/feature_inputs.hpp"
#include "reference/linear_attention.hpp"

namespace alab::student {
namespace {

constexpr Param kTokens = int_param("N", "tokens", "tokens", "Length of the sequence.", 37, 1, 4096);
constexpr Param kFeatures = int_param("m", "features", "elements", "Width of a feature row.", 12, 1, 64);
constexpr Param kColumns = int_param("dv", "value columns", "elements", "Width of a value row.", 20, 1, 64);
constexpr Param kHeads =
    int_param("heads", "heads", "heads", "Sequences that know nothing of each other.", 1, 1, 64);
constexpr Param kChunk =
    int_param("C", "chunk", "tokens", "Tokens per chunk; the last one may be short.", 16, 1, 64);
const Param* const kParams[] = {&kTokens, &kFeatures, &kColumns, &kHeads, &kChunk};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t H = shape.integer(kHeads), N = shape.integer(kTokens), m = shape.integer(kFeatures),
                     dv = shape.integer(kColumns), C = shape.integer(kChunk);
  return {{"PhiQ", {H, N, m}},
          {"PhiK", {H, N, m}},
          {"V", {H, N, dv}},
          {"S", {H, (N + C - 1) / C, m, dv}, BufferRole::output},
          {"O", {H, N, dv}, BufferRole::output}};
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

// The state before token t, for every t that begins a chunk.
Tensor<double> states(const ParamSet& shape, const LinearAttentionProblem<double>& in) {
  const std::int64_t N = shape.integer(kTokens), m = shape.integer(kFeatures), dv = shape.integer(kColumns),
                     C = shape.integer(kChunk);
  const std::int64_t chunks = (N + C - 1) / C;
  Tensor<double> out({shape.integer(kHeads), chunks, m, dv});
  for (std::int64_t h = 0; h < shape.integer(kHeads); ++h) {
    for (std::int64_t n = 1; n < chunks; ++n) {
      for (std::int64_t a = 0; a < m; ++a) {
        for (std::int64_t c = 0; c < dv; ++c) {
          double sum = 0;
          for (std::int64_t j = 0; j < n * C; ++j) {
            sum += in.key(h, j, a) * in.value(h, j, c);
          }
          out[((h * chunks + n) * m + a) * dv + c] = sum;
        }
      }
    }
  }
  return out;
}

TruthArrays reference(const ParamSet& shape, const HostArrays& inputs) {
  const LinearAttentionProblem<double> problem{inputs.f32.at("PhiQ").cast<double>(),
                                               inputs.f32.at("PhiK").cast<double>(),
                                               inputs.f32.at("V").cast<double>()};
  LinearAttentionOptions options;
  options.normalize = false;
  TruthArrays truth;
  truth["S"] = states(shape, problem);
  truth["O"] = linear_attention_recurrent<double>(problem, options).output;
  return truth;
}

}  // namespace

extern const Exercise exercise_4b_chunk_states_outputs;
const Exercise exercise_4b_chunk_states_outputs{.id = "4b_chunk_states_outputs",
                                                .params = kParams,
                                                .input_kinds = kFeatureInputKinds,
                                                .buffers = buffers,
                                                .inputs = inputs,
                                                .reference = reference,
                                                .op = "causal_linear"};

}  // namespace alab::student
