// A whole transformer: C = 6 N D from the parameters, and what the context adds.
// SPDX-License-Identifier: MIT
#include "labs/ch05_01_complexity_analysis/costs.hpp"
#include "labs/ch05_01_complexity_analysis/experiments.hpp"
#include "labs/ch05_01_complexity_analysis/params.hpp"
#include "reference/complexity.hpp"

namespace alab::complexity {

Result run_model(const ParamSet& params, const Context& context) {
  context.progress.step(0, "evaluating formulas");
  const double layers = params.real(kLayers), width = params.real(kModelDim), at = params.real(kModelContext);
  const double parameters = transformer_parameters(layers, width);
  const double from_parameters = training_flops_per_token(parameters);
  const std::vector<double> ns = doublings(128, 1048576);
  std::vector<double> level_line, pairs, kaplan, linear;
  for (const double n : ns) {
    level_line.push_back(from_parameters);
    pairs.push_back(context_training_flops(layers, width, n));
    kaplan.push_back(context_training_flops_kaplan(layers, width, n));
    linear.push_back(context_training_flops(layers, width, 64));  // heads of 64, elu + 1: N is replaced by m
  }
  const Provenance six = modelled_by("6 P, P = 12 n_layer d_model^2"),
                   twelve = modelled_by("12 n_layer d_model N"),
                   six_context = modelled_by("6 n_layer d_model N (Kaplan et al. 2020)"),
                   state = modelled_by("12 n_layer d_model m, m = 64: 4 N m d in place of 4 N^2 d");
  Plot plot{"per_token",
            text("Attention costs as much as the parameters at N = ", format_value(6 * width, "count"),
                 ", or at ", format_value(12 * width, "count"), " by Kaplan's count"),
            "Training FLOPs per token, forward and backward, of all layers.",
            {"context N", "tokens", true},
            {"training FLOPs per token", "", true},
            {}};
  plot.series = {
      plain("parameters", "parameters, 6 P", ns, level_line, six),
      fitted("pairs", "softmax attention, every pair", ns, pairs, twelve),
      fitted("kaplan", "softmax attention, Kaplan's count", ns, kaplan, six_context, SeriesStyle::dashed),
      plain("linear", "linear attention, m = 64", ns, linear, state)};
  Result result;
  result.plots.push_back(std::move(plot));
  const double share = context_training_flops(layers, width, at) /
                       (from_parameters + context_training_flops(layers, width, at));
  result.scalars = {scalar("kaplan_context", "context where both terms are equal, Kaplan's count", 12 * width,
                           "count", modelled_by("72 n_layer d_model^2 = 6 n_layer d_model N"), "tokens"),
                    scalar("pairs_context", "the same with every pair counted", 6 * width, "count",
                           modelled_by("72 n_layer d_model^2 = 12 n_layer d_model N"), "tokens"),
                    scalar("parameters", "parameters, without embeddings", parameters, "count",
                           modelled_by("12 n_layer d_model^2")),
                    scalar("parameter_flops", "training FLOPs per token from the parameters", from_parameters,
                           "count", six),
                    scalar("attention_share", "attention's share at your context", 100 * share, "",
                           modelled_by("12 n_layer d_model N / (6 P + 12 n_layer d_model N)"), "%")};
  result.checks = {
      check_exactly("equal_kaplan", "at N = 12 d_model Kaplan's context term equals 6 P (ratio)",
                    context_training_flops_kaplan(layers, width, 12 * width) / from_parameters, 1,
                    six_context),
      check_exactly("equal_pairs", "at N = 6 d_model the full count equals 6 P (ratio)",
                    context_training_flops(layers, width, 6 * width) / from_parameters, 1, twelve)};
  return result;
}

}  // namespace alab::complexity
