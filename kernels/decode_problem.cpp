// SPDX-License-Identifier: MIT
#include "kernels/decode_problem.hpp"

#include <cmath>

namespace alab {

namespace params {
const Param context = int_param("context", "context length", "tokens",
                                "Keys in the cache t, the current token's among them.", 1024, 1, 65536, true);
const Param capacity =
    int_param("capacity", "cache capacity", "tokens",
              "Rows that the cache has room for; 0 means as many as the context.", 0, 0, 131072);
}  // namespace params

DecodeProblem decode_problem(const ParamSet& problem) {
  DecodeProblem p;
  p.heads = problem.integer(params::heads);
  p.context = problem.integer(params::context);
  p.capacity = problem.integer(params::capacity);
  p.capacity = p.capacity == 0 ? p.context : p.capacity;
  require(p.capacity >= p.context, "capacity = ", p.capacity, " is below context = ", p.context,
          "; raise capacity, or set it to 0 for as many rows as the context has");
  p.head_dim = problem.integer(params::head_dim);
  p.head_dim_v = problem.integer(params::head_dim_v);
  p.head_dim_v = p.head_dim_v == 0 ? p.head_dim : p.head_dim_v;
  p.scale = problem.real(params::scale);
  p.scale = p.scale == 0 ? 1 / std::sqrt(static_cast<double>(p.head_dim)) : p.scale;
  return p;
}

}  // namespace alab
