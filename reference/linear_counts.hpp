// Counts of the linear forms, as closed formulas (modelled) and as what a run adds up (counted); tests hold
// one against the other. One head; a multiply-add is 2 flops; elements, not bytes. SPDX-License-Identifier:
// MIT
#pragma once

#include <cstdint>

#include "reference/counters.hpp"

namespace alab {

/// Exact counts of a run, summed over heads.
struct LinearCounters {
  std::int64_t product_flops = 0;     ///< products with queries, keys, values and states; nothing else
  std::int64_t normalizer_flops = 0;  ///< z, phi(q).z and the divisions
  std::int64_t exponentials = 0;      ///< of gates
  std::int64_t pairs = 0;             ///< causal query-key pairs inside chunks
  std::int64_t log_pairs = 0;         ///< those whose gates are formed pair by pair in log space
  Accesses accesses;                  ///< slow memory, as the form would use it on a GPU
  friend bool operator==(const LinearCounters&, const LinearCounters&) = default;
};

/// Softmax forward: 2 n^2 (dk + dv); half of it when causal. Matrix products only.
double softmax_flops(double n, double dk, double dv, bool causal = false);
/// Linear, not causal: phi(K)^T V and phi(Q) S: 4 n m dv.
double linear_flops(double n, double m, double dv);
/// z and its use: 4 n m.
double linear_normalizer_flops(double n, double m);
/// Chunkwise: 2 n C (m + dv) inside full chunks and 4 n m dv between them, both for every C; C divides n.
double chunkwise_flops(double n, double chunk_size, double m, double dv);
/// Products of the two-level gated form, scores of diagonal sub-blocks excepted (they have none); c divides C
/// divides n, s = C/c: (n/C) (s(s-1) c^2 dk + s(s+1) c^2 dv) + 4 n dk dv.
double two_level_flops(double n, double chunk_size, double sub_chunk_size, double dk, double dv);
/// Sequence length where softmax and linear products cost the same: 2 m dv / (dk + dv); with the normaliser
/// counted, 2 m (dv + 1) / (dk + dv).
double crossover_length(double m, double dk, double dv, bool with_normalizer = false);

/// FlashLinearAttention forward, C divides n. on chip: (q, k, v in, o out) 2n(m + dv). Materialised: k, v
/// once more and every state before a chunk written and read: n(m + dv) + 2 (n/C) m dv more. For m = dv = d:
/// 4nd and 6nd + 2(n/C)d^2. Source: arXiv:2312.06635, algorithm 1.
Accesses flash_linear_accesses(std::int64_t n, std::int64_t chunk_size, std::int64_t m, std::int64_t dv,
                               bool materialized);

/// Elements kept for backward: every state (n m dv), or one scanned in reverse (m dv).
std::int64_t saved_for_backward_states(std::int64_t n, std::int64_t m, std::int64_t dv);
std::int64_t saved_for_backward_scan(std::int64_t m, std::int64_t dv);

/// Share of the causal pairs of a chunk whose gates need log space in the two-level form: (c + 1)/(C + 1).
double log_pair_share(double chunk_size, double sub_chunk_size);
/// Largest chunk that the one-level form survives: floor(nats / |log_decay|) for the same decay at every
/// step.
std::int64_t largest_safe_chunk(double log_decay, double nats);

}  // namespace alab
