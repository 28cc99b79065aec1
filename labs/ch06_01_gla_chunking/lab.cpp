// How can a decay that differs by token and channel be computed in chunks without leaving the number format?
// The student should be able to say why the textbook form divides by zero, compute the largest safe chunk,
// and tell which pairs may use tensor cores. Source: Yang et al. 2024, arXiv:2312.06635.
// SPDX-License-Identifier: MIT
#include "labs/lab.hpp"

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"

namespace alab {
namespace gla_chunking {
namespace {

using Knobs = const Param* const;
constexpr Knobs kNaiveKnobs[] = {&kAlpha, &kLongLength, &kHeadDim, &kMask, &params::seed};
constexpr Knobs kFormKnobs[] = {&kAlphaLow, &kAlphaHigh, &kGates,    &kTemperature, &kLength,
                                &kHeadDim,  &kChunk,     &kSubChunk, &params::seed};
constexpr Knobs kLimitKnobs[] = {&kAlpha};
constexpr Knobs kPairKnobs[] = {&kChunk, &kSubChunk, &kHeadDim, &params::seed};
constexpr Knobs kGradientKnobs[] = {&kAlphaLow,   &kAlphaHigh, &kGates,      &kTemperature,
                                    &kGradLength, &kGradDim,   &params::seed};
constexpr Knobs kLifeKnobs[] = {&kLogit, &kTemperature, &params::seed};
constexpr Knobs kScalarKnobs[] = {&kAlphaLow, &kAlphaHigh, &kLength, &kHeadDim, &kChunk, &params::seed};
constexpr Knobs kScopeKnobs[] = {&kAlpha, &kFormat,   &kNarrow,   &kShortLength,
                                 &kChunk, &kSubChunk, &kScopeDim, &params::seed};
constexpr Knobs kStateKnobs[] = {&kGated,       &kAlphaLow,    &kAlphaHigh, &kGates,
                                 &kTemperature, &kStateLength, &kHeadDim,   &params::seed};
constexpr Knobs kWeightKnobs[] = {&kAlphaLow,  &kAlphaHigh, &kGates,      &kTemperature,
                                  &kMapLength, &kHeadDim,   &params::seed};
constexpr Knobs kThreeKnobs[] = {&kChunk, &kSubChunk,    &kInside,      &kAlphaLow, &kAlphaHigh,
                                 &kGates, &kTemperature, &kFormsLength, &kFormsDim, &params::seed};
constexpr Knobs kSumKnobs[] = {&kMeanLog, &kSumLength, &params::seed};
constexpr Knobs kBugKnobs[] = {&kBug, &kTrial, &params::seed};
constexpr Knobs kGammaKnobs[] = {&kGammaKept, &kRetentionChunk, &params::seed};
constexpr Knobs kConventionKnobs[] = {&kFla, &kConventionLength, &kConventionChunk, &params::seed};
constexpr Knobs kBackendKnobs[] = {&kAlphaLow, &kAlphaHigh, &kLadderLength, &kLadderDim, &params::seed};

constexpr std::string_view kObjectives[] = {
    "Read a gated recurrence, and say what a gate per channel adds to linear attention.",
    "Say why the textbook parallel form gives NaN, and compute the first step at which it does.",
    "Compute the largest safe chunk in fp16, bf16 and fp32 from the size of the decay.",
    "Explain two-level chunks: which pairs are matrix products, which need log space, and why no exponent is "
    "positive.",
    "Derive the gradient of every gate from q, dq, k and dk.",
    "Turn a gate and its temperature into a half-life.",
    "Say what a scalar gate gains and what it gives up.",
};

}  // namespace

constinit const std::array<Experiment, kExperimentCount> kExperiments{{
    {"naive", "The textbook form", "The product of the gates, its inverse, and the tokens that are lost.",
     kNaiveKnobs, true, run_naive},
    {"forms", "Five implementations",
     "Five ways to compute one definition, on three ranges of gates and on yours.", kFormKnobs, true,
     run_forms},
    {"chunk_limit", "The largest safe chunk", "At which position of a chunk 1/b leaves each number format.",
     kLimitKnobs, false, run_chunk_limit},
    {"pairs", "Pairs in log space", "Which pairs of a chunk are matrix products and which are not.",
     kPairKnobs, false, run_pairs},
    {"gate_gradient", "The gradient of a gate",
     "The closed form of every gate's gradient against finite differences.", kGradientKnobs, true,
     run_gradient},
    {"half_life", "Temperature and memory", "How long a write lasts for a logit and a temperature.",
     kLifeKnobs, false, run_half_life},
    {"scalar_gate", "One gate per token", "Forms with a scalar gate, and the mask that they share.",
     kScalarKnobs, true, run_scalar_gate},
    {"microscope", "Overflow microscope",
     "Correct digits of each token's output for five forms in three number formats.", kScopeKnobs, false,
     run_microscope},
    {"state", "The state over tokens", "The matrix S_t after each token, its norm and its effective rank.",
     kStateKnobs, true, run_state},
    {"weights", "The weights it applies", "The N x N weights of the gated head beside softmax's.",
     kWeightKnobs, true, run_weights},
    {"three_forms", "From a recurrence to one block",
     "Difference, work and time of the three forms as the chunk grows from 1 to N.", kThreeKnobs, true,
     run_three_forms},
    {"segment_sum", "Segment sums",
     "Error of a decay mask made from differences of one sum, and from segment sums.", kSumKnobs, false,
     run_segment_sum},
    {"bug_hunt", "Wrong forms", "Error of a form with one mistake, and the tests that notice it.", kBugKnobs,
     false, run_bug},
    {"bug_gamma", "The printed chunk state", "Error over the heads of retention, with one factor left out.",
     kGammaKnobs, false, run_bug_gamma},
    {"conventions", "The fla library",
     "Recurrences of the library, each in several forms, with its conventions.", kConventionKnobs, false,
     run_conventions},
    {"backends", "The same head on every backend",
     "Every rung of the ladder, simulated here and on a GPU if there is one, against double precision.",
     kBackendKnobs, true, run_backends},
}};

}  // namespace gla_chunking

extern const Lab lab_ch06_01_gla_chunking;
constinit const Lab lab_ch06_01_gla_chunking = {
    .id = "ch06_01_gla_chunking",
    .title = "GLA chunking",
    .question =
        "How can a decay per token and channel be computed in chunks without leaving the number format?",
    .chapter = 6,
    .objectives = gla_chunking::kObjectives,
    .experiments = gla_chunking::kExperiments,
    .steps = gla_chunking::kSteps,
    .quiz = gla_chunking::kQuiz,
    .readings = gla_chunking::kReadings,
    .glossary = gla_chunking::kGlossary,
};

}  // namespace alab
