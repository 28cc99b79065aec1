// Flash attention, one tile at a time, with everything a lab wants to look at: loads, stores, state, wrong
// variants. Beside reference/flash_attention.hpp it opens the accumulator to observers, can count without
// computing, and can be wrong in the ways the papers are misprinted; tests hold its right form against the
// reference's. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "reference/core/eigen_view.hpp"

namespace alab::flash_tiling {

/// fa1: key tiles outside, O, l and m travel to HBM and back at each visit (FlashAttention, Algorithm 1).
/// fa2: query tiles outside, un-normalised accumulator on chip (FlashAttention-2, Algorithm 1).
enum class LoopOrder { fa1, fa2 };

/// What is done to the old state when the running maximum rises. Only `right` is right.
enum class RescaleRule {
  right,               ///< O <- e^{m_old - m_new} O
  off,                 ///< neither O nor l is rescaled
  inverse,             ///< O <- (e^{m_old - m_new})^{-1} O, as printed in Algorithm 1 of FA-2's preprint (P1)
  printed_normalised,  ///< O <- (l_old / l_new)^{-1} O + ..., as printed in FA-2 2.3.1 (P2)
  printed_accumulator,  ///< O <- (l_old)^{-1} O + ..., as printed in FA-2 3.1.1 (P2)
};

/// Which causal test decides about a tile. greater is right: rows all greater than columns need no mask.
enum class CausalTest { greater, printed_less };

/// How a tile of the score matrix is treated.
enum class TileUse { skipped, masked, full };

struct TileProblem {
  ConstMatrixMap<float> query, key, value;  ///< [N, d], [M, d], [M, dv]
  double softmax_scale = 1;
  bool causal = false;  ///< bottom-right aligned: query i sees key j <= i + (M - N)
  std::int64_t block_m = 64, block_n = 64;
  LoopOrder order = LoopOrder::fa2;
  RescaleRule rescale = RescaleRule::right;
  CausalTest causal_test = CausalTest::greater;
  const float* mask = nullptr;  ///< additive [N, M] or none
  bool arithmetic = true;       ///< false: walk the loops and count, compute nothing
  /// Tile (i, j) is left out where this says so: block-sparse attention. Empty: dense.
  std::function<bool(std::int64_t row_tile, std::int64_t col_tile)> keep = {};
};

/// Exact counts, in elements and operations, made by the copies and loops themselves.
struct Counters {
  std::int64_t loads = 0, stores = 0;  ///< elements moved between HBM and the chip
  std::int64_t matmul_flops = 0;       ///< 2 per multiply-add of Q K^T and P V
  std::int64_t exps = 0, rescales = 0, divisions = 0;
  std::int64_t tiles_full = 0, tiles_masked = 0, tiles_skipped = 0;
  std::int64_t pairs = 0;      ///< (query, key) pairs whose weight enters the sum
  std::int64_t peak_chip = 0;  ///< elements held on chip at once: Q, K, V, O tiles, S tile, m, l
  std::int64_t accesses() const { return loads + stores; }
  std::int64_t tiles_computed() const { return tiles_full + tiles_masked; }
};

/// What an observer sees; references are valid during the call only.
template <class T>
struct TileMoment {
  enum Kind { load_keys, load_queries, skip, compute, store };
  Kind kind = compute;
  std::int64_t row_tile = 0, col_tile = 0;
  std::int64_t row_begin = 0, row_end = 0, col_begin = 0, col_end = 0;
  TileUse use = TileUse::full;
  const std::vector<T>& m_old;   ///< running maximum before this tile, per row of the sequence
  const std::vector<T>& m;       ///< after
  const std::vector<T>& l;       ///< running sum
  const std::vector<T>& factor;  ///< e^{m_old - m} of the last visit
  const RowMatrix<T>& o;         ///< accumulator (fa2: un-normalised until stored; fa1: normalised)
  const Counters& counters;
};

template <class T>
struct TileRun {
  RowMatrix<T> o;
  std::vector<T> logsumexp;
  Counters counters;
};

template <class T>
using MomentObserver = std::function<void(const TileMoment<T>&)>;

/// softmax(scale Q K^T + mask) V by tiles. Fully masked rows give 0 and logsumexp -inf.
/// @throws Error when a tile side is below 1 or shapes disagree
/// Cost: 4 N M d flops; on chip (block_m + block_n)(d + dv) + block_m block_n + 2 block_m elements.
template <class T>
TileRun<T> run_tiles(const TileProblem& problem, const MomentObserver<T>& observer = {});
extern template TileRun<float> run_tiles(const TileProblem&, const MomentObserver<float>&);
extern template TileRun<double> run_tiles(const TileProblem&, const MomentObserver<double>&);

/// What the causal test makes of a tile; offset = M - N.
TileUse use_of(CausalTest test, std::int64_t row_begin, std::int64_t row_end, std::int64_t col_begin,
               std::int64_t col_end, std::int64_t offset);

}  // namespace alab::flash_tiling
