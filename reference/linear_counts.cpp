// SPDX-License-Identifier: MIT
#include "reference/linear_counts.hpp"

#include <cmath>

#include "reference/core/error.hpp"

namespace alab {

double softmax_flops(double n, double dk, double dv, bool causal) {
  return 2 * n * n * (dk + dv) * (causal ? 0.5 : 1);
}

double linear_flops(double n, double m, double dv) {
  return 4 * n * m * dv;
}

double linear_normalizer_flops(double n, double m) {
  return 4 * n * m;
}

double chunkwise_flops(double n, double chunk_size, double m, double dv) {
  return 2 * n * chunk_size * (m + dv) + linear_flops(n, m, dv);
}

double two_level_flops(double n, double chunk_size, double sub_chunk_size, double dk, double dv) {
  const double c = sub_chunk_size, s = chunk_size / c;
  return n / chunk_size * c * c * s * ((s - 1) * dk + (s + 1) * dv) + linear_flops(n, dk, dv);
}

double crossover_length(double m, double dk, double dv, bool with_normalizer) {
  return 2 * m * (with_normalizer ? dv + 1 : dv) / (dk + dv);
}

Accesses flash_linear_accesses(std::int64_t n, std::int64_t chunk_size, std::int64_t m, std::int64_t dv,
                               bool materialized) {
  require(chunk_size >= 1 && n % chunk_size == 0, "the formula holds for full chunks: ", chunk_size,
          " does not divide ", n);
  Accesses out{n * (2 * m + dv), n * dv};
  if (materialized) {
    out.loads += n * (m + dv) + n / chunk_size * m * dv;
    out.stores += n / chunk_size * m * dv;
  }
  return out;
}

std::int64_t saved_for_backward_states(std::int64_t n, std::int64_t m, std::int64_t dv) {
  return n * m * dv;
}

std::int64_t saved_for_backward_scan(std::int64_t m, std::int64_t dv) {
  return m * dv;
}

double log_pair_share(double chunk_size, double sub_chunk_size) {
  return (sub_chunk_size + 1) / (chunk_size + 1);
}

std::int64_t largest_safe_chunk(double log_decay, double nats) {
  require(log_decay < 0 && nats > 0 && std::isfinite(nats), "no chunk overflows with a log decay of ",
          log_decay, " and a range of ", nats, " nats: give a negative decay and a positive, finite range");
  return static_cast<std::int64_t>(std::floor(nats / -log_decay));
}

}  // namespace alab
