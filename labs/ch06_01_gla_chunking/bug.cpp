// Find the bug: nine forms with one mistake each, and the tests that see it or let it pass.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/ch06_01_gla_chunking/wrong_forms.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/rng.hpp"
#include "reference/simple_gate.hpp"

namespace alab::gla_chunking {
namespace {

constexpr std::int64_t kChunkSize = 64, kSub = 16;

/// A test that somebody might write. low == high: every gate equal.
struct Trial {
  std::string_view key, name;
  double low, high;
  std::int64_t tokens, dk, dv;
};
constexpr std::array<Trial, 7> kTrials{
    {{"mild", "gates .95 to .999", 0.95, 0.999, 192, 12, 8},
     {"medium", "gates .5 to .9", 0.5, 0.9, 192, 12, 8},
     {"strong", "gates .1 to .5", 0.1, 0.5, 192, 12, 8},
     {"very_strong", "gates .01 to .1", 0.01, 0.1, 192, 12, 8},
     {"constant", "all gates .9", 0.9, 0.9, 192, 12, 8},
     {"no_decay", "all gates 1", 1, 1, 192, 12, 8},
     {"short", "gates .5 to .9, two sub-chunks only", 0.5, 0.9, 32, 12, 8}}};

GatedHead head_of(const Trial& trial, std::uint64_t seed) {
  GatedHead head = normal_head(trial.tokens, trial.dk, seed);
  head.problem.value = normal_head(trial.tokens, trial.dv, seed + 1).problem.value;
  const Shape shape{1, trial.tokens, trial.dk};
  head.problem.log_decay = trial.low == trial.high
                               ? constant_gates(trial.low, trial.tokens, trial.dk)
                               : uniform_log_decay<float>(shape, trial.low, trial.high, seed + 7);
  return head;
}

struct Outcome {
  double wrong = 0, right = 0;
  std::vector<double> wrong_rows, right_rows;
};

Outcome compare_forms(std::string_view mistake, const Trial& trial, std::uint64_t seed) {
  const GatedHead head = head_of(trial, seed);
  const Tensor<double> truth = gated_linear_attention_recurrent(in_double(head.problem)).output;
  const Tensor<float> wrong = form_with(mistake, head.problem, kChunkSize, kSub),
                      right = form_with("", head.problem, kChunkSize, kSub);
  return {error_of(wrong, truth), error_of(right, truth), row_errors(wrong, truth), row_errors(right, truth)};
}

Plot row_plot(const Outcome& outcome, const Trial& trial) {
  std::vector<double> token;
  for (std::size_t t = 0; t < outcome.wrong_rows.size(); ++t) {
    token.push_back(static_cast<double>(t));
  }
  const Provenance here = measured_here("float against double");
  Plot plot;
  plot.key = "growth";
  plot.title = std::isnan(outcome.wrong) ? text("With ", trial.name, " the wrong form gives no number")
                                         : text("With ", trial.name, " the wrong form errs by ",
                                                format_value(outcome.wrong, "error"));
  plot.note =
      "relL2 error of each token's output. Chunks are 64 tokens, sub-chunks 16: look where it begins.";
  plot.x = {"token t", "", false};
  plot.y = {"relL2 error of the row", "", true};
  plot.series = {plain("wrong", "wrong form", token, outcome.wrong_rows, here),
                 plain("right", "right form", token, outcome.right_rows, here),
                 level("t32", "tolerance T32", 0, token.back(), kT32, modelled_by("5e-6"))};
  return plot;
}

}  // namespace

Result run_bug(const ParamSet& params, const Context& context) {
  const std::string_view mistake = params.option(kBug);
  const auto shown = static_cast<std::size_t>(params.choice(kTrial));
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const Provenance here = measured_here("float against double");
  Table table;
  table.key = "who_sees_it";
  table.title = "Which test notices the mistake?";
  table.note = "A test on which the wrong form is within T32 cannot tell it from the right one.";
  table.columns = {"test", "wrong form", "right form", "noticed"};
  double noticed = 0;
  std::vector<double> right;
  Result result;
  for (std::size_t i = 0; i < kTrials.size(); ++i) {
    context.progress.step(static_cast<double>(i) / kTrials.size(), kTrials[i].name);
    const Outcome outcome = compare_forms(mistake, kTrials[i], seed);
    const bool same = outcome.wrong <= kT32;
    noticed += same ? 0 : 1;
    right.push_back(outcome.right);
    table.rows.push_back({Cell::words(std::string(kTrials[i].name)),
                          Cell::number(outcome.wrong, "error", here),
                          Cell::number(outcome.right, "error", here), Cell::words(same ? "no" : "yes")});
    if (i == shown) {
      result.plots.push_back(row_plot(outcome, kTrials[i]));
      result.scalars.push_back(scalar("error_here", text("error of the wrong form, ", kTrials[i].name),
                                      outcome.wrong, "error", here));
    }
  }
  result.input = text("normal q, k, v, seed ", seed, "; head_dim 12, head_dim_v 8");
  result.tables.push_back(std::move(table));
  const Provenance counted = counted_by("tests with an error above T32");
  result.scalars.push_back(scalar("noticed_by", "tests that notice", noticed, "count", counted));
  result.scalars.push_back(scalar("trials", "tests", static_cast<double>(kTrials.size()), "count", counted));
  result.checks = {
      check_between("bug_noticed", "at least one test notices the mistake", noticed, 1,
                    static_cast<double>(kTrials.size()), counted),
      check_at_most("right_t32", "the right form is within T32 in every test", worst_of(right), kT32, here)};
  return result;
}

Result run_bug_gamma(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const bool missing = params.option(kGammaKept) == "missing_gamma";
  const std::int64_t chunk = params.integer(kRetentionChunk);
  const GatedHead drawn = normal_head(512, 16, seed);
  std::vector<double> heads, errors, right;
  const std::array<double, 8> exponents{5, 6, 7, 8, 9, 10, 11, 12};
  for (const double h : exponents) {
    context.progress.step((h - 5) / 8, "heads of retention");
    GatedHead head = drawn;
    head.problem.log_decay = constant_gates(1 - std::ldexp(1.0, -static_cast<int>(h)), 512, 16);
    const Tensor<double> truth = gated_linear_attention_recurrent(in_double(head.problem)).output;
    heads.push_back(h - 5);
    errors.push_back(error_of(form_with(missing ? "missing_gamma" : "", head.problem, chunk, chunk), truth));
    right.push_back(error_of(form_with("", head.problem, chunk, chunk), truth));
  }
  const Provenance here = measured_here("float against double");
  Plot plot;
  plot.key = "heads";
  plot.title = text("Head 0 is off by ", format_value(errors.front(), "error"), ", head 7 by ",
                    format_value(errors.back(), "error"));
  plot.note = "Error of the chunkwise form over retention's heads; head h decays by 1 - 2^-(5+h) per token.";
  plot.x = {"head h (slower to the right)", "", false};
  plot.y = {"relL2 error", "", true};
  plot.series = {plain("printed", missing ? "without the decay to the chunk's end" : "as chosen", heads,
                       errors, here, SeriesStyle::line_and_markers),
                 plain("right", "with it", heads, right, here, SeriesStyle::line_and_markers),
                 level("loose", "a loose tolerance of 1e-2", 0, 7, 1e-2, modelled_by("1e-2"))};
  Result result;
  result.input = text("normal q, k, v, seed ", seed, "; 512 tokens, 16 channels");
  result.plots = {std::move(plot)};
  result.scalars = {scalar("error_fast", "error of the fastest head", errors.front(), "error", here),
                    scalar("error_slow", "error of the slowest head", errors.back(), "error", here)};
  result.checks = {
      check_at_most("right_t32", "with the decay: every head within T32", worst_of(right), kT32, here)};
  if (missing && chunk == 64) {
    result.checks.push_back(check_between("fast_head_sees", "the fastest head notices: error above 0.3",
                                          errors.front(), 0.3, 10, here));
    result.checks.push_back(check_between("slow_head_hides", "the slowest head hides it: error below 0.03",
                                          errors.back(), kT32, 0.03, here));
  }
  return result;
}

}  // namespace alab::gla_chunking
