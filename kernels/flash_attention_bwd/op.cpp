// Softmax attention backward from the saved output and logsumexp: gradients of q, k and v.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "kernels/attention_plain.hpp"
#include "reference/core/rng.hpp"
#include "reference/flash_attention.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::seq_len,    &params::key_len, &params::head_dim, &params::head_dim_v,
                                &params::heads,      &params::causal,  &params::masked,   &params::scale,
                                &params::peak_score, &params::seed};

// A row that sees one key has dS = P (dP - D) = 0 exactly: seq_len=1 holds rungs to summing dP and D alike.
constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=16",
    "seq_len=7 head_dim=16 head_dim_v=24 heads=2",
    "seq_len=63 head_dim=40 head_dim_v=20 heads=2 causal=true",
    "seq_len=65 head_dim=64 heads=2 causal=true scale=0.3",
    "seq_len=129 head_dim=37 head_dim_v=19",
    "seq_len=129 key_len=65 head_dim=48 heads=2 causal=true",
    "seq_len=65 key_len=129 head_dim=128 causal=true peak_score=80",
    "seq_len=65 key_len=100 head_dim=32 head_dim_v=64 heads=2 masked=true",
    "seq_len=1000 head_dim=32 causal=true",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const AttentionProblem p = attention_problem(problem);
  std::vector<BufferSpec> out = attention_input_buffers(p);
  out.push_back({"o", {p.heads, p.seq_len, p.head_dim_v}});
  out.push_back({"logsumexp", {p.heads, p.seq_len}});
  out.push_back({"do", {p.heads, p.seq_len, p.head_dim_v}});
  out.push_back({"dq", {p.heads, p.seq_len, p.head_dim}, BufferRole::output});
  out.push_back({"dk", {p.heads, p.key_len, p.head_dim}, BufferRole::output});
  out.push_back({"dv", {p.heads, p.key_len, p.head_dim_v}, BufferRole::output});
  return out;
}

// o and logsumexp are the forward pass in double, rounded once; do is standard normal.
HostArrays inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  const AttentionProblem p = attention_problem(problem);
  HostArrays out = attention_inputs(problem, source, progress);
  AttentionOptions options;
  options.causal = p.causal;
  options.scale = static_cast<float>(p.scale);
  const Tensor<double> mask = p.masked ? out.f32.at("mask").cast<double>() : Tensor<double>();
  const AttentionOutput<double> forward =
      softmax_attention<double>(out.f32.at("q").cast<double>(), out.f32.at("k").cast<double>(),
                                out.f32.at("v").cast<double>(), options, mask, progress);
  out.f32["o"] = forward.output.cast<float>();
  out.f32["logsumexp"] = forward.logsumexp.cast<float>();
  Rng rng(static_cast<std::uint64_t>(problem.integer(params::seed)) ^ 0x646fU);
  Tensor<float> d_output({p.heads, p.seq_len, p.head_dim_v});
  for (float& x : d_output.span()) {
    x = static_cast<float>(rng.normal());
  }
  out.f32["do"] = std::move(d_output);
  return out;
}

FlashGradients<double> backward(const ParamSet& problem, const HostArrays& inputs) {
  const AttentionProblem p = attention_problem(problem);
  FlashOptions options;
  options.causal = p.causal;
  options.scale = static_cast<float>(p.scale);  // what the kernels are given
  FlashOutput<double> forward;
  forward.output = inputs.f32.at("o").cast<double>();
  forward.logsumexp = inputs.f32.at("logsumexp").cast<double>();
  forward.row_max = forward.logsumexp;  // with row_sum = 1: the same weights, e^{S - m} / l = e^{S - L}
  forward.row_sum = Tensor<double>(forward.logsumexp.shape());
  std::fill_n(forward.row_sum.data(), forward.row_sum.size(), 1.0);
  const Tensor<double> mask = p.masked ? inputs.f32.at("mask").cast<double>() : Tensor<double>();
  return flash_attention_backward_fa2<double>(
      inputs.f32.at("q").cast<double>(), inputs.f32.at("k").cast<double>(), inputs.f32.at("v").cast<double>(),
      inputs.f32.at("do").cast<double>(), forward, options, mask);
}

TruthArrays reference(const ParamSet& problem, const HostArrays& inputs) {
  FlashGradients<double> out = backward(problem, inputs);
  TruthArrays truth;
  truth["dq"] = std::move(out.dq);
  truth["dk"] = std::move(out.dk);
  truth["dv"] = std::move(out.dv);
  return truth;
}

// Five products (scores again, dP, dV, dK, dQ) over the visible scores: the field's 2.5 x forward.
Cost cost(const ParamSet& problem) {
  const AttentionProblem p = attention_problem(problem);
  const auto T = static_cast<double>(p.seq_len);
  const auto Tk = static_cast<double>(p.key_len);
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  const auto H = static_cast<double>(p.heads);
  double visible = 0;
  for (std::int64_t i = 0; i < p.seq_len; ++i) {
    visible += static_cast<double>(p.visible_keys(i));
  }
  const double mask = p.masked ? T * Tk : 0;
  return {2 * H * visible * (3 * K + 2 * V), 4 * (H * (2 * T * K + 2 * Tk * (K + V) + 2 * T * V + T) + mask)};
}

}  // namespace

extern const Op op_flash_attention_bwd;
const Op op_flash_attention_bwd{
    "flash_attention_bwd",
    "Attention backward",
    "dq, dk, dv from do, with P = exp(scale q k^T + mask - logsumexp) and D = rowsum(do * o).",
    kParams,
    kShapes,
    buffers,
    inputs,
    reference,
    plain_attention_backward,
    cost};

}  // namespace alab
