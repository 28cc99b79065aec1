// Attention backward in tiles: dQ, dK, dV from dO, with P = e^(scale Q K^T - L) and D = rowsum(O dO).
// SPDX-License-Identifier: MIT
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
constexpr std::string_view kZeroed[] = {"dQ"};

double scale_of(const ParamSet& shape) {
  return static_cast<float>(shape.real(kScale));  // what the kernel is given
}

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const Shape rows{shape.integer(kHeads), shape.integer(kTokens)};
  const Shape matrix{rows[0], rows[1], shape.integer(kDim)};
  const BufferRole out = BufferRole::output;
  return {{"Q", matrix}, {"K", matrix},    {"V", matrix},       {"O", matrix},       {"dO", matrix},
          {"L", rows},   {"D", rows, out}, {"dQ", matrix, out}, {"dK", matrix, out}, {"dV", matrix, out}};
}

// O and L are the forward pass in double, rounded once.
HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::int64_t tokens = shape.integer(kTokens);
  QueryKeyValue x = attention_of_kind(kind, shape.integer(kHeads), tokens, tokens, shape.integer(kDim),
                                      scale_of(shape), seed);
  AttentionOptions options;
  options.causal = shape.integer(kCausal) == 1;
  options.scale = scale_of(shape);
  const AttentionOutput<double> forward =
      softmax_attention<double>(x.q.cast<double>(), x.k.cast<double>(), x.v.cast<double>(), options);
  Rng rng(seed ^ 0x646fU);
  HostArrays out;
  out.f32["dO"] = kind == "zeros" ? Tensor<float>(x.v.shape()) : normals(x.v.shape(), rng);
  out.f32["O"] = forward.output.cast<float>();
  out.f32["L"] = forward.logsumexp.cast<float>();
  out.f32["Q"] = std::move(x.q);
  out.f32["K"] = std::move(x.k);
  out.f32["V"] = std::move(x.v);
  return out;
}

double dot(const Tensor<double>& a, std::int64_t i, const Tensor<double>& b, std::int64_t j, std::int64_t h) {
  double sum = 0;
  for (std::int64_t c = 0; c < a.extent(2); ++c) {
    sum += a(h, i, c) * b(h, j, c);
  }
  return sum;
}

struct Gradients {
  Tensor<double> dq, dk, dv, row_term;
};

struct Arrays {
  Tensor<double> q, k, v, o, d_o, l;
};

Arrays arrays_of(const HostArrays& inputs) {
  const auto wide = [&](std::string_view name) { return inputs.f32.find(name)->second.cast<double>(); };
  return {wide("Q"), wide("K"), wide("V"), wide("O"), wide("dO"), wide("L")};
}

// sign = -1: dS = P (dP - D). sign = 1: P (dP + D), which with absolute values bounds what rounding can do.
Gradients backward(const ParamSet& shape, const Arrays& x, const Tensor<double>& weights, double sign) {
  const std::int64_t tokens = x.q.extent(1);
  Gradients g{Tensor<double>(x.q.shape()), Tensor<double>(x.q.shape()), Tensor<double>(x.q.shape()),
              Tensor<double>({x.q.extent(0), tokens})};
  for (std::int64_t h = 0; h < x.q.extent(0); ++h) {
    for (std::int64_t i = 0; i < tokens; ++i) {
      g.row_term(h, i) = dot(x.o, i, x.d_o, i, h);
      for (std::int64_t j = 0; j < tokens; ++j) {
        const double p = weights(h, i, j);
        const double ds = p * (dot(x.d_o, i, x.v, j, h) + sign * g.row_term(h, i));
        for (std::int64_t c = 0; c < x.q.extent(2); ++c) {
          g.dv(h, j, c) += p * x.d_o(h, i, c);
          g.dk(h, j, c) += scale_of(shape) * ds * x.q(h, i, c);
          g.dq(h, i, c) += scale_of(shape) * ds * x.k(h, j, c);
        }
      }
    }
  }
  return g;
}

// P [heads, N, N] = e^(scale q k - L), 0 where the causal mask hides the key.
Tensor<double> weights_of(const ParamSet& shape, const Arrays& x) {
  const std::int64_t tokens = x.q.extent(1);
  Tensor<double> p({x.q.extent(0), tokens, tokens});
  for (std::int64_t h = 0; h < x.q.extent(0); ++h) {
    for (std::int64_t i = 0; i < tokens; ++i) {
      const std::int64_t keys = shape.integer(kCausal) == 1 ? i + 1 : tokens;
      for (std::int64_t j = 0; j < keys; ++j) {
        p(h, i, j) = std::exp(scale_of(shape) * dot(x.q, i, x.k, j, h) - x.l(h, i));
      }
    }
  }
  return p;
}

TruthArrays named(Gradients g) {
  TruthArrays out;
  out["D"] = std::move(g.row_term);
  out["dQ"] = std::move(g.dq);
  out["dK"] = std::move(g.dk);
  out["dV"] = std::move(g.dv);
  return out;
}

TruthArrays reference(const ParamSet& shape, const HostArrays& inputs) {
  const Arrays x = arrays_of(inputs);
  return named(backward(shape, x, weights_of(shape, x), -1));
}

// The same sums with absolute values: dP - D cancels exactly where a row sees a single key.
TruthArrays magnitude(const ParamSet& shape, const HostArrays& inputs) {
  Arrays x = arrays_of(inputs);
  const Tensor<double> weights = weights_of(shape, x);
  for (Tensor<double>* array : {&x.q, &x.k, &x.v, &x.o, &x.d_o}) {
    for (double& value : array->span()) {
      value = std::abs(value);
    }
  }
  return named(backward(shape, x, weights, 1));
}

}  // namespace

extern const Exercise exercise_7b_flash_bwd;
const Exercise exercise_7b_flash_bwd{.id = "7b_flash_bwd",
                                     .params = kParams,
                                     .input_kinds = kKinds,
                                     .buffers = buffers,
                                     .inputs = inputs,
                                     .reference = reference,
                                     .magnitude = magnitude,
                                     .zeroed = kZeroed,
                                     .op = "flash_attention_bwd"};

}  // namespace alab::student
