// SPDX-License-Identifier: MIT
#include "reference/rfa.hpp"

#include <cmath>
#include <limits>

#include "reference/exact_exp.hpp"
#include "reference/linear_head.hpp"

namespace alab {

namespace {

constexpr std::int64_t kTokensAtOnce = 64;

template <class T>
void check_favor(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, const Tensor<T>& w) {
  require(w.rank() == 2 && w.size() > 0 && q.rank() == 3 && w.extent(1) == q.extent(2), "W of shape ",
          to_string(w.shape()), " does not fit query ", to_string(q.shape()), ": give [M, d] and [H, N, d]");
  check_linear_attention_shapes(LinearAttentionProblem<T>{q, k, v});
}

/// S_t = g S_{t-1} + (1 - g) phi(k)^T v, the same for z, for all tokens of all heads.
template <class T>
LinearAttentionOutput<T> gated_recurrence(const LinearAttentionProblem<T>& p, const Tensor<T>& gate,
                                          const Progress& progress) {
  const LinearExtents<T> e(p);
  const LinearAttentionOptions options;
  LinearAttentionOutput<T> out = empty_output(e, options);
  for (std::int64_t h = 0; h < e.heads; ++h) {
    LinearState<T> state(p, h);
    for (std::int64_t t = 0; t < e.n; ++t) {
      if (t % kTokensAtOnce == 0) {
        progress.step(static_cast<double>(h * e.n + t) / static_cast<double>(e.heads * e.n), "gated RFA");
      }
      const T kept = gate(h, t);
      const auto k = head(p.key, h).row(t);
      state.s *= kept;
      state.s.noalias() += (1 - kept) * k.transpose() * head(p.value, h).row(t);
      state.z = kept * state.z + (1 - kept) * k.transpose();
      head(out.output, h).row(t).noalias() = head(p.query, h).row(t) * state.s;
      out.denominator(h, t) = head(p.query, h).row(t).dot(state.z);
    }
    finish_rows(out, options, h, 0, e.n);
    store_state(out, state, h);
  }
  return out;
}

/// Sum over the keys seen so far of e^{log feature - peak} v, and of the same without v; one peak per
/// feature.
template <class T>
struct PeakedState {
  PeakedState(std::int64_t m, std::int64_t dv)
      : s(RowMatrix<T>::Zero(m, dv)),
        z(Column<T>::Zero(m)),
        peak(Column<T>::Constant(m, -std::numeric_limits<T>::infinity())) {}

  template <class Log, class Value>
  void add(const Log& log_key, const Value& v) {
    for (std::int64_t f = 0; f < z.size(); ++f) {
      const T risen = std::max(peak(f), log_key(f));
      const T old = std::exp(peak(f) - risen), fresh = std::exp(log_key(f) - risen);
      peak(f) = risen;
      z(f) = old * z(f) + fresh;
      s.row(f) = old * s.row(f) + fresh * v;
    }
  }
  template <class Log, class Out>
  void read(const Log& log_query, Out out) const {
    const Eigen::Array<T, Eigen::Dynamic, 1> logs = log_query.transpose().array() + peak.array();
    const Column<T> weight = exp_of(logs - logs.maxCoeff()).matrix();
    out = weight.transpose() * s / weight.dot(z);
  }
  RowMatrix<T> s;
  Column<T> z, peak;
};

/// w_j.x - |x|^2/2 for all rows of a head, x scaled by d^{-1/4}; M^{-1/2} cancels.
template <class T>
RowMatrix<T> log_features(const Tensor<T>& x, const Tensor<T>& w, std::int64_t h) {
  const T scale = static_cast<T>(natural_scale(FeatureKind::favor_positive, x.extent(2)));
  const RowMatrix<T> scaled = scale * head(x, h);
  RowMatrix<T> out = scaled * matrix(w).transpose();
  out.colwise() -= Column<T>(scaled.rowwise().squaredNorm() / 2);
  return out;
}

}  // namespace

template <class T>
Tensor<T> unit_rows(const Tensor<T>& x) {
  Tensor<T> out = x;
  for (std::int64_t h = 0; h < x.extent(0); ++h) {
    auto rows = head(out, h);
    for (std::int64_t i = 0; i < rows.rows(); ++i) {
      const T norm = rows.row(i).stableNorm();
      rows.row(i) /= norm > 0 ? norm : T(1);
    }
  }
  return out;
}

template <class T>
LinearAttentionOutput<T> random_feature_attention(const Tensor<T>& query, const Tensor<T>& key,
                                                  const Tensor<T>& value, const Tensor<T>& W,
                                                  const RfaOptions& options, const Tensor<T>& gate,
                                                  const Progress& progress) {
  check_favor(query, key, value, W);
  require(gate.empty() || (options.causal && gate.shape() == Shape{query.extent(0), query.extent(1)}),
          "a gate of shape ", to_string(gate.shape()), options.causal ? "" : " without causality",
          " cannot be used: give [H, N] to causal attention, or none");
  for (const T g : gate.span()) {
    require(0 <= g && g <= 1, "a gate of ", g, " is out of range: 0 .. 1, after its sigmoid");
  }
  const FeatureMap map{
      .kind = FeatureKind::rff_pairs, .sigma = options.sigma, .matrix = W.template cast<double>()};
  const LinearAttentionProblem<T> problem =
      linear_attention_problem(map, options.unit_rows ? unit_rows(query) : query,
                               options.unit_rows ? unit_rows(key) : key, value, progress.part(0, 0.3));
  return gate.empty() ? linear_attention_recurrent(problem, {.causal = options.causal}, progress.part(0.3, 1))
                      : gated_recurrence(problem, gate, progress.part(0.3, 1));
}

template <class T>
Tensor<T> favor_attention(const Tensor<T>& query, const Tensor<T>& key, const Tensor<T>& value,
                          const Tensor<T>& W, bool causal, const Progress& progress) {
  check_favor(query, key, value, W);
  const std::int64_t heads = query.extent(0), n = query.extent(1);
  Tensor<T> out(value.shape());
  for (std::int64_t h = 0; h < heads; ++h) {
    const RowMatrix<T> log_query = log_features(query, W, h), log_key = log_features(key, W, h);
    PeakedState<T> state(W.extent(0), value.extent(2));
    for (std::int64_t t = 0; !causal && t < n; ++t) {
      state.add(log_key.row(t), head(value, h).row(t));
    }
    for (std::int64_t t = 0; t < n; ++t) {
      if (t % kTokensAtOnce == 0) {
        progress.step(static_cast<double>(h * n + t) / static_cast<double>(heads * n), "FAVOR+");
      }
      if (causal) {
        state.add(log_key.row(t), head(value, h).row(t));
      }
      state.read(log_query.row(t), head(out, h).row(t));
    }
  }
  return out;
}

#define ALAB_INSTANTIATE(T)                                                                                  \
  template Tensor<T> unit_rows(const Tensor<T>&);                                                            \
  template LinearAttentionOutput<T> random_feature_attention(                                                \
      const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const RfaOptions&,             \
      const Tensor<T>&, const Progress&);                                                                    \
  template Tensor<T> favor_attention(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, \
                                     bool, const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
