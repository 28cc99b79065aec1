// One token of generation by linear attention: the state takes the token in, then answers the query.
// SPDX-License-Identifier: MIT
#include "kernels/linear_problem.hpp"
#include "reference/linear_attention.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::head_dim,    &params::head_dim_v, &params::heads,
                                &params::feature_map, &params::normalize,  &params::query_scale,
                                &params::seed};

constexpr std::string_view kShapes[] = {
    "head_dim=1 head_dim_v=1",
    "head_dim=16 head_dim_v=24 heads=7",
    "head_dim=40 head_dim_v=20 heads=2 normalize=false",
    "head_dim=64 heads=3 scale=0.5",
    "head_dim=37 head_dim_v=127 heads=2",
    "head_dim=128 head_dim_v=64 feature_map=identity normalize=false scale=0.125",
};

LinearProblem step_problem(const ParamSet& problem) {
  LinearProblem p = linear_problem(problem);
  p.pass_state = true;
  return p;
}

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const LinearProblem p = step_problem(problem);
  std::vector<BufferSpec> out = linear_input_buffers(p, true);
  out.push_back({"o", {p.heads, 1, p.head_dim_v}, BufferRole::output});
  out.push_back({"S", {p.heads, p.head_dim, p.head_dim_v}, BufferRole::output});
  out.push_back({"z", {p.heads, p.head_dim}, BufferRole::output});
  return out;
}

HostArrays inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  return linear_inputs(step_problem(problem), static_cast<std::uint64_t>(problem.integer(params::seed)),
                       source, progress);
}

template <class T>
LinearAttentionOutput<T> step(const ParamSet& problem, const HostArrays& inputs) {
  const LinearProblem p = step_problem(problem);
  const LinearAttentionProblem<T> in{
      feature_mapped<T>(inputs.f32.at("q"), p.elu1), feature_mapped<T>(inputs.f32.at("k"), p.elu1),
      inputs.f32.at("v").cast<T>(), inputs.f32.at("S0").cast<T>(), inputs.f32.at("z0").cast<T>()};
  LinearAttentionOptions options;
  options.normalize = p.normalize;
  options.scale = static_cast<float>(p.scale);  // what the kernels are given
  return linear_attention_recurrent<T>(in, options);
}

TruthArrays reference(const ParamSet& problem, const HostArrays& inputs) {
  LinearAttentionOutput<double> out = step<double>(problem, inputs);
  TruthArrays truth;
  truth["o"] = std::move(out.output);
  truth["S"] = std::move(out.state);
  truth["z"] = std::move(out.normalizer);
  return truth;
}

HostArrays plain(const ParamSet& problem, const HostArrays& inputs) {
  LinearAttentionOutput<float> out = step<float>(problem, inputs);
  HostArrays arrays;
  arrays.f32["o"] = std::move(out.output);
  arrays.f32["S"] = std::move(out.state);
  arrays.f32["z"] = std::move(out.normalizer);
  return arrays;
}

// 4 K V flops; the state is read and written once.
Cost cost(const ParamSet& problem) {
  const LinearProblem p = step_problem(problem);
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  return {4 * p.tokens() * K * (V + (p.normalize ? 1 : 0)),
          4 * (2 * p.tokens() * (K + V) + p.passed_states())};
}

}  // namespace

extern const Op op_decode_step_linear;
const Op op_decode_step_linear{"decode_step_linear",
                               "One token with a linear state",
                               "S = S0 + phi(k)^T v, z = z0 + phi(k), o = phi(q) S / phi(q).z, per head: the "
                               "cost does not depend on the "
                               "tokens before.",
                               kParams,
                               kShapes,
                               buffers,
                               inputs,
                               reference,
                               plain,
                               cost};

}  // namespace alab
