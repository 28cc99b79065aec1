// Shapes, the recurrent form, the parallel form in log space, implicit weights, and gates.
// SPDX-License-Identifier: MIT
#include "reference/gated_linear_attention.hpp"

#include <cmath>
#include <limits>

#include "reference/core/rng.hpp"
#include "reference/gated_head.hpp"

namespace alab {

namespace {

constexpr std::int64_t kTokensAtOnce = 64;
constexpr std::int64_t kLongestSearch = std::int64_t{1} << 20;

template <class T>
void recurrent_head(const GatedLinearAttentionProblem<T>& p, const GatedOptions& options, std::int64_t h,
                    GatedOutput<T>& out, const Progress& progress) {
  const GatedExtents<T> e(p);
  RowMatrix<T> s = initial_state(p.initial_state, e.dk, e.dv, h);
  GateRow<T> decay;
  for (std::int64_t t = 0; t < e.n; ++t) {
    if (t % kTokensAtOnce == 0) {
      progress.step(static_cast<double>(t) / static_cast<double>(e.n), "recurrent form");
    }
    decay = exp_of(head(p.log_decay, h).row(t).array());
    round_block(decay, options.precision.decay);
    s.array().colwise() *= decay.transpose();
    s.noalias() += head(p.key, h).row(t).transpose() * head(p.value, h).row(t);
    round_block(s, options.precision.state);
    head(out.output, h).row(t).noalias() = static_cast<T>(options.scale) * head(p.query, h).row(t) * s;
    observe(options, h, t, s);
  }
  head(out.state, h) = s;
}

template <class T>
void log_head(const GatedLinearAttentionProblem<T>& p, const GatedOptions& options, std::int64_t h,
              GatedOutput<T>& out, const Progress& progress) {
  const GatedExtents<T> e(p);
  const auto gates = head(p.log_decay, h);
  const auto step = [&](std::int64_t i) {
    progress.step(std::pow(static_cast<double>(i) / static_cast<double>(e.n), 2), "scores in log space");
  };
  const RowMatrix<T> scores = log_space_scores<T>(head(p.query, h), head(p.key, h), gates,
                                                  PairExponent::difference, options.precision, step);
  auto o = head(out.output, h);
  o.noalias() = scores * head(p.value, h);
  RowMatrix<T> s = initial_state(p.initial_state, e.dk, e.dv, h);
  const GateRows<T> b = exp_of(prefix_sums<T>(gates, options.precision.log_cumulative));
  if (!p.initial_state.empty()) {
    o += (head(p.query, h).array() * b).matrix() * s;
  }
  o *= static_cast<T>(options.scale);
  const GateRows<T> later = exp_of(suffix_sums<T>(gates, options.precision.log_cumulative));
  s.array().colwise() *= b.row(e.n - 1).transpose();
  s.noalias() += (head(p.key, h).array() * later).matrix().transpose() * head(p.value, h);
  head(out.state, h) = s;
}

}  // namespace

template <class T>
void check_gated_shapes(const GatedLinearAttentionProblem<T>& p) {
  const auto all = [&] {
    return text("query ", to_string(p.query.shape()), ", key ", to_string(p.key.shape()), ", value ",
                to_string(p.value.shape()), ", log_decay ", to_string(p.log_decay.shape()));
  };
  require(p.query.rank() == 3 && p.value.rank() == 3 && p.query.shape() == p.key.shape() &&
              p.query.shape() == p.log_decay.shape() && p.query.extent(0) == p.value.extent(0) &&
              p.query.extent(1) == p.value.extent(1),
          "gated linear attention cannot take ", all(),
          ": give [H, N, dk] for query, key and log_decay and [H, N, dv] for value");
  require(p.query.size() > 0 && p.value.size() > 0, "gated linear attention of nothing: ", all(),
          "; every extent is at least 1");
  const Shape state{p.query.extent(0), p.query.extent(2), p.value.extent(2)};
  require(p.initial_state.empty() || p.initial_state.shape() == state, "initial_state has the shape ",
          to_string(p.initial_state.shape()), ": give ", to_string(state), " or nothing");
  for (std::int64_t i = 0; i < p.log_decay.size(); ++i) {
    require(p.log_decay[i] <= 0, "log_decay holds ", p.log_decay[i], " at element ", i,
            ": a gate is the logarithm of a factor in [0, 1], at most 0");
  }
}

double fla_query_scale(std::int64_t head_dim) {
  return 1 / std::sqrt(static_cast<double>(head_dim));
}

template <class T>
GatedOutput<T> gated_linear_attention_recurrent(const GatedLinearAttentionProblem<T>& p,
                                                const GatedOptions& options, const Progress& progress) {
  check_gated_shapes(p);
  const GatedExtents<T> e(p);
  const Metered held(options.meter, e.dk * e.dv);
  if (LinearCounters* c = options.counters) {
    c->product_flops += e.heads * 4 * e.n * e.dk * e.dv;
    c->exponentials += e.heads * e.n * e.dk;
    c->accesses.loads += e.heads * e.n * (3 * e.dk + e.dv);
    c->accesses.stores += e.heads * e.n * e.dv;
  }
  return gated_over_heads<T>(e.heads, e.n, e.dk, e.dv, progress,
                             [&](std::int64_t h, GatedOutput<T>& out, const Progress& part) {
                               recurrent_head(p, options, h, out, part);
                             });
}

template <class T>
GatedOutput<T> gated_linear_attention_parallel_log(const GatedLinearAttentionProblem<T>& p,
                                                   const GatedOptions& options, const Progress& progress) {
  check_gated_shapes(p);
  const GatedExtents<T> e(p);
  const Metered held(options.meter, e.n * e.n + 2 * e.n * e.dk);
  if (LinearCounters* c = options.counters) {
    const std::int64_t pairs = e.n * (e.n + 1) / 2;
    c->product_flops += e.heads * 2 * e.n * e.n * e.dv;
    c->exponentials += e.heads * (pairs + 2 * e.n) * e.dk;
    c->pairs += e.heads * pairs;
    c->log_pairs += e.heads * pairs;
    c->accesses.loads += e.heads * (3 * e.n * e.dk + e.n * e.n + e.n * e.dv);
    c->accesses.stores += e.heads * (e.n * e.n + e.n * e.dv);
  }
  return gated_over_heads<T>(
      e.heads, e.n, e.dk, e.dv, progress,
      [&](std::int64_t h, GatedOutput<T>& out, const Progress& part) { log_head(p, options, h, out, part); });
}

template <class T>
Tensor<T> gated_implicit_weights(const GatedLinearAttentionProblem<T>& p, const GatedOptions& options,
                                 const Progress& progress) {
  check_gated_shapes(p);
  require(p.initial_state.empty(), "an initial state has no column among the N x N weights: leave it empty");
  const GatedExtents<T> e(p);
  Tensor<T> out({e.heads, e.n, e.n});
  for (std::int64_t h = 0; h < e.heads; ++h) {
    const auto step = [&](std::int64_t i) {
      progress.step((static_cast<double>(h) + static_cast<double>(i) / static_cast<double>(e.n)) /
                        static_cast<double>(e.heads),
                    "implicit weights");
    };
    head(out, h) = static_cast<T>(options.scale) *
                   log_space_scores<T>(head(p.query, h), head(p.key, h), head(p.log_decay, h),
                                       PairExponent::segment_sum, options.precision, step);
  }
  return out;
}

template <class T>
Tensor<T> log_decay_of_logits(const Tensor<T>& logits, double temperature) {
  require(temperature > 0, "a gate temperature of ", temperature, " is out of range: give a positive one");
  Tensor<T> out(logits.shape());
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const double x = static_cast<double>(logits[i]);
    out[i] = static_cast<T>((std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x)))) / temperature);
  }
  return out;
}

