// SPDX-License-Identifier: MIT
#include "labs/ch05_04_causal_linear/chunk_loops.hpp"

#include <algorithm>

namespace alab::causal_linear {
namespace {

using Tile = RowMatrix<float>;

/// Slow memory as the loops see it: whatever is read or written is copied and counted.
class SlowMemory {
 public:
  explicit SlowMemory(Moved& moved) : moved_(moved) {}
  Tile load(const ConstMatrixMap<float>& from, std::int64_t first, std::int64_t rows, std::int64_t& tally) {
    count(rows * from.cols(), tally, moved_.accesses.loads);
    return from.middleRows(first, rows);
  }
  void store(MatrixMap<float> to, std::int64_t first, const Tile& tile, std::int64_t& tally) {
    count(tile.size(), tally, moved_.accesses.stores);
    to.middleRows(first, tile.rows()) = tile;
  }

 private:
  static void count(std::int64_t elements, std::int64_t& tally, std::int64_t& total) {
    tally += elements;
    total += elements;
  }
  Moved& moved_;
};

/// What a loop needs to know of a chunk.
struct Loop {
  Loop(const LinearAttentionProblem<float>& p, std::int64_t size, Arithmetic arithmetic)
      : q(head(p.query, 0)),
        k(head(p.key, 0)),
        v(head(p.value, 0)),
        n(q.rows()),
        chunk(std::min(size, n)),
        compute(arithmetic == Arithmetic::on) {}
  std::int64_t chunks() const { return (n + chunk - 1) / chunk; }
  std::int64_t first(std::int64_t at) const { return at * chunk; }
  std::int64_t rows(std::int64_t at) const { return std::min(chunk, n - at * chunk); }

  ConstMatrixMap<float> q, k, v;
  std::int64_t n, chunk;
  bool compute;
};

/// phi(Q) S + (phi(Q) phi(K)^T * M) V, M lower triangular with its diagonal.
Tile chunk_output(const Tile& q, const Tile& k, const Tile& v, const Tile& state) {
  Tile o = q * state;
  Tile scores = q * k.transpose();
  scores.triangularView<Eigen::StrictlyUpper>().setZero();
  o.noalias() += scores * v;
  return o;
}

}  // namespace

ChunkRun run_on_chip(const LinearAttentionProblem<float>& p, std::int64_t chunk_size, Arithmetic arithmetic) {
  ChunkRun run{Tensor<float>(p.value.shape()), {}};
  SlowMemory hbm(run.moved);
  const Loop loop(p, chunk_size, arithmetic);
  Tile state = Tile::Zero(loop.k.cols(), loop.v.cols());
  for (std::int64_t at = 0; at < loop.chunks(); ++at) {
    const std::int64_t first = loop.first(at), rows = loop.rows(at);
    const Tile q = hbm.load(loop.q, first, rows, run.moved.queries),
               k = hbm.load(loop.k, first, rows, run.moved.keys_values),
               v = hbm.load(loop.v, first, rows, run.moved.keys_values);
    const Tile o = loop.compute ? chunk_output(q, k, v, state) : Tile::Zero(rows, loop.v.cols());
    hbm.store(head(run.output, 0), first, o, run.moved.outputs);
    if (loop.compute) {
      state.noalias() += k.transpose() * v;
    }
  }
  return run;
}

ChunkRun run_materialized(const LinearAttentionProblem<float>& p, std::int64_t chunk_size,
                          Arithmetic arithmetic, std::span<const std::int64_t> order) {
  ChunkRun run{Tensor<float>(p.value.shape()), {}};
  SlowMemory hbm(run.moved);
  const Loop loop(p, chunk_size, arithmetic);
  const std::int64_t m = loop.k.cols(), dv = loop.v.cols();
  Tensor<float> states({1, loop.chunks() * m, dv});
  Tile state = Tile::Zero(m, dv);
  for (std::int64_t at = 0; at < loop.chunks(); ++at) {
    hbm.store(head(states, 0), at * m, state, run.moved.states);
    const Tile k = hbm.load(loop.k, loop.first(at), loop.rows(at), run.moved.keys_values),
               v = hbm.load(loop.v, loop.first(at), loop.rows(at), run.moved.keys_values);
    if (loop.compute) {
      state.noalias() += k.transpose() * v;
    }
  }
  const Tensor<float>& written = states;
  for (std::int64_t step = 0; step < loop.chunks(); ++step) {
    const std::int64_t at = order.empty() ? step : order[static_cast<std::size_t>(step)];
    const std::int64_t first = loop.first(at), rows = loop.rows(at);
    const Tile q = hbm.load(loop.q, first, rows, run.moved.queries),
               k = hbm.load(loop.k, first, rows, run.moved.keys_values),
               v = hbm.load(loop.v, first, rows, run.moved.keys_values),
               before = hbm.load(head(written, 0), at * m, m, run.moved.states);
    const Tile o = loop.compute ? chunk_output(q, k, v, before) : Tile::Zero(rows, dv);
    hbm.store(head(run.output, 0), first, o, run.moved.outputs);
  }
  return run;
}

}  // namespace alab::causal_linear
