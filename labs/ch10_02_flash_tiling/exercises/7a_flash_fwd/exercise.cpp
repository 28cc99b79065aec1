// Attention forward in tiles: O = softmax(scale Q K^T) V and the logsumexp L of every row.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "kernels/student/attention_inputs.hpp"
#include "kernels/student/exercise.hpp"
#include "reference/softmax_attention.hpp"

namespace alab::student {
namespace {

constexpr Param kHeads = int_param("heads", "heads", "", "Heads, one row of blocks each.", 1, 1, 64);
constexpr Param kTokens = int_param("N", "sequence length", "tokens", "Queries, and keys.", 64, 1, 2048);
constexpr Param kDim = int_param("d", "head dimension", "", "Columns of Q, K, V and O.", 16, 1, 64);
constexpr Param kCausal = int_param("causal", "causal", "", "1: query i sees the keys j <= i.", 0, 0, 1);
constexpr Param kScale =
    real_param("scale", "softmax scale", "", "Factor on the dot products.", 0.25, 1e-6, 16);
constexpr const Param* kParams[] = {&kHeads, &kTokens, &kDim, &kCausal, &kScale};

constexpr std::string_view kKinds[] = {"random",     "zeros", "constant", "ascending",
                                       "descending", "spike", "large"};

double scale_of(const ParamSet& shape) {
  return static_cast<float>(shape.real(kScale));  // what the kernel is given
}

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const Shape rows{shape.integer(kHeads), shape.integer(kTokens)};
  const Shape matrix{rows[0], rows[1], shape.integer(kDim)};
  return {{"Q", matrix},
          {"K", matrix},
          {"V", matrix},
          {"O", matrix, BufferRole::output},
          {"L", rows, BufferRole::output}};
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::int64_t tokens = shape.integer(kTokens);
  QueryKeyValue x = attention_of_kind(kind, shape.integer(kHeads), tokens, tokens, shape.integer(kDim),
                                      scale_of(shape), seed);
  HostArrays out;
  out.f32["Q"] = std::move(x.q);
  out.f32["K"] = std::move(x.k);
  out.f32["V"] = std::move(x.v);
  return out;
}

TruthArrays reference(const ParamSet& shape, const HostArrays& inputs) {
  AttentionOptions options;
  options.causal = shape.integer(kCausal) == 1;
  options.scale = scale_of(shape);
  AttentionOutput<double> out =
      softmax_attention<double>(inputs.f32.at("Q").cast<double>(), inputs.f32.at("K").cast<double>(),
                                inputs.f32.at("V").cast<double>(), options);
  TruthArrays truth;
  truth["O"] = std::move(out.output);
  truth["L"] = std::move(out.logsumexp);
  return truth;
}

// Of L: log of the number of keys and the largest scale sum |q_c k_c|; L itself can be anything near 0.
TruthArrays magnitude(const ParamSet& shape, const HostArrays& inputs) {
  const Tensor<double> q = inputs.f32.at("Q").cast<double>();
  const Tensor<double> k = inputs.f32.at("K").cast<double>();
  Tensor<double> size({q.extent(0), q.extent(1)});
  for (std::int64_t h = 0; h < q.extent(0); ++h) {
    for (std::int64_t i = 0; i < q.extent(1); ++i) {
      const std::int64_t keys = shape.integer(kCausal) == 1 ? i + 1 : q.extent(1);
      for (std::int64_t j = 0; j < keys; ++j) {
        double score = 0;
        for (std::int64_t c = 0; c < q.extent(2); ++c) {
          score += std::abs(q(h, i, c) * k(h, j, c));
        }
        size(h, i) = std::max(size(h, i), scale_of(shape) * score);
      }
      size(h, i) += std::log(static_cast<double>(keys));
    }
  }
  return {{"L", std::move(size)}};
}

}  // namespace

extern const Exercise exercise_7a_flash_fwd;
const Exercise exercise_7a_flash_fwd{.id = "7a_flash_fwd",
                                     .params = kParams,
                                     .input_kinds = kKinds,
                                     .buffers = buffers,
                                     .inputs = inputs,
                                     .reference = reference,
                                     .magnitude = magnitude,
                                     .op = "flash_attention_fwd"};

}  // namespace alab::student
