// What a backward pass keeps of the states: all of them, as an autograd of the recurrence would, or one that
// is scanned in reverse. Source: arXiv:2006.16236, section 3.3.1. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"

namespace alab::causal_linear {
namespace {

constexpr std::int64_t kStoredChunk = 64;
constexpr std::int64_t kComparedLength = 128;  // gradients of both kinds are compared at this N, in double

LinearAttentionOptions plain_options(AllocationMeter* meter) {
  LinearAttentionOptions options;
  options.normalize = false;
  options.meter = meter;
  return options;
}

/// Peak of the states that a backward pass holds, in elements.
double kept(const LinearAttentionProblem<float>& p, BackwardStorage storage, const Progress& progress) {
  AllocationMeter meter;
  const auto g = linear_attention_backward(p, p.value, plain_options(&meter), storage, progress);
  keep(g.dq.data());
  return static_cast<double>(meter.peak());
}

/// Largest relL2 between the gradients of the two kinds of storage.
double storage_apart(std::int64_t d, std::uint64_t seed) {
  const LinearAttentionProblem<double> p = widened(drawn_problem(1, kComparedLength, d, d, seed));
  const auto all = linear_attention_backward(p, p.value, plain_options(nullptr), BackwardStorage::all_states),
             one =
                 linear_attention_backward(p, p.value, plain_options(nullptr), BackwardStorage::reverse_scan);
  return worse(worse(rel_l2(all.dq, one.dq), rel_l2(all.dk, one.dk)), rel_l2(all.dv, one.dv));
}

}  // namespace

Result run_memory(const ParamSet& params, const Context& context) {
  const std::int64_t d = params.integer(kHeadDim);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const std::vector<double> ns = doublings(64, static_cast<double>(params.integer(kMaxLength)));
  const double dd = static_cast<double>(d);
  std::vector<double> all, one, inputs, chunks;
  for (std::size_t i = 0; i < ns.size(); ++i) {
    const Progress part = context.progress.part(static_cast<double>(i) / static_cast<double>(ns.size()),
                                                static_cast<double>(i + 1) / static_cast<double>(ns.size()));
    const auto p = drawn_problem(1, static_cast<std::int64_t>(ns[i]), d, d, seed);
    all.push_back(kept(p, BackwardStorage::all_states, part));
    one.push_back(kept(p, BackwardStorage::reverse_scan, part));
    inputs.push_back(3 * ns[i] * dd);
    chunks.push_back(std::ceil(ns[i] / kStoredChunk) * dd * dd);
  }
  const double n = ns.back(), apart = storage_apart(std::min<std::int64_t>(d, 16), seed);
  const Provenance metered = counted_by("allocation meter on the states of the backward pass");
  Plot plot{"kept",
            text("One state of ", dd * dd, " elements, or ", n, " of them"),
            "Elements of state that the backward pass holds at its peak; Q, K and V for comparison.",
            {"sequence length N", "tokens", true},
            {"elements", "", true},
            {}};
  plot.series = {
      fitted("all_states", "every S_i (autograd of the loop): N m d_v", ns, all, metered),
      fitted("per_chunk", "one per chunk of 64", ns, chunks, modelled_by("ceil(N / 64) m d_v"),
             SeriesStyle::dashed),
      fitted("inputs", "Q, K and V themselves", ns, inputs, modelled_by("N (2 m + d_v)"),
             SeriesStyle::dashed),
      plain("one_state", "one, scanned in reverse: m d_v", ns, one, metered, SeriesStyle::line_and_markers)};
  Result result;
  result.input = text("normal, phi = elu + 1, m = dv = ", d);
  result.plots.push_back(std::move(plot));
  result.scalars = {
      scalar("kept_all", "all states at the longest N", all.back(), "count", metered),
      scalar("kept_one", "one state", one.back(), "count", metered),
      scalar("kept_ratio", "all states over one", all.back() / one.back(), "count", metered),
      scalar("kept_all_bytes", "all states, fp32", 4 * all.back(), "bytes", metered),
      scalar("kept_one_bytes", "one state, fp32", 4 * one.back(), "bytes", metered),
      scalar("storage_apart", "gradients: all states against one", apart, "error", measured_here("double"))};
  result.checks = {check_exactly("pass_all_states", "all states: exactly N m d_v elements", all.back(),
                                 n * dd * dd, metered),
                   check_exactly("pass_reverse_scan", "reverse scan: exactly m d_v elements, whatever N",
                                 *std::ranges::max_element(one), dd * dd, metered),
                   check_at_most("pass_same_gradients", "both give the same gradients: <= 1e-12", apart, kT64,
                                 measured_here("double"))};
  return result;
}

}  // namespace alab::causal_linear
