// Step 6: what the temperature of a gate does to its memory.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/state_view.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/rng.hpp"
#include "reference/gated_linear_attention.hpp"

namespace alab::gla_chunking {
namespace {

constexpr std::int64_t kDrawn = 4096;

double log_gate(double x, double temperature) {
  return log_decay_of_logits<double>(Tensor<double>({1}, {x}), temperature)[0];
}

double life_of(double x, double temperature) {
  return half_life(log_gate(x, temperature));
}

Plot life_plot(double temperature, double x) {
  Plot plot;
  plot.key = "half_life";
  plot.title = text("Temperature ", format_value(temperature, ""), " multiplies every half-life by ",
                    format_value(temperature, ""));
  plot.note = "Half-life over the logit x of the gate. Each line is the one for temperature 1, moved up.";
  plot.x = {"logit x", "", false};
  plot.y = {"half-life", "tokens", true};
  std::vector<double> temperatures{1, 4, 16, 64};
  if (std::ranges::find(temperatures, temperature) == temperatures.end()) {
    temperatures.push_back(temperature);
  }
  const std::vector<double> xs = evenly(-6, 6, 121);
  for (const double tau : temperatures) {
    std::vector<double> lives;
    for (const double at : xs) {
      lives.push_back(life_of(at, tau));
    }
    plot.series.push_back(plain(text("tau", tau), text("temperature ", format_value(tau, "")), xs, lives,
                                modelled_by("tau ln 2 / ln(1 + e^-x)")));
  }
  plot.series.push_back(plain("you", "your x", {x}, {life_of(x, temperature)},
                              modelled_by("tau ln 2 / ln(1 + e^-x)"), SeriesStyle::markers));
  return plot;
}

/// Share of gates below each half-life, for normal logits.
Plot share_plot(double temperature, std::uint64_t seed) {
  Plot plot;
  plot.key = "spread";
  plot.title = "What normal logits give: most gates remember for a few multiples of tau";
  plot.note = text("Half-lives of ", kDrawn, " gates with x from N(0, 1), sorted.");
  plot.x = {"share of gates with a shorter memory", "%", false};
  plot.y = {"half-life", "tokens", true};
  for (const double tau : {1.0, temperature}) {
    Rng rng(seed);
    std::vector<double> lives, share;
    for (std::int64_t i = 0; i < kDrawn; ++i) {
      lives.push_back(life_of(rng.normal(), tau));
      share.push_back(100 * (static_cast<double>(i) + 0.5) / kDrawn);
    }
    std::ranges::sort(lives);
    if (plot.series.empty() || tau != 1) {
      plot.series.push_back(plain(text("tau", tau), text("temperature ", format_value(tau, "")), share, lives,
                                  measured_here("normal logits")));
    }
  }
  return plot;
}

Plot decay_plot(double x, double temperature) {
  const double log_alpha = log_gate(x, temperature), life = half_life(log_alpha);
  const double horizon = std::clamp(4 * life, 8.0, 4096.0);
  Plot plot;
  plot.key = "memory";
  plot.title = text("A write halves every ", format_value(life, ""), " tokens");
  plot.note = "What is left of one write after so many tokens, alpha^t.";
  plot.x = {"tokens since the write", "tokens", false};
  plot.y = {"share left", "", false};
  const std::vector<double> ts = evenly(0, horizon, 129);
  std::vector<double> left;
  for (const double t : ts) {
    left.push_back(std::exp(log_alpha * t));
  }
  plot.series = {plain("left", "alpha^t", ts, left, modelled_by("alpha^t")),
                 level("half", "one half", 0, horizon, 0.5, modelled_by("definition of the half-life"))};
  return plot;
}

}  // namespace

Result run_half_life(const ParamSet& params, const Context& context) {
  context.progress.step(0, "half-lives");
  const double x = params.real(kLogit), temperature = params.real(kTemperature);
  const Provenance model = modelled_by("alpha = sigmoid(x)^(1/tau); half-life = ln 2 / -ln alpha");
  const double alpha = std::exp(log_gate(x, temperature)), life = life_of(x, temperature);
  Result result;
  result.plots = {life_plot(temperature, x), decay_plot(x, temperature),
                  share_plot(temperature, static_cast<std::uint64_t>(params.integer(params::seed)))};
  const double safe = largest_safe_chunk(log_gate(x, temperature), nats_of(NumberFormat::fp16));
  result.scalars = {scalar("alpha", "gate alpha", alpha, "", model),
                    scalar("life", "half-life", life, "", model, "tokens"),
                    scalar("life_plain", "half-life at temperature 1", life_of(x, 1), "", model, "tokens"),
                    scalar("safe_chunk", "largest safe chunk of the one-level form in fp16", safe, "count",
                           modelled_by("floor(11.09 / |ln alpha|)")),
                    scalar("alpha_zero", "gate at x = 0, tau = 16", std::exp(log_gate(0, 16)), "", model),
                    scalar("life_zero", "half-life at x = 0, tau = 16", life_of(0, 16), "", model, "tokens")};
  result.checks = {check_between("life_16", "x = 0, tau = 16: the half-life is 16 steps", life_of(0, 16),
                                 16 - 1e-9, 16 + 1e-9, model),
                   check_between("alpha_9576", "x = 0, tau = 16: alpha = 0.9576", std::exp(log_gate(0, 16)),
                                 0.95755, 0.95765, model),
                   check_between("life_scales", "your x: the half-life is tau times the one at temperature 1",
                                 life / life_of(x, 1) / temperature, 1 - 1e-9, 1 + 1e-9, model)};
  return result;
}

}  // namespace alab::gla_chunking
