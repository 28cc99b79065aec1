// FlashAttention backward, tile by tile: weights are recomputed from the row statistics, nothing quadratic is
// held. SPDX-License-Identifier: MIT
#include <cmath>

#include "reference/flash_tiles.hpp"

namespace alab {

namespace {

template <class T>
void check_backward(const Tensor<T>& q, const Tensor<T>& v, const Tensor<T>& d_output,
                    const FlashOutput<T>& forward) {
  const Shape expected{q.extent(0), q.extent(1), v.extent(2)}, rows{q.extent(0), q.extent(1)};
  require(d_output.shape() == expected && forward.output.shape() == expected,
          "the output and its gradient need the shape ", to_string(expected), ", got ",
          to_string(forward.output.shape()), " and ", to_string(d_output.shape()));
  require(
      forward.logsumexp.shape() == rows && forward.row_max.shape() == rows && forward.row_sum.shape() == rows,
      "the row statistics need the shape ", to_string(rows), ": pass the output of a flash forward pass");
}

/// What a backward tile works with: tile buffers, and the gradients of the current key tile.
template <class T>
struct BackwardTiles {
  RowMatrix<T> p, ds;   // [block_m, block_n]
  RowMatrix<T> dk, dv;  // [block_n, dk], [block_n, dv]
};

/// P of a tile from m and l (FA-1) or from L (FA-2); 0 in a row that sees no key.
template <class T>
void weights_from_max(const TileRect& t, const FlashOutput<T>& forward, std::int64_t h,
                      Eigen::Ref<RowMatrix<T>> p) {
  for (std::int64_t i = 0; i < t.queries; ++i) {
    const T m = forward.row_max(h, t.first_query + i), l = forward.row_sum(h, t.first_query + i);
    auto row = p.row(i).array();
    if (m == kMinusInfinity<T>) {
      row.setZero();
    } else {
      row = exp_of(row - m) / l;
    }
  }
}

template <class T>
void weights_from_logsumexp(const TileRect& t, const FlashOutput<T>& forward, std::int64_t h,
                            Eigen::Ref<RowMatrix<T>> p) {
  for (std::int64_t i = 0; i < t.queries; ++i) {
    const T lse = forward.logsumexp(h, t.first_query + i);
    auto row = p.row(i).array();
    if (lse == kMinusInfinity<T>) {
      row.setZero();
    } else {
      row = exp_of(row - lse);
    }
  }
}

/// dV += P^T dO, dP = dO V^T, dS = P * (dP - D), dQ += scale dS K, dK += scale dS^T Q for one tile.
template <class T>
void accumulate(TiledHead<T>& run, const TileRect& t, const ConstMatrixMap<T>& d_output,
                const ColumnArray<T>& d, BackwardTiles<T>& b, MatrixMap<T> dq) {
  const auto p = b.p.topLeftCorner(t.queries, t.keys);
  auto ds = b.ds.topLeftCorner(t.queries, t.keys);
  const auto d_out = d_output.middleRows(t.first_query, t.queries);
  const auto k = run.view.k.middleRows(t.first_key, t.keys);
  b.dv.topRows(t.keys).noalias() += p.transpose() * d_out;
  ds.noalias() = d_out * run.view.v.middleRows(t.first_key, t.keys).transpose();
  ds.array() = p.array() * (ds.array().colwise() - d);
  dq.middleRows(t.first_query, t.queries).noalias() += run.scores.scale() * (ds * k);
  b.dk.topRows(t.keys).noalias() +=
      run.scores.scale() * (ds.transpose() * run.view.q.middleRows(t.first_query, t.queries));
}

/// rowsum(dO * O) of the rows of a tile.
template <class T>
ColumnArray<T> row_terms(const ConstMatrixMap<T>& d_output, const ConstMatrixMap<T>& output,
                         std::int64_t first, std::int64_t count) {
  return (d_output.middleRows(first, count).array() * output.middleRows(first, count).array())
      .rowwise()
      .sum();
}

/// Algorithm 4 of FlashAttention for one head.
template <class T>
void fa1_backward_head(TiledHead<T>& run, const Tensor<T>& d_output, const FlashOutput<T>& forward,
                       BackwardTiles<T>& b, FlashGradients<T>& out) {
  const std::int64_t h = run.view.index, dk = run.view.q.cols(), dv = run.view.v.cols();
  const ConstMatrixMap<T> d_out = head(d_output, h), o = head(forward.output, h);
  for (std::int64_t j = 0; j < run.key_tiles(); ++j) {
    const TileRect column = run.rect(0, j);
    run.counts.accesses.loads += column.keys * (dk + dv);
    b.dk.setZero();
    b.dv.setZero();
    for (std::int64_t i = 0; i < run.query_tiles(); ++i) {
      const TileRect t = run.rect(i, j);
      if (!run.kept(t)) {
        run.counts.tiles_skipped += 1;
        continue;
      }
      run.counts.accesses.loads += t.queries * (2 * dk + 2 * dv + 2);
      run.counts.accesses.stores += t.queries * dk;
      run.compute_scores(t, b.p.topLeftCorner(t.queries, t.keys));
      weights_from_max<T>(t, forward, h, b.p.topLeftCorner(t.queries, t.keys));
      accumulate(run, t, d_out, row_terms<T>(d_out, o, t.first_query, t.queries), b, head(out.dq, h));
      run.pace(static_cast<double>(j) / static_cast<double>(run.key_tiles()));
    }
    run.counts.accesses.stores += column.keys * (dk + dv);
    head(out.dk, h).middleRows(column.first_key, column.keys) = b.dk.topRows(column.keys);
    head(out.dv, h).middleRows(column.first_key, column.keys) = b.dv.topRows(column.keys);
  }
}

/// Algorithm 2 of FlashAttention-2 for one head, the row term in a pass of its own.
template <class T>
void fa2_backward_head(TiledHead<T>& run, const Tensor<T>& d_output, const FlashOutput<T>& forward,
                       BackwardTiles<T>& b, FlashGradients<T>& out) {
  const std::int64_t h = run.view.index, rows = run.view.q.rows(), dk = run.view.q.cols(),
                     dv = run.view.v.cols();
  const ConstMatrixMap<T> d_out = head(d_output, h);
  const ColumnArray<T> d = row_terms<T>(d_out, head(forward.output, h), 0, rows);
  run.counts.accesses.loads += 2 * rows * dv;
  run.counts.accesses.stores += rows;
  for (std::int64_t j = 0; j < run.key_tiles(); ++j) {
    const TileRect column = run.rect(0, j);
    run.counts.accesses.loads += column.keys * (dk + dv);
    b.dk.setZero();
    b.dv.setZero();
    for (std::int64_t i = 0; i < run.query_tiles(); ++i) {
      const TileRect t = run.rect(i, j);
      if (run.hidden(t) || !run.kept(t)) {
        run.counts.tiles_skipped += 1;
        continue;
      }
      run.counts.accesses.loads += t.queries * (2 * dk + dv + 2);
      run.counts.accesses.stores += t.queries * dk;
      run.compute_scores(t, b.p.topLeftCorner(t.queries, t.keys));
      weights_from_logsumexp<T>(t, forward, h, b.p.topLeftCorner(t.queries, t.keys));
      accumulate(run, t, d_out, ColumnArray<T>(d.segment(t.first_query, t.queries)), b, head(out.dq, h));
      run.pace(static_cast<double>(j) / static_cast<double>(run.key_tiles()));
    }
    run.counts.accesses.stores += column.keys * (dk + dv);
    head(out.dk, h).middleRows(column.first_key, column.keys) = b.dk.topRows(column.keys);
    head(out.dv, h).middleRows(column.first_key, column.keys) = b.dv.topRows(column.keys);
  }
}

/// Either backward over all heads; rows_held: elements per query row kept beside the tiles.
template <class T, class HeadFunction>
FlashGradients<T> backward(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                           const Tensor<T>& d_output, const FlashOutput<T>& forward,
                           const FlashOptions& options, const Tensor<T>& mask, const Progress& progress,
                           std::int64_t rows_held, HeadFunction run_head) {
  check_flash(q, k, v, options, mask);
  check_backward(q, v, d_output, forward);
  FlashGradients<T> out{Tensor<T>(q.shape()), Tensor<T>(k.shape()), Tensor<T>(v.shape())};
  const std::int64_t block_m = std::min(options.tiles.block_m, q.extent(1));
  const std::int64_t block_n = std::min(options.tiles.block_n, k.extent(1));
  BackwardTiles<T> b{RowMatrix<T>(block_m, block_n), RowMatrix<T>(block_m, block_n),
                     RowMatrix<T>(block_n, q.extent(2)), RowMatrix<T>(block_n, v.extent(2))};
  const Metered meter(options.meter,
                      rows_held * q.extent(1) + b.p.size() + b.ds.size() + b.dk.size() + b.dv.size());
  for (std::int64_t h = 0; h < q.extent(0); ++h) {
    progress.step(static_cast<double>(h) / static_cast<double>(q.extent(0)), "flash attention backward");
    TiledHead<T> run(q, k, v, options, mask, h, progress);
    run_head(run, d_output, forward, b, out);
    add_counts(options.counters, run.counts);
  }
  return out;
}

}  // namespace

template <class T>
FlashGradients<T> flash_attention_backward_fa1(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                               const Tensor<T>& d_output, const FlashOutput<T>& forward,
                                               const FlashOptions& options, const Tensor<T>& mask,
                                               const Progress& progress) {
  return backward(q, k, v, d_output, forward, options, mask, progress, 0, fa1_backward_head<T>);
}

template <class T>
FlashGradients<T> flash_attention_backward_fa2(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                               const Tensor<T>& d_output, const FlashOutput<T>& forward,
                                               const FlashOptions& options, const Tensor<T>& mask,
                                               const Progress& progress) {
  return backward(q, k, v, d_output, forward, options, mask, progress, 1, fa2_backward_head<T>);  // D
}

#define ALAB_INSTANTIATE(T)                                                                          \
  template FlashGradients<T> flash_attention_backward_fa1(                                           \
      const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const FlashOutput<T>&, \
      const FlashOptions&, const Tensor<T>&, const Progress&);                                       \
  template FlashGradients<T> flash_attention_backward_fa2(                                           \
      const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const FlashOutput<T>&, \
      const FlashOptions&, const Tensor<T>&, const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
