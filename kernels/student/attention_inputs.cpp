// SPDX-License-Identifier: MIT
#include "kernels/student/attention_inputs.hpp"

#include <algorithm>
#include <cmath>

namespace alab::student {
namespace {

// Integers in [-160, 160]; in odd heads all of one sign.
Tensor<float> integers(const Shape& shape, float sign, Rng& rng) {
  Tensor<float> out(shape);
  const std::int64_t head = shape[1] * shape[2];
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const float x = static_cast<float>(rng.below(321)) - 160.0F;
    out[i] = i / head % 2 == 0 ? x : sign * std::abs(x);
  }
  return out;
}

void repeat_first_row(Tensor<float>& x) {
  for (std::int64_t h = 0; h < x.extent(0); ++h) {
    for (std::int64_t i = 1; i < x.extent(1); ++i) {
      std::copy_n(&x(h, 0, 0), x.extent(2), &x(h, i, 0));
    }
  }
}

// q_i = f_i u and k_j = placed_score(j) / (scale d) u with u in {-1, 1}^d.
void place_scores(QueryKeyValue& x, std::string_view kind, double scale, Rng& rng) {
  const std::int64_t d = x.q.extent(2);
  for (std::int64_t h = 0; h < x.q.extent(0); ++h) {
    Tensor<float> u({d});
    for (float& sign : u.span()) {
      sign = rng.below(2) == 0 ? -1.0F : 1.0F;
    }
    for (std::int64_t i = 0; i < x.q.extent(1); ++i) {
      const auto f = static_cast<float>(rng.uniform(0.5, 1.5));
      for (std::int64_t c = 0; c < d; ++c) {
        x.q(h, i, c) = f * u[c];
      }
    }
    for (std::int64_t j = 0; j < x.k.extent(1); ++j) {
      const double score = placed_score(kind, j, x.k.extent(1), rng);
      const auto f = static_cast<float>(score / (scale * static_cast<double>(d)));
      for (std::int64_t c = 0; c < d; ++c) {
        x.k(h, j, c) = f * u[c];
      }
    }
  }
}

}  // namespace

Tensor<float> normals(const Shape& shape, Rng& rng) {
  Tensor<float> out(shape);
  for (float& x : out.span()) {
    x = static_cast<float>(rng.normal());
  }
  return out;
}

double placed_score(std::string_view kind, std::int64_t j, std::int64_t n, Rng& rng) {
  const double along = n > 1 ? static_cast<double>(j) / static_cast<double>(n - 1) : 1;
  if (kind == "ascending") {
    return 8 * along;
  }
  if (kind == "descending") {
    return 8 * (1 - along);
  }
  if (kind == "spike") {
    return j == n - 1 ? 8 : rng.uniform(-0.5, 0.5);
  }
  return 0;
}

QueryKeyValue attention_of_kind(std::string_view kind, std::int64_t heads, std::int64_t queries,
                                std::int64_t keys, std::int64_t d, double scale, std::uint64_t seed) {
  const Shape q_shape{heads, queries, d};
  const Shape k_shape{heads, keys, d};
  if (kind == "zeros") {
    return {Tensor<float>(q_shape), Tensor<float>(k_shape), Tensor<float>(k_shape)};
  }
  Rng rng(seed);
  QueryKeyValue out;
  out.q = kind == "large" ? integers(q_shape, 1, rng) : normals(q_shape, rng);
  out.k = kind == "large" ? integers(k_shape, -1, rng) : normals(k_shape, rng);
  out.v = normals(k_shape, rng);
  if (kind == "constant") {
    repeat_first_row(out.q);
    repeat_first_row(out.k);
  } else if (kind == "ascending" || kind == "descending" || kind == "spike") {
    place_scores(out, kind, scale, rng);
  }
  return out;
}

}  // namespace alab::student
