// The chunkwise form, literally, with its states on chip or in slow memory. SPDX-License-Identifier: MIT
#include <algorithm>

#include "reference/linear_head.hpp"

namespace alab {

namespace {

constexpr std::int64_t kMostStates = std::int64_t{1} << 28;  // elements of all states of one head

/// What does not change between chunks of one head.
template <class T>
struct ChunkRun {
  ChunkRun(const LinearAttentionProblem<T>& problem, const LinearAttentionOptions& opts, std::int64_t size,
           std::int64_t index)
      : p(problem), options(opts), e(problem), chunk(size), h(index) {}
  std::int64_t chunks() const { return (e.n + chunk - 1) / chunk; }
  std::int64_t rows(std::int64_t c) const { return std::min(chunk, e.n - c * chunk); }
  auto q(std::int64_t c) const { return head(p.query, h).middleRows(c * chunk, rows(c)); }
  auto k(std::int64_t c) const { return head(p.key, h).middleRows(c * chunk, rows(c)); }
  auto v(std::int64_t c) const { return head(p.value, h).middleRows(c * chunk, rows(c)); }

  const LinearAttentionProblem<T>& p;
  const LinearAttentionOptions& options;
  LinearExtents<T> e;
  std::int64_t chunk, h;
};

/// S += phi(K)^T V, z += column sums of phi(K).
template <class T>
void add_chunk(const ChunkRun<T>& run, std::int64_t c, LinearState<T>& state) {
  state.s.noalias() += run.k(c).transpose() * run.v(c);
  state.z += run.k(c).colwise().sum().transpose();
  if (LinearCounters* counters = run.options.counters) {
    counters->product_flops += 2 * run.rows(c) * run.e.state();
    counters->normalizer_flops += run.options.normalize ? 2 * run.rows(c) * run.e.m : 0;
  }
}

/// phi(Q) S and, when causal, (phi(Q) phi(K)^T * M) V, with their denominators.
template <class T>
void chunk_output(const ChunkRun<T>& run, std::int64_t c, const LinearState<T>& state,
                  LinearAttentionOutput<T>& out) {
  const std::int64_t rows = run.rows(c), first = c * run.chunk;
  auto o = head(out.output, run.h).middleRows(first, rows);
  o.noalias() = run.q(c) * state.s;
  Column<T> den = Column<T>::Zero(rows);
  if (run.options.normalize) {
    den.noalias() = run.q(c) * state.z;
  }
  LinearCounters ignored;
  LinearCounters& counters = run.options.counters ? *run.options.counters : ignored;
  counters.product_flops += 2 * rows * run.e.state();
  counters.normalizer_flops += run.options.normalize ? 2 * rows * run.e.m : 0;
  if (run.options.causal) {
    const Metered held(run.options.meter, rows * rows);
    RowMatrix<T> a = run.q(c) * run.k(c).transpose();
    a.template triangularView<Eigen::StrictlyUpper>().setZero();
    o.noalias() += a * run.v(c);
    den += a.rowwise().sum();
    counters.product_flops += 2 * rows * rows * (run.e.m + run.e.dv);
    counters.normalizer_flops += run.options.normalize ? 2 * rows * rows : 0;
    counters.pairs += rows * (rows + 1) / 2;
  }
  if (run.options.normalize) {
    matrix(out.denominator).row(run.h).segment(first, rows) = den.transpose();
  }
  finish_rows(out, run.options, run.h, first, rows);
}

template <class T>
void step(const ChunkRun<T>& run, std::int64_t c, double from, const Progress& progress) {
  progress.step(from + (1 - from) * static_cast<double>(c) / static_cast<double>(run.chunks()),
                "chunkwise form");
}

/// One state, chunk after chunk; without causality the totals come first.
template <class T>
void on_chip(const ChunkRun<T>& run, LinearAttentionOutput<T>& out, const Progress& progress) {
  LinearState<T> state(run.p, run.h);
  for (std::int64_t c = 0; c < run.chunks(); ++c) {
    step(run, c, 0, progress);
    if (run.options.causal) {
      chunk_output(run, c, state, out);
    }
    add_chunk(run, c, state);
    observe(run.options, run.h, c * run.chunk + run.rows(c) - 1, state);
  }
  for (std::int64_t c = 0; !run.options.causal && c < run.chunks(); ++c) {
    step(run, c, 0.5, progress);
    chunk_output(run, c, state, out);
  }
  store_state(out, state, run.h);
}

/// The states before all chunks first, then every chunk on its own.
template <class T>
void materialized(const ChunkRun<T>& run, LinearAttentionOutput<T>& out, const Progress& progress) {
  const Metered held(run.options.meter,
                     run.chunks() * (run.e.state() + (run.options.normalize ? run.e.m : 0)));
  std::vector<LinearState<T>> before;
  LinearState<T> state(run.p, run.h);
  for (std::int64_t c = 0; c < run.chunks(); ++c) {
    step(run, c, 0, progress);
    before.push_back(state);
    add_chunk(run, c, state);
    observe(run.options, run.h, c * run.chunk + run.rows(c) - 1, state);
  }
  for (std::int64_t c = 0; c < run.chunks(); ++c) {
    step(run, c, 0.5, progress);
    chunk_output(run, c, run.options.causal ? before[static_cast<std::size_t>(c)] : state, out);
  }
  store_state(out, state, run.h);
}

template <class T>
void count_accesses(const ChunkRun<T>& run, bool stored) {
  if (!run.options.counters) {
    return;
  }
  Accesses& a = run.options.counters->accesses;
  for (std::int64_t c = 0; c < run.chunks(); ++c) {
    const std::int64_t rows = run.rows(c), kv = rows * (run.e.m + run.e.dv);
    a.loads += rows * run.e.m + kv + (stored ? kv + run.e.state() : 0);
    a.stores += rows * run.e.dv + (stored ? run.e.state() : 0);
  }
}

}  // namespace

template <class T>
LinearAttentionOutput<T> linear_attention_chunkwise(const LinearAttentionProblem<T>& p,
                                                    std::int64_t chunk_size,
                                                    const LinearAttentionOptions& options,
                                                    const Progress& progress) {
  check_linear_attention_shapes(p);
  const LinearExtents<T> e(p);
  require(chunk_size >= 1, "a chunk of ", chunk_size, " tokens is out of range: at least 1");
  const std::int64_t chunk = std::min(chunk_size, e.n), chunks = (e.n + chunk - 1) / chunk;
  const bool stored = options.states == ChunkStates::materialized;
  require(!stored || chunks <= kMostStates / e.state(), "the states of ", chunks, " chunks are ",
          chunks * e.state(), " elements, more than 2^28: take larger chunks, or ChunkStates::on_chip");
  LinearAttentionOutput<T> out = empty_output(e, options);
  const Metered held(options.meter, e.state() + (options.normalize ? e.m : 0));
  for (std::int64_t h = 0; h < e.heads; ++h) {
    const ChunkRun<T> run(p, options, chunk, h);
    const double share = 1.0 / static_cast<double>(e.heads);
    const Progress part = progress.part(static_cast<double>(h) * share, static_cast<double>(h + 1) * share);
    count_accesses(run, stored);
    stored ? materialized(run, out, part) : on_chip(run, out, part);
  }
  return out;
}

#define ALAB_INSTANTIATE(T)                                     \
  template LinearAttentionOutput<T> linear_attention_chunkwise( \
      const LinearAttentionProblem<T>&, std::int64_t, const LinearAttentionOptions&, const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
