// FlashAttention forward in both loop orders, tile by tile.
// SPDX-License-Identifier: MIT
#include "reference/flash_attention.hpp"

#include <algorithm>
#include <numeric>

#include "reference/core/rng.hpp"
#include "reference/flash_tiles.hpp"

namespace alab {

std::int64_t BlockMask::count() const {
  return std::count_if(keep.begin(), keep.end(), [](std::uint8_t kept) { return kept != 0; });
}

BlockMask random_block_mask(std::int64_t rows, std::int64_t cols, double density, std::uint64_t seed) {
  require(rows >= 1 && cols >= 1 && density >= 0 && density <= 1, "a block mask of ", rows, " x ", cols,
          " tiles with density ", density, " cannot be drawn: at least one tile, density in 0 .. 1");
  BlockMask mask{rows, cols, std::vector<std::uint8_t>(static_cast<std::size_t>(rows * cols), 0)};
  const auto wanted = std::llround(density * static_cast<double>(rows * cols));
  std::vector<std::size_t> order(mask.keep.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto diagonal = [&](std::size_t tile) {
    return static_cast<std::int64_t>(tile) % cols == (static_cast<std::int64_t>(tile) / cols) * cols / rows;
  };
  Rng rng(seed);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<std::size_t>(rng.below(i))]);
  }
  std::stable_partition(order.begin(), order.end(), diagonal);
  for (std::int64_t n = 0; n < wanted; ++n) {
    mask.keep[order[static_cast<std::size_t>(n)]] = 1;
  }
  return mask;
}

