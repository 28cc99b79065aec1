// The blocked forward pass: the honest CPU baseline. Products by Eigen, softmax row by row in cache, threads
// over query tiles. SPDX-License-Identifier: MIT
#include <thread>
#include <vector>

#include "reference/attention_head.hpp"
#include "reference/parallel.hpp"

namespace alab {

namespace {

constexpr std::int64_t kBlockN = 512;  // keys per tile: 128 x 512 scores stay in a 2 MB second-level cache
constexpr std::int64_t kLargeBlockM = 128, kSmallBlockM = 64;
constexpr std::int64_t kSmallProblem =
    512;  // rows up to which the small tile leaves work for a second thread

/// Weights below e^-87 (f32) or e^-708 (f64) are lifted to it: no denormals, and nothing beside a sum >= 1.
template <class T>
constexpr T kLowestExponent = sizeof(T) == 4 ? T(-87) : T(-708);

std::int64_t block_m_of(std::int64_t rows) {
  return std::min(rows, rows <= kSmallProblem ? kSmallBlockM : kLargeBlockM);
}

/// Buffers of one thread.
template <class T>
struct Workspace {
  Workspace(std::int64_t block_m, std::int64_t block_n, std::int64_t dk, std::int64_t dv)
      : q(block_m, dk), p(block_m, block_n), o(block_m, dv), m(block_m), l(block_m) {}
  RowMatrix<T> q, p, o;
  ColumnArray<T> m, l;
};

/// Everything that does not change during a run.
template <class T>
struct BlockedRun {
  const Tensor<T>& q;
  const Tensor<T>& k;
  const Tensor<T>& v;
  ScoreMask<T> mask;
  T scale;
  std::int64_t block_m;
  AttentionOutput<T>& out;
  std::int64_t tiles_per_head() const { return (q.extent(1) + block_m - 1) / block_m; }
  std::int64_t tiles() const { return q.extent(0) * tiles_per_head(); }
};

/// Online softmax of one row of scores whose first `visible` entries count; the rest become 0. O is rescaled.
template <class T, class Row>
void softmax_row(Workspace<T>& w, std::int64_t i, Row scores, std::int64_t visible) {
  auto seen = scores.head(visible);
  const T m_new = visible > 0 ? std::max(w.m(i), seen.maxCoeff()) : w.m(i);
  if (m_new == kMinusInfinity<T>) {
    scores.setZero();
    return;
  }
  if (m_new > w.m(i)) {
    const T factor = std::exp(w.m(i) - m_new);
    w.l(i) *= factor;
    w.o.row(i) *= factor;
    w.m(i) = m_new;
  }
  seen = (seen - m_new).max(kLowestExponent<T>).exp();
  w.l(i) += seen.sum();
  scores.tail(scores.size() - visible).setZero();
}

/// Keys [first, first + count) for the query tile in w.
template <class T>
void key_tile(const BlockedRun<T>& run, Workspace<T>& w, std::int64_t h, std::int64_t row, std::int64_t rows,
              std::int64_t first, std::int64_t count) {
  auto p = w.p.topLeftCorner(rows, count);
  p.noalias() = w.q.topRows(rows) * head(run.k, h).middleRows(first, count).transpose();
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t visible = std::clamp<std::int64_t>(run.mask.visible(row + i) - first, 0, count);
    if (run.mask.additive()) {
      for (std::int64_t j = 0; j < visible; ++j) {
        p(i, j) += run.mask.term(h, row + i, first + j);
      }
    }
    softmax_row(w, i, p.row(i).array(), visible);
  }
  w.o.topRows(rows).noalias() += p * head(run.v, h).middleRows(first, count);
}

template <class T>
void query_tile(const BlockedRun<T>& run, Workspace<T>& w, std::int64_t tile) {
  const std::int64_t h = tile / run.tiles_per_head(), row = tile % run.tiles_per_head() * run.block_m;
  const std::int64_t rows = std::min(run.block_m, run.q.extent(1) - row);
  w.q.topRows(rows) = run.scale * head(run.q, h).middleRows(row, rows);
  w.o.setZero();
  w.m.setConstant(kMinusInfinity<T>);
  w.l.setZero();
  const std::int64_t end = run.mask.visible(row + rows - 1);  // keys from here on are hidden from every row
  for (std::int64_t first = 0; first < end; first += kBlockN) {
    key_tile(run, w, h, row, rows, first, std::min(kBlockN, end - first));
  }
  auto o = head(run.out.output, h);
  for (std::int64_t i = 0; i < rows; ++i) {
    const bool empty = w.m(i) == kMinusInfinity<T>;
    o.row(row + i) = w.o.row(i) / (empty ? T(1) : w.l(i));
    run.out.logsumexp(h, row + i) = empty ? w.m(i) : w.m(i) + std::log(w.l(i));
  }
}

/// Last tiles first, since causal ones grow downwards.
template <class T>
void all_tiles(const BlockedRun<T>& run, std::int64_t threads, const Progress& progress) {
  const std::int64_t tiles = run.tiles();
  std::vector<Workspace<T>> spaces(
      static_cast<std::size_t>(threads),
      Workspace<T>(run.block_m, std::min(kBlockN, run.k.extent(1)), run.q.extent(2), run.v.extent(2)));
  parallel_tasks(
      tiles, static_cast<int>(threads),
      [&](std::int64_t n, int worker) {
        query_tile(run, spaces[static_cast<std::size_t>(worker)], tiles - 1 - n);
      },
      [&](std::int64_t done) {
        progress.step(static_cast<double>(done) / static_cast<double>(tiles), "blocked attention");
      });
}

}  // namespace

template <class T>
AttentionOutput<T> blocked_softmax_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                             const AttentionOptions& options, int threads,
                                             const Progress& progress, const Tensor<T>& mask) {
  check_attention_shapes(q, k, v, mask);
  require(threads >= 0 && threads <= 256, "threads = ", threads,
          " is out of range: 1 .. 256, or 0 for all of this machine");
  AttentionOutput<T> out{Tensor<T>({q.extent(0), q.extent(1), v.extent(2)}),
                         Tensor<T>({q.extent(0), q.extent(1)})};
  const BlockedRun<T> run{q,
                          k,
                          v,
                          ScoreMask<T>(mask, q.extent(0), q.extent(1), k.extent(1), options.causal),
                          static_cast<T>(resolved_scale(options, q.extent(2))),
                          block_m_of(q.extent(1)),
                          out};
  const std::int64_t wanted = threads > 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
  const std::int64_t used = std::min(wanted, run.tiles());
  const Metered held(options.meter,
                     used * (run.block_m * (std::min(kBlockN, k.extent(1)) + q.extent(2) + v.extent(2) + 2)));
  all_tiles(run, used, progress);
  return out;
}

#define ALAB_INSTANTIATE(T)                                                                             \
  template AttentionOutput<T> blocked_softmax_attention(const Tensor<T>&, const Tensor<T>&,             \
                                                        const Tensor<T>&, const AttentionOptions&, int, \
                                                        const Progress&, const Tensor<T>&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
