// Random Fourier features with phases: z = sqrt(2/D) cos(W x + b).
// SPDX-License-Identifier: MIT
#include <cmath>

#include "kernels/feature_problem.hpp"
#include "reference/feature_maps.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::heads,    &params::seq_len,   &params::head_dim,
                                &params::features, &params::row_scale, &params::seed};

constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=1 features=1",     "seq_len=7 head_dim=48 features=50",
    "seq_len=65 head_dim=16 features=130", "seq_len=33 head_dim=5 features=64 heads=2",
    "seq_len=70 head_dim=64 features=32",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  return {{"x", {p.rows(), p.head_dim}},
          {"w", {p.features, p.head_dim}},
          {"b", {p.features}},
          {"z", {p.rows(), p.features}, BufferRole::output}};
}

FeatureMap map_of(const HostArrays& inputs) {
  return {.kind = FeatureKind::rff,
          .matrix = inputs.f32.at("w").cast<double>(),
          .phase = inputs.f32.at("b").cast<double>()};
}

HostArrays inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  const FeatureProblem p = feature_problem(problem);
  const FeatureMap drawn = with_drawn(
      {.kind = FeatureKind::rff, .rows = p.features, .seed = p.seed, .drawn = Rows::iid}, p.head_dim);
  HostArrays out;
  out.f32["x"] = feature_rows(problem, source, progress);
  out.f32["w"] = drawn.matrix.cast<float>();
  out.f32["b"] = drawn.phase.cast<float>();
  return out;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  TruthArrays truth;
  truth["z"] = apply_feature_map(map_of(inputs), inputs.f32.at("x").cast<double>());
  return truth;
}

HostArrays plain(const ParamSet&, const HostArrays& inputs) {
  const Tensor<float>& b = inputs.f32.at("b");
  Tensor<float> z = plain_projections(inputs.f32.at("x"), inputs.f32.at("w"));
  const float factor = std::sqrt(2.0F / static_cast<float>(b.size()));
  for (std::int64_t i = 0; i < z.size(); ++i) {
    z[i] = factor * std::cos(z[i] + b[i % b.size()]);
  }
  HostArrays out;
  out.f32["z"] = std::move(z);
  return out;
}

// 2 d flops for the projection, an addition, a cosine and a factor per feature.
Cost cost(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  const auto n = static_cast<double>(p.rows()), d = static_cast<double>(p.head_dim),
             m = static_cast<double>(p.features);
  return {n * m * (2 * d + 3), 4 * (n * d + m * (d + 1) + n * m)};
}

}  // namespace

extern const Op op_feature_rff;
const Op op_feature_rff{"feature_rff",
                        "Random Fourier features",
                        "z = sqrt(2/D) cos(W x + b): inner products approach the Gaussian kernel.",
                        kParams,
                        kShapes,
                        buffers,
                        inputs,
                        reference,
                        plain,
                        cost};

}  // namespace alab
