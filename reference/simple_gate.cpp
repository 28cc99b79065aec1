// The scalar gate in three forms. SPDX-License-Identifier: MIT
#include "reference/simple_gate.hpp"

#include <algorithm>
#include <cmath>

#include "reference/gated_head.hpp"

namespace alab {

namespace {

constexpr std::int64_t kTokensAtOnce = 64;

template <class T>
struct SimpleExtents {
  explicit SimpleExtents(const SimpleGateProblem<T>& p)
      : heads(p.query.extent(0)), n(p.query.extent(1)), dk(p.query.extent(2)), dv(p.value.extent(2)) {}
  std::int64_t heads, n, dk, dv;
};

template <class T>
std::span<const T> gates_of(const SimpleGateProblem<T>& p, std::int64_t h, std::int64_t first,
                            std::int64_t count) {
  return p.log_decay.span().subspan(static_cast<std::size_t>(h * p.log_decay.extent(1) + first),
                                    static_cast<std::size_t>(count));
}

/// One chunk of rows: O = scale ((Q K^T * D) V + e^{prefix} Q S), S = e^{total} S + (e^{suffix} K)^T V.
template <class T>
void chunk(const SimpleGateProblem<T>& p, const GatedOptions& options, std::int64_t h, std::int64_t first,
           std::int64_t rows, RowMatrix<T>& s, GatedOutput<T>& out) {
  const Metered held(options.meter, rows * rows + rows * s.rows());
  const auto q = head(p.query, h).middleRows(first, rows);
  const auto k = head(p.key, h).middleRows(first, rows);
  const auto v = head(p.value, h).middleRows(first, rows);
  const Tensor<T> mask = decay_mask(gates_of(p, h, first, rows));
  RowMatrix<T> a = q * k.transpose();
  a.array() *= matrix(mask).array();
  const T entering = std::exp(gates_of(p, h, first, rows).front());
  auto o = head(out.output, h).middleRows(first, rows);
  o.noalias() = q * s;
  o.array().colwise() *= entering * matrix(mask).col(0).array();
  o.noalias() += a * v;
  o *= static_cast<T>(options.scale);
  RowMatrix<T> decayed = k;
  decayed.array().colwise() *= matrix(mask).row(rows - 1).transpose().array();
  s *= entering * mask(rows - 1, 0);
  s.noalias() += decayed.transpose() * v;
  if (LinearCounters* c = options.counters) {
    c->product_flops += 2 * rows * rows * (s.rows() + s.cols()) + 4 * rows * s.size();
    c->exponentials += rows * (rows - 1) / 2 + 1;
    c->pairs += rows * (rows + 1) / 2;
  }
}

template <class T>
void count_accesses(const GatedOptions& options, const SimpleExtents<T>& e, std::int64_t scores) {
  if (LinearCounters* c = options.counters) {
    c->accesses.loads += e.heads * (e.n * (2 * e.dk + e.dv + 1) + scores);
    c->accesses.stores += e.heads * (e.n * e.dv + scores);
  }
}

}  // namespace

template <class T>
void check_simple_gate_shapes(const SimpleGateProblem<T>& p) {
  const auto all = [&] {
    return text("query ", to_string(p.query.shape()), ", key ", to_string(p.key.shape()), ", value ",
                to_string(p.value.shape()), ", log_decay ", to_string(p.log_decay.shape()));
  };
  require(p.query.rank() == 3 && p.value.rank() == 3 && p.query.shape() == p.key.shape() &&
              p.query.extent(0) == p.value.extent(0) && p.query.extent(1) == p.value.extent(1) &&
              p.log_decay.shape() == Shape{p.query.extent(0), p.query.extent(1)},
          "the scalar gate cannot take ", all(),
          ": give [H, N, dk] for query and key, [H, N, dv] for value and [H, N] for log_decay");
  require(p.query.size() > 0 && p.value.size() > 0, "scalar-gated attention of nothing: ", all(),
          "; every extent is at least 1");
  const Shape state{p.query.extent(0), p.query.extent(2), p.value.extent(2)};
  require(p.initial_state.empty() || p.initial_state.shape() == state, "initial_state has the shape ",
          to_string(p.initial_state.shape()), ": give ", to_string(state), " or nothing");
  for (std::int64_t i = 0; i < p.log_decay.size(); ++i) {
    require(p.log_decay[i] <= 0, "log_decay holds ", p.log_decay[i], " at element ", i,
            ": a gate is the logarithm of a factor in [0, 1], at most 0");
  }
}

template <class T>
GatedLinearAttentionProblem<T> widened(const SimpleGateProblem<T>& p) {
  check_simple_gate_shapes(p);
  Tensor<T> gates(p.query.shape());
  for (std::int64_t i = 0; i < gates.size(); ++i) {
    gates[i] = p.log_decay[i / gates.extent(2)];
  }
  return {p.query, p.key, p.value, std::move(gates), p.initial_state};
}

template <class T>
GatedOutput<T> simple_gate_recurrent(const SimpleGateProblem<T>& p, const GatedOptions& options,
                                     const Progress& progress) {
  check_simple_gate_shapes(p);
  const SimpleExtents<T> e(p);
  const Metered held(options.meter, e.dk * e.dv);
  count_accesses(options, e, 0);
  if (LinearCounters* c = options.counters) {
    c->product_flops += e.heads * 4 * e.n * e.dk * e.dv;
    c->exponentials += e.heads * e.n;
  }
  return gated_over_heads<T>(
      e.heads, e.n, e.dk, e.dv, progress, [&](std::int64_t h, GatedOutput<T>& out, const Progress& part) {
        RowMatrix<T> s = initial_state(p.initial_state, e.dk, e.dv, h);
        for (std::int64_t t = 0; t < e.n; ++t) {
          if (t % kTokensAtOnce == 0) {
            part.step(static_cast<double>(t) / static_cast<double>(e.n), "recurrent form");
          }
          s *= std::exp(p.log_decay(h, t));
          s.noalias() += head(p.key, h).row(t).transpose() * head(p.value, h).row(t);
          head(out.output, h).row(t).noalias() = static_cast<T>(options.scale) * head(p.query, h).row(t) * s;
          observe(options, h, t, s);
        }
        head(out.state, h) = s;
      });
}

template <class T>
GatedOutput<T> simple_gate_chunkwise(const SimpleGateProblem<T>& p, std::int64_t chunk_size,
                                     const GatedOptions& options, const Progress& progress) {
  check_simple_gate_shapes(p);
  require(chunk_size >= 1, "a chunk of ", chunk_size, " tokens is out of range: at least 1");
  const SimpleExtents<T> e(p);
  const std::int64_t size = std::min(chunk_size, e.n);
  const Metered held(options.meter, e.dk * e.dv);
  count_accesses(options, e, size == e.n ? e.n * e.n : 0);
  return gated_over_heads<T>(
      e.heads, e.n, e.dk, e.dv, progress, [&](std::int64_t h, GatedOutput<T>& out, const Progress& part) {
        RowMatrix<T> s = initial_state(p.initial_state, e.dk, e.dv, h);
        for (std::int64_t first = 0; first < e.n; first += size) {
          part.step(static_cast<double>(first) / static_cast<double>(e.n), "chunkwise form");
          const std::int64_t rows = std::min(size, e.n - first);
          chunk(p, options, h, first, rows, s, out);
          observe(options, h, first + rows - 1, s);
        }
        head(out.state, h) = s;
      });
}

template <class T>
GatedOutput<T> simple_gate_parallel(const SimpleGateProblem<T>& p, const GatedOptions& options,
                                    const Progress& progress) {
  check_simple_gate_shapes(p);
  return simple_gate_chunkwise(p, p.query.extent(1), options, progress);
}

template <class T>
Tensor<T> decay_mask(std::span<const T> log_decay) {
  const auto n = static_cast<std::int64_t>(log_decay.size());
  Tensor<T> out({n, n});
  for (std::int64_t j = 0; j < n; ++j) {
    T sum = 0;
    out(j, j) = 1;
    for (std::int64_t i = j + 1; i < n; ++i) {
      sum += log_decay[static_cast<std::size_t>(i)];
      out(i, j) = std::exp(sum);
    }
  }
  return out;
}

template <class T>
Tensor<T> retention_log_decay(std::int64_t heads, std::int64_t seq_len) {
  Tensor<T> out({heads, seq_len});
  for (std::int64_t h = 0; h < heads; ++h) {
    const double gate = std::log1p(-std::exp2(-5.0 - static_cast<double>(h)));
    std::fill_n(out.data() + h * seq_len, seq_len, static_cast<T>(gate));
  }
  return out;
}

template <class T>
Tensor<T> constant_log_decay(std::int64_t heads, std::int64_t seq_len, double gamma) {
  require(0 < gamma && gamma <= 1, "a constant gate of ", gamma, " is out of range: 0 < gamma <= 1");
  Tensor<T> out({heads, seq_len});
  std::fill_n(out.data(), out.size(), static_cast<T>(std::log(gamma)));
  return out;
}

#define ALAB_INSTANTIATE(T)                                                                       \
  template void check_simple_gate_shapes(const SimpleGateProblem<T>&);                            \
  template GatedLinearAttentionProblem<T> widened(const SimpleGateProblem<T>&);                   \
  template GatedOutput<T> simple_gate_recurrent(const SimpleGateProblem<T>&, const GatedOptions&, \
                                                const Progress&);                                 \
  template GatedOutput<T> simple_gate_parallel(const SimpleGateProblem<T>&, const GatedOptions&,  \
                                               const Progress&);                                  \
  template GatedOutput<T> simple_gate_chunkwise(const SimpleGateProblem<T>&, std::int64_t,        \
                                                const GatedOptions&, const Progress&);            \
  template Tensor<T> decay_mask(std::span<const T>);                                              \
  template Tensor<T> retention_log_decay(std::int64_t, std::int64_t);                             \
  template Tensor<T> constant_log_decay(std::int64_t, std::int64_t, double);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
