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

/// One judged run without times.
inline RungRun run_once(Stream& stream, const RungBuild& build, const Shaped& s, const ParamSet& tiles,
                        Backend backend = Backend::simulated) {
  RunOptions once;
  once.timed = false;
  return run_rung_on(stream, *find_op(build.rung->op), build, backend, s.problem, tiles, s.inputs, s.judged,
                     once, {});
}

/// The shapes of its op that a rung takes, by ascending FLOPs.
inline std::multimap<double, std::string_view> shapes_by_work(const Rung& rung, const ParamSet& tiles) {
  const Op& op = *find_op(rung.op);
  std::multimap<double, std::string_view> by_work;
  for (const std::string_view shape : op.shapes) {
    ParamSet problem(op.params);
    problem.assign(shape);
    if (rung.unsupported == nullptr || rung.unsupported(problem, tiles).empty()) {
      by_work.emplace(op.cost(problem).flops, shape);
    }
  }
  return by_work;
}

}  // namespace alab