template <class T>
Tensor<T> uniform_log_decay(const Shape& shape, double low, double high, std::uint64_t seed) {
  require(0 < low && low <= high && high <= 1, "gates between ", low, " and ", high,
          " are out of range: 0 < low <= high <= 1");
  Tensor<T> out(shape);
  Rng rng(seed);
  for (T& value : out.span()) {
    value = static_cast<T>(std::log(rng.uniform(low, high)));
  }
  return out;
}

double half_life(double log_decay) {
  return std::log(2.0) / std::abs(log_decay);
}

std::int64_t first_overflow(double log_decay, NumberFormat format, CumulativeGate how) {
  require(log_decay < 0, "a log decay of ", log_decay, " never overflows: give a negative one");
  const double factor = rounded(std::exp(log_decay), format), step = rounded(log_decay, format);
  double b = 1, sum = 0;
  for (std::int64_t c = 1; c <= kLongestSearch; ++c) {
    b = rounded(b * factor, format);
    const double before = sum;
    sum = how == CumulativeGate::log_narrow ? rounded(sum + step, format) : sum + log_decay;
    if (how == CumulativeGate::log_narrow && sum == before) {
      break;  // a step is lost in rounding, and so are all after it
    }
    const double inverse = how == CumulativeGate::product ? 1 / b : std::exp(-sum);
    if (std::isinf(rounded(inverse, format))) {
      return c;
    }
  }
  throw Error(text("1/b does not overflow within 2^20 steps at a log decay of ", log_decay,
                   ": give a stronger decay"));
}

#define ALAB_INSTANTIATE(T)                                                                             \
  template void check_gated_shapes(const GatedLinearAttentionProblem<T>&);                              \
  template GatedOutput<T> gated_linear_attention_recurrent(const GatedLinearAttentionProblem<T>&,       \
                                                           const GatedOptions&, const Progress&);       \
  template GatedOutput<T> gated_linear_attention_parallel_log(const GatedLinearAttentionProblem<T>&,    \
                                                              const GatedOptions&, const Progress&);    \
  template Tensor<T> gated_implicit_weights(const GatedLinearAttentionProblem<T>&, const GatedOptions&, \
                                            const Progress&);                                           \
  template Tensor<T> log_decay_of_logits(const Tensor<T>&, double);                                     \
  template Tensor<T> uniform_log_decay(const Shape&, double, double, std::uint64_t);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
