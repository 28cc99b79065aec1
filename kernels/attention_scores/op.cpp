// Scores of attention: s = scale q k^T, the first of its two products.
// SPDX-License-Identifier: MIT
#include "kernels/attention_problem.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::seq_len, &params::key_len, &params::head_dim,
                                &params::heads,   &params::scale,   &params::seed};

constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=16",
    "seq_len=7 head_dim=16 heads=2",
    "seq_len=63 head_dim=40 heads=2",
    "seq_len=65 head_dim=64 heads=3 scale=0.3",
    "seq_len=129 head_dim=37 heads=2",
    "seq_len=129 key_len=65 head_dim=128",
    "seq_len=1 key_len=1000 head_dim=1",
    "seq_len=1000 head_dim=64",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const AttentionProblem p = attention_problem(problem);
  return {{"q", {p.heads, p.seq_len, p.head_dim}},
          {"k", {p.heads, p.key_len, p.head_dim}},
          {"s", {p.heads, p.seq_len, p.key_len}, BufferRole::output}};
}

// Every dot product one term after the other; Eigen would sum in lanes, better than a plain kernel does.
template <class T>
Tensor<T> scores(const ParamSet& problem, const HostArrays& inputs) {
  const AttentionProblem p = attention_problem(problem);
  const Tensor<float>& q = inputs.f32.at("q");
  const Tensor<float>& k = inputs.f32.at("k");
  const auto scale = static_cast<T>(static_cast<float>(p.scale));  // what the kernels are given
  Tensor<T> s({p.heads, p.seq_len, p.key_len});
  for (std::int64_t h = 0; h < p.heads; ++h) {
    for (std::int64_t i = 0; i < p.seq_len; ++i) {
      for (std::int64_t j = 0; j < p.key_len; ++j) {
        T sum = 0;
        for (std::int64_t c = 0; c < p.head_dim; ++c) {
          sum += static_cast<T>(q(h, i, c)) * static_cast<T>(k(h, j, c));
        }
        s(h, i, j) = scale * sum;
      }
    }
  }
  return s;
}

TruthArrays reference(const ParamSet& problem, const HostArrays& inputs) {
  TruthArrays truth;
  truth["s"] = scores<double>(problem, inputs);
  return truth;
}

HostArrays plain(const ParamSet& problem, const HostArrays& inputs) {
  HostArrays arrays;
  arrays.f32["s"] = scores<float>(problem, inputs);
  return arrays;
}

Cost cost(const ParamSet& problem) {
  const AttentionProblem p = attention_problem(problem);
  const auto T = static_cast<double>(p.seq_len);
  const auto Tk = static_cast<double>(p.key_len);
  const auto K = static_cast<double>(p.head_dim);
  const auto H = static_cast<double>(p.heads);
  return {2 * H * T * Tk * K, 4 * H * ((T + Tk) * K + T * Tk)};
}

}  // namespace

extern const Op op_attention_scores;
const Op op_attention_scores{"attention_scores",
                             "Attention scores",
                             "s_ij = scale q_i.k_j for every query and key, per head.",
                             kParams,
                             kShapes,
                             buffers,
                             attention_inputs,
                             reference,
                             plain,
                             cost};

}  // namespace alab
