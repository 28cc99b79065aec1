// What one head costs by each form, counted by the forms themselves without arithmetic, and the inputs that
// timed runs share. SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "labs/common/metered_forms.hpp"
#include "labs/common/one_head.hpp"
#include "labs/common/sweep.hpp"

namespace alab::complexity {

enum class Form { softmax, tiled, linear, chunkwise };

struct Shape {
  std::int64_t seq_len = 1024, head_dim = 64, feature_dim = 64, chunk_size = 64;
};
/// FLOPs of the products and of the normaliser; elements moved; elements of the largest temporary.
struct FormCost {
  double products = 0, normaliser = 0, elements = 0, largest = 0;
};
/// Walks the form's loops with a meter. head_dim_v = head_dim. tiled: query tiles of 64 against tiles of 64
/// keys, as FlashAttention-2.
FormCost count(Form form, const Shape& shape);

/// m of the map chosen: d for elu1, d (d + 1) / 2 for the packed quadratic map.
std::int64_t feature_dim(std::string_view map, std::int64_t head_dim);
/// phi of every row, float, vectorised.
RowMatrix<float> features(std::string_view map, const RowMatrix<float>& x);
/// Normal q, k, v.
Operands<float> normal_operands(std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed);

/// relL2 of softmax_form and state_first in float against the references in double, at this size.
struct FormErrors {
  double softmax = 0, linear = 0;
};
FormErrors form_errors(std::string_view map, std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed,
                       const Progress& progress);
/// The two gating checks of a timed experiment: "softmax_t32" and "linear_t32".
void add_form_checks(Result& result, const FormErrors& errors, std::int64_t seq_len);

/// Of wall times on one thread: medians, or single runs when repeats is 1.
Provenance clocked(int repeats);

/// Adds the check where its criterion is stated; elsewhere a note says where it holds.
void add_where(Result& result, bool stated_here, std::string_view where, Check check);

}  // namespace alab::complexity
