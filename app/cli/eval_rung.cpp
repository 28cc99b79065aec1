// SPDX-License-Identifier: MIT
#include "app/cli/eval_rung.hpp"

#include <algorithm>

#include "reference/algorithm_families.hpp"
#include "reference/core/param.hpp"

namespace alab::cli {
namespace {

// Sizes that a problem's parameters take from the case's tensors: parameter, tensor, axis.
struct Size {
  std::string_view param, tensor;
  int axis;
};
constexpr Size kSizes[] = {{"heads", "q", 0},   {"seq_len", "q", 1},    {"head_dim", "q", 2},
                           {"key_len", "k", 1}, {"head_dim_v", "v", 2}, {"rows", "x", 0},
                           {"cols", "x", 1}};

ParamSet problem_of(const Op& op, const RungCase& c) {
  ParamSet problem(op.params);
  for (const Size& size : kSizes) {
    const auto tensor = c.inputs.find(size.tensor);
    if (tensor != c.inputs.end() && problem.find(size.param) != nullptr &&
        tensor->second.rank() > size.axis) {
      problem.set(size.param, static_cast<double>(tensor->second.extent(size.axis)));
    }
  }
  for (const auto& [name, value] : c.params.items()) {
    if (problem.find(name) == nullptr) {
      continue;
    }
    if (value.is_number() || value.is_boolean()) {
      problem.set(name, value.is_boolean() ? (value.get<bool>() ? 1.0 : 0.0) : value.get<double>());
    } else if (value.is_string()) {
      problem.set_text(name, value.get<std::string>());
    }
  }
  if (problem.find("pass_state") != nullptr) {
    problem.set("pass_state", 1);  // the state is among the algorithm's outputs
  }
  if (problem.find("masked") != nullptr) {
    problem.set("masked", c.inputs.contains("mask") ? 1 : 0);
  }
  return problem;
}

bool takes(const Algorithm& algorithm, std::string_view name) {
  return std::any_of(algorithm.params.begin(), algorithm.params.end(),
                     [&](const AlgorithmParam& param) { return param.name == name; });
}

// An op without the switch computes one side of it: causal attention of features, not normalised, no epsilon.
void require_same_problem(const Op& op, const ParamSet& problem, const RungCase& c) {
  const auto fixed = [&](std::string_view name) {
    return takes(c.algorithm, name) && problem.find(name) == nullptr;
  };
  const auto ours = [&](bool same, std::string_view what) {
    require(same, "the kernels of ", op.id, " ", what, "; use --backend reference for this case");
  };
  ours(!fixed("causal") || bool_param(c.params, "causal", false), "are causal");
  ours(!fixed("eps") || number_param(c.params, "eps", 0) == 0, "add no eps");
  ours(!fixed("normalize") || !bool_param(c.params, "normalize", true), "do not normalise");
  ours(!fixed("feature_map") || text_param(c.params, "feature_map", "elu1") == "identity",
       "take features as they are");
}

// The case's tensors under the names and shapes of the op's buffers. What the op wants and the case lacks,
// such as the forward's output for a backward, comes from the reference.
HostArrays arrays_of(const Op& op, const ParamSet& problem, const RungCase& c) {
  HostArrays arrays;
  NamedTensors<float> computed;
  for (const BufferSpec& buffer : op.buffers(problem)) {
    if (buffer.role != BufferRole::input) {
      continue;
    }
    auto at = c.inputs.find(buffer.name);
    if (at == c.inputs.end() && (buffer.name == "S0" || buffer.name == "z0")) {
      arrays.f32.emplace(buffer.name, Tensor<float>(buffer.shape));  // a missing state is zeros
      continue;
    }
    if (at == c.inputs.end()) {
      if (computed.empty()) {
        computed = run_algorithm<float>(c.algorithm, c.params, c.inputs);
      }
      at = computed.find(buffer.name);
      require(at != computed.end(), "the kernels of ", op.id, " need an input '", buffer.name,
              "' that this case does not have");
    }
    require(element_count(at->second.shape()) == element_count(buffer.shape), "input ", buffer.name,
            " has shape ", to_string(at->second.shape()), "; the kernels of ", op.id, " take ",
            to_string(buffer.shape));
    arrays.f32.emplace(buffer.name,
                       Tensor<float>(buffer.shape, {at->second.span().begin(), at->second.span().end()}));
  }
  for (const auto& [name, tensor] : c.inputs) {
    require(arrays.f32.contains(name), "the kernels of ", op.id, " take no input ", name,
            "; use --backend reference for this case");
  }
  return arrays;
}

// Shapes that broadcast: q and k of a different head count than the first tensor, and the like, end in the
// checks above.
const RungBuild& chosen(const RungCase& c, const Op& op, const ParamSet& problem) {
  const auto builds = rungs_of(op.id, c.backend == Backend::cuda ? cuda_rungs() : executor_rungs());
  require(!builds.empty(),
          c.backend == Backend::cuda ? cuda_device().unavailable : text("op ", op.id, " has no rungs"));
  std::vector<std::string> ids;
  std::string reasons;
  const RungBuild* best = nullptr;
  for (const RungBuild* build : builds) {
    const Rung& rung = *build->rung;
    ids.emplace_back(rung.id);
    if (!c.rung.empty() && rung.id != c.rung) {
      continue;
    }
    const std::string why =
        rung.unsupported == nullptr ? "" : rung.unsupported(problem, ParamSet(rung.tiles));
    reasons += why.empty() ? "" : text(reasons.empty() ? "" : "; ", rung.id, ": ", why);
    best = why.empty() ? build : best;
  }
  if (!c.rung.empty() && std::find(ids.begin(), ids.end(), c.rung) == ids.end()) {
    const std::string close = nearest(c.rung, ids);
    throw Error(text("op ", op.id, " has no rung '", c.rung, "'",
                     close.empty() ? "" : text("; did you mean '", close, "'?"),
                     " 'alab list kernels' shows them"));
  }
  require(best != nullptr, "no kernel can take this case: ", reasons);
  return *best;
}

}  // namespace

NamedTensors<float> eval_rung(const RungCase& c, const Progress& progress) {
  const Op* op = find_op(c.algorithm.op);
  require(op != nullptr, "no kernel computes ", c.algorithm.name, " yet; use --backend reference");
  if (c.backend == Backend::cuda) {
    require(cuda_device().usable, "the backend cuda cannot be used here: ", cuda_device().unavailable);
  }
  const ParamSet problem = problem_of(*op, c);
  require_same_problem(*op, problem, c);
  const HostArrays inputs = arrays_of(*op, problem, c);
  const RungBuild& build = chosen(c, *op, problem);
  RunOptions options;
  options.timed = false;
  const RungRun run = run_rung(*op, build, c.backend, problem, ParamSet(build.rung->tiles), inputs,
                               judge(*op, problem, inputs), options, progress);
  require(run.unsupported.empty(), build.rung->id, " cannot take this case: ", run.unsupported);
  NamedTensors<float> outputs;
  for (const std::string_view name : c.algorithm.outputs) {
    const auto at = run.outputs.f32.find(name);
    if (at != run.outputs.f32.end()) {
      outputs.emplace(name, at->second);
    } else if (c.inputs.contains(name)) {
      outputs.emplace(name, c.inputs.find(name)->second);
    }
  }
  return outputs;
}

}  // namespace alab::cli
