// Causal linear attention backward: gradients of q, k and v, through the feature map and the normaliser.
// SPDX-License-Identifier: MIT
#include <cmath>

#include "kernels/linear_problem.hpp"
#include "reference/core/rng.hpp"
#include "reference/linear_attention.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::long_seq_len, &params::head_dim,    &params::head_dim_v,
                                &params::heads,        &params::feature_map, &params::normalize,
                                &params::query_scale,  &params::seed};

// A normalised first token gives o = v whatever q and k are: dq = dk = 0 there by cancellation, so that a
// sequence of one token has no relative error to hold a rung to.
constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=16 normalize=false",
    "seq_len=7 head_dim=16 head_dim_v=24 heads=2",
    "seq_len=63 head_dim=40 head_dim_v=20 heads=2 scale=0.5",
    "seq_len=65 head_dim=64 heads=2 feature_map=identity normalize=false scale=0.125",
    "seq_len=129 head_dim=37 head_dim_v=19 heads=2",
    "seq_len=129 head_dim=32 head_dim_v=64 normalize=false",
    "seq_len=65 head_dim=128 head_dim_v=128",
    "seq_len=1000 head_dim=32",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const LinearProblem p = linear_problem(problem);
  std::vector<BufferSpec> out = linear_input_buffers(p, false);
  out.push_back({"do", {p.heads, p.seq_len, p.head_dim_v}});
  out.push_back({"dq", {p.heads, p.seq_len, p.head_dim}, BufferRole::output});
  out.push_back({"dk", {p.heads, p.seq_len, p.head_dim}, BufferRole::output});
  out.push_back({"dv", {p.heads, p.seq_len, p.head_dim_v}, BufferRole::output});
  return out;
}

HostArrays inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  const LinearProblem p = linear_problem(problem);
  HostArrays out = linear_inputs(problem, source, progress);
  Rng rng(static_cast<std::uint64_t>(problem.integer(params::seed)) ^ 0x646fU);
  Tensor<float> d_output({p.heads, p.seq_len, p.head_dim_v});
  for (float& x : d_output.span()) {
    x = static_cast<float>(rng.normal());
  }
  out.f32["do"] = std::move(d_output);
  return out;
}

// d phi(x) -> dx.
template <class T>
void through_map(Tensor<T>& gradient, const Tensor<float>& x, bool elu1) {
  for (std::int64_t i = 0; elu1 && i < gradient.size(); ++i) {
    gradient[i] *= x[i] > 0 ? T(1) : std::exp(static_cast<T>(x[i]));
  }
}

template <class T>
LinearAttentionGradients<T> backward(const ParamSet& problem, const HostArrays& inputs) {
  const LinearProblem p = linear_problem(problem);
  const Tensor<float>& q = inputs.f32.at("q");
  const Tensor<float>& k = inputs.f32.at("k");
  const LinearAttentionProblem<T> in{feature_mapped<T>(q, p.elu1), feature_mapped<T>(k, p.elu1),
                                     inputs.f32.at("v").cast<T>()};
  LinearAttentionOptions options;
  options.normalize = p.normalize;
  options.scale = static_cast<float>(p.scale);  // what the kernels are given
  LinearAttentionGradients<T> out = linear_attention_backward<T>(in, inputs.f32.at("do").cast<T>(), options);
  through_map(out.dq, q, p.elu1);
  through_map(out.dk, k, p.elu1);
  return out;
}

TruthArrays reference(const ParamSet& problem, const HostArrays& inputs) {
  LinearAttentionGradients<double> out = backward<double>(problem, inputs);
  TruthArrays truth;
  truth["dq"] = std::move(out.dq);
  truth["dk"] = std::move(out.dk);
  truth["dv"] = std::move(out.dv);
  return truth;
}

HostArrays plain(const ParamSet& problem, const HostArrays& inputs) {
  LinearAttentionGradients<float> out = backward<float>(problem, inputs);
  HostArrays arrays;
  arrays.f32["dq"] = std::move(out.dq);
  arrays.f32["dk"] = std::move(out.dk);
  arrays.f32["dv"] = std::move(out.dv);
  return arrays;
}

// S once more and R (4 K V per token), S do, R v and k R (6 K V).
Cost cost(const ParamSet& problem) {
  const LinearProblem p = linear_problem(problem);
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  return {10 * p.tokens() * K * V, 4 * p.tokens() * (4 * K + 3 * V)};
}

}  // namespace

extern const Op op_causal_linear_bwd;
const Op op_causal_linear_bwd{
    "causal_linear_bwd",
    "Causal linear attention backward",
    "dq, dk, dv from do: dphi(q_t) = S_t g_t + e_t z_t, dphi(k_t) = R_t v_t + r_t, dv_t = phi(k_t) R_t with "
    "g = do / den, e = -(do.o) / den and R, r the sums of phi(q_i)^T g_i, e_i phi(q_i) over i >= t.",
    kParams,
    kShapes,
    buffers,
    inputs,
    reference,
    plain,
    cost};

}  // namespace alab
