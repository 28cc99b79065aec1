// The chunk loops of FlashLinearAttention with every copy counted: what is read from slow memory, what is
// written back, and in which order chunks may run. One head, un-normalised. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "reference/core/eigen_view.hpp"
#include "reference/linear_attention.hpp"

namespace alab::causal_linear {

enum class Arithmetic { on, off };  ///< off: only copies are made and counted

/// Elements that crossed between slow memory and the chip, by array.
struct Moved {
  std::int64_t queries = 0, keys_values = 0, outputs = 0, states = 0;
  Accesses accesses;
};

struct ChunkRun {
  Tensor<float> output;  ///< [1, N, dv]
  Moved moved;
};

/// Chunks in sequence, the state stays on chip.
ChunkRun run_on_chip(const LinearAttentionProblem<float>& problem, std::int64_t chunk_size,
                     Arithmetic arithmetic = Arithmetic::on);

/// Pass 1 writes the state before every chunk, the zero state included; pass 2 computes each chunk on its
/// own. order: in which order pass 2 visits the chunks; empty: ascending.
ChunkRun run_materialized(const LinearAttentionProblem<float>& problem, std::int64_t chunk_size,
                          Arithmetic arithmetic = Arithmetic::on, std::span<const std::int64_t> order = {});

}  // namespace alab::causal_linear
