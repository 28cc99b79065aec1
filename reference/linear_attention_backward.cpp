// Gradients of linear attention in closed form: one scan forward for dq, one backward for dk and dv.
// SPDX-License-Identifier: MIT
#include "reference/linear_head.hpp"

namespace alab {

namespace {

constexpr std::int64_t kMostStates = std::int64_t{1} << 28;
constexpr std::int64_t kTokensAtOnce = 64;

/// g and e of the formula, for all tokens of one head.
template <class T>
struct RowGradients {
  RowMatrix<T> g;
  Column<T> e;
};

template <class T>
RowGradients<T> row_gradients(const LinearAttentionOutput<T>& forward, const Tensor<T>& d_output,
                              bool normalize, std::int64_t h) {
  const auto d_o = head(d_output, h);
  RowGradients<T> out{d_o, Column<T>::Zero(d_o.rows())};
  if (normalize) {
    const auto den = matrix(forward.denominator).row(h).transpose().array();
    out.g.array().colwise() /= den;
    out.e = -(d_o.array() * head(forward.output, h).array()).rowwise().sum() / den;
  }
  return out;
}

template <class T>
struct BackwardRun {
  const LinearAttentionProblem<T>& p;
  const LinearAttentionOptions& options;
  const RowGradients<T>& rows;
  LinearAttentionGradients<T>& out;
  std::int64_t h;
  T scale() const { return static_cast<T>(options.scale); }
};

template <class T>
void add_token(const BackwardRun<T>& run, LinearState<T>& state, std::int64_t t) {
  const auto k = head(run.p.key, run.h).row(t);
  state.s.noalias() += k.transpose() * head(run.p.value, run.h).row(t);
  state.z += k.transpose();
}

template <class T>
void query_gradient(const BackwardRun<T>& run, const LinearState<T>& state, std::int64_t t) {
  head(run.out.dq, run.h).row(t) =
      run.scale() * (run.rows.g.row(t) * state.s.transpose() + run.rows.e(t) * state.z.transpose());
}

/// R += scale phi(q)^T g, r += scale e phi(q).
template <class T>
void add_reverse(const BackwardRun<T>& run, LinearState<T>& reverse, std::int64_t t) {
  const auto q = head(run.p.query, run.h).row(t);
  reverse.s.noalias() += run.scale() * q.transpose() * run.rows.g.row(t);
  reverse.z += run.scale() * run.rows.e(t) * q.transpose();
}

template <class T>
void key_value_gradient(const BackwardRun<T>& run, const LinearState<T>& reverse, std::int64_t t) {
  head(run.out.dk, run.h).row(t) =
      head(run.p.value, run.h).row(t) * reverse.s.transpose() + reverse.z.transpose();
  head(run.out.dv, run.h).row(t).noalias() = head(run.p.key, run.h).row(t) * reverse.s;
}

template <class T>
void forward_scan(const BackwardRun<T>& run, BackwardStorage storage, const Progress& progress) {
  const std::int64_t n = run.p.query.extent(1);
  LinearState<T> state(run.p, run.h);
  std::vector<LinearState<T>> kept;
  for (std::int64_t t = 0; t < n; ++t) {
    if (t % kTokensAtOnce == 0) {
      progress.step(static_cast<double>(t) / static_cast<double>(n), "backward: states");
    }
    add_token(run, state, t);
    if (storage == BackwardStorage::all_states) {
      kept.push_back(state);
    } else if (run.options.causal) {
      query_gradient(run, state, t);
    }
  }
  for (std::int64_t t = 0; t < n && (!run.options.causal || !kept.empty()); ++t) {
    query_gradient(run, run.options.causal ? kept[static_cast<std::size_t>(t)] : state, t);
  }
}

template <class T>
void reverse_scan(const BackwardRun<T>& run, const Progress& progress) {
  const std::int64_t n = run.p.query.extent(1);
  LinearState<T> reverse(run.p.query.extent(2), run.p.value.extent(2));
  for (std::int64_t t = n - 1; t >= 0; --t) {
    if (t % kTokensAtOnce == 0) {
      progress.step(1 - static_cast<double>(t) / static_cast<double>(n), "backward: reverse scan");
    }
    add_reverse(run, reverse, t);
    if (run.options.causal) {
      key_value_gradient(run, reverse, t);
    }
  }
  for (std::int64_t t = 0; t < n && !run.options.causal; ++t) {
    key_value_gradient(run, reverse, t);
  }
  head(run.out.d_initial_state, run.h) = reverse.s;
  matrix(run.out.d_initial_normalizer).row(run.h) = reverse.z.transpose();
}

}  // namespace

template <class T>
LinearAttentionGradients<T> linear_attention_backward(const LinearAttentionProblem<T>& p,
                                                      const Tensor<T>& d_output,
                                                      const LinearAttentionOptions& options,
                                                      BackwardStorage storage, const Progress& progress) {
  check_linear_attention_shapes(p);
  const LinearExtents<T> e(p);
  require(d_output.shape() == p.value.shape(), "the gradient of the output has the shape ",
          to_string(d_output.shape()), ": give ", to_string(p.value.shape()));
  const bool all = storage == BackwardStorage::all_states;
  require(!all || e.n <= kMostStates / e.state(), "all states of ", e.n, " tokens are ", e.n * e.state(),
          " elements, more than 2^28: take BackwardStorage::reverse_scan");
  LinearAttentionOptions plain = options;
  plain.meter = nullptr;
  plain.counters = nullptr;
  LinearAttentionOutput<T> forward = linear_attention_recurrent(p, plain, progress.part(0, 0.3));
  const Metered held(options.meter, (all ? e.n : 1) * (e.state() + (options.normalize ? e.m : 0)));
  LinearAttentionGradients<T> out{{},
                                  Tensor<T>(p.query.shape()),
                                  Tensor<T>(p.key.shape()),
                                  Tensor<T>(p.value.shape()),
                                  Tensor<T>({e.heads, e.m, e.dv}),
                                  Tensor<T>({e.heads, e.m})};
  for (std::int64_t h = 0; h < e.heads; ++h) {
    const RowGradients<T> rows = row_gradients(forward, d_output, options.normalize, h);
    const BackwardRun<T> run{p, options, rows, out, h};
    forward_scan(run, storage, progress.part(0.3, 0.6));
    reverse_scan(run, progress.part(0.6, 1));
  }
  out.output = std::move(forward.output);
  return out;
}

#define ALAB_INSTANTIATE(T)                                                                               \
  template LinearAttentionGradients<T> linear_attention_backward(                                         \
      const LinearAttentionProblem<T>&, const Tensor<T>&, const LinearAttentionOptions&, BackwardStorage, \
      const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
