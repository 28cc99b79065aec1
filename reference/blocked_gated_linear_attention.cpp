// The blocked gated form: the honest CPU baseline. Two-level chunks in Eigen's products and vectorised exp;
// what each chunk adds to the state is computed side by side, summed up in order, then every chunk is
// finished side by side. SPDX-License-Identifier: MIT
#include <algorithm>
#include <thread>
#include <vector>

#include "reference/gated_head.hpp"
#include "reference/parallel.hpp"

namespace alab {

namespace {

constexpr std::int64_t kChunk = 64, kSubChunk = 16;
constexpr std::int64_t kGroupElements = std::int64_t{1} << 20;  // of all states of a group of chunks
constexpr std::int64_t kLeastGroup = 8;

/// A gate below forgets everything all the same, and its exponential stays a normal number.
template <class T>
constexpr T kLowestGate = sizeof(T) == 4 ? T(-87) : T(-708);

/// What a chunk does to the state: S -> diag(decay) S + added; then the state before the chunk.
template <class T>
struct ChunkState {
  RowMatrix<T> s;
  GateRow<T> decay;
};

template <class T>
struct Buffers {
  explicit Buffers(std::int64_t dk)
      : b(kChunk, dk), keys(kChunk, dk), queries(kSubChunk, dk), scores(kSubChunk, kChunk) {}
  GateRows<T> b, keys, queries;
  RowMatrix<T> scores;
};

template <class T>
struct BlockedGatedHead {
  const GatedLinearAttentionProblem<T>& p;
  GatedOutput<T>& out;
  GatedExtents<T> e;
  T scale;
  std::int64_t h;
  std::int64_t rows(std::int64_t chunk) const { return std::min(kChunk, e.n - chunk * kChunk); }
  auto q(std::int64_t chunk) const { return head(p.query, h).middleRows(chunk * kChunk, rows(chunk)); }
  auto k(std::int64_t chunk) const { return head(p.key, h).middleRows(chunk * kChunk, rows(chunk)); }
  auto v(std::int64_t chunk) const { return head(p.value, h).middleRows(chunk * kChunk, rows(chunk)); }
  auto gates(std::int64_t chunk) const {
    return head(p.log_decay, h).middleRows(chunk * kChunk, rows(chunk)).array().max(kLowestGate<T>);
  }
};

template <class T>
void added(const BlockedGatedHead<T>& run, std::int64_t chunk, Buffers<T>& w, ChunkState<T>& out) {
  const std::int64_t rows = run.rows(chunk);
  const auto gates = run.gates(chunk);
  auto later = w.b.topRows(rows);
  later.row(rows - 1).setZero();
  for (std::int64_t i = rows - 2; i >= 0; --i) {
    later.row(i) = later.row(i + 1) + gates.row(i + 1);
  }
  out.decay = (later.row(0) + gates.row(0)).exp();
  w.keys.topRows(rows) = run.k(chunk).array() * later.max(kLowestGate<T>).exp();
  out.s.noalias() = w.keys.topRows(rows).matrix().transpose() * run.v(chunk);
}

/// Scores of a diagonal sub-block into columns [first, first + rows): gates pair by pair, as differences
/// within it.
template <class T, class Queries, class Keys>
void diagonal_scores(Buffers<T>& w, const Queries& q, const Keys& k, std::int64_t first, std::int64_t rows) {
  const auto b = w.b.middleRows(first, rows);
  auto p = w.scores.block(0, first, rows, rows);
  p.setZero();
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < i; ++j) {
      const auto decay = (b.row(i) - b.row(j)).max(kLowestGate<T>).exp();
      p(i, j) = (q.row(i).array() * k.row(j).array() * decay).sum();
    }
    p(i, i) = q.row(i).dot(k.row(i));
  }
}

template <class T>
void finished(const BlockedGatedHead<T>& run, std::int64_t chunk, const ChunkState<T>& before,
              Buffers<T>& w) {
  const auto gates = run.gates(chunk);
  GateRow<T> since_start = GateRow<T>::Ones(run.e.dk);
  for (std::int64_t first = 0; first < run.rows(chunk); first += kSubChunk) {
    const std::int64_t rows = std::min(kSubChunk, run.rows(chunk) - first);
    const auto q = run.q(chunk).middleRows(first, rows);
    const auto k = run.k(chunk).middleRows(first, rows);
    auto b = w.b.middleRows(first, rows);
    b.row(0) = gates.row(first);
    for (std::int64_t i = 1; i < rows; ++i) {
      b.row(i) = b.row(i - 1) + gates.row(first + i);
    }
    auto queries = w.queries.topRows(rows);
    queries = q.array() * b.max(kLowestGate<T>).exp();
    w.scores.topLeftCorner(rows, first).noalias() =
        queries.matrix() * w.keys.topRows(first).matrix().transpose();
    diagonal_scores(w, q, k, first, rows);
    auto o = head(run.out.output, run.h).middleRows(chunk * kChunk + first, rows);
    o.noalias() = w.scores.topLeftCorner(rows, first + rows) * run.v(chunk).topRows(first + rows);
    for (std::int64_t i = 0; i < rows; ++i) {  // row by row: Eigen does not vectorise rowwise()
      queries.row(i) *= since_start;
    }
    o.noalias() += queries.matrix() * before.s;
    o *= run.scale;

    const GateRow<T> last = b.row(rows - 1), whole = last.max(kLowestGate<T>).exp();
    for (std::int64_t j = 0; j < first; ++j) {
      w.keys.row(j) *= whole;
    }
    for (std::int64_t j = 0; j < rows; ++j) {
      w.keys.row(first + j) = k.row(j).array() * (last - b.row(j)).max(kLowestGate<T>).exp();
    }
    since_start *= whole;
  }
}

