// One token of generation with a key-value cache: sizes, and a cache whose unused rows are poisoned.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/attention_problem.hpp"

namespace alab {

namespace params {
/// Keys in the cache, t; the query is the last token's.
extern const Param context;
/// Rows that the cache has room for; 0 stands for context. Rows from t on hold NaN.
extern const Param capacity;
}  // namespace params

struct DecodeProblem {
  std::int64_t heads = 1, context = 0, capacity = 0, head_dim = 0, head_dim_v = 0;
  double scale = 0;
};
/// Throws Error when the capacity is below the context.
DecodeProblem decode_problem(const ParamSet& problem);

}  // namespace alab
