// FAVOR+ with positive features: phi = m^{-1/2} e^{w.x' - |x'|^2/2 - c}, x' = d^{-1/4} x, c given.
// SPDX-License-Identifier: MIT
#include <cmath>

#include "kernels/feature_problem.hpp"
#include "reference/feature_maps.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::heads, &params::seq_len,   &params::head_dim, &params::features,
                                &params::role,  &params::row_scale, &params::seed};

constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=1 features=1",     "seq_len=7 head_dim=48 features=50 role=key",
    "seq_len=65 head_dim=16 features=130", "seq_len=33 head_dim=5 features=64 heads=2 role=key",
    "seq_len=70 head_dim=64 features=32",  "seq_len=40 head_dim=16 features=64 row_scale=8",
};

bool is_query(const ParamSet& problem) {
  return problem.choice(params::role) == 0;
}

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  return {{"x", {p.rows(), p.head_dim}},
          {"w", {p.features, p.head_dim}},
          {"shift", {is_query(problem) ? p.rows() : 1}},
          {"phi", {p.rows(), p.features}, BufferRole::output}};
}

// The stabiliser is part of the problem: the same constants for every rung, found in double.
HostArrays inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  const FeatureProblem p = feature_problem(problem);
  FeatureMap map =
      with_drawn({.kind = FeatureKind::favor_positive, .rows = p.features, .seed = p.seed}, p.head_dim);
  HostArrays out;
  out.f32["x"] = feature_rows(problem, source, progress);
  out.f32["w"] = map.matrix.cast<float>();
  map.matrix = out.f32["w"].cast<double>();
  const Tensor<double> shift =
      stabilizer_of(map, out.f32["x"].cast<double>(), is_query(problem) ? Role::query : Role::key);
  out.f32["shift"] =
      Tensor<float>({shift.size()}, std::vector<float>(shift.span().begin(), shift.span().end()));
  return out;
}

template <class T>
Tensor<T> features_of(const HostArrays& inputs) {
  const Tensor<T> shift = inputs.f32.at("shift").cast<T>();
  Tensor<T> x = inputs.f32.at("x").cast<T>();
  const T scale = static_cast<T>(natural_scale(FeatureKind::favor_positive, x.extent(1)));
  for (T& value : x.span()) {
    value *= scale;
  }
  Tensor<T> phi = plain_projections(x, inputs.f32.at("w").cast<T>());
  const T factor = 1 / std::sqrt(static_cast<T>(phi.extent(1)));
  for (std::int64_t i = 0; i < x.extent(0); ++i) {
    T squares = 0;
    for (std::int64_t c = 0; c < x.extent(1); ++c) {
      squares += x(i, c) * x(i, c);
    }
    for (std::int64_t j = 0; j < phi.extent(1); ++j) {
      phi(i, j) = factor * std::exp(phi(i, j) - squares / 2 - shift[shift.size() == 1 ? 0 : i]);
    }
  }
  return phi;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  TruthArrays truth;
  truth["phi"] = features_of<double>(inputs);
  return truth;
}

HostArrays plain(const ParamSet&, const HostArrays& inputs) {
  HostArrays out;
  out.f32["phi"] = features_of<float>(inputs);
  return out;
}

// 2 d flops for the projection, two subtractions, an exponential and a factor per feature; 3 d per row for
// its norm.
Cost cost(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  const auto n = static_cast<double>(p.rows()), d = static_cast<double>(p.head_dim),
             m = static_cast<double>(p.features);
  const double shifts = is_query(problem) ? n : 1;
  return {n * m * (2 * d + 4) + 3 * n * d, 4 * (n * d + m * d + shifts + n * m)};
}

}  // namespace

extern const Op op_feature_favor;
const Op op_feature_favor{
    "feature_favor",
    "FAVOR+ positive features",
    "phi = m^{-1/2} e^{w.x' - |x'|^2/2 - c} with x' = d^{-1/4} x; c per query or one for all keys.",
    kParams,
    kShapes,
    buffers,
    inputs,
    reference,
    plain,
    cost};

}  // namespace alab
