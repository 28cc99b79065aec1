// Closed formulas for what the tiled algorithms read and write; one head, elements.
// SPDX-License-Identifier: MIT
#include "reference/flash_counts.hpp"

namespace alab {

namespace {

/// Sum over query tiles of the keys in the key tiles that tile visits.
std::int64_t visited_keys(std::int64_t n, const TilePlan& plan, bool causal) {
  std::int64_t keys = 0;
  for (std::int64_t row = 0; row < n; row += plan.block_m) {
    const std::int64_t last = std::min(n, row + plan.block_m);
    keys += causal ? std::min(n, plan.block_n * tile_count(last, plan.block_n)) : n;
  }
  return keys;
}

/// Sum over key tiles of the queries in the query tiles that tile visits.
std::int64_t visited_queries(std::int64_t n, const TilePlan& plan, bool causal) {
  std::int64_t queries = 0;
  for (std::int64_t col = 0; col < n; col += plan.block_n) {
    queries += causal ? n - plan.block_m * (col / plan.block_m) : n;
  }
  return queries;
}

}  // namespace

std::int64_t tile_count(std::int64_t n, std::int64_t block) {
  require(n >= 0 && block >= 1, "tiles of ", block, " over ", n, " rows: the tile must be at least 1");
  return (n + block - 1) / block;
}

TilePlan fa1_plan(std::int64_t sram_elements, std::int64_t head_dim) {
  require(sram_elements >= 1 && head_dim >= 1, "fast memory of ", sram_elements, " elements and head_dim ",
          head_dim, ": both must be at least 1");
  const std::int64_t rows = tile_count(sram_elements, 4 * head_dim);
  return {std::min(rows, head_dim), rows};
}

std::int64_t fa1_tile_elements(const TilePlan& plan, std::int64_t head_dim) {
  return 2 * plan.block_n * head_dim + 2 * plan.block_m * head_dim + plan.block_m * plan.block_n;
}

Accesses standard_forward_accesses(std::int64_t n, std::int64_t d) {
  return {3 * n * d + 2 * n * n, n * d + 2 * n * n};
}

Accesses standard_backward_accesses(std::int64_t n, std::int64_t d) {
  return {5 * n * d + 5 * n * n, 3 * n * d + 2 * n * n};
}

Accesses fa1_forward_accesses(std::int64_t n, std::int64_t d, const TilePlan& plan) {
  const std::int64_t tiles = tile_count(n, plan.block_n);
  return {2 * n * d + tiles * (2 * n * d + 2 * n), tiles * (n * d + 2 * n)};
}

Accesses fa1_block_sparse_accesses(std::int64_t n, std::int64_t d, const TilePlan& plan,
                                   std::int64_t kept_tiles) {
  require(n % plan.block_m == 0, "the block-sparse count holds when block_m ", plan.block_m, " divides ", n);
  const std::int64_t rows = kept_tiles * plan.block_m;
  return {2 * n * d + rows * (2 * d + 2), rows * (d + 2)};
}

Accesses fa1_backward_accesses(std::int64_t n, std::int64_t d, const TilePlan& plan) {
  const std::int64_t tiles = tile_count(n, plan.block_n);
  return {2 * n * d + tiles * (4 * n * d + 2 * n), 2 * n * d + tiles * n * d};
}

Accesses fa2_forward_accesses(std::int64_t n, std::int64_t d, const TilePlan& plan, bool causal) {
  return {n * d + 2 * d * visited_keys(n, plan, causal), n * d + n};
}

Accesses fa2_backward_accesses(std::int64_t n, std::int64_t d, const TilePlan& plan, bool causal) {
  const std::int64_t queries = visited_queries(n, plan, causal);
  return {2 * n * d + 2 * n * d + queries * (3 * d + 2), n + 2 * n * d + queries * d};
}

double theorem2_accesses(double n, double d, double sram_elements) {
  return n * n * d * d / sram_elements;
}

double causal_tile_fraction(std::int64_t tiles) {
  require(tiles >= 1, "a fraction of ", tiles, " tiles is not defined: at least 1");
  return static_cast<double>(tiles + 1) / static_cast<double>(2 * tiles);
}

}  // namespace alab
