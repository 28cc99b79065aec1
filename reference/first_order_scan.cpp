// SPDX-License-Identifier: MIT
#include "reference/first_order_scan.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace alab {

namespace {

constexpr std::int64_t kStepsAtOnce = 4096;

template <class T>
void check(const Tensor<T>& x, const Tensor<T>& log_decay) {
  require(x.rank() == 2 && x.shape() == log_decay.shape(), "a scan cannot take x ", to_string(x.shape()),
          " and log_decay ", to_string(log_decay.shape()), ": give [N, C] for both");
  require(x.size() > 0, "a scan of nothing: x has the shape ", to_string(x.shape()));
  for (std::int64_t i = 0; i < log_decay.size(); ++i) {
    require(log_decay[i] <= 0, "log_decay holds ", log_decay[i], " at element ", i,
            ": a gate is the logarithm of a factor in [0, 1], at most 0");
  }
}

/// One channel as pairs, padded with neutral ones to `size`.
template <class T>
std::vector<ScanPair<T>> channel(const Tensor<T>& x, const Tensor<T>& log_decay, std::int64_t c,
                                 std::int64_t size) {
  std::vector<ScanPair<T>> out(static_cast<std::size_t>(size));
  for (std::int64_t t = 0; t < x.extent(0); ++t) {
    out[static_cast<std::size_t>(t)] = {std::exp(log_decay(t, c)), x(t, c)};
  }
  return out;
}

void count(ScanCounters* counters, std::int64_t combines, std::int64_t depth) {
  if (counters) {
    counters->combines += combines;
    counters->depth = std::max(counters->depth, depth);
  }
}

template <class T>
void hillis_steele(std::vector<ScanPair<T>>& pairs, ScanCounters* counters) {
  std::int64_t combines = 0, depth = 0;
  for (std::size_t reach = 1; reach < pairs.size(); reach *= 2, ++depth) {
    const std::vector<ScanPair<T>> before = pairs;
    for (std::size_t t = reach; t < pairs.size(); ++t, ++combines) {
      pairs[t] = then(before[t - reach], before[t]);
    }
  }
  count(counters, combines, depth);
}

/// Exclusive scan in place; the size is a power of two.
template <class T>
void blelloch(std::vector<ScanPair<T>>& tree, ScanCounters* counters) {
  std::int64_t combines = 0, depth = 0;
  const std::size_t size = tree.size();
  for (std::size_t half = 1; half < size; half *= 2, ++depth) {
    for (std::size_t right = 2 * half - 1; right < size; right += 2 * half, ++combines) {
      tree[right] = then(tree[right - half], tree[right]);
    }
  }
  tree.back() = {};
  for (std::size_t half = size / 2; half > 0; half /= 2, ++depth) {
    for (std::size_t right = 2 * half - 1; right < size; right += 2 * half, ++combines) {
      const ScanPair<T> left = tree[right - half];
      tree[right - half] = tree[right];
      tree[right] = then(tree[right], left);
    }
  }
  count(counters, combines, depth);
}

template <class T, class Channel>
Tensor<T> over_channels(const Tensor<T>& x, const Tensor<T>& log_decay, const Progress& progress,
                        const Channel& run) {
  check(x, log_decay);
  Tensor<T> out(x.shape());
  for (std::int64_t c = 0; c < x.extent(1); ++c) {
    progress.step(static_cast<double>(c) / static_cast<double>(x.extent(1)), "scan");
    run(c, out);
  }
  return out;
}

}  // namespace

template <class T>
Tensor<T> first_order_scan(const Tensor<T>& x, const Tensor<T>& log_decay, ScanCounters* counters,
                           const Progress& progress) {
  check(x, log_decay);
  const std::int64_t n = x.extent(0), channels = x.extent(1);
  Tensor<T> out(x.shape());
  std::vector<T> last(static_cast<std::size_t>(channels));
  for (std::int64_t t = 0; t < n; ++t) {
    if (t % kStepsAtOnce == 0) {
      progress.step(static_cast<double>(t) / static_cast<double>(n), "scan");
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      T& kept = last[static_cast<std::size_t>(c)];
      kept = std::exp(log_decay(t, c)) * kept + x(t, c);
      out(t, c) = kept;
    }
  }
  count(counters, n * channels, n);
  return out;
}

