// SPDX-License-Identifier: MIT
#include "tests/kernels/compared_cases.hpp"

#include <algorithm>

#include "kernels/profile_rung.hpp"
#include "tests/kernels/access_probes.hpp"
#include "tests/kernels/counting_samples.hpp"
#include "tests/kernels/shaped.hpp"

namespace alab::samples {
namespace {

// A round size, a ragged one, and where compulsory traffic is looked at one that is large beside ncu's own.
struct Sizes {
  std::string_view op;
  std::vector<std::string_view> small, large;
};
const Sizes kSizes[] = {
    {"softmax_rows", {"rows=16 cols=1024", "rows=5 cols=1001"}, {"rows=512 cols=4096"}},
    {"softmax_topk", {"rows=16 cols=1024 top_k=8", "rows=5 cols=1001 top_k=5"}, {"rows=512 cols=4096"}},
    {"flash_attention_fwd",
     {"seq_len=256 head_dim=64 heads=2", "seq_len=129 head_dim=40 causal=true"},
     {"seq_len=1024 head_dim=64 heads=2"}},
    {"flash_attention_bwd",
     {"seq_len=128 head_dim=64 heads=2", "seq_len=129 head_dim=40 causal=true"},
     {"seq_len=512 head_dim=64 heads=2"}},
    {"attention_scores",
     {"seq_len=128 head_dim=64 heads=2", "seq_len=129 head_dim=40"},
     {"seq_len=512 head_dim=64 heads=2"}},
    {"causal_linear",
     {"seq_len=256 head_dim=64 heads=2", "seq_len=129 head_dim=40"},
     {"seq_len=1024 head_dim=64 heads=2"}},
    {"causal_linear_bwd",
     {"seq_len=128 head_dim=64 heads=2", "seq_len=129 head_dim=40"},
     {"seq_len=512 head_dim=64 heads=2"}},
    {"gla",
     {"seq_len=256 head_dim=64 heads=2", "seq_len=129 head_dim=40"},
     {"seq_len=1024 head_dim=64 heads=2"}},
};
const Sizes kOtherSizes{"", {}, {}};

const Sizes& sizes_of(std::string_view op) {
  const auto at =
      std::find_if(std::begin(kSizes), std::end(kSizes), [&](const Sizes& s) { return s.op == op; });
  return at == std::end(kSizes) ? kOtherSizes : *at;
}

void run_judged(Stream& stream, const RungBuild& build, std::string_view shape, Backend backend) {
  const Op& op = *find_op(build.rung->op);
  const Shaped& s = shaped(op, shape);
  const RungRun run = run_once(stream, build, s, ParamSet(build.rung->tiles), backend);
  for (const Check& check : run.checks) {
    require(check.passed(), op.id, "/", build.rung->id, " ", shape, ": ", check.key, " is ", check.value,
            ", ", check.detail);
  }
}

void add_rung(std::vector<ComparedCase>& all, const RungBuild& build, std::string_view shape, bool cuda,
              bool small) {
  ParamSet problem(find_op(build.rung->op)->params);
  problem.assign(shape);
  const ParamSet tiles(build.rung->tiles);
  if (build.rung->unsupported == nullptr || build.rung->unsupported(problem, tiles).empty()) {
    all.push_back({"rung", text(build.rung->op, "/", build.rung->id, " ", shape),
                   [&build, shape, cuda](Stream& stream) {
                     run_judged(stream, build, shape, cuda ? Backend::cuda : Backend::simulated);
                   },
                   small});
  }
}

void add_rungs(std::vector<ComparedCase>& all, bool cuda) {
  for (const RungBuild* build : cuda ? cuda_rungs() : counted_rungs()) {
    const Sizes& sizes = sizes_of(build->rung->op);
    std::vector<std::string_view> small = sizes.small;
    if (small.empty()) {  // an op without sizes of its own here: all of its shapes
      const auto shapes = find_op(build->rung->op)->shapes;
      small.assign(shapes.begin(), shapes.end());
    }
    for (const std::string_view shape : small) {
      add_rung(all, *build, shape, cuda, true);
    }
    for (const std::string_view shape : sizes.large) {
      add_rung(all, *build, shape, cuda, false);
    }
  }
}

}  // namespace

std::vector<ComparedCase> compared_cases(bool cuda) {
  std::vector<ComparedCase> all;
  add_rungs(all, cuda);
#if defined(ALAB_HAVE_CUDA)
  const auto probe = cuda ? &cuda_build::run_probe : &counted_build::run_probe;
  const auto pattern = cuda ? &cuda_build::run_pattern : &counted_build::run_pattern;
  const auto fixed = cuda ? cuda_build::fixed_probes() : counted_build::fixed_probes();
  const auto counting = cuda ? cuda_build::counting_samples() : counted_build::counting_samples();
#else
  const auto probe = &counted_build::run_probe;
  const auto pattern = &counted_build::run_pattern;
  const auto fixed = counted_build::fixed_probes();
  const auto counting = counted_build::counting_samples();
#endif
  for (const Counting& sample : counting) {
    all.push_back({"probe", std::string(sample.name), sample.run});
  }
  for (const FixedProbe& one : fixed) {
    all.push_back({"probe", std::string(one.name), one.run});
  }
  for (const AccessProbe& one : access_probes()) {
    all.push_back({"probe", one.name(), [probe, one](Stream& stream) { probe(stream, one); }});
  }
  int number = 0;
  for (const SharedPattern& one : shared_patterns()) {
    all.push_back({"pattern", text(one.family, " #", number++),
                   [pattern, one](Stream& stream) { pattern(stream, one); }});
  }
  return all;
}

}  // namespace alab::samples
