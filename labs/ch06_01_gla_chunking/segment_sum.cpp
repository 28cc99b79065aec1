// Trap P8: a decay mask from differences of one long sum loses digits that a segment sum keeps.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/gated_head.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/rng.hpp"
#include "reference/simple_gate.hpp"

namespace alab::gla_chunking {
namespace {

/// One channel group with scalar gates whose |log a| is uniform in [0, 2 mean].
SimpleGateProblem<float> problem_of(std::int64_t tokens, double mean, std::uint64_t seed) {
  const GatedHead head = normal_head(tokens, 16, seed);
  SimpleGateProblem<float> problem{head.problem.query, head.problem.key, head.problem.value,
                                   Tensor<float>({1, tokens})};
  Rng rng(seed + 7);
  for (float& gate : problem.log_decay.span()) {
    gate = static_cast<float>(-rng.uniform(0, 2 * mean));
  }
  return problem;
}

/// O = (Q K^T * D) V with D_ij = e^{G_i - G_j}, G one running sum over the whole sequence: as printed.
Tensor<float> by_difference(const SimpleGateProblem<float>& p, const Progress& progress) {
  const std::int64_t tokens = p.query.extent(1), dim = p.query.extent(2);
  std::vector<float> sums;
  float sum = 0;
  for (const float gate : p.log_decay.span()) {
    sums.push_back(sum += gate);
  }
  Tensor<float> out({1, tokens, p.value.extent(2)});
  for (std::int64_t i = 0; i < tokens; ++i) {
    if (i % 64 == 0) {
      progress.step(static_cast<double>(i) / static_cast<double>(tokens), "differences of sums");
    }
    for (std::int64_t j = 0; j <= i; ++j) {
      float score = 0;
      for (std::int64_t c = 0; c < dim; ++c) {
        score += p.query(0, i, c) * p.key(0, j, c);
      }
      const float weight =
          score * std::exp(sums[static_cast<std::size_t>(i)] - sums[static_cast<std::size_t>(j)]);
      if (weight == 0) {
        continue;
      }
      for (std::int64_t c = 0; c < dim; ++c) {
        out(0, i, c) += weight * p.value(0, j, c);
      }
    }
  }
  return out;
}

Tensor<double> truth_of(const SimpleGateProblem<float>& p) {
  const SimpleGateProblem<double> exact{p.query.cast<double>(), p.key.cast<double>(), p.value.cast<double>(),
                                        p.log_decay.cast<double>()};
  return simple_gate_recurrent(exact).output;
}

struct Errors {
  std::vector<double> tokens, difference, segment, model;
};

Errors sweep(std::int64_t longest, double mean, std::uint64_t seed, const Progress& progress) {
  Errors errors;
  for (const double n : doublings(128, static_cast<double>(longest))) {
    const auto tokens = static_cast<std::int64_t>(n);
    const SimpleGateProblem<float> p = problem_of(tokens, mean, seed);
    const Tensor<double> truth = truth_of(p);
    const Progress part = progress.part(n / (2.0 * static_cast<double>(longest)), 1);
    errors.tokens.push_back(n);
    errors.difference.push_back(error_of(by_difference(p, part), truth));
    errors.segment.push_back(error_of(simple_gate_parallel(p, {}, part).output, truth));
    errors.model.push_back(n * mean * std::ldexp(1.0, -24));
  }
  return errors;
}

Plot error_plot(const Errors& errors) {
  const Provenance here = measured_here("float against double");
  Plot plot;
  plot.key = "difference";
  plot.title = "The error of a difference grows with the whole sum, a segment sum does not care";
  plot.note = "relL2 error of the output of both masks; the dashed line is |sum of log a| times 2^-24.";
  plot.x = {"sequence length N", "tokens", true};
  plot.y = {"relL2 error", "", true};
  plot.series = {
      fitted("difference", "difference of one running sum", errors.tokens, errors.difference, here),
      fitted("segment", "segment sum", errors.tokens, errors.segment, here),
      plain("model", "|sum of log a| 2^-24", errors.tokens, errors.model, modelled_by("N mean|log a| 2^-24"),
            SeriesStyle::dashed),
      level("t32", "tolerance T32", errors.tokens.front(), errors.tokens.back(), kT32, modelled_by("5e-6"))};
  return plot;
}

}  // namespace

Result run_segment_sum(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const std::int64_t wanted = params.integer(kSumLength),
                     longest = context.quick ? std::min<std::int64_t>(wanted, 512) : wanted;
  const double mean = params.real(kMeanLog);
  const Errors errors = sweep(longest, mean, seed, context.progress);
  const Provenance here = measured_here("float against double");
  Result result;
  result.quick = longest < wanted ? text("up to ", longest, " of ", wanted, " tokens") : "";
  result.plots = {error_plot(errors)};
  result.scalars = {
      scalar("error_difference", "error of the difference", errors.difference.back(), "error", here),
      scalar("error_segment", "error of the segment sum", errors.segment.back(), "error", here),
      scalar("whole_sum", "size of the whole sum", static_cast<double>(longest) * mean, "",
             modelled_by("N mean|log a|"), "nats"),
      scalar("lost", "difference over segment", errors.difference.back() / errors.segment.back(), "ratio",
             here)};
  result.checks = {check_at_most("segment_t32", "segment sum within T32 at every N", worst_of(errors.segment),
                                 kT32, here)};
  if (longest == 2048 && mean == 1) {
    result.checks.push_back(check_between("difference_fails",
                                          "N = 2048, mean |log a| = 1: the difference fails T32",
                                          errors.difference.back(), kT32, 1, here));
  }
  return result;
}

}  // namespace alab::gla_chunking
