// Inputs of the softmax exercises: scores placed so that a known mistake shows.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include "reference/core/rng.hpp"
#include "reference/core/tensor.hpp"

namespace alab::student {

/// Independent standard normal numbers.
Tensor<float> normals(const Shape& shape, Rng& rng);

/// Score of position j of n by kind. ascending: 0 to 8, so that the maximum rises in every tile; descending:
/// 8 to 0; spike: 8 at the last position, elsewhere in [-0.5, 0.5) (equal terms would all be rounded the same
/// way, and a correct sequential sum drift off); any other kind: 0.
double placed_score(std::string_view kind, std::int64_t j, std::int64_t n, Rng& rng);

struct QueryKeyValue {
  Tensor<float> q;     ///< [heads, queries, d]
  Tensor<float> k, v;  ///< [heads, keys, d]
};

/// random: normal. zeros: all three. constant: one query and one key per head, repeated. ascending,
/// descending, spike: scale q k^T is placed_score times a factor of the query in [0.5, 1.5). large: q and k
/// are integers in [-160, 160], so that a power of two as scale makes scores of 1e4 at d = 64 that fp32 holds
/// exactly; in odd heads every score is negative. v is normal except in zeros.
QueryKeyValue attention_of_kind(std::string_view kind, std::int64_t heads, std::int64_t queries,
                                std::int64_t keys, std::int64_t d, double scale, std::uint64_t seed);

}  // namespace alab::student
