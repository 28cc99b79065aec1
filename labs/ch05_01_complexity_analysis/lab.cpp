// What does attention cost, and from where on does linear attention pay? The student should be able to count
// FLOPs, bytes and stored state, read an exponent off a log-log plot, and tell asymptotics from a roofline.
// SPDX-License-Identifier: MIT
#include "labs/lab.hpp"

#include "labs/ch05_01_complexity_analysis/experiments.hpp"
#include "labs/ch05_01_complexity_analysis/ladders.hpp"
#include "labs/ch05_01_complexity_analysis/params.hpp"

namespace alab {
namespace complexity {
namespace {

using Knobs = const Param* const;
constexpr Knobs kCalculatorKnobs[] = {&kLength, &kHeadDim, &kMap, &kChunk};
constexpr Knobs kSlopeKnobs[] = {&kLongestTimed, &kTimedDim, &params::seed};
constexpr Knobs kCrossoverKnobs[] = {&kMap, &kTimedDim, &params::seed};
constexpr Knobs kDecodeKnobs[] = {&kContext, &kDecodeDim, &kCacheBytes, &kStateBytes, &params::seed};
constexpr Knobs kChunkKnobs[] = {&kChunkLength, &kHeadDim, &kChunk, &kGpu, &params::seed};
constexpr Knobs kLraKnobs[] = {&kFrom};
constexpr Knobs kRooflineKnobs[] = {&kGpu, &kPrecision, &kRoofLength, &kRoofDim, &kGroup, &kBlockM};
constexpr Knobs kExplorerKnobs[] = {&kGpu, &kPrecision, &kExplorerLongest, &kHeadDim,
                                    &kMap, &kChunk,     &params::seed};
constexpr Knobs kModelKnobs[] = {&kLayers, &kModelDim, &kModelContext};
constexpr Knobs kBackendKnobs[] = {&kLadder, &kLadderLength, &kLadderDim, &params::seed};

constexpr Experiment kExperiments[] = {
    {"calculator", "What one head costs",
     "FLOPs, bytes, temporaries and kept arrays of each form, counted while its loops are walked.",
     kCalculatorKnobs, false, run_calculator},
    {"slopes", "Time against N", "Wall time of softmax and linear attention here, with fitted slopes.",
     kSlopeKnobs, false, run_slopes},
    {"crossover", "Where the lines meet",
     "Counted FLOPs and measured time of both forms against N; the crossing is marked in the table.",
     kCrossoverKnobs, false, run_crossover},
    {"decode", "One more token",
     "Bytes and time to generate one token, with a growing cache and with a state.", kDecodeKnobs, true,
     run_decode},
    {"chunk", "The chunk size", "FLOPs, temporaries, intensity and time of the chunkwise form against C.",
     kChunkKnobs, true, run_chunk},
    {"lra", "Long Range Arena, Table 2",
     "Printed memory and speed of nine models, and the exponents they imply.", kLraKnobs, false, run_lra},
    {"averages",
     "Long Range Arena, Table 1",
     "Printed averages beside the means of the printed scores.",
     {},
     false,
     run_averages},
    {"roofline", "Attention under the roof",
     "Counted intensities of five ways of attention under the roof of a GPU you choose.", kRooflineKnobs,
     false, run_roofline},
    {"explorer", "Crossover explorer",
     "Counted, modelled, measured and printed ratios of softmax to linear attention against N.",
     kExplorerKnobs, false, run_explorer},
    {"model", "A whole transformer", "Training FLOPs per token from the parameters and from the context.",
     kModelKnobs, false, run_model},
    {"backends", "Backends",
     "Every rung of the ladder, simulated here and on a GPU if there is one, against double precision.",
     kBackendKnobs, true, run_backends},
};

constexpr std::string_view kObjectives[] = {
    "Count FLOPs, bytes and stored state of softmax, tiled, linear and chunkwise attention, and of decoding.",
    "Read an exponent as the slope of a log-log plot, and say what bends it at small N.",
    "Find crossovers: in FLOPs at N = m, in bytes and time elsewhere.",
    "Tell asymptotics from a roofline: what limits a form on a given GPU.",
    "Recompute exponents and averages of published tables, and spot the entries that do not fit.",
    "Use C = 6 N D for a whole transformer, and say from which context on attention dominates.",
};

}  // namespace
}  // namespace complexity

extern const Lab lab_ch05_01_complexity_analysis;
constinit const Lab lab_ch05_01_complexity_analysis = {
    .id = "ch05_01_complexity_analysis",
    .title = "Complexity analysis",
    .question = "What does attention cost, and from where on does linear attention pay?",
    .chapter = 5,
    .objectives = complexity::kObjectives,
    .experiments = complexity::kExperiments,
    .steps = complexity::kSteps,
    .quiz = complexity::kQuiz,
    .readings = complexity::kReadings,
    .glossary = complexity::kGlossary,
};

}  // namespace alab
