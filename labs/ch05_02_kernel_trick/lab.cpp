// Why may attention be computed without its N x N matrix? The student should be able to see attention as
// kernel smoothing, regroup products, build exact and random feature maps, and say where each must fail.
// SPDX-License-Identifier: MIT
#include "labs/lab.hpp"

#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"

namespace alab {
namespace kernel_trick {
namespace {

using Knobs = const Param* const;
constexpr Knobs kAssociativityKnobs[] = {&kLength, &kHeadDim, &params::seed};
constexpr Knobs kSmootherKnobs[] = {&kBandwidth, &kSamples, &kNoise, &params::seed};
constexpr Knobs kPolynomialKnobs[] = {&kPolyDim, &kPairs, &params::seed};
constexpr Knobs kPackingKnobs[] = {&kPackingBug, &kPolyDim, &params::seed};
constexpr Knobs kGramKnobs[] = {&kGramPoints, &kGramDim, &kKernel, &params::seed};
constexpr Knobs kSeriesKnobs[] = {&kSpan, &kSeriesDim};
constexpr Knobs kFourierKnobs[] = {&kFourierDim, &kDraws, &params::seed};
constexpr Knobs kRidgeKnobs[] = {&kFeatures, &kRidgePoints, &kRidgeBandwidth, &kPenalty, &params::seed};
constexpr Knobs kOrderKnobs[] = {&kOrderLength, &kOrderDim, &kMap, &params::seed};
constexpr Knobs kApplyKnobs[] = {&kApplyBug, &kBugLength, &kHeadDim, &params::seed};
constexpr Knobs kDenominatorKnobs[] = {&kLength, &kHeadDim, &params::seed};
constexpr Knobs kBackendKnobs[] = {&kLadder, &kLadderLength, &kLadderDim, &params::seed};

constexpr Experiment kExperiments[] = {
    {"associativity", "Regrouping three matrices",
     "The same Q, K, V multiplied in two orders, and with a softmax in between.", kAssociativityKnobs, true,
     run_associativity},
    {"smoother", "Attention as a kernel smoother",
     "Noisy samples of a curve, and softmax attention over them with one query at each x.", kSmootherKnobs,
     false, run_smoother},
    {"polynomial", "An exact feature map", "phi(x).phi(y) against (x.y)^2 on random pairs.", kPolynomialKnobs,
     false, run_polynomial},
    {"packing", "Wrong packings", "Error of a feature map with one mistake, on inputs that show or hide it.",
     kPackingKnobs, false, run_packing},
    {"gram", "Gram matrices", "Eigenvalues of four functions on the same random points.", kGramKnobs, false,
     run_gram},
    {"series", "The series of exp",
     "Error of exp cut off at degree p, and how many features that degree costs.", kSeriesKnobs, false,
     run_series},
    {"fourier", "Random Fourier features",
     "Error of D random cosines against the Gaussian kernel, with the fitted slope.", kFourierKnobs, false,
     run_fourier},
    {"ridge", "Regression with random features",
     "One curve fitted with the exact kernel and with D random cosines.", kRidgeKnobs, false, run_ridge},
    {"orders", "Two evaluation orders", "Linear attention computed N x N first and m x d_v first.",
     kOrderKnobs, true, run_orders},
    {"apply_bugs", "Wrong normalisers", "Error of a wrong way to divide, against the eps that a test uses.",
     kApplyKnobs, true, run_apply_bugs},
    {"denominators", "Signs of the denominators", "phi(q).z of every query, for four feature maps.",
     kDenominatorKnobs, true, run_denominators},
    {"backends", "Backends",
     "Every rung of the ladder, simulated here and on a GPU if there is one, against double precision.",
     kBackendKnobs, true, run_backends},
};

constexpr std::string_view kObjectives[] = {
    "See softmax attention as kernel smoothing: a weighted mean with kernel values as weights.",
    "Use associativity to trade an N x N matrix for an m x d_v state, and say why softmax forbids it.",
    "Construct exact finite feature maps of polynomial kernels, packed and unpacked.",
    "Test positive definiteness on a Gram matrix, and say what a negative eigenvalue means.",
    "Explain why exp has no finite exact map, and what random features do instead, at which rate.",
    "Say why feature maps should not be negative when the output is normalised.",
};

}  // namespace
}  // namespace kernel_trick

extern const Lab lab_ch05_02_kernel_trick;
constinit const Lab lab_ch05_02_kernel_trick = {
    .id = "ch05_02_kernel_trick",
    .title = "Kernel trick",
    .question = "Why may attention be computed without its N x N matrix?",
    .chapter = 5,
    .objectives = kernel_trick::kObjectives,
    .experiments = kernel_trick::kExperiments,
    .steps = kernel_trick::kSteps,
    .quiz = kernel_trick::kQuiz,
    .readings = kernel_trick::kReadings,
    .glossary = kernel_trick::kGlossary,
};

}  // namespace alab
