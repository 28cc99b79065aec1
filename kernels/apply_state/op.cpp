// Reading the state of linear attention: o = phi(q) S / (phi(q).z + eps).
// SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::heads,      &params::seq_len, &params::head_dim,
                                &params::head_dim_v, &params::eps,     &params::seed};

constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=1",
    "seq_len=7 head_dim=48 head_dim_v=32 heads=2 eps=0.5",
    "seq_len=130 head_dim=16 head_dim_v=70",
    "seq_len=33 head_dim=65 head_dim_v=5 heads=3",
    "seq_len=65 head_dim=64 eps=0.5",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  return {{"phi_q", {p.heads, p.seq_len, p.head_dim}},
          {"s", {p.heads, p.head_dim, p.head_dim_v}},
          {"z", {p.heads, p.head_dim}},
          {"o", {p.heads, p.seq_len, p.head_dim_v}, BufferRole::output}};
}

/// S and z of the same keys and values that the state op sums up.
HostArrays inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  HostArrays made = elu1_inputs(problem, source, progress);
  const Tensor<float>&k = made.f32.at("phi_k"), &v = made.f32.at("v");
  Tensor<float> s({k.extent(0), k.extent(2), v.extent(2)}), z({k.extent(0), k.extent(2)});
  for (std::int64_t h = 0; h < k.extent(0); ++h) {
    for (std::int64_t t = 0; t < k.extent(1); ++t) {
      for (std::int64_t f = 0; f < k.extent(2); ++f) {
        z(h, f) += k(h, t, f);
        for (std::int64_t c = 0; c < v.extent(2); ++c) {
          s(h, f, c) += k(h, t, f) * v(h, t, c);
        }
      }
    }
  }
  HostArrays out;
  out.f32["phi_q"] = std::move(made.f32["phi_q"]);
  out.f32["s"] = std::move(s);
  out.f32["z"] = std::move(z);
  return out;
}

template <class T>
Tensor<T> applied(const ParamSet& problem, const HostArrays& inputs) {
  const Tensor<float>&q = inputs.f32.at("phi_q"), &s = inputs.f32.at("s"), &z = inputs.f32.at("z");
  Tensor<T> o({q.extent(0), q.extent(1), s.extent(2)});
  for (std::int64_t h = 0; h < q.extent(0); ++h) {
    for (std::int64_t t = 0; t < q.extent(1); ++t) {
      T den = 0;
      for (std::int64_t f = 0; f < q.extent(2); ++f) {
        const T weight = static_cast<T>(q(h, t, f));
        den += weight * static_cast<T>(z(h, f));
        for (std::int64_t c = 0; c < s.extent(2); ++c) {
          o(h, t, c) += weight * static_cast<T>(s(h, f, c));
        }
      }
      for (std::int64_t c = 0; c < s.extent(2); ++c) {
        o(h, t, c) /= den + static_cast<T>(static_cast<float>(problem.real(params::eps)));
      }
    }
  }
  return o;
}

TruthArrays reference(const ParamSet& problem, const HostArrays& inputs) {
  TruthArrays truth;
  truth["o"] = applied<double>(problem, inputs);
  return truth;
}

HostArrays plain(const ParamSet& problem, const HostArrays& inputs) {
  HostArrays out;
  out.f32["o"] = applied<float>(problem, inputs);
  return out;
}

Cost cost(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  const auto n = static_cast<double>(p.rows()), m = static_cast<double>(p.head_dim),
             dv = static_cast<double>(p.head_dim_v), heads = static_cast<double>(p.heads);
  return {n * (2 * m * (dv + 1) + dv + 1), 4 * (n * (m + dv) + heads * m * (dv + 1))};
}

}  // namespace

extern const Op op_apply_state;
const Op op_apply_state{"apply_state",
                        "Reading the state of linear attention",
                        "o = phi(q) S / (phi(q).z + eps) for every query, with phi = elu + 1.",
                        kParams,
                        kShapes,
                        buffers,
                        inputs,
                        reference,
                        plain,
                        cost};

}  // namespace alab
