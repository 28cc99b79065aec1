// Causal linear attention forward: o_t = phi(q_t) S_t / phi(q_t).z_t with S_t = sum_{j <= t} phi(k_j)^T v_j.
// SPDX-License-Identifier: MIT
#include "kernels/linear_problem.hpp"
#include "reference/linear_attention.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::long_seq_len, &params::head_dim,    &params::head_dim_v,
                                &params::heads,        &params::feature_map, &params::normalize,
                                &params::query_scale,  &params::pass_state,  &params::seed};

// Features of any sign go un-normalised: their denominators may cross 0, where no tolerance holds.
constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=16",
    "seq_len=7 head_dim=16 head_dim_v=24 heads=2 pass_state=true",
    "seq_len=63 head_dim=40 head_dim_v=20 heads=2",
    "seq_len=33 head_dim=16 normalize=false",
    "seq_len=65 head_dim=64 heads=3 feature_map=identity normalize=false scale=0.125",
    "seq_len=129 head_dim=37 head_dim_v=19 heads=2 pass_state=true",
    "seq_len=129 head_dim=32 head_dim_v=64 normalize=false pass_state=true",
    "seq_len=131 head_dim=128 feature_map=identity normalize=false pass_state=true",
    "seq_len=65 head_dim=24 head_dim_v=128 scale=0.5",
    "seq_len=1000 head_dim=64 heads=2",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const LinearProblem p = linear_problem(problem);
  std::vector<BufferSpec> out = linear_input_buffers(p, true);
  out.push_back({"o", {p.heads, p.seq_len, p.head_dim_v}, BufferRole::output});
  if (p.pass_state) {
    out.push_back({"S", {p.heads, p.head_dim, p.head_dim_v}, BufferRole::output});
    out.push_back({"z", {p.heads, p.head_dim}, BufferRole::output});
  }
  return out;
}

template <class T>
LinearAttentionOutput<T> forward(const ParamSet& problem, const HostArrays& inputs) {
  const LinearProblem p = linear_problem(problem);
  LinearAttentionProblem<T> in{feature_mapped<T>(inputs.f32.at("q"), p.elu1),
                               feature_mapped<T>(inputs.f32.at("k"), p.elu1), inputs.f32.at("v").cast<T>()};
  if (p.pass_state) {
    in.initial_state = inputs.f32.at("S0").cast<T>();
    in.initial_normalizer = inputs.f32.at("z0").cast<T>();
  }
  LinearAttentionOptions options;
  options.normalize = p.normalize;
  options.scale = static_cast<float>(p.scale);  // what the kernels are given
  return linear_attention_recurrent<T>(in, options);
}

TruthArrays reference(const ParamSet& problem, const HostArrays& inputs) {
  LinearAttentionOutput<double> out = forward<double>(problem, inputs);
  TruthArrays truth;
  truth["o"] = std::move(out.output);
  truth["S"] = std::move(out.state);
  truth["z"] = std::move(out.normalizer);
  return truth;
}

HostArrays plain(const ParamSet& problem, const HostArrays& inputs) {
  LinearAttentionOutput<float> out = forward<float>(problem, inputs);
  HostArrays arrays;
  arrays.f32["o"] = std::move(out.output);
  arrays.f32["S"] = std::move(out.state);
  arrays.f32["z"] = std::move(out.normalizer);
  return arrays;
}

// The recurrence: 4 N K V to write and read the state, 4 N K for the normaliser.
Cost cost(const ParamSet& problem) {
  const LinearProblem p = linear_problem(problem);
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  return {4 * p.tokens() * K * (V + (p.normalize ? 1 : 0)),
          4 * (2 * p.tokens() * (K + V) + p.passed_states())};
}

}  // namespace

extern const Op op_causal_linear;
const Op op_causal_linear{
    "causal_linear",
    "Causal linear attention",
    "o_t = phi(q_t) S_t / phi(q_t).z_t with S_t, z_t the sums of phi(k_j)^T v_j, phi(k_j) over j <= t, from "
    "S0 "
    "and z0. Features are applied on the fly: elu(x) + 1, or identity for inputs that are features already.",
    kParams,
    kShapes,
    buffers,
    linear_inputs,
    reference,
    plain,
    cost};

}  // namespace alab
