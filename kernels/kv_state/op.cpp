// The state of linear attention without causality: S = phi(K)^T V and z, the column sums of phi(K).
// SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::heads, &params::seq_len, &params::head_dim, &params::head_dim_v,
                                &params::seed};

constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=1",
    "seq_len=7 head_dim=48 head_dim_v=32 heads=2",
    "seq_len=130 head_dim=16 head_dim_v=70",
    "seq_len=33 head_dim=65 head_dim_v=5 heads=3",
    "seq_len=1000 head_dim=16",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  return {{"phi_k", {p.heads, p.seq_len, p.head_dim}},
          {"v", {p.heads, p.seq_len, p.head_dim_v}},
          {"s", {p.heads, p.head_dim, p.head_dim_v}, BufferRole::output},
          {"z", {p.heads, p.head_dim}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  HostArrays out = elu1_inputs(problem, source, progress);
  out.f32.erase("phi_q");
  return out;
}

/// Token after token, as the formula reads.
template <class T>
void sum_up(const HostArrays& inputs, Tensor<T>& s, Tensor<T>& z) {
  const Tensor<float>&k = inputs.f32.at("phi_k"), &v = inputs.f32.at("v");
  s = Tensor<T>({k.extent(0), k.extent(2), v.extent(2)});
  z = Tensor<T>({k.extent(0), k.extent(2)});
  for (std::int64_t h = 0; h < k.extent(0); ++h) {
    for (std::int64_t t = 0; t < k.extent(1); ++t) {
      for (std::int64_t f = 0; f < k.extent(2); ++f) {
        const T weight = static_cast<T>(k(h, t, f));
        z(h, f) += weight;
        for (std::int64_t c = 0; c < v.extent(2); ++c) {
          s(h, f, c) += weight * static_cast<T>(v(h, t, c));
        }
      }
    }
  }
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  TruthArrays truth;
  sum_up(inputs, truth["s"], truth["z"]);
  return truth;
}

HostArrays plain(const ParamSet&, const HostArrays& inputs) {
  HostArrays out;
  sum_up(inputs, out.f32["s"], out.f32["z"]);
  return out;
}

Cost cost(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  const auto n = static_cast<double>(p.rows()), m = static_cast<double>(p.head_dim),
             dv = static_cast<double>(p.head_dim_v), heads = static_cast<double>(p.heads);
  return {n * m * (2 * dv + 1), 4 * (n * (m + dv) + heads * m * (dv + 1))};
}

}  // namespace

extern const Op op_kv_state;
const Op op_kv_state{"kv_state",
                     "State of linear attention",
                     "S = phi(K)^T V and z = column sums of phi(K), with phi = elu + 1; every token once.",
                     kParams,
                     kShapes,
                     buffers,
                     inputs,
                     reference,
                     plain,
                     cost};

}  // namespace alab
