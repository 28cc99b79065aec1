// elu + 1, element by element: x + 1 above 0, e^x below.
// SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"
#include "reference/feature_maps.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::heads, &params::seq_len, &params::head_dim, &params::row_scale,
                                &params::seed};

constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=1",   "seq_len=7 head_dim=48",   "seq_len=33 head_dim=5 heads=3",
    "seq_len=65 head_dim=64", "seq_len=300 head_dim=17", "seq_len=40 head_dim=64 row_scale=16",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  return {{"x", {p.rows(), p.head_dim}}, {"y", {p.rows(), p.head_dim}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  HostArrays out;
  out.f32["x"] = feature_rows(problem, source, progress);
  return out;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  TruthArrays truth;
  truth["y"] = apply_feature_map({.kind = FeatureKind::elu1}, inputs.f32.at("x").cast<double>());
  return truth;
}

HostArrays plain(const ParamSet&, const HostArrays& inputs) {
  HostArrays out;
  out.f32["y"] = apply_feature_map({.kind = FeatureKind::elu1}, inputs.f32.at("x"));
  return out;
}

// One addition or exponential, one read and one write per element.
Cost cost(const ParamSet& problem) {
  const FeatureProblem p = feature_problem(problem);
  const auto elements = static_cast<double>(p.rows() * p.head_dim);
  return {elements, 8 * elements};
}

}  // namespace

extern const Op op_feature_elu1;
const Op op_feature_elu1{"feature_elu1",
                         "Feature map elu + 1",
                         "y = x + 1 for x > 0 and e^x otherwise: positive everywhere.",
                         kParams,
                         kShapes,
                         buffers,
                         inputs,
                         reference,
                         plain,
                         cost};

}  // namespace alab
