// SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"

#include "kernels/attention_problem.hpp"
#include "reference/feature_maps.hpp"

namespace alab {

namespace params {
namespace {
constexpr std::string_view kRoles[] = {"query", "key"};
}
const Param features = int_param("features", "random rows", "rows",
                                 "Rows of the drawn matrix W, one feature each.", 64, 1, 1024, true);
const Param role = choice_param(
    "role", "role",
    "The stabiliser is the row's own largest exponent (query) or the largest of all rows (key).", kRoles);
const Param row_scale = real_param("row_scale", "row scale", "",
                                   "Factor on the rows; long rows need the stabiliser.", 1, 0.125, 16, true);
const Param eps = real_param("eps", "epsilon", "", "Added to the denominator phi(q).z.", 0, 0, 1);
}  // namespace params

FeatureProblem feature_problem(const ParamSet& problem) {
  FeatureProblem p;
  p.heads = problem.integer(params::heads);
  p.seq_len = problem.integer(params::seq_len);
  p.head_dim = problem.integer(params::head_dim);
  p.head_dim_v = problem.has(params::head_dim_v) ? problem.integer(params::head_dim_v) : 0;
  p.head_dim_v = p.head_dim_v == 0 ? p.head_dim : p.head_dim_v;
  p.features = problem.has(params::features) ? problem.integer(params::features) : 0;
  p.seed = static_cast<std::uint64_t>(problem.integer(params::seed));
  return p;
}

namespace {

AttentionInput input_of(const FeatureProblem& p, const InputSource& source, const Progress& progress) {
  InputRequest request;
  request.heads = p.heads;
  request.seq_len = p.seq_len;
  request.head_dim = p.head_dim;
  request.head_dim_v = p.head_dim_v;
  request.seed = p.seed;
  return fitting_input(source, request, progress);
}

}  // namespace

Tensor<float> feature_rows(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  const FeatureProblem p = feature_problem(problem);
  const AttentionInput in = input_of(p, source, progress);
  Tensor<float> x({p.rows(), p.head_dim});
  const auto factor =
      problem.has(params::row_scale) ? static_cast<float>(problem.real(params::row_scale)) : 1.0F;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    x[i] = factor * in.query[i];
  }
  return x;
}

HostArrays elu1_inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  const FeatureProblem p = feature_problem(problem);
  AttentionInput in = input_of(p, source, progress);
  const FeatureMap map{.kind = FeatureKind::elu1};
  HostArrays out;
  out.f32["phi_q"] = apply_feature_map(map, in.query, Role::query);
  out.f32["phi_k"] = apply_feature_map(map, in.key, Role::key);
  out.f32["v"] = std::move(in.value);
  return out;
}

template <class T>
Tensor<T> plain_projections(const Tensor<T>& x, const Tensor<T>& w) {
  const std::int64_t n = x.extent(0), d = x.extent(1), m = w.extent(0);
  Tensor<T> out({n, m});
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < m; ++j) {
      T sum = 0;
      for (std::int64_t c = 0; c < d; ++c) {
        sum += w(j, c) * x(i, c);
      }
      out(i, j) = sum;
    }
  }
  return out;
}

template Tensor<float> plain_projections(const Tensor<float>&, const Tensor<float>&);
template Tensor<double> plain_projections(const Tensor<double>&, const Tensor<double>&);

}  // namespace alab
