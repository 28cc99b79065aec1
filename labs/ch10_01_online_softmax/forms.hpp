// The five ways through a row of scores that this lab compares, written once and run on plain memory (timed)
// or on counted memory (every load and store of a row-long array is counted). Source: Milakov, Gimelshein
// 2018, arXiv:1805.02867, Algorithms 1-4. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "reference/core/error.hpp"
#include "reference/counters.hpp"
#include "reference/online_softmax.hpp"

namespace alab::ch10_01 {

inline constexpr int kMaxWinners = 16;
template <class T>
inline constexpr T kMinusInf = -std::numeric_limits<T>::infinity();

/// m' = max(m, x), d' = d e^{m-m'} + e^{x-m'}. One of the two factors is e^0 = 1 and is not computed; a
/// masked score
/// (-inf) changes nothing, which is the guard against (-inf) - (-inf).
template <class T>
void push(NormalizerPart<T>& s, T x) {
  if (x > s.m) {
    s.d = s.d * std::exp(s.m - x) + 1;
    s.m = x;
  } else if (x != kMinusInf<T>) {
    s.d += std::exp(x - s.m);
  }
}

/// e^{x-m} / d; 0 for a row in which every score is masked.
template <class T>
T weight(T x, const NormalizerPart<T>& s) {
  return s.d > 0 ? std::exp(x - s.m) / s.d : T{0};
}

/// A row in plain memory.
template <class T>
struct PlainRow {
  T* data;
  T load(std::int64_t j) const { return data[j]; }
  void store(std::int64_t j, T value) const { data[j] = value; }
};

/// A row whose loads and stores are counted.
template <class T>
struct CountedRow {
  T* data;
  Accesses* count;
  T load(std::int64_t j) const {
    ++count->loads;
    return data[j];
  }
  void store(std::int64_t j, T value) const {
    ++count->stores;
    data[j] = value;
  }
};

/// The k largest weights in descending order, ties to the lower index; surplus slots are 0 and -1. Lives in
/// registers.
template <class T>
struct Winners {
  explicit Winners(int count) : k(count) {
    require(1 <= k && k <= kMaxWinners, "top_k = ", k, " is out of range; give a value between 1 and ",
            kMaxWinners);
    value.fill(kMinusInf<T>);
    index.fill(-1);
  }
  /// Inserts a value seen at position j; positions come in ascending order.
  void offer(T x, std::int64_t j) {
    const auto last = static_cast<std::size_t>(k - 1);
    if (!(x > value[last])) {
      return;
    }
    std::size_t at = last;
    for (; at > 0 && x > value[at - 1]; --at) {
      value[at] = value[at - 1];
      index[at] = index[at - 1];
    }
    value[at] = x;
    index[at] = j;
  }
  int k;
  std::array<T, kMaxWinners> value{};
  std::array<std::int64_t, kMaxWinners> index{};
};

/// Two passes, no maximum: d = sum e^{x_j}, then y_j = e^{x_j}/d. Overflows once x is large (Algorithm 1).
template <class T, class In, class Out>
void naive_softmax(const In& x, const Out& y, std::int64_t n) {
  T d = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    d += std::exp(x.load(j));
  }
  for (std::int64_t j = 0; j < n; ++j) {
    y.store(j, std::exp(x.load(j)) / d);
  }
}

/// Three passes: maximum, sum, weights (Algorithm 2).
template <class T, class In, class Out>
void safe_softmax(const In& x, const Out& y, std::int64_t n) {
  auto s = NormalizerPart<T>::neutral();
  for (std::int64_t j = 0; j < n; ++j) {
    s.m = std::max(s.m, x.load(j));
  }
  for (std::int64_t j = 0; j < n; ++j) {
    const T score = x.load(j);
    s.d += score == kMinusInf<T> ? T{0} : std::exp(score - s.m);
  }
  for (std::int64_t j = 0; j < n; ++j) {
    y.store(j, weight(x.load(j), s));
  }
}

/// Two passes: maximum and sum together, then weights (Algorithm 3). Returns the statistics of the row.
template <class T, class In, class Out>
NormalizerPart<T> online_softmax(const In& x, const Out& y, std::int64_t n) {
  auto s = NormalizerPart<T>::neutral();
  for (std::int64_t j = 0; j < n; ++j) {
    push(s, x.load(j));
  }
  for (std::int64_t j = 0; j < n; ++j) {
    y.store(j, weight(x.load(j), s));
  }
  return s;
}

/// Safe softmax written out, then a pass over the weights that keeps the k largest: two kernels.
template <class T, class In, class Out>
Winners<T> softmax_then_topk(const In& x, const Out& y, std::int64_t n, int k) {
  safe_softmax<T>(x, y, n);
  Winners<T> top(k);
  for (std::int64_t j = 0; j < n; ++j) {
    top.offer(y.load(j), j);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(k); ++i) {
    top.value[i] = top.index[i] < 0 ? T{0} : top.value[i];
  }
  return top;
}

/// One pass: the statistics and the k largest scores together; only the k winners become weights (Algorithm
/// 4).
template <class T, class In>
Winners<T> online_topk(const In& x, std::int64_t n, int k) {
  auto s = NormalizerPart<T>::neutral();
  Winners<T> top(k);
  for (std::int64_t j = 0; j < n; ++j) {
    const T score = x.load(j);
    push(s, score);
    top.offer(score, j);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(k); ++i) {
    top.value[i] = top.index[i] < 0 ? T{0} : weight(top.value[i], s);
  }
  return top;
}

}  // namespace alab::ch10_01
