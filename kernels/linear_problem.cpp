// SPDX-License-Identifier: MIT
#include "kernels/linear_problem.hpp"

#include <cmath>

#include "kernels/attention_problem.hpp"
#include "reference/core/rng.hpp"

namespace alab {

namespace params {
namespace {
constexpr std::string_view kMaps[] = {"identity", "elu1"};
}
const Param long_seq_len =
    int_param("seq_len", "sequence length", "tokens", "Number of tokens N.", 512, 1, 65536, true);
const Param feature_map = choice_param(
    "feature_map", "feature map",
    "phi of queries and keys, applied as they are loaded; identity takes features as they are.", kMaps, 1);
const Param normalize =
    bool_param("normalize", "normalise", "Divides o by phi(q).z, the sum of its weights.", true);
const Param query_scale = real_param("scale", "query scale", "", "Factor on phi(q); cancels when normalised.",
                                     1, 0.0009765625, 16, true);
const Param pass_state =
    bool_param("pass_state", "state in and out",
               "Starts from the state S0 (and z0) and writes the last one; off: starts from 0.", false);
const Param chunk =
    int_param("chunk", "chunk size", "tokens", "Tokens per chunk C: 16, 32 or 64.", 64, 16, 64, true);
}  // namespace params

namespace {

constexpr std::int64_t kEarlierTokens = 8;  // whose sum is S0

bool flag_or(const ParamSet& problem, const Param& param, bool otherwise) {
  return problem.has(param) ? problem.flag(param) : otherwise;
}

Tensor<float> normal(const Shape& shape, Rng& rng) {
  Tensor<float> out(shape);
  for (float& x : out.span()) {
    x = static_cast<float>(rng.normal());
  }
  return out;
}

// S0 = sum phi(k)^T v and z0 = sum phi(k) over a few tokens: what a first half would hand on.
void add_state(HostArrays& arrays, const LinearProblem& p, std::uint64_t seed) {
  Rng rng(seed ^ 0x7330U);
  const Tensor<float> k = feature_mapped<float>(normal({p.heads, kEarlierTokens, p.head_dim}, rng), p.elu1);
  const Tensor<float> v = normal({p.heads, kEarlierTokens, p.head_dim_v}, rng);
  Tensor<float> s({p.heads, p.head_dim, p.head_dim_v});
  Tensor<float> z({p.heads, p.head_dim});
  for (std::int64_t h = 0; h < p.heads; ++h) {
    for (std::int64_t t = 0; t < kEarlierTokens; ++t) {
      for (std::int64_t c = 0; c < p.head_dim; ++c) {
        z(h, c) += k(h, t, c);
        for (std::int64_t col = 0; col < p.head_dim_v; ++col) {
          s(h, c, col) += k(h, t, c) * v(h, t, col);
        }
      }
    }
  }
  arrays.f32["S0"] = std::move(s);
  arrays.f32["z0"] = std::move(z);
}

}  // namespace

LinearProblem linear_problem(const ParamSet& problem) {
  LinearProblem p;
  p.heads = problem.integer(params::heads);
  p.seq_len = problem.find("seq_len") != nullptr ? problem.integer(params::long_seq_len) : 1;
  p.head_dim = problem.integer(params::head_dim);
  p.head_dim_v = problem.integer(params::head_dim_v);
  p.head_dim_v = p.head_dim_v == 0 ? p.head_dim : p.head_dim_v;
  p.scale = problem.real(params::query_scale);
  p.elu1 = problem.has(params::feature_map) && problem.choice(params::feature_map) == 1;
  p.normalize = flag_or(problem, params::normalize, false);
  p.pass_state = flag_or(problem, params::pass_state, false);
  return p;
}

template <class T>
Tensor<T> feature_mapped(const Tensor<float>& x, bool elu1) {
  Tensor<T> out = x.cast<T>();
  if (elu1) {
    for (T& value : out.span()) {
      value = value > 0 ? value + 1 : std::exp(value);
    }
  }
  return out;
}
template Tensor<float> feature_mapped<float>(const Tensor<float>&, bool);
template Tensor<double> feature_mapped<double>(const Tensor<float>&, bool);

HostArrays linear_inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  const auto seed = static_cast<std::uint64_t>(problem.integer(params::seed));
  return linear_inputs(linear_problem(problem), seed, source, progress);
}

HostArrays linear_inputs(const LinearProblem& p, std::uint64_t seed, const InputSource& source,
                         const Progress& progress) {
  InputRequest request;
  request.heads = p.heads;
  request.seq_len = p.seq_len;
  request.head_dim = p.head_dim;
  request.head_dim_v = p.head_dim_v;
  request.seed = seed;
  AttentionInput in = fitting_input(source, request, progress);
  HostArrays out;
  out.f32["q"] = std::move(in.query);
  out.f32["k"] = std::move(in.key);
  out.f32["v"] = std::move(in.value);
  if (p.pass_state) {
    add_state(out, p, seed);
  }
  return out;
}

std::vector<BufferSpec> linear_input_buffers(const LinearProblem& p, bool with_normalizer) {
  std::vector<BufferSpec> out{{"q", {p.heads, p.seq_len, p.head_dim}},
                              {"k", {p.heads, p.seq_len, p.head_dim}},
                              {"v", {p.heads, p.seq_len, p.head_dim_v}}};
  if (p.pass_state) {
    out.push_back({"S0", {p.heads, p.head_dim, p.head_dim_v}});
    if (with_normalizer) {
      out.push_back({"z0", {p.heads, p.head_dim}});
    }
  }
  return out;
}

}  // namespace alab
