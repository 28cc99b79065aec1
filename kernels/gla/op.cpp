// Gated linear attention forward: S_t = diag(e^{g_t}) S_{t-1} + k_t^T v_t, o_t = scale q_t S_t.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "kernels/gla_problem.hpp"
#include "reference/core/rng.hpp"
#include "reference/gated_linear_attention.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::long_seq_len, &params::head_dim,    &params::head_dim_v,
                                &params::heads,        &params::query_scale, &params::alpha_min,
                                &params::alpha_max,    &params::pass_state,  &params::seed};

// Mild gates for every rung, strong ones for those that survive them; the others say where they end.
constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=16",
    "seq_len=7 head_dim=16 head_dim_v=24 heads=2 pass_state=true",
    "seq_len=63 head_dim=40 head_dim_v=20 heads=2",
    "seq_len=65 head_dim=64 heads=3 scale=0.125 pass_state=true",
    "seq_len=129 head_dim=37 head_dim_v=19 heads=2 alpha_min=0.6 alpha_max=0.9",
    "seq_len=129 head_dim=32 head_dim_v=64 alpha_min=0.1 alpha_max=0.5 pass_state=true",
    "seq_len=131 head_dim=128 alpha_min=0.01 alpha_max=0.1",
    "seq_len=65 head_dim=24 head_dim_v=128 alpha_min=4e-18 alpha_max=4e-18",
    "seq_len=1000 head_dim=64 heads=2 alpha_min=0.99 alpha_max=1",
    "seq_len=1000 head_dim=64 alpha_min=0.93 alpha_max=0.999 pass_state=true",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const LinearProblem p = linear_problem(problem);
  std::vector<BufferSpec> out = linear_input_buffers(p, false);
  out.push_back({"g", {p.heads, p.seq_len, p.head_dim}});
  out.push_back({"o", {p.heads, p.seq_len, p.head_dim_v}, BufferRole::output});
  if (p.pass_state) {
    out.push_back({"S", {p.heads, p.head_dim, p.head_dim_v}, BufferRole::output});
  }
  return out;
}

HostArrays inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  const GlaProblem p = gla_problem(problem);
  const double high = problem.real(params::alpha_max);
  require(p.alpha_min <= high, "alpha_min = ", p.alpha_min, " is over alpha_max = ", high,
          "; lower alpha_min or raise alpha_max");
  HostArrays out = linear_inputs(problem, source, progress);
  out.f32["g"] = uniform_log_decay<float>({p.heads, p.seq_len, p.head_dim}, p.alpha_min, high,
                                          static_cast<std::uint64_t>(problem.integer(params::seed)) ^ 0x67U);
  return out;
}

template <class T>
GatedLinearAttentionProblem<T> arrays_of(const LinearProblem& p, const HostArrays& inputs) {
  GatedLinearAttentionProblem<T> in{inputs.f32.at("q").cast<T>(), inputs.f32.at("k").cast<T>(),
                                    inputs.f32.at("v").cast<T>(), inputs.f32.at("g").cast<T>()};
  if (p.pass_state) {
    in.initial_state = inputs.f32.at("S0").cast<T>();
  }
  return in;
}

GatedOptions options_of(const LinearProblem& p) {
  GatedOptions options;
  options.scale = static_cast<float>(p.scale);  // what the kernels are given
  return options;
}

TruthArrays reference(const ParamSet& problem, const HostArrays& inputs) {
  const LinearProblem p = linear_problem(problem);
  GatedOutput<double> out =
      gated_linear_attention_recurrent<double>(arrays_of<double>(p, inputs), options_of(p));
  TruthArrays truth;
  truth["o"] = std::move(out.output);
  truth["S"] = std::move(out.state);
  return truth;
}

// One head's arrays and sizes.
struct Head {
  const float *q, *k, *v, *g;
  std::int64_t K, V;
  float scale;
};