template <class T>
void group(const BlockedGatedHead<T>& run, std::int64_t first, std::int64_t end, int threads,
           RowMatrix<T>& state, std::vector<ChunkState<T>>& states, std::vector<Buffers<T>>& buffers,
           const Progress& progress) {
  const auto between = [&](std::int64_t) {
    progress.step(static_cast<double>(first * kChunk) / static_cast<double>(run.e.n), "blocked form");
  };
  const auto slot = [&](std::int64_t c) -> ChunkState<T>& { return states[static_cast<std::size_t>(c)]; };
  const auto mine = [&](int worker) -> Buffers<T>& { return buffers[static_cast<std::size_t>(worker)]; };
  parallel_tasks(
      end - first, threads, [&](std::int64_t c, int w) { added(run, first + c, mine(w), slot(c)); }, between);
  for (std::int64_t c = 0; c < end - first; ++c) {
    state.swap(slot(c).s);  // the slot keeps the state before its chunk, the state takes the sum
    state.array() += slot(c).s.array().colwise() * slot(c).decay.transpose();
  }
  parallel_tasks(
      end - first, threads, [&](std::int64_t c, int w) { finished(run, first + c, slot(c), mine(w)); },
      between);
}

template <class T>
void blocked_head(const BlockedGatedHead<T>& run, int threads, const Tensor<T>& initial,
                  const Progress& progress) {
  const std::int64_t chunks = (run.e.n + kChunk - 1) / kChunk, elements = run.e.dk * run.e.dv;
  const std::int64_t size =
      threads == 1 ? 1 : std::min(chunks, std::max(kLeastGroup * threads, kGroupElements / (elements + 1)));
  std::vector<ChunkState<T>> states(static_cast<std::size_t>(size),
                                    {RowMatrix<T>(run.e.dk, run.e.dv), GateRow<T>(run.e.dk)});
  std::vector<Buffers<T>> buffers(static_cast<std::size_t>(threads), Buffers<T>(run.e.dk));
  RowMatrix<T> state = initial_state(initial, run.e.dk, run.e.dv, run.h);
  for (std::int64_t first = 0; first < chunks; first += size) {
    group(run, first, std::min(first + size, chunks), threads, state, states, buffers, progress);
  }
  head(run.out.state, run.h) = state;
}

}  // namespace

template <class T>
GatedOutput<T> blocked_gated_linear_attention(const GatedLinearAttentionProblem<T>& p,
                                              const GatedOptions& options, int threads,
                                              const Progress& progress) {
  check_gated_shapes(p);
  require(threads >= 0 && threads <= 256, "threads = ", threads,
          " is out of range: 1 .. 256, or 0 for all of this machine");
  const int used =
      threads > 0 ? threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const GatedExtents<T> e(p);
  GatedOutput<T> out{Tensor<T>({e.heads, e.n, e.dv}), Tensor<T>({e.heads, e.dk, e.dv})};
  const T scale = static_cast<T>(options.scale);
  if (e.heads >= used) {  // a head per task
    parallel_tasks(
        e.heads, used,
        [&](std::int64_t h, int) {
          blocked_head(BlockedGatedHead<T>{p, out, e, scale, h}, 1, p.initial_state, {progress.stop, {}});
        },
        [&](std::int64_t done) {
          progress.step(static_cast<double>(done) / static_cast<double>(e.heads), "blocked form");
        });
    return out;
  }
  for (std::int64_t h = 0; h < e.heads; ++h) {
    blocked_head(BlockedGatedHead<T>{p, out, e, scale, h}, used, p.initial_state, progress);
  }
  return out;
}

template GatedOutput<float> blocked_gated_linear_attention(const GatedLinearAttentionProblem<float>&,
                                                           const GatedOptions&, int, const Progress&);
template GatedOutput<double> blocked_gated_linear_attention(const GatedLinearAttentionProblem<double>&,
                                                            const GatedOptions&, int, const Progress&);

}  // namespace alab
