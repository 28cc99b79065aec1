// One token of generation by softmax attention: o = softmax(scale q K^T) V over the t rows of a cache.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/decode_problem.hpp"
#include "reference/softmax_attention.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::context, &params::capacity, &params::head_dim, &params::head_dim_v,
                                &params::heads,   &params::scale,    &params::seed};

constexpr std::string_view kShapes[] = {
    "context=1 head_dim=16 capacity=4",
    "context=7 head_dim=16 head_dim_v=24 heads=2",
    "context=63 head_dim=40 head_dim_v=20 heads=2 capacity=64",
    "context=65 head_dim=64 heads=3 scale=4 capacity=100",
    "context=129 head_dim=37 head_dim_v=19 heads=2 capacity=200",
    "context=129 head_dim=128 head_dim_v=64",
    "context=1000 head_dim=64 heads=4 capacity=1024",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const DecodeProblem p = decode_problem(problem);
  return {{"q", {p.heads, p.head_dim}},
          {"k_cache", {p.heads, p.capacity, p.head_dim}},
          {"v_cache", {p.heads, p.capacity, p.head_dim_v}},
          {"o", {p.heads, p.head_dim_v}, BufferRole::output}};
}

// The first rows of every head, with or without NaN in the rest.
Tensor<float> resized(const Tensor<float>& x, std::int64_t rows, std::int64_t kept) {
  Tensor<float> out({x.extent(0), rows, x.extent(2)});
  std::fill(out.span().begin(), out.span().end(), std::numeric_limits<float>::quiet_NaN());
  for (std::int64_t h = 0; h < x.extent(0); ++h) {
    std::copy_n(x.data() + h * x.extent(1) * x.extent(2), kept * x.extent(2),
                out.data() + h * rows * x.extent(2));
  }
  return out;
}

HostArrays inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  const DecodeProblem p = decode_problem(problem);
  InputRequest request;
  request.heads = p.heads;
  request.seq_len = p.context;
  request.head_dim = p.head_dim;
  request.head_dim_v = p.head_dim_v;
  request.seed = static_cast<std::uint64_t>(problem.integer(params::seed));
  const AttentionInput in = fitting_input(source, request, progress);
  HostArrays out;
  Tensor<float> q({p.heads, p.head_dim});
  for (std::int64_t h = 0; h < p.heads; ++h) {
    for (std::int64_t c = 0; c < p.head_dim; ++c) {
      q(h, c) = in.query(h, p.context - 1, c);
    }
  }
  out.f32["q"] = std::move(q);
  out.f32["k_cache"] = resized(in.key, p.capacity, p.context);
  out.f32["v_cache"] = resized(in.value, p.capacity, p.context);
  return out;
}

TruthArrays reference(const ParamSet& problem, const HostArrays& inputs) {
  const DecodeProblem p = decode_problem(problem);
  const Tensor<double> q({p.heads, 1, p.head_dim},
                         {inputs.f32.at("q").span().begin(), inputs.f32.at("q").span().end()});
  AttentionOptions options;
  options.scale = static_cast<float>(p.scale);  // what the kernels are given
  AttentionOutput<double> out = softmax_attention<double>(
      q, resized(inputs.f32.at("k_cache"), p.context, p.context).cast<double>(),
      resized(inputs.f32.at("v_cache"), p.context, p.context).cast<double>(), options);
  TruthArrays truth;
  truth["o"] = Tensor<double>({p.heads, p.head_dim_v}, {out.output.span().begin(), out.output.span().end()});
  return truth;
}

// Every sum one term after the other.
HostArrays plain(const ParamSet& problem, const HostArrays& inputs) {
  const DecodeProblem p = decode_problem(problem);
  const Tensor<float>& q = inputs.f32.at("q");
  const Tensor<float>& k = inputs.f32.at("k_cache");
  const Tensor<float>& v = inputs.f32.at("v_cache");
  const auto scale = static_cast<float>(p.scale);
  Tensor<float> o({p.heads, p.head_dim_v});
  std::vector<float> s(static_cast<std::size_t>(p.context));
  for (std::int64_t h = 0; h < p.heads; ++h) {
    for (std::int64_t j = 0; j < p.context; ++j) {
      float sum = 0;
      for (std::int64_t c = 0; c < p.head_dim; ++c) {
        sum += q(h, c) * k(h, j, c);
      }
      s[static_cast<std::size_t>(j)] = scale * sum;
    }
    const float largest = *std::max_element(s.begin(), s.end());
    float total = 0;
    for (std::int64_t j = 0; j < p.context; ++j) {
      const float weight = std::exp(s[static_cast<std::size_t>(j)] - largest);
      total += weight;
      for (std::int64_t c = 0; c < p.head_dim_v; ++c) {
        o(h, c) += weight * v(h, j, c);
      }
    }
    for (std::int64_t c = 0; c < p.head_dim_v; ++c) {
      o(h, c) /= total;
    }
  }
  HostArrays arrays;
  arrays.f32["o"] = std::move(o);
  return arrays;
}

// 2 t (K + V) flops, and the cache read once: 2 t d elements.
Cost cost(const ParamSet& problem) {
  const DecodeProblem p = decode_problem(problem);
  const auto width = static_cast<double>(p.head_dim + p.head_dim_v);
  const auto H = static_cast<double>(p.heads);
  return {2 * H * static_cast<double>(p.context) * width,
          4 * H * (static_cast<double>(p.context) + 1) * width};
}

}  // namespace

extern const Op op_decode_step_softmax;
const Op op_decode_step_softmax{
    "decode_step_softmax",
    "One token with a key-value cache",
    "o = softmax(scale q K^T) V over the first t rows of the cache, per head; the rows behind them hold NaN.",
    kParams,
    kShapes,
    buffers,
    inputs,
    reference,
    plain,
    cost};

}  // namespace alab
