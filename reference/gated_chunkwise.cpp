// The chunkwise forms of gated linear attention: naive inside the chunk (the parallel form is one chunk of
// N), and in two levels. SPDX-License-Identifier: MIT
#include <algorithm>

#include "reference/gated_head.hpp"

namespace alab {

namespace {

/// Rows [first, first + count) of one head.
template <class T>
struct GatedChunk {
  GatedChunk(const GatedLinearAttentionProblem<T>& p, std::int64_t h, std::int64_t first, std::int64_t count)
      : q(head(p.query, h).middleRows(first, count)),
        k(head(p.key, h).middleRows(first, count)),
        v(head(p.value, h).middleRows(first, count)),
        gates(head(p.log_decay, h).middleRows(first, count)) {}
  std::int64_t rows() const { return q.rows(); }
  Eigen::Ref<const RowMatrix<T>> q, k, v, gates;
};

template <class T>
GateRows<T> decays(const GateRows<T>& logs, NumberFormat format) {
  GateRows<T> out = exp_of(logs);
  round_block(out, format);
  return out;
}

/// k / b: by one division in full precision, by a rounded 1/b in a narrow format.
template <class T>
GateRows<T> over_decay(const Eigen::Ref<const RowMatrix<T>>& k, const GateRows<T>& b, NumberFormat format) {
  if (format == NumberFormat::full) {
    return k.array() / b;
  }
  GateRows<T> inverse = b.inverse();
  round_block(inverse, format);
  GateRows<T> out = k.array() * inverse;
  round_block(out, format);
  return out;
}

template <class T>
void apply_mask(RowMatrix<T>& p, MaskBy by) {
  for (std::int64_t i = 0; i < p.rows(); ++i) {
    auto hidden = p.row(i).tail(p.cols() - i - 1);
    if (by == MaskBy::selection) {
      hidden.setZero();
    } else {
      hidden *= T(0);
    }
  }
}

void count_chunk(LinearCounters* counters, std::int64_t rows, std::int64_t dk, std::int64_t dv) {
  if (counters) {
    counters->product_flops += 2 * rows * rows * (dk + dv) + 4 * rows * dk * dv;
    counters->exponentials += 2 * rows * dk + dk;
    counters->pairs += rows * (rows + 1) / 2;
  }
}

/// O = scale ((Q * Lambda) S + ((Q * Lambda)(K / Lambda)^T * M) V), S = diag(gamma) S + (K * Gamma)^T V.
template <class T>
void one_level(const GatedChunk<T>& c, const GatedOptions& options, RowMatrix<T>& s,
               Eigen::Ref<RowMatrix<T>> out) {
  const GatePrecision& narrow = options.precision;
  const Metered held(options.meter, c.rows() * c.rows() + 3 * c.rows() * c.q.cols());
  const GateRows<T> b = decays(prefix_sums<T>(c.gates, narrow.log_cumulative), narrow.decay);
  GateRows<T> decayed = c.q.array() * b;
  round_block(decayed, narrow.decay);
  RowMatrix<T> p = decayed.matrix() * over_decay<T>(c.k, b, narrow.inverse_decay).matrix().transpose();
  round_block(p, narrow.scores);
  apply_mask(p, options.mask);
  out.noalias() = p * c.v + decayed.matrix() * s;
  out *= static_cast<T>(options.scale);
  const GateRows<T> later = decays(suffix_sums<T>(c.gates, narrow.log_cumulative), narrow.decay);
  s.array().colwise() *= b.row(c.rows() - 1).transpose();
  s.noalias() += (c.k.array() * later).matrix().transpose() * c.v;
  round_block(s, narrow.state);
  count_chunk(options.counters, c.rows(), c.q.cols(), c.v.cols());
}

void count_sub_chunk(LinearCounters* counters, std::int64_t before, std::int64_t rows, std::int64_t dk,
                     std::int64_t dv) {
  if (counters) {
    const std::int64_t diagonal = rows * (rows + 1) / 2;
    counters->product_flops += 2 * rows * before * dk + 2 * rows * (before + rows) * dv + 4 * rows * dk * dv;
    counters->exponentials += (diagonal + 2 * rows + 1) * dk;
    counters->pairs += rows * before + diagonal;
    counters->log_pairs += diagonal;
  }
}

/// The chunk by sub-chunks I. Every gate is a product of factors <= 1: queries from the start of I, keys up
/// to it.
template <class T>
void two_level(const GatedChunk<T>& c, std::int64_t sub, const GatedOptions& options, RowMatrix<T>& s,
               Eigen::Ref<RowMatrix<T>> out) {
  const GatePrecision& narrow = options.precision;
  const std::int64_t dk = c.q.cols();
  const Metered held(options.meter, c.rows() * dk + sub * (c.rows() + sub + 2 * dk));
  GateRows<T> keys = GateRows<T>::Zero(c.rows(), dk);  // k_j * e^{gates from j to the start of I}
  GateRow<T> since_start = GateRow<T>::Ones(dk);  // e^{gates from the start of the chunk to the start of I}
  for (std::int64_t first = 0; first < c.rows(); first += sub) {
    const std::int64_t rows = std::min(sub, c.rows() - first);
    const auto q = c.q.middleRows(first, rows);
    const auto k = c.k.middleRows(first, rows);
    const auto gates = c.gates.middleRows(first, rows);
    const GateRows<T> b = decays(prefix_sums<T>(gates, narrow.log_cumulative), narrow.decay);
    GateRows<T> decayed = q.array() * b;
    round_block(decayed, narrow.decay);
    RowMatrix<T> off = decayed.matrix() * keys.topRows(first).matrix().transpose();
    round_block(off, narrow.scores);
    const RowMatrix<T> diagonal =
        log_space_scores<T>(q, k, gates, PairExponent::segment_sum, narrow, [](std::int64_t) {});
    auto o = out.middleRows(first, rows);
    o.noalias() = off * c.v.topRows(first) + diagonal * c.v.middleRows(first, rows);
    decayed.rowwise() *= since_start;
    o.noalias() += decayed.matrix() * s;
    o *= static_cast<T>(options.scale);

    const GateRow<T> whole = b.row(rows - 1);
    keys.topRows(first).rowwise() *= whole;
    keys.middleRows(first, rows) =
        k.array() * decays(suffix_sums<T>(gates, narrow.log_cumulative), narrow.decay);
    since_start *= whole;
    round_block(keys, narrow.decay);
    count_sub_chunk(options.counters, first, rows, dk, c.v.cols());
  }
  s.array().colwise() *= since_start.transpose();
  s.noalias() += keys.matrix().transpose() * c.v;
  round_block(s, narrow.state);
}

/// Chunk after chunk with one state; part(chunk, state, rows of the output) does the work.
template <class T, class Part>
GatedOutput<T> over_chunks(const GatedLinearAttentionProblem<T>& p, std::int64_t chunk_size,
                           const GatedOptions& options, const Progress& progress, const Part& part) {
  check_gated_shapes(p);
  require(chunk_size >= 1, "a chunk of ", chunk_size, " tokens is out of range: at least 1");
  const GatedExtents<T> e(p);
  const std::int64_t chunk = std::min(chunk_size, e.n);
  const Metered held(options.meter, e.dk * e.dv);
  if (LinearCounters* c = options.counters) {
    const std::int64_t scores = chunk == e.n ? e.n * e.n : 0;  // one chunk of N: the scores go to slow memory
    c->accesses.loads += e.heads * (e.n * (3 * e.dk + e.dv) + scores);
    c->accesses.stores += e.heads * (e.n * e.dv + scores);
  }
  return gated_over_heads<T>(
      e.heads, e.n, e.dk, e.dv, progress, [&](std::int64_t h, GatedOutput<T>& out, const Progress& mine) {
        RowMatrix<T> s = initial_state(p.initial_state, e.dk, e.dv, h);
        for (std::int64_t first = 0; first < e.n; first += chunk) {
          mine.step(static_cast<double>(first) / static_cast<double>(e.n), "chunkwise form");
          const std::int64_t rows = std::min(chunk, e.n - first);
          part(GatedChunk<T>(p, h, first, rows), s, head(out.output, h).middleRows(first, rows));
          observe(options, h, first + rows - 1, s);
        }
        head(out.state, h) = s;
      });
}

}  // namespace

template <class T>
GatedOutput<T> gated_linear_attention_chunkwise(const GatedLinearAttentionProblem<T>& p,
                                                std::int64_t chunk_size, const GatedOptions& options,
                                                const Progress& progress) {
  return over_chunks(p, chunk_size, options, progress,
                     [&](const GatedChunk<T>& chunk, RowMatrix<T>& s, Eigen::Ref<RowMatrix<T>> out) {
                       one_level(chunk, options, s, out);
                     });
}

template <class T>
GatedOutput<T> gated_linear_attention_parallel_naive(const GatedLinearAttentionProblem<T>& p,
                                                     const GatedOptions& options, const Progress& progress) {
  return gated_linear_attention_chunkwise(p, std::max<std::int64_t>(1, p.query.extent(1)), options, progress);
}

template <class T>
GatedOutput<T> gated_linear_attention_chunkwise_two_level(const GatedLinearAttentionProblem<T>& p,
                                                          std::int64_t chunk_size,
                                                          std::int64_t sub_chunk_size,
                                                          const GatedOptions& options,
                                                          const Progress& progress) {
  require(sub_chunk_size >= 1 && sub_chunk_size <= chunk_size, "a sub-chunk of ", sub_chunk_size,
          " tokens is out of range: 1 .. ", chunk_size, ", the chunk");
  return over_chunks(p, chunk_size, options, progress,
                     [&](const GatedChunk<T>& chunk, RowMatrix<T>& s, Eigen::Ref<RowMatrix<T>> out) {
                       two_level(chunk, sub_chunk_size, options, s, out);
                     });
}

#define ALAB_INSTANTIATE(T)                                                                                 \
  template GatedOutput<T> gated_linear_attention_chunkwise(                                                 \
      const GatedLinearAttentionProblem<T>&, std::int64_t, const GatedOptions&, const Progress&);           \
  template GatedOutput<T> gated_linear_attention_parallel_naive(const GatedLinearAttentionProblem<T>&,      \
                                                                const GatedOptions&, const Progress&);      \
  template GatedOutput<T> gated_linear_attention_chunkwise_two_level(const GatedLinearAttentionProblem<T>&, \
                                                                     std::int64_t, std::int64_t,            \
                                                                     const GatedOptions&, const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
