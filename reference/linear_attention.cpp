// Shapes, and the parallel, recurrent and cumulative forms. SPDX-License-Identifier: MIT
#include "reference/linear_attention.hpp"

#include "reference/linear_head.hpp"

namespace alab {

namespace {

constexpr std::int64_t kMostStates = std::int64_t{1} << 28;  // elements of all states of one head
constexpr std::int64_t kTokensAtOnce = 64;                   // between two looks at the stop token

template <class T>
void count_run(const LinearAttentionOptions& options, const LinearExtents<T>& e, std::int64_t product_flops,
               std::int64_t normalizer_flops, const Accesses& accesses) {
  if (!options.counters) {
    return;
  }
  LinearCounters& c = *options.counters;
  c.product_flops += e.heads * product_flops;
  c.normalizer_flops += options.normalize ? e.heads * normalizer_flops : 0;
  c.accesses.loads += e.heads * accesses.loads;
  c.accesses.stores += e.heads * accesses.stores;
}

template <class T>
Accesses in_and_out(const LinearExtents<T>& e) {
  return {e.n * (2 * e.m + e.dv), e.n * e.dv};
}

/// A = phi(Q) phi(K)^T, with 0 above the diagonal when causal.
template <class T>
RowMatrix<T> masked_scores(const LinearAttentionProblem<T>& p, bool causal, std::int64_t h) {
  RowMatrix<T> a = head(p.query, h) * head(p.key, h).transpose();
  for (std::int64_t i = 0; causal && i < a.rows(); ++i) {
    a.row(i).tail(a.cols() - i - 1).setZero();
  }
  return a;
}

template <class T>
void parallel_head(const LinearAttentionProblem<T>& p, const LinearAttentionOptions& options, std::int64_t h,
                   LinearAttentionOutput<T>& out) {
  LinearState<T> state(p, h);
  const auto q = head(p.query, h);
  const auto k = head(p.key, h);
  const RowMatrix<T> a = masked_scores(p, options.causal, h);
  head(out.output, h).noalias() = a * head(p.value, h) + q * state.s;
  if (options.normalize) {
    matrix(out.denominator).row(h) = (a.rowwise().sum() + q * state.z).transpose();
  }
  finish_rows(out, options, h, 0, q.rows());
  state.s.noalias() += k.transpose() * head(p.value, h);
  state.z += k.colwise().sum().transpose();
  store_state(out, state, h);
}

/// Numerator and phi(q).z of one token.
template <class T>
void read_state(const LinearAttentionProblem<T>& p, const LinearState<T>& state, std::int64_t h,
                std::int64_t t, LinearAttentionOutput<T>& out) {
  const auto q = head(p.query, h).row(t);
  head(out.output, h).row(t).noalias() = q * state.s;
  if (!out.denominator.empty()) {
    out.denominator(h, t) = q.dot(state.z);
  }
}

template <class T>
void fold_in(const LinearAttentionProblem<T>& p, LinearState<T>& state, std::int64_t h, std::int64_t t) {
  const auto k = head(p.key, h).row(t);
  state.s.noalias() += k.transpose() * head(p.value, h).row(t);
  state.z += k.transpose();
}

template <class T>
void recurrent_head(const LinearAttentionProblem<T>& p, const LinearAttentionOptions& options, std::int64_t h,
                    LinearAttentionOutput<T>& out, const Progress& progress) {
  const std::int64_t n = p.query.extent(1), passes = options.causal ? 1 : 2;
  LinearState<T> state(p, h);
  for (std::int64_t i = 0; i < passes * n; ++i) {
    if (i % kTokensAtOnce == 0) {
      progress.step(static_cast<double>(i) / static_cast<double>(passes * n), "recurrent form");
    }
    if (i < n) {
      fold_in(p, state, h, i);
      observe(options, h, i, state);
    }
    if (options.causal || i >= n) {
      read_state(p, state, h, i % n, out);
    }
  }
  finish_rows(out, options, h, 0, n);
  store_state(out, state, h);
}

template <class T>
void cumulative_head(const LinearAttentionProblem<T>& p, const LinearAttentionOptions& options,
                     std::int64_t h, LinearAttentionOutput<T>& out, const Progress& progress) {
  const std::int64_t n = p.query.extent(1);
  std::vector<LinearState<T>> states;
  states.reserve(static_cast<std::size_t>(n));
  LinearState<T> state(p, h);
  for (std::int64_t t = 0; t < n; ++t) {
    if (t % kTokensAtOnce == 0) {
      progress.step(0.7 * static_cast<double>(t) / static_cast<double>(n), "cumulative form: states");
    }
    fold_in(p, state, h, t);
    observe(options, h, t, state);
    states.push_back(state);
  }
  for (std::int64_t t = 0; t < n; ++t) {
    if (t % kTokensAtOnce == 0) {
      progress.step(0.7 + 0.3 * static_cast<double>(t) / static_cast<double>(n), "cumulative form: outputs");
    }
    read_state(p, options.causal ? states[static_cast<std::size_t>(t)] : state, h, t, out);
  }
  finish_rows(out, options, h, 0, n);
  store_state(out, state, h);
}

template <class T>
void require_state(const Tensor<T>& state, const Shape& shape, const char* name) {
  require(state.empty() || state.shape() == shape, name, " has the shape ", to_string(state.shape()),
          ": give ", to_string(shape), " or nothing");
}

template <class T, class Head>
LinearAttentionOutput<T> over_heads(const LinearAttentionProblem<T>& p, const LinearAttentionOptions& options,
                                    std::int64_t temporaries, const Progress& progress, const Head& run) {
  const LinearExtents<T> e(p);
  LinearAttentionOutput<T> out = empty_output(e, options);
  const Metered held(options.meter, temporaries);
  for (std::int64_t h = 0; h < e.heads; ++h) {
    const double share = 1.0 / static_cast<double>(e.heads);
    run(h, out, progress.part(static_cast<double>(h) * share, static_cast<double>(h + 1) * share));
  }
  return out;
}

}  // namespace

template <class T>
LinearAttentionProblem<T> linear_attention_problem(const FeatureMap& map, const Tensor<T>& query,
                                                   const Tensor<T>& key, const Tensor<T>& value,
                                                   const Progress& progress) {
  const FeatureMap shared = with_drawn(map, query.extent(-1));
  return {apply_feature_map(shared, query, Role::query, progress.part(0, 0.5)),
          apply_feature_map(shared, key, Role::key, progress.part(0.5, 1)), value};
}

template <class T>
void check_linear_attention_shapes(const LinearAttentionProblem<T>& p) {
  const auto all = [&] {
    return text("query ", to_string(p.query.shape()), ", key ", to_string(p.key.shape()), ", value ",
                to_string(p.value.shape()));
  };
  require(p.query.rank() == 3 && p.value.rank() == 3 && p.query.shape() == p.key.shape() &&
              p.query.extent(0) == p.value.extent(0) && p.query.extent(1) == p.value.extent(1),
          "linear attention cannot take ", all(), ": give [H, N, m], [H, N, m] and [H, N, dv]");
  require(p.query.size() > 0 && p.value.size() > 0, "linear attention of nothing: ", all(),
          "; every extent is at least 1");
  require_state(p.initial_state, {p.query.extent(0), p.query.extent(2), p.value.extent(2)}, "initial_state");
  require_state(p.initial_normalizer, {p.query.extent(0), p.query.extent(2)}, "initial_normalizer");
}

template <class T>
LinearAttentionOutput<T> linear_attention_parallel(const LinearAttentionProblem<T>& p,
                                                   const LinearAttentionOptions& options,
                                                   const Progress& progress) {
  check_linear_attention_shapes(p);
  const LinearExtents<T> e(p);
  count_run(options, e, 2 * e.n * e.n * (e.m + e.dv), 2 * e.n * e.n,
            {2 * e.n * e.m + e.n * e.n + e.n * e.dv, e.n * e.n + e.n * e.dv});
  return over_heads(p, options, e.n * e.n, progress,
                    [&](std::int64_t h, LinearAttentionOutput<T>& out, const Progress& part) {
                      part.step(0, "parallel form");
                      parallel_head(p, options, h, out);
                    });
}

template <class T>
LinearAttentionOutput<T> linear_attention_recurrent(const LinearAttentionProblem<T>& p,
                                                    const LinearAttentionOptions& options,
                                                    const Progress& progress) {
  check_linear_attention_shapes(p);
  const LinearExtents<T> e(p);
  count_run(options, e, 4 * e.n * e.state(), 4 * e.n * e.m, in_and_out(e));
  return over_heads(p, options, e.state() + (options.normalize ? e.m : 0), progress,
                    [&](std::int64_t h, LinearAttentionOutput<T>& out, const Progress& part) {
                      recurrent_head(p, options, h, out, part);
                    });
}

template <class T>
LinearAttentionOutput<T> linear_attention_cumulative(const LinearAttentionProblem<T>& p,
                                                     const LinearAttentionOptions& options,
                                                     const Progress& progress) {
  check_linear_attention_shapes(p);
  const LinearExtents<T> e(p);
  require(e.n <= kMostStates / e.state(), "all states of ", e.n, " tokens are ", e.n * e.state(),
          " elements, more than 2^28: take a shorter sequence, or the recurrent form, which keeps one");
  count_run(options, e, 4 * e.n * e.state(), 4 * e.n * e.m,
            {e.n * (2 * e.m + e.dv) + e.n * e.state(), e.n * e.dv + e.n * e.state()});
  return over_heads(p, options, e.n * (e.state() + (options.normalize ? e.m : 0)), progress,
                    [&](std::int64_t h, LinearAttentionOutput<T>& out, const Progress& part) {
                      cumulative_head(p, options, h, out, part);
                    });
}

template <class T>
ImplicitWeights<T> implicit_weights(const LinearAttentionProblem<T>& p, const LinearAttentionOptions& options,
                                    const Progress& progress) {
  check_linear_attention_shapes(p);
  require(p.initial_state.empty() && p.initial_normalizer.empty(),
          "an initial state has no column among the N x N weights: leave it empty");
  const LinearExtents<T> e(p);
  ImplicitWeights<T> out{Tensor<T>({e.heads, e.n, e.n}),
                         options.normalize ? Tensor<T>({e.heads, e.n}) : Tensor<T>()};
  for (std::int64_t h = 0; h < e.heads; ++h) {
    progress.step(static_cast<double>(h) / static_cast<double>(e.heads), "implicit weights");
    auto w = head(out.weights, h);
    w = static_cast<T>(options.scale) * masked_scores(p, options.causal, h);
    if (options.normalize) {
      auto den = matrix(out.denominator).row(h);
      den = (w.rowwise().sum().array() + static_cast<T>(options.eps)).matrix().transpose();
      w.array().colwise() /= den.transpose().array();
      for (std::int64_t i = 0; options.causal && i < e.n; ++i) {
        w.row(i).tail(e.n - i - 1).setZero();  // also where the denominator is 0
      }
    }
  }
  return out;
}

#define ALAB_INSTANTIATE(T)                                                                      \
  template LinearAttentionProblem<T> linear_attention_problem(                                   \
      const FeatureMap&, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const Progress&); \
  template void check_linear_attention_shapes(const LinearAttentionProblem<T>&);                 \
  template LinearAttentionOutput<T> linear_attention_parallel(                                   \
      const LinearAttentionProblem<T>&, const LinearAttentionOptions&, const Progress&);         \
  template LinearAttentionOutput<T> linear_attention_recurrent(                                  \
      const LinearAttentionProblem<T>&, const LinearAttentionOptions&, const Progress&);         \
  template LinearAttentionOutput<T> linear_attention_cumulative(                                 \
      const LinearAttentionProblem<T>&, const LinearAttentionOptions&, const Progress&);         \
  template ImplicitWeights<T> implicit_weights(const LinearAttentionProblem<T>&,                 \
                                               const LinearAttentionOptions&, const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
