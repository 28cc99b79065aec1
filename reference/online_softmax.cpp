// Softmax over rows: the three forms, the (m, d) monoid and fused top-k, each as its paper writes it.
// SPDX-License-Identifier: MIT
#include "reference/online_softmax.hpp"

#include <cmath>
#include <limits>

#include "reference/compensated_sum.hpp"

namespace alab {

namespace {

template <class T>
constexpr T kMinusInf = -std::numeric_limits<T>::infinity();

template <class T>
void check_rows(const Tensor<T>& x) {
  require(x.rank() == 2 && x.extent(0) >= 1 && x.extent(1) >= 1,
          "softmax over rows takes x of shape [rows, V] with at least one element, got ",
          to_string(x.shape()));
}

template <class T>
SoftmaxRows<T> rows_like(const Tensor<T>& x) {
  check_rows(x);
  const Shape rows{x.extent(0)};
  return {Tensor<T>(x.shape()), Tensor<T>(rows), Tensor<T>(rows), Tensor<T>(rows)};
}

template <class T>
std::span<const T> row_of(const Tensor<T>& x, std::int64_t r) {
  return x.span().subspan(static_cast<std::size_t>(r * x.extent(1)), static_cast<std::size_t>(x.extent(1)));
}

/// The larger one; NaN when either is, so that a NaN in a row reaches its outputs.
template <class T>
T larger(T a, T b) {
  return a > b || std::isnan(a) ? a : b;
}

template <class T>
T max_of(std::span<const T> x) {
  T m = kMinusInf<T>;
  for (const T value : x) {
    m = larger(m, value);
  }
  return m;
}

/// Writes y, m, d and lse of one row whose m and d are known.
template <class T>
void finish_row(SoftmaxRows<T>& out, std::span<const T> x, std::int64_t r, NormalizerPart<T> part) {
  const bool empty = part.m == kMinusInf<T>;
  for (std::size_t j = 0; j < x.size(); ++j) {
    out.y(r, static_cast<std::int64_t>(j)) = empty ? T(0) : std::exp(x[j] - part.m) / part.d;
  }
  out.m[r] = part.m;
  out.d[r] = empty ? T(0) : part.d;
  out.lse[r] = empty ? kMinusInf<T> : part.m + std::log(part.d);
}

template <class T>
void count(Accesses* accesses, const Tensor<T>& x, std::int64_t loads, std::int64_t stores) {
  if (accesses) {
    accesses->loads += loads * x.size();
    accesses->stores += stores * x.size();
  }
}

/// Keeps `size` pairs in descending order of value, equal values by lower index.
template <class T>
class TopKList {
 public:
  explicit TopKList(std::size_t size) : value_(size, kMinusInf<T>), index_(size, -1) {}
  /// Indices must come in ascending order.
  void insert(T value, std::int32_t index) {
    std::size_t at = value_.size();
    while (at > 0 && (index_[at - 1] < 0 || value > value_[at - 1])) {
      --at;
    }
    if (at == value_.size()) {
      return;
    }
    for (std::size_t i = value_.size() - 1; i > at; --i) {
      value_[i] = value_[i - 1];
      index_[i] = index_[i - 1];
    }
    value_[at] = value;
    index_[at] = index;
  }
  T value(std::size_t i) const { return value_[i]; }
  std::int32_t index(std::size_t i) const { return index_[i]; }

