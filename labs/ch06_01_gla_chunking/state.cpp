// The state S_t of gated and ungated linear attention, played over tokens, and the memory of each channel.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/gated_head.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/attention_view.hpp"
#include "labs/common/chunk_steps.hpp"
#include "labs/common/state_view.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/compare.hpp"

namespace alab::gla_chunking {
namespace {

struct Recording {
  StateTrace trace;
  Tensor<float> final_state;
};

/// Runs the recurrence in float and keeps every state.
Recording record(const GatedHead& head, const Progress& progress) {
  Recording out;
  out.trace.rows = head.head_dim();
  out.trace.cols = head.head_dim_v();
  out.trace.provenance = measured_here("float, every state of the recurrence");
  if (!head.input.tokens.empty()) {
    out.trace.tokens = token_labels(head.input, head.seq_len());
  }
  GatedOptions options;
  options.observer = [&](const StateMoment& moment) { out.trace.add(moment.state.span()); };
  out.final_state = gated_linear_attention_recurrent(head.problem, options, progress).state;
  return out;
}

std::vector<double> norms_of(const StateTrace& trace) {
  std::vector<double> norms;
  for (std::int64_t t = 0; t < trace.size(); ++t) {
    norms.push_back(state_norm(trace.at(t)));
  }
  return norms;
}

std::vector<double> ranks_of(const StateTrace& trace) {
  std::vector<double> ranks;
  for (std::int64_t t = 0; t < trace.size(); ++t) {
    ranks.push_back(effective_rank(trace.at(t), trace.rows, trace.cols));
  }
  return ranks;
}

Plot compare_plot(std::string key, std::string title, std::string note, std::string label,
                  const std::vector<double>& gated, const std::vector<double>& open) {
  std::vector<double> token;
  for (std::size_t t = 0; t < gated.size(); ++t) {
    token.push_back(static_cast<double>(t));
  }
  const Provenance here = measured_here("float");
  Plot plot;
  plot.key = std::move(key);
  plot.title = std::move(title);
  plot.note = std::move(note);
  plot.x = {"token t", "", false};
  plot.y = {std::move(label), "", false};
  plot.series = {plain("gated", "with gates", token, gated, here),
                 plain("open", "without gates", token, open, here)};
  return plot;
}

/// Tokens whose effective rank exceeds what t + 1 outer products, or the sides of S, allow.
double rank_violations(const std::vector<double>& ranks, const StateTrace& trace) {
  double violations = 0;
  for (std::size_t t = 0; t < ranks.size(); ++t) {
    const double bound =
        static_cast<double>(std::min({static_cast<std::int64_t>(t) + 1, trace.rows, trace.cols}));
    violations += 0 <= ranks[t] && ranks[t] <= bound * (1 + 1e-3) ? 0 : 1;
  }
  return violations;
}

constexpr std::int64_t kWalkChunk = 32;

/// The head and its gates as the rung 30_two_level takes them.
ChunkWalk watch_head(const GatedHead& head, const Context& context) {
  const WalkRequest request{"gla", "30_two_level",  text("chunk=", kWalkChunk),
                            1,     head.head_dim(), head.head_dim_v()};
  return watch_walk(
      request,
      [&](const Op&, ParamSet& problem) {
        problem.set("seq_len", static_cast<double>(head.seq_len()));
        problem.set("head_dim", static_cast<double>(head.head_dim()));
        problem.set("head_dim_v", static_cast<double>(head.head_dim_v()));
        problem.set("heads", 1);
        HostArrays inputs;
        inputs.f32 = {{"q", head.problem.query},
                      {"k", head.problem.key},
                      {"v", head.problem.value},
                      {"g", head.problem.log_decay}};
        return inputs;
      },
      context);
}

}  // namespace

Result run_state(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  GatedHead head = read_head(context, params.integer(kStateLength), params.integer(kHeadDim), seed);
  head.problem.log_decay = drawn_log_decay(params, head.seq_len(), head.head_dim(), seed);
  GatedHead open = head;
  std::ranges::fill(open.problem.log_decay.span(), 0.0F);
  const Recording gated = record(head, context.progress.part(0, 0.2));
  const Recording ungated = record(open, context.progress.part(0.2, 0.4));
  context.progress.step(0.4, "ranks with gates");
  const std::vector<double> ranks = ranks_of(gated.trace);
  context.progress.step(0.6, "ranks without gates");
  const std::vector<double> open_ranks = ranks_of(ungated.trace);
  const std::vector<double> norms = norms_of(gated.trace), open_norms = norms_of(ungated.trace);
  const bool shows_gated = params.flag(kGated);
  const Recording& shown = shows_gated ? gated : ungated;
  context.progress.step(0.8, "drawing states");
  const std::vector<double> lives = half_lives(head.problem.log_decay.span(), head.head_dim());
  Result result;
  result.input = text(head.input.description, "; gates ", words_of_gates(params));
  result.steppers = {state_stepper(
      shown.trace, "state",
      shows_gated ? "The gated state forgets while it writes" : "Without gates the state only grows")};
  result.plots = {
      compare_plot("norm",
                   text("After ", norms.size(), " tokens: norm ", format_value(norms.back(), ""),
                        " with gates, ", format_value(open_norms.back(), ""), " without"),
                   "Frobenius norm of S_t: with gates it settles, without it keeps growing.", "norm of S_t",
                   norms, open_norms),
      compare_plot("rank",
                   text("Effective rank ", format_value(ranks.back(), ""), " with gates, ",
                        format_value(open_ranks.back(), ""), " without"),
                   "In how many directions S_t holds something: exp of the entropy of its singular values.",
                   "effective rank of S_t", ranks, open_ranks),
      half_life_plot(lives, "half_lives", measured_here("mean log gate of each channel"))};
  const Provenance here = measured_here("float");
  const auto [shortest, longest] = std::ranges::minmax(lives);
  result.scalars = {
      scalar("norm_gated", "norm at the end, with gates", norms.back(), "", here),
      scalar("norm_open", "norm at the end, without gates", open_norms.back(), "", here),
      scalar("rank_gated", "effective rank at the end, with gates", ranks.back(), "", here),
      scalar("rank_open", "effective rank at the end, without gates", open_ranks.back(), "", here),
      scalar("shortest", "shortest half-life of a channel", shortest, "", here, "tokens"),
      scalar("longest", "longest half-life of a channel", longest, "", here, "tokens")};
  const std::span<const double> last = gated.trace.at(gated.trace.size() - 1);
  result.checks = {
      check_at_most("final_state", "the last state shown is the one the recurrence returns",
                    difference<float>(gated.final_state.span(), last).rel_l2, kT32, here),
      check_exactly("rank_bound", "effective rank never above the number of writes or the sides of S",
                    rank_violations(ranks, gated.trace) + rank_violations(open_ranks, ungated.trace), 0,
                    counted_by("tokens of both runs")),
      check_between("first_rank", "after the first token the state has rank 1", ranks.front(), 1 - 1e-5,
                    1 + 1e-5, here)};
  add_walk(result, shown.trace,
           {[&] { return watch_head(shows_gated ? head : open, context); }, kWalkChunk, "kernel_states",
            "after every chunk the kernel's state is the recurrence's", kT32, "float",
            "S <- e^{G_C} S + (K e^{G_C - G})^T V"},
           context);
  if (head.input.real) {
    result.notes.push_back("q, k, v are the model's; its layers have no gates, so these are drawn.");
  }
  return result;
}

}  // namespace alab::gla_chunking
