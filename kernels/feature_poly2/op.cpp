// The packed quadratic map: the d squares, then sqrt2 x_i x_j for i < j, so that phi(x).phi(y) = (x.y)^2.
// SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"
#include "reference/feature_maps.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::heads, &params::seq_len, &params::head_dim, &params::row_scale,
                                &params::seed};

constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=1",           "seq_len=3 head_dim=2",  "seq_len=7 head_dim=48",
    "seq_len=33 head_dim=16 heads=2", "seq_len=5 head_dim=64", "seq_len=3 head_dim=127",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  return {{"x", {p.rows(), p.head_dim}},
          {"phi", {p.rows(), p.head_dim * (p.head_dim + 1) / 2}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  HostArrays out;
  out.f32["x"] = feature_rows(problem, source, progress);
  return out;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  TruthArrays truth;
  truth["phi"] = apply_feature_map({.kind = FeatureKind::quadratic}, inputs.f32.at("x").cast<double>());
  return truth;
}

HostArrays plain(const ParamSet&, const HostArrays& inputs) {
  HostArrays out;
  out.f32["phi"] = apply_feature_map({.kind = FeatureKind::quadratic}, inputs.f32.at("x"));
  return out;
}

// Two multiplications per product, one per square; the row is read once, the features are written once.
Cost cost(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  const auto rows = static_cast<double>(p.rows()), d = static_cast<double>(p.head_dim);
  return {rows * d * d, 4 * rows * (d + d * (d + 1) / 2)};
}

}  // namespace

extern const Op op_feature_poly2;
const Op op_feature_poly2{"feature_poly2",
                          "Feature map of degree 2, packed",
                          "phi = [x_i^2, then sqrt2 x_i x_j for i < j at d + i(2d - i - 1)/2 + (j - i - 1)].",
                          kParams,
                          kShapes,
                          buffers,
                          inputs,
                          reference,
                          plain,
                          cost};

}  // namespace alab
