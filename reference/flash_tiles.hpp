// What the tiled forms share: one head with its tiles, the pace of progress, and what the observer is told.
// Internal to this floor.
// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "reference/attention_head.hpp"
#include "reference/flash_attention.hpp"

namespace alab {

/// Rows [first_query, +queries) against keys [first_key, +keys).
struct TileRect {
  std::int64_t i = 0, j = 0, first_query = 0, queries = 0, first_key = 0, keys = 0;
};

/// One head of a tiled run: operands, scores, tile arithmetic and counts.
template <class T>
class TiledHead {
 public:
  TiledHead(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, const FlashOptions& options,
            const Tensor<T>& mask, std::int64_t h, const Progress& progress)
      : view(q, k, v, h),
        scores(q, k, AttentionOptions{.causal = options.causal, .scale = options.scale}, mask),
        options_(options),
        progress_(progress),
        heads_(q.extent(0)) {}

  HeadView<T, T> view;
  AttentionScores<T, T> scores;
  FlashCounters counts;

  std::int64_t query_tiles() const { return tile_count(view.q.rows(), options_.tiles.block_m); }
  std::int64_t key_tiles() const { return tile_count(view.k.rows(), options_.tiles.block_n); }
  TileRect rect(std::int64_t i, std::int64_t j) const {
    const std::int64_t row = i * options_.tiles.block_m, col = j * options_.tiles.block_n;
    return {i,   j,
            row, std::min(options_.tiles.block_m, view.q.rows() - row),
            col, std::min(options_.tiles.block_n, view.k.rows() - col)};
  }
  /// True when causality hides every score of the tile.
  bool hidden(const TileRect& t) const {
    return scores.mask().visible(t.first_query + t.queries - 1) <= t.first_key;
  }
  /// True when causality hides some score of the tile: the element test is needed.
  bool partly_hidden(const TileRect& t) const {
    return scores.mask().visible(t.first_query) < t.first_key + t.keys;
  }
  bool kept(const TileRect& t) const { return options_.blocks.kept(t.i, t.j); }

  /// Scores of a tile, with its counts.
  void compute_scores(const TileRect& t, Eigen::Ref<RowMatrix<T>> s) {
    scores.block(view, t.first_query, t.queries, t.first_key, t.keys, s);
    count_scores(t);
  }
  void count_scores(const TileRect& t) {
    counts.tiles_computed += 1;
    counts.tiles_masked += partly_hidden(t) ? 1 : 0;
    counts.exps += t.queries * t.keys;
    work_ += t.queries * t.keys;
  }
  /// Looks at the stop token after every 64 Ki scores.
  void pace(double fraction) {
    if (work_ >= (1 << 16)) {
      work_ = 0;
      progress_.step((static_cast<double>(view.index) + fraction) / static_cast<double>(heads_), "tiles");
    }
  }
  /// What a rescale multiplies: see Rescale. old_max may be -inf; new_max is finite.
  std::pair<T, T> factors(T old_max, T new_max) const {
    const T right = std::exp(old_max - new_max);
    if (options_.rescale == Rescale::none) {
      return {T(1), T(1)};
    }
    const bool invert = options_.rescale == Rescale::inverse && old_max != kMinusInfinity<T>;
    return {invert ? std::exp(new_max - old_max) : right, right};
  }

  bool observed() const { return options_.observer && view.index == options_.watch_head; }
  /// An event with the running statistics of the tile's rows.
  TileEvent event(TileEvent::Kind kind, const TileRect& t, const ColumnArray<T>& m, const ColumnArray<T>& l,
                  const ColumnArray<T>& factor) const {
    TileEvent e{.kind = kind,
                .query_tile = t.i,
                .key_tile = t.j,
                .first_query = t.first_query,
                .queries = t.queries,
                .first_key = t.first_key,
                .keys = t.keys};
    e.m.assign(m.begin(), m.end());
    e.l.assign(l.begin(), l.end());
    e.factor.assign(factor.begin(), factor.end());
    const std::int64_t row = options_.watch_row - t.first_query;
    e.watched = row >= 0 && row < t.queries ? row : 0;
    return e;
  }
  void tell(TileEvent e, double norm_before, double norm_after) const {
    e.norm_before = norm_before;
    e.norm_after = norm_after;
    options_.observer(e);
  }

 private:
  const FlashOptions& options_;
  const Progress& progress_;
  std::int64_t heads_;
  std::int64_t work_ = 0;
};

/// Shapes, tile sizes, block mask and watched row; throws Error.
template <class T>
void check_flash(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, const FlashOptions& options,
                 const Tensor<T>& mask) {
  check_attention_shapes(q, k, v, mask);
  require(options.tiles.block_m >= 1 && options.tiles.block_n >= 1, "tiles of ", options.tiles.block_m, " x ",
          options.tiles.block_n, " are empty: block_m and block_n are at least 1");
  const std::int64_t rows = tile_count(q.extent(1), options.tiles.block_m);
  const std::int64_t cols = tile_count(k.extent(1), options.tiles.block_n);
  require(options.blocks.empty() || (options.blocks.rows == rows && options.blocks.cols == cols &&
                                     static_cast<std::int64_t>(options.blocks.keep.size()) == rows * cols),
          "the block mask has ", options.blocks.rows, " x ", options.blocks.cols, " tiles, the scores have ",
          rows, " x ", cols);
  require(options.watch_head >= 0 && options.watch_head < q.extent(0) && options.watch_row >= 0 &&
              options.watch_row < q.extent(1),
          "there is no head ", options.watch_head, " row ", options.watch_row, " to watch among ",
          q.extent(0), " heads of ", q.extent(1), " rows");
}

inline void add_counts(FlashCounters* to, const FlashCounters& from) {
  if (!to) {
    return;
  }
  to->accesses.loads += from.accesses.loads;
  to->accesses.stores += from.accesses.stores;
  to->divisions += from.divisions;
  to->rescales += from.rescales;
  to->exps += from.exps;
  to->tiles_computed += from.tiles_computed;
  to->tiles_skipped += from.tiles_skipped;
  to->tiles_masked += from.tiles_masked;
}

}  // namespace alab
