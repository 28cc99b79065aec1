// Softmax attention forward: o = softmax(scale q k^T + mask) v and the logsumexp of every row.
// SPDX-License-Identifier: MIT
#include "kernels/attention_plain.hpp"
#include "reference/softmax_attention.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::seq_len,    &params::key_len, &params::head_dim, &params::head_dim_v,
                                &params::heads,      &params::causal,  &params::masked,   &params::scale,
                                &params::peak_score, &params::seed};

// Bottom-right causality with more queries than keys hides every key from the first rows: 0 and -inf there.
constexpr std::string_view kShapes[] = {
    "seq_len=1 head_dim=16",
    "seq_len=7 head_dim=16 head_dim_v=24 heads=2",
    "seq_len=63 head_dim=40 head_dim_v=20 heads=2 causal=true",
    "seq_len=65 head_dim=64 heads=3 causal=true scale=0.3",
    "seq_len=129 head_dim=32 head_dim_v=64 peak_score=80",
    "seq_len=129 head_dim=37 head_dim_v=19 heads=2",
    "seq_len=129 key_len=65 head_dim=48 heads=2 causal=true",
    "seq_len=65 key_len=129 head_dim=128 causal=true peak_score=80",
    "seq_len=65 key_len=100 head_dim=64 heads=2 masked=true",
    "seq_len=1 key_len=1000 head_dim=64 heads=4",
    "seq_len=3 key_len=257 head_dim=128 head_dim_v=64 heads=2 causal=true masked=true",
    "seq_len=1000 head_dim=64 causal=true",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const AttentionProblem p = attention_problem(problem);
  std::vector<BufferSpec> out = attention_input_buffers(p);
  out.push_back({"o", {p.heads, p.seq_len, p.head_dim_v}, BufferRole::output});
  out.push_back({"logsumexp", {p.heads, p.seq_len}, BufferRole::output});
  return out;
}

AttentionOutput<double> forward(const ParamSet& problem, const HostArrays& inputs) {
  const AttentionProblem p = attention_problem(problem);
  AttentionOptions options;
  options.causal = p.causal;
  options.scale = static_cast<float>(p.scale);  // what the kernels are given
  const Tensor<double> mask = p.masked ? inputs.f32.at("mask").cast<double>() : Tensor<double>();
  return softmax_attention<double>(inputs.f32.at("q").cast<double>(), inputs.f32.at("k").cast<double>(),
                                   inputs.f32.at("v").cast<double>(), options, mask);
}

TruthArrays reference(const ParamSet& problem, const HostArrays& inputs) {
  AttentionOutput<double> out = forward(problem, inputs);
  TruthArrays truth;
  truth["o"] = std::move(out.output);
  truth["logsumexp"] = std::move(out.logsumexp);
  return truth;
}

// 2 T Tk (K + V) per head, over the visible scores only when causal: the field's 4 N^2 d, half of it when
// causal.
Cost cost(const ParamSet& problem) {
  const AttentionProblem p = attention_problem(problem);
  const auto T = static_cast<double>(p.seq_len);
  const auto Tk = static_cast<double>(p.key_len);
  const auto width = static_cast<double>(p.head_dim + p.head_dim_v);
  const auto H = static_cast<double>(p.heads);
  double visible = 0;
  for (std::int64_t i = 0; i < p.seq_len; ++i) {
    visible += static_cast<double>(p.visible_keys(i));
  }
  const double mask = p.masked ? T * Tk : 0;
  return {2 * H * visible * width, 4 * (H * ((T + Tk) * width + T) + mask)};
}

}  // namespace

extern const Op op_flash_attention_fwd;
const Op op_flash_attention_fwd{
    "flash_attention_fwd",
    "Attention forward",
    "o = softmax(scale q k^T + mask) v and logsumexp, per head; a row that sees no key gives 0 and -inf.",
    kParams,
    kShapes,
    buffers,
    attention_inputs,
    reference,
    plain_attention_forward,
    cost};

}  // namespace alab
