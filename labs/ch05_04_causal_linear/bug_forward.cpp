// Eight wrong kernels, each run beside the right one on eight tests: which test notices, and what the kernel
// computes instead. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"
#include "labs/ch05_04_causal_linear/wrong_kernels.hpp"

namespace alab::causal_linear {
namespace {

struct TestCase {
  std::string_view name;
  std::int64_t heads, seq_len, chunk_size, feature_dim, head_dim_v;
  int calls;  ///< launches on the same memory; the last one is judged
};
constexpr TestCase kTests[] = {{"one token", 1, 1, 8, 8, 8, 1},
                               {"one full chunk: N = C = 16", 1, 16, 16, 8, 8, 1},
                               {"N = 64, chunks of 16", 1, 64, 16, 8, 8, 1},
                               {"N = 61, chunks of 16", 1, 61, 16, 8, 8, 1},
                               {"N = 32, chunks of 1", 1, 32, 1, 8, 8, 1},
                               {"m = 8, dv = 16", 1, 32, 8, 8, 16, 1},
                               {"two heads", 2, 32, 8, 8, 8, 1},
                               {"second launch on the same memory", 1, 32, 8, 8, 8, 2}};

Tensor<float> run_test(ForwardBug bug, const LinearAttentionProblem<float>& p, const TestCase& test) {
  std::vector<float> memory;
  Tensor<float> out;
  for (int call = 0; call < test.calls; ++call) {
    out = kernel_with(bug, p, test.chunk_size, memory);
  }
  return out;
}

Tensor<double> truth_of(const LinearAttentionProblem<float>& p) {
  LinearAttentionOptions options;
  options.eps = static_cast<double>(kKernelEps);
  return linear_attention_recurrent(widened(p), options).output;
}

/// relL2 of each row of the last head.
std::vector<double> rows_error(const Tensor<float>& got, const Tensor<double>& truth) {
  const std::int64_t h = truth.extent(0) - 1;
  std::vector<double> errors;
  for (std::int64_t i = 0; i < truth.extent(1); ++i) {
    double apart = 0, size = 0;
    for (std::int64_t c = 0; c < truth.extent(2); ++c) {
      apart += std::pow(static_cast<double>(got(h, i, c)) - truth(h, i, c), 2);
      size += truth(h, i, c) * truth(h, i, c);
    }
    errors.push_back(std::max(std::sqrt(apart / size), 1e-9));
  }
  return errors;
}

struct Hunt {
  Table table;
  double noticed = 0, worst_right = 0, shown_error = 0;
  const TestCase* shown = nullptr;  ///< the longest test that notices
  std::vector<double> wrong_rows, right_rows;
};

Hunt hunt(ForwardBug bug, std::uint64_t seed, const Progress& progress) {
  Hunt h;
  const Provenance here = measured_here("float against double");
  h.table = {"who_sees_it",
             "Which test notices the bug?",
             "A test on which the wrong kernel is within 5e-6 cannot tell it from the right one.",
             {"test", "wrong kernel", "right kernel", "noticed"},
             {}};
  for (const TestCase& test : kTests) {
    progress.step(static_cast<double>(&test - kTests) / std::size(kTests), "running tests");
    const auto p = drawn_problem(test.heads, test.seq_len, test.feature_dim, test.head_dim_v, seed);
    const Tensor<double> truth = truth_of(p);
    std::vector<float> memory;
    const Tensor<float> got = run_test(bug, p, test),
                        right = is_chunked(bug) ? chunk_kernel(p, test.chunk_size, ForwardBug::none, memory)
                                                : recurrent_kernel(p, ForwardBug::none);
    const double wrong_error = rel_l2(got, truth), right_error = rel_l2(right, truth);
    const bool same = wrong_error <= kT32;
    h.noticed += same ? 0 : 1;
    h.worst_right = worse(h.worst_right, right_error);
    if (!same && (h.shown == nullptr || test.seq_len >= h.shown->seq_len)) {
      h.shown = &test;
      h.shown_error = wrong_error;
      h.wrong_rows = rows_error(got, truth);
      h.right_rows = rows_error(right, truth);
    }
    h.table.rows.push_back({Cell::words(std::string(test.name)), Cell::number(wrong_error, "error", here),
                            Cell::number(right_error, "error", here), Cell::words(same ? "no" : "yes")});
  }
  return h;
}

Plot rows_plot(const Hunt& h) {
  const Provenance here = measured_here("float against double");
  Plot plot{"rows",
            h.shown == nullptr ? std::string("No test notices the bug")
                               : text("Off by ", format_value(h.shown_error, ""), " in all: ", h.shown->name),
            "Error of each output row of the longest test that notices; the right kernel stays at rounding.",
            {"position", "tokens", false},
            {"relative error of the row", "", true},
            {}};
  std::vector<double> xs;
  for (std::size_t i = 0; i < h.wrong_rows.size(); ++i) {
    xs.push_back(static_cast<double>(i));
  }
  if (!xs.empty()) {
    plot.series = {plain("wrong", "wrong kernel", xs, h.wrong_rows, here, SeriesStyle::markers),
                   plain("right", "right kernel", xs, h.right_rows, here)};
  }
  return plot;
}

/// What the kernel applies to the values, minus what it should: fed the identity as values, a kernel that is
/// linear in them returns its weights.
Heatmap weights_map(ForwardBug bug, std::uint64_t seed) {
  constexpr std::int64_t kTokens = 29, kChunk = 8, kWide = 8;
  const std::int64_t heads = bug == ForwardBug::head_leak ? 2 : 1, last = heads - 1;
  const std::int64_t m = kWide;
  LinearAttentionProblem<float> p = drawn_problem(heads, kTokens, m, kTokens, seed);
  std::ranges::fill(p.value.span(), 0.0F);
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t i = 0; i < kTokens; ++i) {
      p.value(h, i, i) = 1;
    }
  }
  const Tensor<double> truth = truth_of(p);
  const Tensor<float> got =
      run_test(bug, p, {"", heads, kTokens, kChunk, m, kTokens, bug == ForwardBug::dirty_state ? 2 : 1});
  Heatmap map;
  map.key = "weights_off";
  map.title = "The weights that the wrong kernel applies, minus the right ones";
  map.note = text("N = ", kTokens, ", chunks of ", kChunk,
                  ". Blue: weight is missing. Red: too much. Values beyond 1 are drawn as 1.");
  map.value_label = "weight, wrong - right";
  map.row = {"query i", "position", false};
  map.col = {"key j", "position", false};
  map.rows = map.cols = kTokens;
  map.diverging = true;
  for (std::int64_t i = 0; i < kTokens; ++i) {
    for (std::int64_t j = 0; j < kTokens; ++j) {
      const double off = static_cast<double>(got(last, i, j)) - truth(last, i, j);
      map.values.push_back(static_cast<float>(std::clamp(off, -1.0, 1.0)));
    }
  }
  map.provenance = measured_here("the kernel run with the identity as values");
  return map;
}

}  // namespace

Result run_bug_forward(const ParamSet& params, const Context& context) {
  const auto bug = static_cast<ForwardBug>(params.choice(kForwardBug));
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const Hunt h = hunt(bug, seed, context.progress);
  const Provenance here = measured_here("float against double"),
                   counted = counted_by("tests with an error above 5e-6");
  const auto tests = static_cast<double>(std::size(kTests));
  Result result;
  result.input = text("normal, seed ", seed, ", phi = elu + 1");
  result.tables.push_back(h.table);
  result.plots.push_back(rows_plot(h));
  result.heatmaps.push_back(weights_map(bug, seed));
  result.scalars = {
      scalar("error_here", "error of the wrong kernel on the test shown", h.shown_error, "", here),
      scalar("noticed_by", "tests that notice", h.noticed, "count", counted),
      scalar("tests", "tests run", tests, "count", counted_by("the list of tests"))};
  result.checks = {
      check_between("pass_noticed", "at least one test notices the wrong kernel", h.noticed, 1, tests,
                    counted),
      check_at_most("pass_right", "the right kernel keeps 5e-6 on every test", h.worst_right, kT32, here)};
  return result;
}

}  // namespace alab::causal_linear