 private:
  std::vector<T> value_;
  std::vector<std::int32_t> index_;
};

template <class T>
TopK<T> topk_like(const Tensor<T>& x, std::int64_t k, Accesses* accesses) {
  require(k >= 1, "top-k with k = ", k, " keeps nothing: take k of at least 1");
  if (accesses) {
    accesses->results += 2 * k * x.extent(0);
  }
  return {Tensor<T>(Shape{x.extent(0), k}), Tensor<std::int32_t>(Shape{x.extent(0), k})};
}

}  // namespace

template <class T>
NormalizerPart<T> NormalizerPart<T>::neutral() {
  return {kMinusInf<T>, T(0)};
}

template <class T>
NormalizerPart<T> merge_as_printed(NormalizerPart<T> a, NormalizerPart<T> b) {
  const T m = larger(a.m, b.m);
  return {m, a.d * std::exp(a.m - m) + b.d * std::exp(b.m - m)};
}

template <class T>
NormalizerPart<T> merge(NormalizerPart<T> a, NormalizerPart<T> b) {
  if (a.m == kMinusInf<T> && b.m == kMinusInf<T>) {
    return {kMinusInf<T>, a.d + b.d};  // 0 + 0; a NaN in d is kept
  }
  return merge_as_printed(a, b);
}

template <class T>
NormalizerPart<T> reduce_sequential(std::span<const T> x) {
  NormalizerPart<T> part = NormalizerPart<T>::neutral();
  for (const T value : x) {
    if (value != kMinusInf<T>) {
      part = merge(part, NormalizerPart<T>{value, T(1)});
    }
  }
  return part;
}

template <class T>
NormalizerPart<T> reduce_random_tree(std::span<const T> x, Rng& rng) {
  if (x.size() < 2) {
    return reduce_sequential(x);
  }
  const std::size_t cut = 1 + static_cast<std::size_t>(rng.below(x.size() - 1));
  const NormalizerPart<T> left = reduce_random_tree(x.first(cut), rng);
  return merge(left, reduce_random_tree(x.subspan(cut), rng));
}

template <class T>
SoftmaxRows<T> softmax_naive(const Tensor<T>& x, Accesses* accesses) {
  SoftmaxRows<T> out = rows_like(x);
  for (std::int64_t r = 0; r < x.extent(0); ++r) {
    T d = 0;
    for (const T value : row_of(x, r)) {
      d += std::exp(value);
    }
    for (std::int64_t j = 0; j < x.extent(1); ++j) {
      out.y(r, j) = std::exp(x(r, j)) / d;
    }
    out.m[r] = 0;
    out.d[r] = d;
    out.lse[r] = std::log(d);
  }
  count(accesses, x, 2, 1);
  return out;
}

template <class T>
SoftmaxRows<T> softmax_safe(const Tensor<T>& x, Accesses* accesses) {
  SoftmaxRows<T> out = rows_like(x);
  for (std::int64_t r = 0; r < x.extent(0); ++r) {
    const T m = max_of(row_of(x, r));
    T d = 0;
    for (const T value : row_of(x, r)) {
      d += std::exp(value - m);
    }
    finish_row(out, row_of(x, r), r, {m, d});
  }
  count(accesses, x, 3, 1);
  return out;
}

template <class T>
SoftmaxRows<T> softmax_compensated(const Tensor<T>& x) {
  SoftmaxRows<T> out = rows_like(x);
  for (std::int64_t r = 0; r < x.extent(0); ++r) {
    const T m = max_of(row_of(x, r));
    CompensatedSum<T> d;
    for (const T value : row_of(x, r)) {
      d.add(std::exp(value - m));
    }
    finish_row(out, row_of(x, r), r, {m, d.value()});
  }
  return out;
}

template <class T>
SoftmaxRows<T> softmax_online(const Tensor<T>& x, Accesses* accesses) {
  SoftmaxRows<T> out = rows_like(x);
  for (std::int64_t r = 0; r < x.extent(0); ++r) {
    finish_row(out, row_of(x, r), r, reduce_sequential(row_of(x, r)));
  }
  count(accesses, x, 2, 1);
  return out;
}

template <class T>
MergedRows<T> merge_rows(const MergedRows<T>& a, const MergedRows<T>& b) {
  for (const MergedRows<T>* part : {&a, &b}) {
    require(part->o.rank() == 2 && part->m.shape() == Shape{part->o.extent(0)} &&
                part->d.shape() == part->m.shape(),
            "a partial result takes m, d of shape [rows] and o of shape [rows, width], got ",
            to_string(part->m.shape()), ", ", to_string(part->d.shape()), " and ",
            to_string(part->o.shape()));
  }
  require(a.o.shape() == b.o.shape(), "the partial results differ in shape: o1 is ", to_string(a.o.shape()),
          ", o2 is ", to_string(b.o.shape()));
  MergedRows<T> out{a.m, a.d, a.o};
  for (std::int64_t r = 0; r < a.m.size(); ++r) {
    const NormalizerPart<T> both =
        merge(NormalizerPart<T>{a.m[r], a.d[r]}, NormalizerPart<T>{b.m[r], b.d[r]});
    const bool empty = both.m == kMinusInf<T>;
    const T weight_a = empty ? T(0) : a.d[r] * std::exp(a.m[r] - both.m) / both.d;
    const T weight_b = empty ? T(0) : b.d[r] * std::exp(b.m[r] - both.m) / both.d;
    for (std::int64_t c = 0; c < a.o.extent(1); ++c) {
      out.o(r, c) = a.o(r, c) * weight_a + b.o(r, c) * weight_b;
    }
    out.m[r] = both.m;
    out.d[r] = both.d;
  }
  return out;
}

template <class T>
TopK<T> softmax_topk_fused(const Tensor<T>& x, std::int64_t k, Accesses* accesses) {
  check_rows(x);
  TopK<T> out = topk_like(x, k, accesses);
  for (std::int64_t r = 0; r < x.extent(0); ++r) {
    TopKList<T> best(static_cast<std::size_t>(k));
    NormalizerPart<T> part = NormalizerPart<T>::neutral();
    for (std::int64_t j = 0; j < x.extent(1); ++j) {
      const T value = x(r, j);
      if (value != kMinusInf<T>) {
        part = merge(part, NormalizerPart<T>{value, T(1)});
      }
      best.insert(value, static_cast<std::int32_t>(j));
    }
    for (std::int64_t slot = 0; slot < k; ++slot) {
      const auto i = static_cast<std::size_t>(slot);
      out.z(r, slot) = best.index(i);
      out.v(r, slot) = best.value(i) == kMinusInf<T> ? T(0) : std::exp(best.value(i) - part.m) / part.d;
    }
  }
  count(accesses, x, 1, 0);
  return out;
}

template <class T>
TopK<T> softmax_topk_separate(const Tensor<T>& x, std::int64_t k, Accesses* accesses) {
  const SoftmaxRows<T> softmax = softmax_safe(x, accesses);
  TopK<T> out = topk_like(x, k, accesses);
  for (std::int64_t r = 0; r < x.extent(0); ++r) {
    TopKList<T> best(static_cast<std::size_t>(k));
    for (std::int64_t j = 0; j < x.extent(1); ++j) {
      best.insert(softmax.y(r, j), static_cast<std::int32_t>(j));
    }
    for (std::int64_t slot = 0; slot < k; ++slot) {
      const auto i = static_cast<std::size_t>(slot);
      out.z(r, slot) = best.index(i);
      out.v(r, slot) = best.index(i) < 0 ? T(0) : best.value(i);
    }
  }
  count(accesses, x, 1, 0);
  return out;
}

template <class T>
std::vector<OnlineStep> online_softmax_trace(std::span<const T> row) {
  std::vector<OnlineStep> steps;
  NormalizerPart<T> part = NormalizerPart<T>::neutral();
  for (std::size_t j = 0; j < row.size(); ++j) {
    const NormalizerPart<T> before = part;
    part = reduce_sequential(row.subspan(j, 1));
    part = merge(before, part);
    const bool rose = part.m > before.m;
    steps.push_back({static_cast<std::int64_t>(j), static_cast<double>(row[j]), static_cast<double>(part.m),
                     static_cast<double>(part.d),
                     rose ? static_cast<double>(std::exp(before.m - part.m)) : 1.0, rose});
  }
  return steps;
}

#define ALAB_INSTANTIATE(T)                                                          \
  template struct NormalizerPart<T>;                                                 \
  template NormalizerPart<T> merge_as_printed(NormalizerPart<T>, NormalizerPart<T>); \
  template NormalizerPart<T> merge(NormalizerPart<T>, NormalizerPart<T>);            \
  template NormalizerPart<T> reduce_sequential(std::span<const T>);                  \
  template NormalizerPart<T> reduce_random_tree(std::span<const T>, Rng&);           \
  template SoftmaxRows<T> softmax_naive(const Tensor<T>&, Accesses*);                \
  template SoftmaxRows<T> softmax_safe(const Tensor<T>&, Accesses*);                 \
  template SoftmaxRows<T> softmax_compensated(const Tensor<T>&);                     \
  template SoftmaxRows<T> softmax_online(const Tensor<T>&, Accesses*);               \
  template MergedRows<T> merge_rows(const MergedRows<T>&, const MergedRows<T>&);     \
  template TopK<T> softmax_topk_fused(const Tensor<T>&, std::int64_t, Accesses*);    \
  template TopK<T> softmax_topk_separate(const Tensor<T>&, std::int64_t, Accesses*); \
  template std::vector<OnlineStep> online_softmax_trace(std::span<const T>);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
