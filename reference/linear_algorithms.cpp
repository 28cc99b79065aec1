// Linear attention, feature maps and random-feature attention in the case format. SPDX-License-Identifier:
// MIT
#include <array>
#include <cmath>

#include "reference/algorithm_families.hpp"
#include "reference/linear_attention.hpp"
#include "reference/rfa.hpp"

namespace alab {

namespace {

using Tensors = NamedTensors<double>;

FeatureMap map_of(const Json& params, const Tensors& in) {
  FeatureMap map{.kind = feature_kind(text_param(params, "feature_map", "elu1")),
                 .shifts = static_cast<std::int64_t>(number_param(params, "nu", 2)),
                 .matrix = optional_input(in, "W"),
                 .phase = optional_input(in, "b")};
  require(!info_of(map.kind).drawn || !map.matrix.empty(), "the feature map ", to_string(map.kind),
          " needs its drawn matrix: add W.npy [M, dk]");
  require(map.kind != FeatureKind::rff || !map.phase.empty(),
          "the feature map rff needs its phases: add b.npy [M]");
  return map;
}

LinearAttentionOptions options_of(const Json& params) {
  const double eps = number_param(params, "eps", 0);
  require(eps >= 0 && std::isfinite(eps), "eps ", eps, " is out of range: a finite number, at least 0");
  return {.causal = bool_param(params, "causal", false),
          .normalize = bool_param(params, "normalize", true),
          .scale = scale_param(params),
          .eps = eps};
}

LinearAttentionProblem<double> problem_of(const FeatureMap& map, const Tensors& in) {
  require(in.at("q").rank() == 3 && in.at("q").shape() == in.at("k").shape(), "q ",
          to_string(in.at("q").shape()), " and k ", to_string(in.at("k").shape()),
          " do not fit: give [H, N, dk] for both");
  LinearAttentionProblem<double> problem = linear_attention_problem(map, in.at("q"), in.at("k"), in.at("v"));
  problem.initial_state = optional_input(in, "S0");
  problem.initial_normalizer = optional_input(in, "z0");
  return problem;
}

Tensors run_linear(const Json& params, const Tensors& in) {
  LinearAttentionOutput<double> out =
      linear_attention_recurrent(problem_of(map_of(params, in), in), options_of(params));
  return {{"o", std::move(out.output)}, {"S", std::move(out.state)}, {"z", std::move(out.normalizer)}};
}

Tensors run_linear_backward(const Json& params, const Tensors& in) {
  const FeatureMap map = map_of(params, in);
  LinearAttentionGradients<double> out =
      linear_attention_backward(problem_of(map, in), in.at("do"), options_of(params));
  return {{"o", std::move(out.output)},
          {"dq", feature_map_backward(map, in.at("q"), out.dq, Role::query)},
          {"dk", feature_map_backward(map, in.at("k"), out.dk, Role::key)},
          {"dv", std::move(out.dv)}};
}

Tensors run_feature_maps(const Json& params, const Tensors& in) {
  const Tensor<double>&x = in.at("x"), &w = in.at("W");
  require(x.rank() == 2 && w.rank() == 2 && x.extent(1) == w.extent(1), "x ", to_string(x.shape()), " and W ",
          to_string(w.shape()), " do not fit: give [N, d] and [M, d]");
  require_number(params, "d", x.extent(1));
  require_number(params, "M", w.extent(0));
  require_number(params, "nu", 2);
  const auto mapped = [&](FeatureMap map) { return apply_feature_map(map, x); };
  return {
      {"elu1", mapped({.kind = FeatureKind::elu1})},
      {"relu", mapped({.kind = FeatureKind::relu})},
      {"dpfp2", mapped({.kind = FeatureKind::dpfp, .shifts = 2})},
      {"taylor2", mapped({.kind = FeatureKind::taylor2})},
      {"favor", mapped({.kind = FeatureKind::favor_positive, .stabilizer = Stabilizer::off, .matrix = w})},
      {"hedgehog", mapped({.kind = FeatureKind::hedgehog})}};
}

Tensors run_favor(const Json& params, const Tensors& in) {
  require_number(params, "M", in.at("W").extent(0));
  return {{"o", favor_attention(in.at("q"), in.at("k"), in.at("v"), in.at("W"),
                                bool_param(params, "causal", false))}};
}

Tensors run_rfa(const Json& params, const Tensors& in) {
  require_number(params, "M", in.at("W").extent(0));
  const Tensor<double> gate = optional_input(in, "gate");
  const RfaOptions options{.causal = bool_param(params, "causal", !gate.empty()),
                           .unit_rows = bool_param(params, "l2norm_qk", true)};
  return {
      {"o", random_feature_attention(in.at("q"), in.at("k"), in.at("v"), in.at("W"), options, gate).output}};
}

using Names = std::string_view;
constexpr std::array kQkv{Names("q"), Names("k"), Names("v")};
constexpr std::array kQkvDo{Names("q"), Names("k"), Names("v"), Names("do")};
constexpr std::array kQkvW{Names("q"), Names("k"), Names("v"), Names("W")};
constexpr std::array kStates{Names("S0"), Names("z0"), Names("W"), Names("b")};
constexpr std::array kGate{Names("gate")};
constexpr std::array kRows{Names("x"), Names("W")};
constexpr std::array kOutput{Names("o")};
constexpr std::array kOutputAndStates{Names("o"), Names("S"), Names("z")};
constexpr std::array kGradients{Names("o"), Names("dq"), Names("dk"), Names("dv")};
constexpr std::array kMaps{Names("elu1"),    Names("relu"),  Names("dpfp2"),
                           Names("taylor2"), Names("favor"), Names("hedgehog")};

constexpr AlgorithmParam kCausal{"causal", "token i sees keys j <= i", "false"};
constexpr AlgorithmParam kRandomRows{"M", "rows of W, to be checked", "as W has"};
constexpr std::array kLinearParams{
    AlgorithmParam{"feature_map", "phi, by name: identity, elu1, relu, exp, quadratic, taylor2, dpfp, ...",
                   "elu1"},
    kCausal,
    AlgorithmParam{"normalize", "divide by phi(q).z", "true"},
    AlgorithmParam{"scale", "factor on phi(q)", "1"},
    AlgorithmParam{"eps", "added to the denominator", "0"},
    AlgorithmParam{"nu", "shifts of dpfp", "2"}};
constexpr std::array kMapParams{AlgorithmParam{"d", "columns of x, to be checked", "as x has"}, kRandomRows,
                                AlgorithmParam{"nu", "shifts of dpfp, to be checked", "2"}};
constexpr std::array kFavorParams{kCausal, kRandomRows};
constexpr std::array kRfaParams{
    AlgorithmParam{"causal", "token i sees keys j <= i", "false without a gate, true with one"}, kRandomRows,
    AlgorithmParam{"l2norm_qk", "divide q and k rows by their Euclidean norm", "true"}};

constexpr std::array kLinear{
    Algorithm{
        "linear_attention",
        "S_t = S_{t-1} + phi(k_t) v_t^T, z_t = z_{t-1} + phi(k_t), o_t = phi(q_t)^T S_t / (phi(q_t).z_t + "
        "eps); not causal: the totals for every token; not normalised: o_t = scale phi(q_t)^T S_t. "
        "f32: values in f32 at input and output, double between them.",
        kQkv, kStates, kOutputAndStates, kLinearParams,
        "q, k [H, N, dk], v [H, N, dv], S0 [H, m, dv], z0 [H, m], W [M, dk], b [M]; o [H, N, dv], S [H, "
        "m, dv], z [H, m]",
        run_in_double<run_linear>, run_linear, "causal_linear"},
    Algorithm{
        "linear_attention_backward",
        "Gradients of linear_attention with respect to q, k and v, through the normaliser and the feature "
        "map. f32: values in f32 at input and output, double between them.",
        kQkvDo, kStates, kGradients, kLinearParams,
        "q, k, dq, dk [H, N, dk], v, dv, do, o [H, N, dv], S0 [H, m, dv], z0 [H, m], W [M, dk], b [M]",
        run_in_double<run_linear_backward>, run_linear_backward, "causal_linear_bwd"}};

constexpr std::array kFeatures{
    Algorithm{
        "feature_maps",
        "elu1: x + 1 or e^x; relu; dpfp2: r r_{-j} of r = relu([x, -x]), j = 1, 2; taylor2 and favor of x "
        "d^{-1/4}; hedgehog: softmax of [2x, -2x].",
        kRows,
        {},
        kMaps,
        kMapParams,
        "x [N, d], W [M, d]; every output [N, features]",
        run_in_double<run_feature_maps>,
        run_feature_maps},
    Algorithm{
        "favor_plus",
        "phi(x)_m = M^{-1/2} e^{w_m.x' - |x'|^2/2}, x' = x d^{-1/4}; o_i = sum_j phi(q_i).phi(k_j) v_j / "
        "sum_j phi(q_i).phi(k_j), without epsilon, for any size of the rows.",
        kQkvW,
        {},
        kOutput,
        kFavorParams,
        "q, k [H, N, d], v [H, N, dv], W [M, d]; o [H, N, dv]",
        run_in_double<run_favor>,
        run_favor},
    Algorithm{
        "rfa",
        "phi(x) = M^{-1/2} [sin W x, cos W x] of unit rows; S_t = S_{t-1} + phi(k_t) v_t^T, or g_t S_{t-1} + "
        "(1 - g_t) phi(k_t) v_t^T with a gate, z alike; o_t = phi(q_t)^T S_t / (phi(q_t).z_t).",
        kQkvW, kGate, kOutput, kRfaParams,
        "q, k [H, N, d], v [H, N, dv], W [M, d], gate [H, N] after its sigmoid; o [H, N, dv]",
        run_in_double<run_rfa>, run_rfa}};

}  // namespace

std::span<const Algorithm> linear_attention_algorithms() {
  return kLinear;
}
std::span<const Algorithm> feature_algorithms() {
  return kFeatures;
}

}  // namespace alab