template <class T>
Tensor<T> first_order_scan_hillis_steele(const Tensor<T>& x, const Tensor<T>& log_decay,
                                         ScanCounters* counters, const Progress& progress) {
  return over_channels(x, log_decay, progress, [&](std::int64_t c, Tensor<T>& out) {
    std::vector<ScanPair<T>> pairs = channel(x, log_decay, c, x.extent(0));
    hillis_steele(pairs, counters);
    for (std::int64_t t = 0; t < x.extent(0); ++t) {
      out(t, c) = pairs[static_cast<std::size_t>(t)].value;
    }
  });
}

template <class T>
Tensor<T> first_order_scan_blelloch(const Tensor<T>& x, const Tensor<T>& log_decay, ScanCounters* counters,
                                    const Progress& progress) {
  return over_channels(x, log_decay, progress, [&](std::int64_t c, Tensor<T>& out) {
    const std::int64_t n = x.extent(0);
    const auto size = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(n)));
    const std::vector<ScanPair<T>> pairs = channel(x, log_decay, c, size);
    std::vector<ScanPair<T>> before = pairs;
    ScanCounters tree;
    blelloch(before, &tree);
    for (std::int64_t t = 0; t < n; ++t) {
      out(t, c) = then(before[static_cast<std::size_t>(t)], pairs[static_cast<std::size_t>(t)]).value;
    }
    count(counters, tree.combines + n, tree.depth + 1);
  });
}

template <class T>
Tensor<T> first_order_scan_chunked(const Tensor<T>& x, const Tensor<T>& log_decay, std::int64_t chunk_size,
                                   ScanCounters* counters, const Progress& progress) {
  require(chunk_size >= 1, "a chunk of ", chunk_size, " steps is out of range: at least 1");
  return over_channels(x, log_decay, progress, [&](std::int64_t c, Tensor<T>& out) {
    const std::int64_t n = x.extent(0), chunks = (n + chunk_size - 1) / chunk_size;
    std::vector<ScanPair<T>> pairs = channel(x, log_decay, c, n);
    std::int64_t combines = 0;
    for (std::int64_t t = 0; t < n; ++t) {
      if (t % chunk_size != 0) {
        pairs[static_cast<std::size_t>(t)] =
            then(pairs[static_cast<std::size_t>(t - 1)], pairs[static_cast<std::size_t>(t)]);
        ++combines;
      }
    }
    ScanPair<T> carried;
    for (std::int64_t first = 0; first < n; first += chunk_size) {
      const std::int64_t end = std::min(first + chunk_size, n);
      for (std::int64_t t = first; t < end; ++t, ++combines) {
        out(t, c) = then(carried, pairs[static_cast<std::size_t>(t)]).value;
      }
      carried = then(carried, pairs[static_cast<std::size_t>(end - 1)]);
      ++combines;
    }
    count(counters, combines, std::min(chunk_size, n) + chunks + 1);
  });
}

#define ALAB_INSTANTIATE(T)                                                                                \
  template Tensor<T> first_order_scan(const Tensor<T>&, const Tensor<T>&, ScanCounters*, const Progress&); \
  template Tensor<T> first_order_scan_hillis_steele(const Tensor<T>&, const Tensor<T>&, ScanCounters*,     \
                                                    const Progress&);                                      \
  template Tensor<T> first_order_scan_blelloch(const Tensor<T>&, const Tensor<T>&, ScanCounters*,          \
                                               const Progress&);                                           \
  template Tensor<T> first_order_scan_chunked(const Tensor<T>&, const Tensor<T>&, std::int64_t,            \
                                              ScanCounters*, const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
