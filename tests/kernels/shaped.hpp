// Inputs and truth of an op's shapes, made once for all rungs and all tests of the program.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string_view>
#include <utility>

#include "kernels/backend.hpp"

namespace alab {

struct Shaped {
  ParamSet problem;
  HostArrays inputs;
  Judged judged;
};

inline const Shaped& shaped(const Op& op, std::string_view shape) {
  static std::map<std::pair<std::string_view, std::string_view>, Shaped> cache;
  const auto [at, fresh] = cache.try_emplace({op.id, shape});
  if (fresh) {
    at->second.problem = ParamSet(op.params);
    at->second.problem.assign(shape);
    at->second.inputs = op.inputs(at->second.problem, synthetic_inputs().front(), {});
    at->second.judged = judge(op, at->second.problem, at->second.inputs);
  }
  return at->second;
}

}  // namespace alab
