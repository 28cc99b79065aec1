// The first-order scan o_t = e^{g_t} o_{t-1} + x_t, and the trees that compute it in parallel.
// SPDX-License-Identifier: MIT
#pragma once

#include "reference/core/job.hpp"
#include "reference/core/tensor.hpp"

namespace alab {

/// A run of steps as one: o -> decay o + value. Composition is associative, (1, 0) is its neutral element.
/// Source: Blelloch 1990, Prefix Sums and Their Applications, section 1.4.1.
template <class T>
struct ScanPair {
  T decay = 1, value = 0;
  friend bool operator==(const ScanPair&, const ScanPair&) = default;
};
/// earlier first, then later: (a2 a1, a2 b1 + b2).
template <class T>
ScanPair<T> then(const ScanPair<T>& earlier, const ScanPair<T>& later) {
  return {later.decay * earlier.decay, later.decay * earlier.value + later.value};
}

struct ScanCounters {
  std::int64_t combines = 0;  ///< applications of the operator, over all channels
  std::int64_t depth = 0;     ///< steps that depend on each other
};

/// All forms: x, log_decay [N, C] -> o [N, C], o_{-1} = 0; channels are independent.
/// @throws Error when the shapes disagree or are empty, or a gate is positive or NaN
/// Token by token: N combines per channel, depth N.
template <class T>
Tensor<T> first_order_scan(const Tensor<T>& x, const Tensor<T>& log_decay, ScanCounters* counters = nullptr,
                           const Progress& progress = {});
/// Hillis and Steele 1986: ceil(log2 N) sweeps, each joins pairs twice as far apart; about N log2 N combines.
template <class T>
Tensor<T> first_order_scan_hillis_steele(const Tensor<T>& x, const Tensor<T>& log_decay,
                                         ScanCounters* counters = nullptr, const Progress& progress = {});
/// Blelloch 1990: up-sweep and down-sweep over the next power of two P: 2(P - 1) combines and N that fold
/// each element in, depth 2 log2 P + 1.
template <class T>
Tensor<T> first_order_scan_blelloch(const Tensor<T>& x, const Tensor<T>& log_decay,
                                    ScanCounters* counters = nullptr, const Progress& progress = {});
/// Chunks scanned on their own, their totals scanned, then carried in: what a GPU's blocks do. Depth C + N/C
/// + 1.
template <class T>
Tensor<T> first_order_scan_chunked(const Tensor<T>& x, const Tensor<T>& log_decay, std::int64_t chunk_size,
                                   ScanCounters* counters = nullptr, const Progress& progress = {});

}  // namespace alab
