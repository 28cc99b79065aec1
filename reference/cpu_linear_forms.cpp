// Linear and gated linear attention on the CPU by name. SPDX-License-Identifier: MIT
#include <array>

#include "reference/cpu_forms.hpp"
#include "reference/gated_linear_attention.hpp"
#include "reference/linear_attention.hpp"

namespace alab {

namespace {

Tensor<float> parallel(const CpuProblem& p, int, const Progress& progress) {
  return linear_attention_parallel<float>({p.q, p.k, p.v}, {.causal = p.causal}, progress).output;
}

Tensor<float> recurrent(const CpuProblem& p, int, const Progress& progress) {
  return linear_attention_recurrent<float>({p.q, p.k, p.v}, {.causal = p.causal}, progress).output;
}

Tensor<float> chunkwise(const CpuProblem& p, int, const Progress& progress) {
  return linear_attention_chunkwise<float>({p.q, p.k, p.v}, 64, {.causal = p.causal}, progress).output;
}

Tensor<float> blocked(const CpuProblem& p, int threads, const Progress& progress) {
  return blocked_linear_attention<float>({p.q, p.k, p.v}, {.causal = p.causal}, threads, progress).output;
}

constexpr std::array kLinear{
    CpuForm{"parallel", "scores of a head held whole, masked, products by Eigen", false, parallel},
    CpuForm{"recurrent", "token by token, one state", false, recurrent},
    CpuForm{"chunkwise", "chunks of 64, literally", false, chunkwise},
    CpuForm{"blocked", "chunks of 64 in cache, threads over chunks and heads", true, blocked}};

Tensor<float> gated_recurrent(const CpuProblem& p, int, const Progress& progress) {
  return gated_linear_attention_recurrent<float>({p.q, p.k, p.v, p.log_decay}, {}, progress).output;
}

Tensor<float> gated_chunkwise(const CpuProblem& p, int, const Progress& progress) {
  return gated_linear_attention_chunkwise<float>({p.q, p.k, p.v, p.log_decay}, 64, {}, progress).output;
}

Tensor<float> gated_two_level(const CpuProblem& p, int, const Progress& progress) {
  return gated_linear_attention_chunkwise_two_level<float>({p.q, p.k, p.v, p.log_decay}, 64, 16, {}, progress)
      .output;
}

Tensor<float> gated_blocked(const CpuProblem& p, int threads, const Progress& progress) {
  return blocked_gated_linear_attention<float>({p.q, p.k, p.v, p.log_decay}, {}, threads, progress).output;
}

constexpr std::array kGated{
    CpuForm{"recurrent", "token by token, one state", false, gated_recurrent},
    CpuForm{"chunkwise", "chunks of 64, gates multiplied and divided out; overflows under strong decay",
            false, gated_chunkwise},
    CpuForm{"two_level", "chunks of 64 in sub-chunks of 16, literally", false, gated_two_level},
    CpuForm{"blocked", "the same in cache with vectorised exp, threads over chunks and heads", true,
            gated_blocked}};

}  // namespace

std::span<const CpuForm> linear_cpu_forms() {
  return kLinear;
}
std::span<const CpuForm> gated_cpu_forms() {
  return kGated;
}

}  // namespace alab
