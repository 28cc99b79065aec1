// FlashAttention on the CPU, literally: both loop orders forward and backward, with counters and an observer
// for the stepper; block-sparse; split-KV decoding. Formulas of the papers' access counts stand in
// flash_counts.hpp. SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <vector>

#include "reference/flash_counts.hpp"
#include "reference/softmax_attention.hpp"

namespace alab {

/// What multiplies the old accumulator when the maximum of a row rises. Only `correct` is right.
enum class Rescale {
  correct,  ///< e^{m_old - m_new}, on O and l
  none,     ///< 1, on O and l: the switch of the lab turned off
  inverse   ///< e^{m_new - m_old} on O, l right: algorithm 1, line 10 of FlashAttention-2 as printed on arXiv
};

/// Which tiles of the score matrix exist, [query tiles, key tiles], 1 keeps. Empty: all.
struct BlockMask {
  std::int64_t rows = 0, cols = 0;
  std::vector<std::uint8_t> keep = {};
  bool empty() const { return keep.empty(); }
  bool kept(std::int64_t i, std::int64_t j) const {
    return empty() || keep[static_cast<std::size_t>(i * cols + j)] != 0;
  }
  std::int64_t count() const;
};
/// round(density rows cols) tiles, the diagonal first (so that no row is empty), the rest drawn without
/// repetition.
BlockMask random_block_mask(std::int64_t rows, std::int64_t cols, double density, std::uint64_t seed);

/// One event of a tiled run of one head. Vectors hold one value per query row of the tile, after the event.
struct TileEvent {
  enum Kind {
    load,     ///< the tile's operands are read
    compute,  ///< scores, weights and their product with V were added
    skip,     ///< causality or the block mask hides the whole tile
    rescale,  ///< the accumulator was rescaled; follows only when a maximum rose in this tile
    finish    ///< the query tile's output is final (FA-1: key_tile is the last)
  };
  Kind kind = compute;
  std::int64_t query_tile = 0, key_tile = 0;
  std::int64_t first_query = 0, queries = 0, first_key = 0, keys = 0;
  std::vector<double> m = {}, l = {};  ///< running maximum and sum; -inf and 0 before the first visible key
  std::vector<double> factor = {};     ///< e^{m_old - m_new} as applied; 1 where the maximum stayed
  std::int64_t watched = 0;  ///< index in these vectors of the watched row (0 when it is in another tile)
  double norm_before = 0,
         norm_after = 0;  ///< Euclidean norm of the watched row's accumulator around the event
};
using TileObserver = std::function<void(const TileEvent&)>;

/// Exact counts of a run, summed over heads.
struct FlashCounters {
  Accesses accesses;
  std::int64_t divisions = 0;  ///< by l, one per element of O (FA-1: in each tile; FA-2: once)
  std::int64_t rescales =
      0;  ///< multiplications of elements of O by a factor of their row (FA-1: 2 a tile; FA-2: 1)
  std::int64_t exps = 0;            ///< exponentials of scores (not of rescale factors)
  std::int64_t tiles_computed = 0;  ///< tiles whose scores were computed
  std::int64_t tiles_skipped = 0;   ///< tiles never loaded
  std::int64_t tiles_masked = 0;    ///< computed tiles that needed the element-wise causal test
  friend bool operator==(const FlashCounters&, const FlashCounters&) = default;
};

struct FlashOptions {
  bool causal = false;  ///< bottom-right aligned
  double scale = 0;     ///< 0 stands for 1/sqrt(head_dim)
  TilePlan tiles = {};
  Rescale rescale = Rescale::correct;
  BlockMask blocks = {};  ///< empty: dense
  bool count_only =
      false;  ///< walk the loops and count, compute nothing (outputs 0); as if every row saw a key
  FlashCounters* counters = nullptr;  ///< added to
  AllocationMeter* meter = nullptr;   ///< tile buffers and row statistics, in elements
  TileObserver observer = {};         ///< called for watch_head only
  std::int64_t watch_head = 0, watch_row = 0;
};

template <class T>
struct FlashOutput {
  Tensor<T> output;            ///< [H, Nq, dv]
  Tensor<T> logsumexp;         ///< [H, Nq], L = m + log l
  Tensor<T> row_max, row_sum;  ///< m, l [H, Nq]
};

/// Algorithm 1 of FlashAttention, literally: key tiles outside, query tiles inside, O normalised in every
/// tile, O, l, m read and written in every tile. Every tile is computed (causality by mask only, as printed).
///   O_i <- diag(l')^{-1} (diag(l) e^{m-m'} O_i + e^{m~-m'} P~ V_j).  Any Nq, Nk, dk, dv; mask as
///   softmax_attention.
/// Source: Dao et al. 2022, arXiv:2205.14135, algorithm 1; block-sparse: algorithm 5. All sums in T.
template <class T>
FlashOutput<T> flash_attention_fa1(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                   const FlashOptions& options = {}, const Tensor<T>& mask = {},
                                   const Progress& progress = {});

/// FlashAttention-2: query tiles outside, O un-normalised until the end, tiles above the causal diagonal
/// skipped, and no element test in tiles whose rows all lie below it (rows greater than columns). Source: Dao
/// 2023, arXiv:2307.08691, section 3.1, algorithm 1 with its line 10 corrected.
template <class T>
FlashOutput<T> flash_attention_fa2(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                   const FlashOptions& options = {}, const Tensor<T>& mask = {},
                                   const Progress& progress = {});

template <class T>
struct FlashGradients {
  Tensor<T> dq, dk, dv;  ///< shapes of q, k, v
};

/// Algorithm 4 of FlashAttention: key tiles outside; P from l and m; D recomputed from O in every tile.
/// @param forward output of either forward pass with the same options
template <class T>
FlashGradients<T> flash_attention_backward_fa1(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                               const Tensor<T>& d_output, const FlashOutput<T>& forward,
                                               const FlashOptions& options = {}, const Tensor<T>& mask = {},
                                               const Progress& progress = {});
/// Algorithm 2 of FlashAttention-2: D = rowsum(dO * O) in a pass before, P = e^{S - L}, hidden tiles skipped.
template <class T>
FlashGradients<T> flash_attention_backward_fa2(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                               const Tensor<T>& d_output, const FlashOutput<T>& forward,
                                               const FlashOptions& options = {}, const Tensor<T>& mask = {},
                                               const Progress& progress = {});

/// Decoding with the keys cut into splits: split s handles keys [s c, min(Nk, (s+1) c)), c = ceil(Nk /
/// splits).
template <class T>
struct SplitParts {
  Tensor<T> output;     ///< [H, splits, dv], normalised within the split; 0 for an empty one
  Tensor<T> logsumexp;  ///< [H, splits]; -inf for an empty one
};
/// @param q [H, 1, dk], the newest token, which sees every key; splits >= 1, more than Nk allowed
template <class T>
SplitParts<T> split_kv_decode(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, std::int64_t splits,
                              double scale = 0);
/// o = sum_s e^{lse_s - lse} o_s, lse = logsumexp_s lse_s; all splits empty: 0 and -inf. Output [H, 1, dv],
/// lse [H, 1].
template <class T>
AttentionOutput<T> combine_splits(const SplitParts<T>& parts);

}  // namespace alab