// o of tokens [first, end) and the state after them, by equation 4 with cumulative logs in single precision.
void plain_chunk(const Head& head, std::int64_t first, std::int64_t end, std::vector<float>& state,
                 float* o) {
  constexpr float kForgotten = -104;  // e^-104 is 0
  const std::int64_t K = head.K;
  const std::int64_t V = head.V;
  std::vector<float> sums(static_cast<std::size_t>((end - first) * K));
  const auto sum = [&](std::int64_t t, std::int64_t c) -> float& {
    return sums[static_cast<std::size_t>((t - first) * K + c)];
  };
  for (std::int64_t t = first; t < end; ++t) {
    for (std::int64_t c = 0; c < K; ++c) {
      sum(t, c) = (t > first ? sum(t - 1, c) : 0) + std::max(head.g[t * K + c], kForgotten);
    }
  }
  for (std::int64_t t = first; t < end; ++t) {
    float* o_row = o + t * V;
    for (std::int64_t c = 0; c < K; ++c) {
      const float q = head.scale * head.q[t * K + c] * std::exp(sum(t, c));
      for (std::int64_t col = 0; col < V; ++col) {
        o_row[col] += q * state[static_cast<std::size_t>(c * V + col)];
      }
    }
    for (std::int64_t j = first; j <= t; ++j) {
      float score = 0;
      for (std::int64_t c = 0; c < K; ++c) {
        score += head.q[t * K + c] * head.k[j * K + c] * std::exp(sum(t, c) - sum(j, c));
      }
      for (std::int64_t col = 0; col < V; ++col) {
        o_row[col] += head.scale * score * head.v[j * V + col];
      }
    }
  }
  for (std::int64_t c = 0; c < K; ++c) {
    float* entries = state.data() + c * V;
    const float decay = std::exp(sum(end - 1, c));
    std::transform(entries, entries + V, entries, [&](float x) { return decay * x; });
    for (std::int64_t j = first; j < end; ++j) {
      const float k = head.k[j * K + c] * std::exp(sum(end - 1, c) - sum(j, c));
      for (std::int64_t col = 0; col < V; ++col) {
        entries[col] += k * head.v[j * V + col];
      }
    }
  }
}

// Log space in chunks of 128, twice the longest of any rung. An exponential of a difference of sums costs
// |sum| 2^-24 whoever forms it well; the recurrence forms none and would bound the other forms too tightly.
HostArrays plain(const ParamSet& problem, const HostArrays& inputs) {
  constexpr std::int64_t kChunk = 128;
  const LinearProblem p = linear_problem(problem);
  Tensor<float> o({p.heads, p.seq_len, p.head_dim_v});
  Tensor<float> states({p.heads, p.head_dim, p.head_dim_v});
  const std::int64_t size = p.head_dim * p.head_dim_v;
  for (std::int64_t h = 0; h < p.heads; ++h) {
    const std::int64_t at = h * p.seq_len;
    const Head head{inputs.f32.at("q").data() + at * p.head_dim,
                    inputs.f32.at("k").data() + at * p.head_dim,
                    inputs.f32.at("v").data() + at * p.head_dim_v,
                    inputs.f32.at("g").data() + at * p.head_dim,
                    p.head_dim,
                    p.head_dim_v,
                    static_cast<float>(p.scale)};
    std::vector<float> state(static_cast<std::size_t>(size));
    if (p.pass_state) {
      std::copy_n(inputs.f32.at("S0").data() + h * size, size, state.begin());
    }
    for (std::int64_t first = 0; first < p.seq_len; first += kChunk) {
      plain_chunk(head, first, std::min(first + kChunk, p.seq_len), state, o.data() + at * p.head_dim_v);
    }
    std::copy(state.begin(), state.end(), states.data() + h * size);
  }
  HostArrays arrays;
  arrays.f32["o"] = std::move(o);
  arrays.f32["S"] = std::move(states);
  return arrays;
}

// The recurrence: decay, write and read of a K x V state per token.
Cost cost(const ParamSet& problem) {
  const LinearProblem p = linear_problem(problem);
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  const double states = p.pass_state ? 2 * p.state_size() : 0;
  return {5 * p.tokens() * K * V, 4 * (p.tokens() * (3 * K + 2 * V) + states)};
}

}  // namespace

extern const Op op_gla;
const Op op_gla{
    "gla",
    "Gated linear attention",
    "S_t = diag(e^{g_t}) S_{t-1} + k_t^T v_t, o_t = scale q_t S_t, from S0; g <= 0 is the log decay of "
    "each key channel. Forms that divide by cumulative gates end where these leave fp32.",
    kParams,
    kShapes,
    buffers,
    inputs,
    reference,
    plain,
    cost};

}  // namespace alab
