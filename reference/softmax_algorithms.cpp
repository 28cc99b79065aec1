// Softmax attention and online softmax in the case format.
// SPDX-License-Identifier: MIT
#include <array>
#include <cmath>
#include <limits>

#include "reference/algorithm_families.hpp"
#include "reference/online_softmax.hpp"
#include "reference/softmax_attention.hpp"

namespace alab {

namespace {

AttentionOptions attention_options(const Json& params) {
  AttentionOptions options{.causal = bool_param(params, "causal", false), .reduction = Reduction::wide};
  if (params.is_object() && params.contains("scale")) {
    options.scale = number_param(params, "scale", 0);
    require(params.at("scale").is_null() || (options.scale != 0 && std::isfinite(options.scale)), "scale ",
            params.at("scale").dump(),
            " is not usable: give a finite factor other than 0, or leave it out for 1/sqrt(dk)");
  }
  return options;
}

/// The mask input as additive terms. The param says how its numbers read: "boolean" keeps where it is not 0.
template <class T>
Tensor<T> additive_mask(const Json& params, const NamedTensors<T>& inputs) {
  const auto found = inputs.find("mask");
  const Json how = params.is_object() && params.contains("mask") ? params.at("mask") : Json();
  const bool asked = !how.is_null() && how != Json(false) && how != Json("") && how != Json("none");
  if (found == inputs.end()) {
    require(!asked, "the param mask is ", how.dump(),
            " but there is no input mask: add mask.npy [N, Nk] or [H, N, Nk]");
    return {};
  }
  Tensor<T> mask = found->second;
  require(!mask.empty(), "the input mask has the shape ", to_string(mask.shape()),
          ": it needs at least one element");
  if (how == Json("boolean") || how == Json("bool")) {
    for (T& value : mask.span()) {
      value = value != 0 ? T(0) : -std::numeric_limits<T>::infinity();
    }
  }
  return mask;
}

template <class T>
NamedTensors<T> run_attention(const Json& params, const NamedTensors<T>& in) {
  AttentionOutput<T> out = softmax_attention(in.at("q"), in.at("k"), in.at("v"), attention_options(params),
                                             additive_mask(params, in));
  return {{"o", std::move(out.output)}, {"lse", std::move(out.logsumexp)}};
}

/// D = rowsum(P * dP): cancels exactly in a row that sees one key, where the true gradient is 0.
template <class T>
NamedTensors<T> run_attention_backward(const Json& params, const NamedTensors<T>& in) {
  AttentionGradients<T> out =
      softmax_attention_backward(in.at("q"), in.at("k"), in.at("v"), in.at("do"), attention_options(params),
                                 additive_mask(params, in), RowTerm::weights_dot);
  return {{"o", std::move(out.output)},
          {"lse", std::move(out.logsumexp)},
          {"dq", std::move(out.dq)},
          {"dk", std::move(out.dk)},
          {"dv", std::move(out.dv)}};
}

template <class T>
NamedTensors<T> run_online_softmax(const Json&, const NamedTensors<T>& in) {
  SoftmaxRows<T> out = softmax_compensated(in.at("x"));
  return {
      {"y", std::move(out.y)}, {"m", std::move(out.m)}, {"d", std::move(out.d)}, {"lse", std::move(out.lse)}};
}

template <class T>
NamedTensors<T> run_merge(const Json&, const NamedTensors<T>& in) {
  MergedRows<T> out = merge_rows(MergedRows<T>{in.at("m1"), in.at("d1"), in.at("o1")},
                                 MergedRows<T>{in.at("m2"), in.at("d2"), in.at("o2")});
  return {{"m", std::move(out.m)}, {"d", std::move(out.d)}, {"o", std::move(out.o)}};
}

using Names = std::string_view;
constexpr std::array kForwardInputs{Names("q"), Names("k"), Names("v")};
constexpr std::array kBackwardInputs{Names("q"), Names("k"), Names("v"), Names("do")};
constexpr std::array kMaskInput{Names("mask")};
constexpr std::array kForwardOutputs{Names("o"), Names("lse")};
constexpr std::array kBackwardOutputs{Names("o"), Names("lse"), Names("dq"), Names("dk"), Names("dv")};
constexpr std::array kAttentionParams{
    AlgorithmParam{"causal", "query i sees keys j <= i + Nk - N", "false"},
    AlgorithmParam{"scale", "factor on q.k", "1/sqrt(dk)"},
    AlgorithmParam{"mask", "how the mask input reads: additive, or boolean (keeps where it is not 0)",
                   "additive"}};
constexpr std::array kRowInputs{Names("x")};
constexpr std::array kRowOutputs{Names("y"), Names("m"), Names("d"), Names("lse")};
constexpr std::array kMergeInputs{Names("m1"), Names("d1"), Names("o1"),
                                  Names("m2"), Names("d2"), Names("o2")};
constexpr std::array kMergeOutputs{Names("m"), Names("d"), Names("o")};

constexpr std::array kAttention{
    Algorithm{
        "softmax_attention",
        "o_i = sum_j softmax_j(scale q_i.k_j + mask_ij) v_j; lse_i = log sum_j exp(scale q_i.k_j + mask_ij). "
        "A "
        "row that sees no key gives 0 and -inf. f32: values in f32 at input and output, double between them.",
        kForwardInputs, kMaskInput, kForwardOutputs, kAttentionParams,
        "q [H, N, dk], k [H, Nk, dk], v [H, Nk, dv], mask [N, Nk] or [H, N, Nk]; o [H, N, dv], lse [H, N]",
        run_attention<float>, run_attention<double>, "flash_attention_fwd"},
    Algorithm{
        "softmax_attention_backward",
        "dV = P^T dO; dP = dO V^T; dS = P * (dP - rowsum(P * dP)); dQ = scale dS K; dK = scale dS^T Q. f32: "
        "values in f32 at input and output, double between them.",
        kBackwardInputs, kMaskInput, kBackwardOutputs, kAttentionParams,
        "q, dq [H, N, dk], k, dk [H, Nk, dk], v, dv [H, Nk, dv], do, o [H, N, dv], lse [H, N], mask [N, Nk] "
        "or "
        "[H, N, Nk]",
        run_attention_backward<float>, run_attention_backward<double>, "flash_attention_bwd"}};

constexpr std::array kRows{
    Algorithm{"online_softmax",
              "m = max_j x_j; d = sum_j exp(x_j - m); y_j = exp(x_j - m) / d; lse = m + log d. A row of -inf "
              "gives y = "
              "0, m = -inf, d = 0, lse = -inf. The sum is compensated.",
              kRowInputs,
              {},
              kRowOutputs,
              {},
              "x, y [rows, V]; m, d, lse [rows]",
              run_online_softmax<float>,
              run_online_softmax<double>,
              "softmax_rows"},
    Algorithm{"online_softmax_merge",
              "m = max(m1, m2); d = d1 e^{m1-m} + d2 e^{m2-m}; o = (o1 d1 e^{m1-m} + o2 d2 e^{m2-m}) / d "
              "with o1, o2 "
              "normalised; an empty part is (-inf, 0, 0), both empty give (-inf, 0, 0).",
              kMergeInputs,
              {},
              kMergeOutputs,
              {},
              "m1, d1, m2, d2, m, d [rows]; o1, o2, o [rows, width]",
              run_merge<float>,
              run_merge<double>,
              ""}};

}  // namespace

std::span<const Algorithm> softmax_attention_algorithms() {
  return kAttention;
}
std::span<const Algorithm> online_softmax_algorithms() {
  return kRows;
}

}  // namespace alab
