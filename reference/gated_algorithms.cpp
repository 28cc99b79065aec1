// Gated linear attention and the first-order scan in the case format. SPDX-License-Identifier: MIT
#include <array>

#include "reference/algorithm_families.hpp"
#include "reference/first_order_scan.hpp"
#include "reference/gated_linear_attention.hpp"

namespace alab {

namespace {

using Tensors = NamedTensors<double>;

Tensors run_gla(const Json& params, const Tensors& in) {
  GatedOutput<double> out = gated_linear_attention_recurrent<double>(
      {in.at("q"), in.at("k"), in.at("v"), in.at("g"), optional_input(in, "S0")},
      {.scale = scale_param(params)});
  return {{"o", std::move(out.output)}, {"S", std::move(out.state)}};
}

Tensors run_scan(const Json&, const Tensors& in) {
  return {{"o", first_order_scan(in.at("x"), in.at("g"))}};
}

using Names = std::string_view;
constexpr std::array kGlaInputs{Names("q"), Names("k"), Names("v"), Names("g")};
constexpr std::array kInitialState{Names("S0")};
constexpr std::array kGlaOutputs{Names("o"), Names("S")};
constexpr std::array kGlaParams{AlgorithmParam{"scale", "factor on q", "1"}};
constexpr std::array kScanInputs{Names("x"), Names("g")};
constexpr std::array kScanOutputs{Names("o")};

constexpr std::array kGated{
    Algorithm{
        "gla",
        "S_t = diag(e^{g_t}) S_{t-1} + k_t v_t^T, o_t = scale q_t^T S_t, with g <= 0 per key channel. f32: "
        "values in f32 at input and output, double between them.",
        kGlaInputs, kInitialState, kGlaOutputs, kGlaParams,
        "q, k, g [H, N, dk], v [H, N, dv], S0 [H, dk, dv]; o [H, N, dv], S [H, dk, dv]",
        run_in_double<run_gla>, run_gla, "gla"},
    Algorithm{"first_order_scan",
              "o_t = e^{g_t} o_{t-1} + x_t, o_{-1} = 0, per channel. f32: values in f32 at input and output, "
              "double between them.",
              kScanInputs,
              {},
              kScanOutputs,
              {},
              "x, g, o [N, C]",
              run_in_double<run_scan>,
              run_scan}};

}  // namespace

std::span<const Algorithm> gated_algorithms() {
  return kGated;
}

}  // namespace alab
