// Three wrong backward kernels: which gradient they spoil, and which test notices.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"
#include "labs/ch05_04_causal_linear/wrong_kernels.hpp"
#include "reference/core/rng.hpp"

namespace alab::causal_linear {
namespace {

struct TestCase {
  std::string_view name;
  std::int64_t seq_len, feature_dim, head_dim_v;
};
constexpr TestCase kTests[] = {{"one token", 1, 8, 8},
                               {"N = 32, m = dv = 8", 32, 8, 8},
                               {"N = 32, m = 8, dv = 16", 32, 8, 16},
                               {"N = 33, m = dv = 1", 33, 1, 1}};

Tensor<float> gradient_of_loss(const Shape& shape, std::uint64_t seed) {
  Rng rng(seed);
  Tensor<float> g(shape);
  for (float& x : g.span()) {
    x = static_cast<float>(rng.normal());
  }
  return g;
}

struct Errors {
  double dq = 0, dk = 0, dv = 0;
  double worst() const { return worse(worse(dq, dk), dv); }
};

Errors errors_of(const LinearAttentionGradients<float>& got, const LinearAttentionGradients<double>& truth) {
  return {rel_l2(got.dq, truth.dq), rel_l2(got.dk, truth.dk), rel_l2(got.dv, truth.dv)};
}

/// relL2 of each token's gradient of the keys.
std::vector<double> rows_error(const Tensor<float>& got, const Tensor<double>& truth) {
  std::vector<double> errors;
  for (std::int64_t i = 0; i < truth.extent(1); ++i) {
    double apart = 0, size = 0;
    for (std::int64_t c = 0; c < truth.extent(2); ++c) {
      apart += std::pow(static_cast<double>(got(0, i, c)) - truth(0, i, c), 2);
      size += truth(0, i, c) * truth(0, i, c);
    }
    errors.push_back(std::max(std::sqrt(apart / size), 1e-9));
  }
  return errors;
}

Plot tokens_plot(const LinearAttentionGradients<float>& got, const LinearAttentionGradients<double>& truth) {
  const Provenance here = measured_here("float against double");
  Plot plot{"tokens_off",
            "Which tokens get a wrong gradient",
            "Error of dQ, dK and dV of the wrong kernel, token by token, N = 32, m = dv = 8.",
            {"position", "tokens", false},
            {"relative error", "", true},
            {}};
  std::vector<double> xs;
  for (std::int64_t i = 0; i < truth.dq.extent(1); ++i) {
    xs.push_back(static_cast<double>(i));
  }
  plot.series = {plain("dq", "dQ", xs, rows_error(got.dq, truth.dq), here, SeriesStyle::line_and_markers),
                 plain("dk", "dK", xs, rows_error(got.dk, truth.dk), here, SeriesStyle::line_and_markers),
                 plain("dv", "dV", xs, rows_error(got.dv, truth.dv), here, SeriesStyle::line_and_markers)};
  return plot;
}

}  // namespace

Result run_bug_backward(const ParamSet& params, const Context& context) {
  const auto bug = static_cast<BackwardBug>(params.choice(kBackwardBug));
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const Provenance here = measured_here("float against double");
  LinearAttentionOptions options;
  options.normalize = false;
  Result result;
  result.input = text("normal, seed ", seed, ", phi = elu + 1");
  Table table{"gradients_off",
              "Errors of the wrong kernel, gradient by gradient",
              "The right kernel is within 5e-6 in every cell.",
              {"test", "dQ", "dK", "dV", "noticed"},
              {}};
  double noticed = 0, worst_right = 0;
  for (const TestCase& test : kTests) {
    context.progress.step(static_cast<double>(&test - kTests) / std::size(kTests), "running tests");
    const auto p = drawn_problem(1, test.seq_len, test.feature_dim, test.head_dim_v, seed);
    const Tensor<float> g = gradient_of_loss(p.value.shape(), seed + 7);
    const auto truth = linear_attention_backward(widened(p), g.cast<double>(), options);
    const auto got = backward_kernel(p, g, bug);
    const Errors wrong = errors_of(got, truth),
                 right = errors_of(backward_kernel(p, g, BackwardBug::none), truth);
    worst_right = worse(worst_right, right.worst());
    const bool same = wrong.worst() <= kT32;
    noticed += same ? 0 : 1;
    table.rows.push_back({Cell::words(std::string(test.name)), Cell::number(wrong.dq, "error", here),
                          Cell::number(wrong.dk, "error", here), Cell::number(wrong.dv, "error", here),
                          Cell::words(same ? "no" : "yes")});
    if (&test == &kTests[1]) {
      result.plots.push_back(tokens_plot(got, truth));
      result.scalars = {scalar("error_dq", "error of dQ", wrong.dq, "error", here),
                        scalar("error_dk", "error of dK", wrong.dk, "error", here),
                        scalar("error_dv", "error of dV", wrong.dv, "error", here)};
    }
  }
  result.tables.push_back(std::move(table));
  const auto tests = static_cast<double>(std::size(kTests));
  const Provenance counted = counted_by("tests with an error above 5e-6");
  result.scalars.push_back(scalar("noticed_by", "tests that notice", noticed, "count", counted));
  result.scalars.push_back(scalar("tests", "tests run", tests, "count", counted_by("the list of tests")));
  result.checks = {
      check_between("pass_noticed", "at least one test notices the wrong kernel", noticed, 1, tests, counted),
      check_at_most("pass_right", "the right kernel keeps 5e-6 on every test", worst_right, kT32, here)};
  return result;
}

}  // namespace alab::causal_linear
