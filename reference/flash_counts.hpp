// Tile plans and the papers' counts of accesses to slow memory, as closed formulas. Modelled, where the
// counters of flash_attention.hpp are counted; tests hold one against the other. One head; elements, not
// bytes. SPDX-License-Identifier: MIT
#pragma once

#include "reference/core/error.hpp"
#include "reference/counters.hpp"

namespace alab {

/// A rectangle of scores: block_m query rows, block_n key columns.
struct TilePlan {
  std::int64_t block_m = 64, block_n = 64;
  friend bool operator==(const TilePlan&, const TilePlan&) = default;
};

/// Algorithm 1, line 1: block_n = ceil(M / 4d), block_m = min(ceil(M / 4d), d). Source: arXiv:2205.14135.
/// @param sram_elements M >= 1, size of fast memory in elements; @param head_dim d >= 1
TilePlan fa1_plan(std::int64_t sram_elements, std::int64_t head_dim);
/// Elements that the plan's tiles really occupy: K, V (block_n), Q, O (block_m), S (block_m x block_n).
std::int64_t fa1_tile_elements(const TilePlan& plan, std::int64_t head_dim);
/// ceil(n / block).
std::int64_t tile_count(std::int64_t n, std::int64_t block);

/// Self-attention of n tokens, head_dim d, one head. Initial writes of O, l, m are not counted.
/// Standard (algorithm 0): loads 3nd + 2n^2, stores nd + 2n^2.
Accesses standard_forward_accesses(std::int64_t n, std::int64_t d);
/// Standard backward (algorithm 3): 7 n^2 and 8 nd in all.
Accesses standard_backward_accesses(std::int64_t n, std::int64_t d);
/// FA-1 forward (algorithm 1): 2nd + Tc (3nd + 4n), Tc = ceil(n / block_n).
Accesses fa1_forward_accesses(std::int64_t n, std::int64_t d, const TilePlan& plan);
/// FA-1 forward with a share of the tiles kept (proposition 4): K, V once, 3d + 4 per row of every kept tile.
Accesses fa1_block_sparse_accesses(std::int64_t n, std::int64_t d, const TilePlan& plan,
                                   std::int64_t kept_tiles);
/// FA-1 backward (algorithm 4): 4nd + Tc (5nd + 2n).
Accesses fa1_backward_accesses(std::int64_t n, std::int64_t d, const TilePlan& plan);
/// FA-2 forward: nd + n stored, nd loaded, and 2 d keys per query tile; causal: only the visible key tiles.
Accesses fa2_forward_accesses(std::int64_t n, std::int64_t d, const TilePlan& plan, bool causal);
/// FA-2 backward: preprocess 2nd + n; then 4nd + Tc (4nd + 2n); causal: only the visible query tiles.
Accesses fa2_backward_accesses(std::int64_t n, std::int64_t d, const TilePlan& plan, bool causal);
/// The theorem's line: n^2 d^2 / M. Source: arXiv:2205.14135, theorem 2.
double theorem2_accesses(double n, double d, double sram_elements);
/// Share of square tiles computed under causality when block_m = block_n divides n: (T + 1) / 2T.
double causal_tile_fraction(std::int64_t tiles);

}  // namespace alab
