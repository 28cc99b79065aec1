// The walk-through: steps with their predictions and pass lamps.
// SPDX-License-Identifier: MIT
#include "labs/ch05_02_kernel_trick/experiments.hpp"

namespace alab::kernel_trick {
namespace {

using Words = std::string_view;

constexpr Words kGroupOptions[] = {"equal, and equal with softmax too", "equal, but not with softmax",
                                   "not equal in either case"};
constexpr Words kNarrowOptions[] = {"the mean of all values", "the value of the nearest key",
                                    "zero, as all weights vanish", "the largest value"};
constexpr Words kPackingOptions[] = {"vectors along one axis, and d = 1", "normal vectors", "all ones",
                                     "every input notices it"};
constexpr Words kGramOptions[] = {"(x.y)^2", "exp(-|x - y|^2 / 2)", "exp(x.y)", "tanh(x.y - 1)"};
constexpr Words kHalfOptions[] = {"1.4 times", "2 times", "4 times", "16 times"};
constexpr Words kMemoryOptions[] = {"800 kB", "80 MB", "80 GB", "8 TB"};
constexpr Words kEpsOptions[] = {"0.5", "1e-6", "either of them", "neither: the line is right"};
constexpr Words kSignOptions[] = {"none", "about one in ten", "about half", "all"};

constexpr Words kBackendOptions[] = {"they do not: lost additions are rare", "each block owns a part of S",
                                     "the CPU adds them up"};

constexpr Words kGroupLamps[] = {"regrouped_t32", "state_t32", "softmax_differs"};
constexpr Words kSmootherLamps[] = {"same", "convex"};
constexpr Words kPolynomialLamps[] = {"exact_map", "packed_size"};
constexpr Words kPackingLamps[] = {"bug_noticed", "right_exact"};
constexpr Words kGramLamps[] = {"psd_quadratic", "psd_gaussian", "psd_exp", "negative_tanh",
                                "rank_is_features"};
constexpr Words kSeriesLamps[] = {"degree_2", "degree_4", "falls"};
constexpr Words kFourierLamps[] = {"slope_half", "root_low", "root_high", "claim_holds"};
constexpr Words kRidgeLamps[] = {"primal_dual", "closer"};
constexpr Words kOrderLamps[] = {"scores_t32", "state_t32", "scores_peak", "state_peak"};
constexpr Words kApplyLamps[] = {"bug_noticed", "right_exact"};
constexpr Words kSignLamps[] = {"positive_elu1", "positive_quadratic", "half"};

constexpr Prediction choose(Words question, std::span<const Words> options, int correct) {
  return {.kind = PredictionKind::choice, .question = question, .options = options, .correct = correct};
}
constexpr Prediction number(Words question, Words truth, double tolerance, Words unit = {}) {
  return {.kind = PredictionKind::number,
          .question = question,
          .truth = truth,
          .tolerance = tolerance,
          .unit = unit};
}

}  // namespace

constinit const std::array<Step, kStepCount> kSteps{{
    {"associativity", "Two ways to group three matrices", StepKind::lesson, "associativity",
     "seq_len=256 head_dim=32", "weights", choose("(Q K^T) V and Q (K^T V) are ...", kGroupOptions, 1),
     kGroupLamps},
    {"smoother", "Attention is a weighted mean", StepKind::lesson, "smoother",
     "bandwidth=0.15 points=60 noise=0.3", "fit",
     choose("As the bandwidth h goes to 0, the output at x becomes ...", kNarrowOptions, 1), kSmootherLamps},
    {"polynomial", "An exact feature map", StepKind::lesson, "polynomial", "head_dim=8 pairs=1000",
     "identity",
     number("How many features does the packed map of (x.y)^2 have for d = 8?", "features", 0.01, "features"),
     kPolynomialLamps},
    {"bug_packing", "A missing root", StepKind::find_the_bug, "packing", "bug=no_root head_dim=8",
     "who_sees_it", choose("Which test inputs do NOT notice the mistake?", kPackingOptions, 0),
     kPackingLamps},
    {"gram", "Which of these is a kernel?", StepKind::lesson, "gram", "points=40 head_dim=4 kernel=tanh",
     "eigenvalues", choose("One of these is not a kernel. Which?", kGramOptions, 3), kGramLamps},
    {"series", "Why exp has no finite map", StepKind::lesson, "series", "span=1 head_dim=64", "error",
     number("|x.y| up to 1: which degree is the first with an error of 0.01 or less?", "degree_enough", 0.01),
     kSeriesLamps},
    {"fourier", "Random features", StepKind::lesson, "fourier", "head_dim=8 draws=40", "error",
     choose("To halve the error one needs how many times the features?", kHalfOptions, 2), kFourierLamps},
    {"ridge", "What features buy", StepKind::lesson, "ridge",
     "features=32 points=100 bandwidth=0.15 penalty=0.1", "fit",
     choose("100 000 points: how large is the exact Gram matrix in double precision?", kMemoryOptions, 2),
     kRidgeLamps},
    {"orders", "Linear attention, in two orders", StepKind::lesson, "orders",
     "seq_len=512 head_dim=64 map=elu1", "temporaries",
     number("N = 512, m = d_v = 64: the largest temporary shrinks by which factor?", "temporary_ratio", 0.02,
            "times"),
     kOrderLamps},
    {"bug_eps", "An eps too many", StepKind::find_the_bug, "apply_bugs",
     "bug=eps_per_term seq_len=128 head_dim=32", "error",
     choose("A test with tolerance 5e-6 catches the bug with eps = ...", kEpsOptions, 0), kApplyLamps},
    {"denominators", "When a denominator changes its sign", StepKind::lesson, "denominators",
     "seq_len=256 head_dim=32", "denominators",
     choose("phi(x) = x, normal q and k: how many of 256 denominators are not positive?", kSignOptions, 2),
     kSignLamps},
    {"backends",
     "A state without collisions",
     StepKind::lesson,
     "backends",
     "op=kv_state seq_len=64 head_dim=32",
     "backends",
     choose("All tokens add to the same S. How do the kernels avoid a race?", kBackendOptions, 1),
     {}},
    {.key = "errata", .title = "What the reading list gets wrong", .kind = StepKind::errata},
}};

}  // namespace alab::kernel_trick
