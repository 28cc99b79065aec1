// Softmax attention on the CPU by name. SPDX-License-Identifier: MIT
#include <array>

#include "reference/cpu_forms.hpp"
#include "reference/flash_attention.hpp"

namespace alab {

namespace {

Tensor<float> run_naive(const CpuProblem& p, int, const Progress& progress) {
  return softmax_attention(p.q, p.k, p.v, {.causal = p.causal}, {}, progress).output;
}

Tensor<float> run_online(const CpuProblem& p, int, const Progress& progress) {
  return online_softmax_attention(p.q, p.k, p.v, {.causal = p.causal}, {}, 64, progress).output;
}

Tensor<float> run_fa1(const CpuProblem& p, int, const Progress& progress) {
  return flash_attention_fa1(p.q, p.k, p.v, {.causal = p.causal, .tiles = {64, 64}}, {}, progress).output;
}

Tensor<float> run_fa2(const CpuProblem& p, int, const Progress& progress) {
  return flash_attention_fa2(p.q, p.k, p.v, {.causal = p.causal, .tiles = {64, 64}}, {}, progress).output;
}

Tensor<float> run_blocked(const CpuProblem& p, int threads, const Progress& progress) {
  return blocked_softmax_attention(p.q, p.k, p.v, {.causal = p.causal}, threads, progress).output;
}

constexpr std::array kForms{
    CpuForm{"naive", "scores of a head held whole, softmax by rows, products by Eigen", false, run_naive},
    CpuForm{"online", "64 keys at a time, one running state per query", false, run_online},
    CpuForm{"fa1_order", "FlashAttention's algorithm 1, tiles of 64 x 64, literally", false, run_fa1},
    CpuForm{"fa2_order", "FlashAttention-2's algorithm 1, tiles of 64 x 64, literally", false, run_fa2},
    CpuForm{"blocked", "tiles of 128 x 512, products and exp by Eigen, threads over query tiles", true,
            run_blocked}};

}  // namespace

std::span<const CpuForm> softmax_cpu_forms() {
  return kForms;
}

}  // namespace alab