namespace {

template <class T>
FlashOutput<T> empty_output(const Tensor<T>& q, const Tensor<T>& v) {
  const Shape rows{q.extent(0), q.extent(1)};
  FlashOutput<T> out{Tensor<T>({q.extent(0), q.extent(1), v.extent(2)}), Tensor<T>(rows), Tensor<T>(rows),
                     Tensor<T>(rows)};
  std::fill_n(out.row_max.data(), out.row_max.size(), kMinusInfinity<T>);
  return out;
}

/// Rows of row_max or row_sum that belong to a tile, as an array.
template <class T>
Eigen::Map<ColumnArray<T>> tile_rows(Tensor<T>& statistics, std::int64_t h, const TileRect& t) {
  return {statistics.data() + h * statistics.extent(1) + t.first_query, t.queries};
}

/// Running state of one query tile: its rows of O (normalised in FA-1, not in FA-2), m and l.
template <class T>
struct TileState {
  RowMatrix<T> o;
  ColumnArray<T> m, l;
};

/// What one tile did to its rows, for the observer.
template <class T>
struct TileUpdate {
  TileUpdate(const TileState<T>& state, bool observed)
      : factor(ColumnArray<T>::Ones(state.l.size())), on_o(factor), old_l(state.l) {
    if (observed) {
      before = state;
    }
  }
  TileState<T> before;
  ColumnArray<T> factor;  // e^{m - m'} as applied
  ColumnArray<T> on_o;    // what the old rows of O were multiplied by (FA-1: e^{m - m'} l / l')
  ColumnArray<T> old_l;   // l after its rescale
};

/// Tells the observer about a rescale (when a maximum rose after the first key) and the product with V.
template <class T>
void tell_update(const TiledHead<T>& run, const TileRect& t, const TileUpdate<T>& update,
                 const TileState<T>& after) {
  TileEvent e = run.event(TileEvent::compute, t, after.m, after.l, update.factor);
  const auto row = static_cast<Eigen::Index>(e.watched);
  const double start = update.before.o.row(row).norm();
  const double scaled = start * static_cast<double>(update.on_o(row));
  const bool rose = ((after.m > update.before.m) && (update.before.m > kMinusInfinity<T>)).any();
  if (rose) {
    run.tell(run.event(TileEvent::rescale, t, after.m, update.old_l, update.factor), start, scaled);
  }
  run.tell(std::move(e), rose ? scaled : start, after.o.row(row).norm());
}

/// One tile of algorithm 1, lines 9 to 13.
template <class T>
void fa1_tile(TiledHead<T>& run, const TileRect& t, TileState<T>& state, RowMatrix<T>& buffer) {
  auto s = buffer.topLeftCorner(t.queries, t.keys);
  run.compute_scores(t, s);
  TileUpdate<T> update(state, run.observed());
  for (std::int64_t i = 0; i < t.queries; ++i) {
    auto row = s.row(i).array();
    const T m_tile = row.maxCoeff();
    const T m_new = std::max(state.m(i), m_tile);
    if (m_new == kMinusInfinity<T>) {
      continue;
    }
    T l_tile = 0, new_factor = 0;
    if (m_tile == kMinusInfinity<T>) {
      row.setZero();
    } else {
      row = exp_of(row - m_tile);
      l_tile = row.sum();
      new_factor = std::exp(m_tile - m_new);
    }
    const auto [on_o, on_l] = run.factors(state.m(i), m_new);
    const T l_old = state.l(i);
    update.old_l(i) = on_l * l_old;
    state.l(i) = update.old_l(i) + new_factor * l_tile;
    state.o.row(i) = (l_old * on_o * state.o.row(i) +
                      new_factor * (row.matrix() * run.view.v.middleRows(t.first_key, t.keys))) /
                     state.l(i);
    if (state.m(i) != kMinusInfinity<T>) {
      update.factor(i) = on_o;
      update.on_o(i) = l_old * on_o / state.l(i);
    }
    state.m(i) = m_new;
    run.counts.divisions += state.o.cols();
    run.counts.rescales += 2 * state.o.cols();
  }
  if (run.observed()) {
    tell_update(run, t, update, state);
  }
}

template <class T>
void tell_without_state(const TiledHead<T>& run, TileEvent::Kind kind, const TileRect& t,
                        const TileState<T>& state) {
  if (run.observed()) {
    TileEvent e = run.event(kind, t, state.m, state.l, ColumnArray<T>::Ones(t.queries));
    const double norm = state.o.row(static_cast<Eigen::Index>(e.watched)).norm();
    run.tell(std::move(e), norm, norm);
  }
}

/// Loads the rows of O, l and m that a tile needs, updates them and writes them back.
template <class T>
void fa1_visit(TiledHead<T>& run, const TileRect& t, bool last, FlashOutput<T>& out, RowMatrix<T>& buffer) {
  const std::int64_t h = run.view.index;
  auto o = head(out.output, h);
  TileState<T> state{o.middleRows(t.first_query, t.queries), tile_rows(out.row_max, h, t),
                     tile_rows(out.row_sum, h, t)};
  tell_without_state(run, run.kept(t) ? TileEvent::load : TileEvent::skip, t, state);
  if (run.kept(t)) {
    fa1_tile(run, t, state, buffer);
    o.middleRows(t.first_query, t.queries) = state.o;
    tile_rows(out.row_max, h, t) = state.m;
    tile_rows(out.row_sum, h, t) = state.l;
  }
  if (last) {
    tell_without_state(run, TileEvent::finish, t, state);
  }
}

template <class T>
void fa1_head(TiledHead<T>& run, const FlashOptions& options, FlashOutput<T>& out, RowMatrix<T>& buffer) {
  const std::int64_t dk = run.view.q.cols(), dv = run.view.v.cols();
  for (std::int64_t j = 0; j < run.key_tiles(); ++j) {
    run.counts.accesses.loads += run.rect(0, j).keys * (dk + dv);
    for (std::int64_t i = 0; i < run.query_tiles(); ++i) {
      const TileRect t = run.rect(i, j);
      if (run.kept(t)) {
        run.counts.accesses.loads += t.queries * (dk + dv + 2);
        run.counts.accesses.stores += t.queries * (dv + 2);
      } else {
        run.counts.tiles_skipped += 1;
      }
      if (!options.count_only) {
        fa1_visit(run, t, j + 1 == run.key_tiles(), out, buffer);
      } else if (run.kept(t)) {
        run.count_scores(t);
        run.counts.divisions += t.queries * dv;
        run.counts.rescales += 2 * t.queries * dv;
      }
      run.pace(static_cast<double>(j) / static_cast<double>(run.key_tiles()));
    }
  }
}

/// One tile of FlashAttention-2's algorithm 1, lines 8 to 10.
template <class T>
void fa2_tile(TiledHead<T>& run, const TileRect& t, TileState<T>& state, RowMatrix<T>& buffer) {
  auto s = buffer.topLeftCorner(t.queries, t.keys);
  run.compute_scores(t, s);
  TileUpdate<T> update(state, run.observed());
  for (std::int64_t i = 0; i < t.queries; ++i) {
    auto row = s.row(i).array();
    const T m_new = std::max(state.m(i), row.maxCoeff());
    if (m_new == kMinusInfinity<T>) {
      row.setZero();
      continue;
    }
    row = exp_of(row - m_new);
    const auto [on_o, on_l] = run.factors(state.m(i), m_new);
    update.old_l(i) = on_l * state.l(i);
    state.l(i) = update.old_l(i) + row.sum();
    state.o.row(i) *= on_o;
    if (state.m(i) != kMinusInfinity<T>) {
      update.factor(i) = update.on_o(i) = on_o;
    }
    state.m(i) = m_new;
    run.counts.rescales += state.o.cols();
  }
  state.o.noalias() += s * run.view.v.middleRows(t.first_key, t.keys);
  if (run.observed()) {
    tell_update(run, t, update, state);
  }
}

/// Lines 12 to 15: the only division, and L = m + log l.
template <class T>
void fa2_finish(TiledHead<T>& run, const TileRect& t, TileState<T>& state, FlashOutput<T>& out) {
  const std::int64_t h = run.view.index;
  auto o = head(out.output, h);
  for (std::int64_t i = 0; i < t.queries; ++i) {
    if (state.l(i) != 0) {
      o.row(t.first_query + i) = state.o.row(i) / state.l(i);
      run.counts.divisions += state.o.cols();
    }
  }
  tile_rows(out.row_max, h, t) = state.m;
  tile_rows(out.row_sum, h, t) = state.l;
  run.counts.accesses.stores += t.queries * (state.o.cols() + 1);
  if (run.observed()) {
    TileEvent e = run.event(TileEvent::finish, t, state.m, state.l, ColumnArray<T>::Ones(t.queries));
    const auto row = static_cast<Eigen::Index>(e.watched);
    const double after = o.row(t.first_query + row).norm();
    run.tell(std::move(e), state.o.row(row).norm(), after);
  }
}

template <class T>
void fa2_head(TiledHead<T>& run, const FlashOptions& options, FlashOutput<T>& out, RowMatrix<T>& buffer) {
  const std::int64_t dk = run.view.q.cols(), dv = run.view.v.cols();
  for (std::int64_t i = 0; i < run.query_tiles(); ++i) {
    TileRect t = run.rect(i, 0);
    run.counts.accesses.loads += t.queries * dk;
    TileState<T> state{RowMatrix<T>::Zero(t.queries, dv),
                       ColumnArray<T>::Constant(t.queries, kMinusInfinity<T>),
                       ColumnArray<T>::Zero(t.queries)};
    for (std::int64_t j = 0; j < run.key_tiles(); ++j) {
      t = run.rect(i, j);
      if (run.hidden(t) || !run.kept(t)) {
        run.counts.tiles_skipped += 1;
        tell_without_state(run, TileEvent::skip, t, state);
        continue;
      }
      run.counts.accesses.loads += t.keys * (dk + dv);
      if (options.count_only) {
        run.count_scores(t);
        run.counts.rescales += t.queries * dv;
      } else {
        tell_without_state(run, TileEvent::load, t, state);
        fa2_tile(run, t, state, buffer);
      }
      run.pace(static_cast<double>(i) / static_cast<double>(run.query_tiles()));
    }
    fa2_finish(run, t, state, out);
    run.counts.divisions += options.count_only ? t.queries * dv : 0;
  }
}

/// Either loop order over all heads.
template <class T, class HeadFunction>
FlashOutput<T> forward(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                       const FlashOptions& options, const Tensor<T>& mask, const Progress& progress,
                       std::int64_t held, HeadFunction run_head) {
  FlashOutput<T> out = empty_output(q, v);
  const std::int64_t block_m = std::min(options.tiles.block_m, q.extent(1));
  const std::int64_t block_n = std::min(options.tiles.block_n, k.extent(1));
  const Metered meter(options.meter, held + block_m * block_n + block_m * v.extent(2));
  RowMatrix<T> buffer(block_m, block_n);
  for (std::int64_t h = 0; h < q.extent(0); ++h) {
    progress.step(static_cast<double>(h) / static_cast<double>(q.extent(0)), "flash attention");
    TiledHead<T> run(q, k, v, options, mask, h, progress);
    run_head(run, options, out, buffer);
    add_counts(options.counters, run.counts);
  }
  for (std::int64_t r = 0; r < out.logsumexp.size(); ++r) {
    out.logsumexp[r] =
        out.row_max[r] == kMinusInfinity<T> ? out.row_max[r] : out.row_max[r] + std::log(out.row_sum[r]);
  }
  return out;
}

}  // namespace

template <class T>
FlashOutput<T> flash_attention_fa1(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                   const FlashOptions& options, const Tensor<T>& mask,
                                   const Progress& progress) {
  check_flash(q, k, v, options, mask);
  return forward(q, k, v, options, mask, progress, 2 * q.extent(1), fa1_head<T>);  // l and m of every row
}

template <class T>
FlashOutput<T> flash_attention_fa2(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                   const FlashOptions& options, const Tensor<T>& mask,
                                   const Progress& progress) {
  check_flash(q, k, v, options, mask);
  return forward(q, k, v, options, mask, progress, 2 * std::min(options.tiles.block_m, q.extent(1)),
                 fa2_head<T>);
}

#define ALAB_INSTANTIATE(T)                                                                            \
  template FlashOutput<T> flash_attention_fa1(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&,    \
                                              const FlashOptions&, const Tensor<T>&, const Progress&); \
  template FlashOutput<T> flash_attention_fa2(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&,    \
                                              const FlashOptions&, const Tensor<T>&, const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
