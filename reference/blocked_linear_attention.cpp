// The blocked linear form: the honest CPU baseline. Chunks are independent once the states before them are
// known: what each adds is computed side by side, summed up in order, then every chunk is finished side by
// side. SPDX-License-Identifier: MIT
#include <algorithm>
#include <thread>

#include "reference/linear_head.hpp"
#include "reference/parallel.hpp"

namespace alab {

namespace {

constexpr std::int64_t kChunk = 64;
constexpr std::int64_t kGroupElements = std::int64_t{1} << 20;  // of all states of a group of chunks
constexpr std::int64_t kLeastGroup = 8;

/// States of a group of chunks of one head, and one thread's scores.
template <class T>
struct BlockedHead {
  const LinearAttentionProblem<T>& p;
  const LinearAttentionOptions& options;
  LinearAttentionOutput<T>& out;
  LinearExtents<T> e;
  std::int64_t h;
  std::int64_t rows(std::int64_t chunk) const { return std::min(kChunk, e.n - chunk * kChunk); }
};

/// What the chunk adds to the state.
template <class T>
void added(const BlockedHead<T>& run, std::int64_t chunk, LinearState<T>& sum) {
  const auto k = head(run.p.key, run.h).middleRows(chunk * kChunk, run.rows(chunk));
  sum.s.noalias() = k.transpose() * head(run.p.value, run.h).middleRows(chunk * kChunk, run.rows(chunk));
  sum.z = k.colwise().sum().transpose();
}

template <class T>
void finished(const BlockedHead<T>& run, std::int64_t chunk, const LinearState<T>& before,
              RowMatrix<T>& scores) {
  const std::int64_t first = chunk * kChunk, rows = run.rows(chunk);
  const auto q = head(run.p.query, run.h).middleRows(first, rows);
  auto o = head(run.out.output, run.h).middleRows(first, rows);
  o.noalias() = q * before.s;
  auto a = scores.topLeftCorner(rows, rows);
  if (run.options.causal) {
    a.noalias() = q * head(run.p.key, run.h).middleRows(first, rows).transpose();
    a.template triangularView<Eigen::StrictlyUpper>().setZero();
    o.noalias() += a * head(run.p.value, run.h).middleRows(first, rows);
  }
  if (run.options.normalize) {
    auto den = matrix(run.out.denominator).row(run.h).segment(first, rows);
    den.noalias() = before.z.transpose() * q.transpose();
    if (run.options.causal) {
      den += a.rowwise().sum().transpose();
    }
  }
  finish_rows(run.out, run.options, run.h, first, rows);
}

/// Chunks [first, end) of a head; the state moves over them. Causal outputs are written on the way.
template <class T>
void group(const BlockedHead<T>& run, std::int64_t first, std::int64_t end, int threads,
           LinearState<T>& state, std::vector<LinearState<T>>& sums, std::vector<RowMatrix<T>>& scores,
           const Progress& progress) {
  const auto between = [&](std::int64_t) {
    progress.step(static_cast<double>(first * kChunk) / static_cast<double>(run.e.n), "blocked form");
  };
  const auto slot = [&](std::int64_t c) -> LinearState<T>& { return sums[static_cast<std::size_t>(c)]; };
  parallel_tasks(
      end - first, threads, [&](std::int64_t c, int) { added(run, first + c, slot(c)); }, between);
  for (std::int64_t c = 0; c < end - first; ++c) {
    state.s.swap(slot(c).s);  // the slot keeps the state before its chunk, the state takes the sum
    state.s += slot(c).s;
    state.z.swap(slot(c).z);
    state.z += slot(c).z;
  }
  if (run.options.causal) {
    parallel_tasks(
        end - first, threads,
        [&](std::int64_t c, int w) {
          finished(run, first + c, slot(c), scores[static_cast<std::size_t>(w)]);
        },
        between);
  }
}

template <class T>
void blocked_head(const BlockedHead<T>& run, int threads, const Progress& progress) {
  const std::int64_t chunks = (run.e.n + kChunk - 1) / kChunk;
  const std::int64_t size =
      threads == 1 ? 1
                   : std::min(chunks, std::max(kLeastGroup * threads, kGroupElements / (run.e.state() + 1)));
  std::vector<LinearState<T>> sums(static_cast<std::size_t>(size), LinearState<T>(run.e.m, run.e.dv));
  std::vector<RowMatrix<T>> scores(static_cast<std::size_t>(threads), RowMatrix<T>(kChunk, kChunk));
  LinearState<T> state(run.p, run.h);
  for (std::int64_t first = 0; first < chunks; first += size) {
    group(run, first, std::min(first + size, chunks), threads, state, sums, scores, progress);
  }
  if (!run.options.causal) {
    parallel_tasks(
        chunks, threads,
        [&](std::int64_t c, int w) { finished(run, c, state, scores[static_cast<std::size_t>(w)]); },
        [&](std::int64_t done) {
          progress.step(static_cast<double>(done) / static_cast<double>(chunks), "blocked form");
        });
  }
  store_state(run.out, state, run.h);
}

}  // namespace

template <class T>
LinearAttentionOutput<T> blocked_linear_attention(const LinearAttentionProblem<T>& p,
                                                  const LinearAttentionOptions& options, int threads,
                                                  const Progress& progress) {
  check_linear_attention_shapes(p);
  require(threads >= 0 && threads <= 256, "threads = ", threads,
          " is out of range: 1 .. 256, or 0 for all of this machine");
  const int used =
      threads > 0 ? threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const LinearExtents<T> e(p);
  LinearAttentionOutput<T> out = empty_output(e, options);
  if (e.heads >= used) {  // a head per task
    parallel_tasks(
        e.heads, used,
        [&](std::int64_t h, int) {
          blocked_head(BlockedHead<T>{p, options, out, e, h}, 1, {progress.stop, {}});
        },
        [&](std::int64_t done) {
          progress.step(static_cast<double>(done) / static_cast<double>(e.heads), "blocked form");
        });
    return out;
  }
  for (std::int64_t h = 0; h < e.heads; ++h) {
    blocked_head(BlockedHead<T>{p, options, out, e, h}, used, progress);
  }
  return out;
}

#define ALAB_INSTANTIATE(T)                                   \
  template LinearAttentionOutput<T> blocked_linear_attention( \
      const LinearAttentionProblem<T>&, const LinearAttentionOptions&, int, const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
