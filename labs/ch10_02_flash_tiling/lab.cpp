// How can attention be exact, never store its N x N weights, and move less data? The student should be able
// to say which sum is rescaled, count what crosses the memory bus, and tell when the theorem does not help.
// Source: Dao, Fu, Ermon, Rudra, Ré 2022, arXiv:2205.14135; Dao 2023, arXiv:2307.08691.
// SPDX-License-Identifier: MIT
#include "labs/lab.hpp"

#include <array>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"

namespace alab {
namespace flash_tiling {
namespace {

using Knobs = const Param* const;
constexpr Knobs kExactnessKnobs[] = {&kLength, &kHeadDim, &kBlockM, &kBlockN, &params::causal, &params::seed};
constexpr Knobs kTilesKnobs[] = {&kShortLength, &kHeadDim,       &kSmallBlockM, &kSmallBlockN,
                                 &kLoopOrder,   &params::causal, &kWatchedRow,  &params::seed};
constexpr Knobs kMapKnobs[] = {&kMapLength, &kHeadDim, &params::causal, &params::seed};
constexpr Knobs kOrdersKnobs[] = {&kTiles, &kSpan, &kRescale, &params::seed};
constexpr Knobs kBugRescaleKnobs[] = {&kTrapLength, &kTrapBlockN, &kScoreScale, &params::seed};
constexpr Knobs kBugMergeKnobs[] = {&kTrapLength, &kHeadDim, &kTrapBlockN, &params::seed};
constexpr Knobs kTrafficKnobs[] = {&kPowerLength, &kPowerDim};
constexpr Knobs kCrossoverKnobs[] = {&kPowerLength, &kPowerDim, &kBytes, &kSramKib};
constexpr Knobs kLedgerKnobs[] = {&kBatch,        &kHeads,    &kLedgerLength, &kHeadDim,
                                  &kLedgerBlockN, &kMaskPass, &kDropoutPass};
constexpr Knobs kFusionKnobs[] = {&kMaskPass,    &kDropoutPass, &kFuseScores, &kFuseMask,
                                  &kFuseSoftmax, &kFuseDropout, &kFuseValues};
constexpr Knobs kCausalKnobs[] = {&kTileCount, &kTileSide, &params::seed};
constexpr Knobs kBackwardKnobs[] = {&kGradLength, &kGradDim, &params::causal, &params::seed};
constexpr Knobs kMemoryKnobs[] = {&kMaxLength, &kHeadDim, &kBlockM, &kBlockN, &params::seed};
constexpr Knobs kScalingKnobs[] = {&kMaxTimed, &kHeadDim, &params::seed};
constexpr Knobs kSparseKnobs[] = {&kPowerLength, &kPowerDim, &kSparseTiles, &kDensity, &params::seed};
constexpr Knobs kOccupancyKnobs[] = {&kGpuBatch, &kGpuHeads, &kGpuLength, &kGpuBlockM, &kHeadDim};
constexpr Knobs kBackendKnobs[] = {&kPass, &kLadderLength, &kLadderDim, &params::causal, &params::seed};

constexpr Experiment kExperiments[] = {
    {"exactness", "Dense against tiled",
     "The error of tiled attention for every tile width, against dense double precision.", kExactnessKnobs,
     true, run_exactness},
    {"tiles", "Tile by tile",
     "Each frame is one event of the tile loop; the numbers are the watched row's state after it.",
     kTilesKnobs, true, run_stepper},
    {"attention", "Attention map",
     "Rows are queries, columns are keys; hover a cell for its weight and its score.", kMapKnobs, true,
     run_map},
    {"rescale", "Adversarial orders",
     "How wrong the running output is after each tile, for three orders of the same scores.", kOrdersKnobs,
     false, run_orders},
    {"bug_rescale", "The printed rescale",
     "The error of the corrected and of the printed formula as the scores grow.", kBugRescaleKnobs, false,
     run_bug_rescale},
    {"bug_merge", "The printed merges",
     "The error of the running output after each tile, for one right and two printed updates.",
     kBugMergeKnobs, true, run_bug_merge},
    {"bug_mask", "The printed mask and the printed D",
     "Which tiles each causal test masks, and what a D of the wrong length does.", kBugMergeKnobs, true,
     run_bug_mask},
    {"traffic", "HBM accesses against M",
     "Algorithm 1's loops with a counter on every copy, for each M; then two CUDA kernels, counted as they "
     "run.",
     kTrafficKnobs, false, run_hbm},
    {"crossover", "Where tiling starts to pay",
     "Accesses of both loop orders against the level line of the three-kernel form.", kCrossoverKnobs, false,
     run_crossover},
    {"ledger", "Figure 2, entry by entry", "Each kernel's passes over HBM, added up for a printed shape.",
     kLedgerKnobs, false, run_ledger},
    {"fusion", "Fusion ledger", "N x N passes that remain when ticked neighbours share a kernel.",
     kFusionKnobs, false, run_fusion},
    {"causal", "Causal tiles",
     "The share of tiles that a causal mask leaves, counted, and what the clock makes of it.", kCausalKnobs,
     false, run_causal},
    {"backward", "Backward pass",
     "The row term D computed two ways, and gradients against finite differences.", kBackwardKnobs, true,
     run_backward},
    {"memory", "Memory against N",
     "Peak temporaries and saved arrays of the dense and the tiled form, counted from allocations.",
     kMemoryKnobs, false, run_memory},
    {"scaling", "Time against N",
     "Wall time of three forms on this CPU, and the memory of two, with fitted slopes.", kScalingKnobs, false,
     run_scaling},
    {"sparse", "Block-sparse traffic", "HBM accesses counted while a random share s of the tiles is kept.",
     kSparseKnobs, false, run_sparse},
    {"fa2", "FlashAttention-2 against 1",
     "Thread blocks, divisions, traffic and FLOPs per byte of the two loop orders.", kOccupancyKnobs, false,
     run_occupancy},
    {"backends", "Backends",
     "Every rung of the ladder, simulated here and on a GPU if there is one, against double precision.",
     kBackendKnobs, true, run_backends},
};

constexpr std::string_view kObjectives[] = {
    "Say why tiling with an online softmax is exact, and show where it fails when one rescale is forgotten "
    "or inverted.",
    "Count HBM accesses of standard and tiled attention, and read the slope -1 in M off a plot.",
    "Tell when the theorem does not help: M below 3 d^2, and what another loop order changes.",
    "Rebuild the HBM row of FlashAttention's Fig. 2 from passes over memory, and spot the row that does not "
    "fit.",
    "Count causal tiles, and explain why skipping them gives 1.7 to 1.8 times and not 2.",
    "Derive D = rowsum(dO * O) and check gradients of a recomputing backward pass.",
    "State what is saved for the backward pass, N (d + 1) against N^2, and what that means for long "
    "sequences.",
};

}  // namespace
}  // namespace flash_tiling

extern const Lab lab_ch10_02_flash_tiling;
constinit const Lab lab_ch10_02_flash_tiling = {
    .id = "ch10_02_flash_tiling",
    .title = "Flash tiling",
    .question = "How can attention be exact, never store its N x N weights, and still move less data?",
    .chapter = 10,
    .objectives = flash_tiling::kObjectives,
    .experiments = flash_tiling::kExperiments,
    .steps = flash_tiling::kSteps,
    .quiz = flash_tiling::kQuiz,
    .readings = flash_tiling::kReadings,
    .glossary = flash_tiling::kGlossary,
};

}  // namespace alab
