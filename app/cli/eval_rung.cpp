// SPDX-License-Identifier: MIT
#include "app/cli/eval_rung.hpp"

#include <algorithm>
#include <limits>

#include "app/cli/commands.hpp"
#include "reference/algorithm_families.hpp"
#include "reference/core/compare.hpp"

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

// The case's params under the names of the op. One that the kernels do not know is refused: it would be
// left out in silence.
void take_param(const Op& op, ParamSet& problem, const std::string& name, const Json& value) {
  constexpr std::string_view kElsewhere[] = {"mask", "causal", "eps", "normalize", "feature_map"};
  const bool checked = std::ranges::find(kElsewhere, name) != std::end(kElsewhere);
  if (value.is_null() || (checked && problem.find(name) == nullptr)) {
    return;  // require_same_problem and the mask's own reading see to it
  }
  require(problem.find(name) != nullptr, "the kernels of ", op.id, " take no param '", name,
          "'; use --backend reference");
  if (value.is_string()) {
    problem.set_text(name, value.get<std::string>());
  } else if (value.is_boolean()) {
    problem.set(name, value.get<bool>() ? 1 : 0);
  } else {
    require(value.is_number(), "the param ", name, " must be a number, true, false or a word, got ",
            value.dump());
    problem.set(name, value.get<double>());
  }
}

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
    take_param(op, problem, name, value);
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

// A boolean mask keeps where it is not 0; kernels add masks to the scores.
Tensor<float> additive(Tensor<float> mask, const Json& params) {
  const Json how = params.contains("mask") ? params.at("mask") : Json();
  if (how == Json("boolean") || how == Json("bool")) {
    for (float& value : mask.span()) {
      value = value != 0 ? 0.0F : -std::numeric_limits<float>::infinity();
    }
  }
  return mask;
}

// What the case format calls a buffer, and the other way round.
std::string_view case_name(std::string_view buffer) {
  return buffer == "logsumexp" ? "lse" : buffer;
}
std::string_view buffer_name(std::string_view tensor) {
  return tensor == "lse" ? "logsumexp" : tensor;
}

// The case's tensors under the names and shapes of the op's buffers. What the op wants and the case lacks,
// such as the forward's output for a backward, comes from the reference.
HostArrays arrays_of(const Op& op, const ParamSet& problem, const RungCase& c,
                     const NamedTensors<float>& computed) {
  HostArrays arrays;
  for (const BufferSpec& buffer : op.buffers(problem)) {
    if (buffer.role != BufferRole::input) {
      continue;
    }
    if ((buffer.name == "S0" || buffer.name == "z0") && !c.inputs.contains(buffer.name)) {
      arrays.f32.emplace(buffer.name, Tensor<float>(buffer.shape));  // a missing state is zeros
      continue;
    }
    const auto given = c.inputs.find(case_name(buffer.name));
    const auto at = given != c.inputs.end() ? given : computed.find(case_name(buffer.name));
    require(given != c.inputs.end() || at != computed.end(), "the kernels of ", op.id, " need an input '",
            buffer.name, "' that this case does not have");
    require(element_count(at->second.shape()) == element_count(buffer.shape), "input ", buffer.name,
            " has shape ", to_string(at->second.shape()), "; the kernels of ", op.id, " take ",
            to_string(buffer.shape));
    const Tensor<float> tensor = buffer.name == "mask" ? additive(at->second, c.params) : at->second;
    arrays.f32.emplace(buffer.name,
                       Tensor<float>(buffer.shape, {tensor.span().begin(), tensor.span().end()}));
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
    throw Error(text("op ", op.id, " has no rung '", c.rung, "'", did_you_mean(c.rung, ids),
                     " 'alab list kernels' shows them"));
  }
  require(best != nullptr, "no kernel can take this case: ", reasons);
  return *best;
}

NamedTensors<double> in_double(const NamedTensors<float>& tensors) {
  NamedTensors<double> out;
  for (const auto& [name, tensor] : tensors) {
    out.emplace(name, tensor.cast<double>());
  }
  return out;
}

// How far a plain kernel's output may be from double precision; what the kernels were handed counts as exact.
Tolerance tolerance_of(std::string_view name, const Judged& judged, const NamedTensors<float>& plain,
                       const Tensor<double>& truth) {
  const auto at = judged.truth.find(buffer_name(name));
  return at == judged.truth.end()
             ? derived_tolerance<float>(plain.find(name)->second.span(), truth.span())
             : derived_tolerance<float>(judged.plain.f32.find(at->first)->second.span(), at->second.span());
}

// "" or the first output that is further from the truth than rounding explains.
std::string difference_of(const RungCase& c, const NamedTensors<float>& outputs, const Judged& judged,
                          const NamedTensors<double>& truth, const NamedTensors<float>& plain) {
  for (const std::string_view name : c.algorithm.outputs) {
    const auto got = outputs.find(name);
    if (got == outputs.end()) {
      continue;  // the kernels do not compute it
    }
    const Tensor<double>& expected = truth.find(name)->second;
    const Check check =
        compare(std::string(name), std::string(name), difference<float>(got->second.span(), expected.span()),
                tolerance_of(name, judged, plain, expected), expected.shape(), {});
    if (!check.passed()) {
      return text(name, " differs from double precision by ", format_value(check.value, "error"),
                  ", at most ", format_value(check.high, "error"), " is rounding; ", check.detail);
    }
  }
  return "";
}

}  // namespace

RungOutcome eval_rung(const RungCase& c, const Progress& progress) {
  const Op* op = find_op(c.algorithm.op);
  require(op != nullptr, "no kernel computes ", c.algorithm.name, " yet; use --backend reference");
  if (c.backend == Backend::cuda) {
    require(cuda_device().usable, "the backend cuda cannot be used here: ", cuda_device().unavailable);
  }
  const NamedTensors<float> plain = run_algorithm<float>(c.algorithm, c.params, c.inputs);
  const ParamSet problem = problem_of(*op, c);
  require_same_problem(*op, problem, c);
  const HostArrays inputs = arrays_of(*op, problem, c, plain);
  const RungBuild& build = chosen(c, *op, problem);
  RunOptions options;
  options.timed = false;
  const Judged judged = judge(*op, problem, inputs);
  const RungRun run = run_rung(*op, build, c.backend, problem, ParamSet(build.rung->tiles), inputs, judged,
                               options, progress);
  require(run.unsupported.empty(), build.rung->id, " cannot take this case: ", run.unsupported);
  RungOutcome outcome{{}, std::string(build.rung->id), ""};
  for (const std::string_view name : c.algorithm.outputs) {
    const auto at = run.outputs.f32.find(buffer_name(name));
    if (at != run.outputs.f32.end()) {
      outcome.outputs.emplace(name, at->second);
    } else if (inputs.f32.contains(buffer_name(name))) {
      outcome.outputs.emplace(name, inputs.f32.find(buffer_name(name))->second);
    }
  }
  const auto failed = std::ranges::find_if(run.checks, [](const Check& check) { return !check.passed(); });
  if (failed != run.checks.end()) {
    outcome.failure = text(failed->label, ": ", failed->detail);
    return outcome;
  }
  progress.step(0.9, "comparing with double precision");
  outcome.failure = difference_of(c, outcome.outputs, judged,
                                  run_algorithm<double>(c.algorithm, c.params, in_double(c.inputs)), plain);
  return outcome;
}

}  // namespace alab::cli
