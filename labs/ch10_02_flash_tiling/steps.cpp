// The walk-through as data: what is asked, what is run, which lamp must light. Prose is in text.md.
// SPDX-License-Identifier: MIT
#include <array>

#include "labs/ch10_02_flash_tiling/experiments.hpp"

namespace alab::flash_tiling {
namespace {

using Words = std::string_view;

constexpr Prediction choose(Words question, std::span<const Words> options, int correct) {
  Prediction p;
  p.kind = PredictionKind::choice;
  p.question = question;
  p.options = options;
  p.correct = correct;
  return p;
}
constexpr Prediction number(Words question, Words truth, double tolerance, Words unit = "") {
  Prediction p;
  p.kind = PredictionKind::number;
  p.question = question;
  p.truth = truth;
  p.tolerance = tolerance;
  p.unit = unit;
  return p;
}
constexpr Prediction draw(Words question, Words plot, Words series) {
  Prediction p;
  p.kind = PredictionKind::curve;
  p.question = question;
  p.plot = plot;
  p.series = series;
  return p;
}

constexpr std::array<Words, 4> kExactOptions{
    "The matmul FLOPs grow; the result stays", "The result changes by more than rounding",
    "Neither: same matmul FLOPs, same result up to rounding", "Both change"};
constexpr std::array<Words, 4> kOrderOptions{"Ascending, 0 to 8", "Descending, 8 to 0",
                                             "Zeros and one late spike of 8", "None of them"};
constexpr std::array<Words, 3> kRescaleOptions{"A, line 3 is wrong", "B, line 3 is wrong",
                                               "Neither: two ways to write the same"};
constexpr std::array<Words, 3> kMergeOptions{"A is right", "B is right", "C is right"};
constexpr std::array<Words, 4> kFigureOptions{"The HBM row", "The GFLOPs row", "The runtime row",
                                              "All three rows fit"};
constexpr std::array<Words, 3> kMaskOptions{"A: every row less than every column",
                                            "B: every row greater than every column",
                                            "Both: the tile lies off the diagonal either way"};
constexpr std::array<Words, 3> kRowTermOptions{
    "Equal, whatever the inputs", "Equal only without a causal mask", "Close, but one is an approximation"};
constexpr std::array<Words, 3> kShapeOptions{"A: one entry per column of O", "B: one entry per query",
                                             "Either: they broadcast to the same thing"};
constexpr std::array<Words, 3> kTimeOptions{"From 2 to 1: linear time", "It stays 2", "From 2 to about 1.5"};
constexpr std::array<Words, 4> kSparseOptions{"Exactly half", "A little more than half", "A quarter",
                                              "Unchanged: Q is still read"};
constexpr std::array<Words, 3> kLadderOptions{"The same bits on every rung",
                                              "Different bits, errors of the same size",
                                              "Faster rungs are clearly less accurate"};

constexpr std::array<Words, 2> kExactLamps{"pass_tiled_error", "pass_same_flops"};
constexpr std::array<Words, 3> kTileLamps{"pass_prefix", "pass_prefix_logsumexp", "pass_tiled_error"};
constexpr std::array<Words, 1> kMapLamps{"pass_rows_sum"};
constexpr std::array<Words, 4> kOrderLamps{"pass_off_ascending", "pass_off_spike", "pass_off_descending",
                                           "pass_on_all"};
constexpr std::array<Words, 3> kRescaleLamps{"pass_inverse_unit", "pass_inverse_eight", "pass_right"};
constexpr std::array<Words, 3> kMergeLamps{"pass_right", "pass_printed_normalised",
                                           "pass_printed_accumulator"};
constexpr std::array<Words, 3> kTrafficLamps{"pass_slope", "pass_ratio_low", "pass_ratio_high"};
constexpr std::array<Words, 1> kCrossingLamps{"pass_crossing"};
constexpr std::array<Words, 3> kLedgerLamps{"pass_standard", "pass_flash", "pass_flash_literal"};
constexpr std::array<Words, 1> kFlopLamps{"pass_flop_ratio"};
constexpr std::array<Words, 3> kFusionLamps{"pass_unfused", "pass_bare", "pass_fused"};
constexpr std::array<Words, 3> kCausalLamps{"pass_fractions", "pass_chosen", "pass_clock"};
constexpr std::array<Words, 3> kMaskLamps{"pass_no_leak", "pass_leaks", "pass_right"};
constexpr std::array<Words, 3> kBackwardLamps{"pass_row_term", "pass_gradients", "pass_tiled"};
constexpr std::array<Words, 1> kShapeLamps{"pass_wrong_shape"};
constexpr std::array<Words, 3> kMemoryLamps{"pass_flash_slope", "pass_dense_slope", "pass_formula"};
constexpr std::array<Words, 3> kTimeLamps{"pass_slope_tiled", "pass_slope_dense", "pass_faster"};
constexpr std::array<Words, 2> kSparseLamps{"pass_r2", "pass_sparse_error"};
constexpr std::array<Words, 6> kTwoLamps{"pass_blocks_fa1",    "pass_blocks_fa2", "pass_divisions_fa1",
                                         "pass_divisions_fa2", "pass_equal",      "pass_intensity"};

}  // namespace

constinit const std::array<Step, kStepCount> kSteps{{
    {"exactness", "1. Does tiling change the answer?", StepKind::lesson, "exactness",
     "seq_len=256 block_m=64 block_n=64 causal=false", "width",
     choose("A tiled run against the dense one: what changes?", kExactOptions, 2), kExactLamps},
    {"tiles", "Watch the tiles", StepKind::lesson, "tiles",
     "seq_len=48 block_m=16 block_n=16 loop_order=fa2 causal=true watched_row=40", "tiles",
     number("48 tokens, tiles of 16 x 16, causal. How many of the 9 tiles are skipped?", "skipped", 0.01,
            "tiles"),
     kTileLamps},
    {"attention", "The map that is never stored", StepKind::lesson, "attention", "seq_len=64 causal=true",
     "attention",
     number("What share of its weight does a query give to the first token, on average?", "first_share", 0.3),
     kMapLamps},
    {"rescale", "2. What if the rescale is forgotten?", StepKind::lesson, "rescale",
     "tiles=8 span=8 rescale=false", "prefix_errors",
     choose("The rescale is switched off. Which order of scores still comes out right?", kOrderOptions, 1),
     kOrderLamps},
    {"bug_rescale", "Line 10 of a famous algorithm", StepKind::find_the_bug, "bug_rescale",
     "seq_len=256 block_n=64", "rules", choose("Which version is wrong?", kRescaleOptions, 0), kRescaleLamps},
    {"bug_merge", "Merging two tiles", StepKind::find_the_bug, "bug_merge", "seq_len=256 block_n=64", "merge",
     choose("Which update survives a second tile?", kMergeOptions, 2), kMergeLamps},
    {"traffic", "3. How much traffic does memory buy off?", StepKind::lesson, "traffic",
     "seq_len=1024 head_dim=64", "accesses",
     draw("Draw the HBM accesses of Algorithm 1 against the on-chip memory M. Both axes are logarithmic.",
          "accesses", "counted"),
     kTrafficLamps},
    {"crossover", "4. When does Algorithm 1 lose?", StepKind::lesson, "crossover",
     "seq_len=2048 head_dim=128 element_bytes=2 sram_kib=96", "crossover",
     number("head_dim 128, fp16: how many KiB on chip before Algorithm 1 moves less than three kernels?",
            "rule_kib", 0.1, "KiB"),
     kCrossingLamps},
    {"ledger", "5. Where do 40 GB come from?", StepKind::lesson, "ledger",
     "batch=64 heads=16 seq_len=1024 head_dim=64 block_n=256 mask_pass=true dropout_pass=true",
     "standard_passes",
     number("One N x N pass is 2.15 GB, and 40.3 GB were printed. About how many passes does the standard "
            "form make?",
            "squares", 0.1, "passes"),
     kLedgerLamps},
    {"bug_figure", "One row of Fig. 2 does not fit", StepKind::find_the_bug, "ledger",
     "batch=64 heads=16 seq_len=1024 head_dim=64 block_n=256", "figure_2",
     choose("Which printed row contradicts the printed shape?", kFigureOptions, 1), kFlopLamps},
    {"fusion", "Which fusion removes which pass?", StepKind::lesson, "fusion",
     "mask_pass=true dropout_pass=true fuse_scores=false fuse_mask=true fuse_softmax=true fuse_dropout=true "
     "fuse_values=false",
     "passes",
     number("Mask, softmax and dropout become one kernel. How many of the 18 passes remain?", "yours", 0.01,
            "passes"),
     kFusionLamps},
    {"causal", "6. Why not twice as fast?", StepKind::lesson, "causal", "tiles=8 tile_side=32", "share",
     number("8 x 8 tiles, causal. What share of the tiles must be computed?", "fraction", 0.02),
     kCausalLamps},
    {"bug_mask", "Which tiles need no mask?", StepKind::find_the_bug, "bug_mask", "seq_len=256 block_n=64",
     "test_printed", choose("A causal tile needs no element-wise mask when ...", kMaskOptions, 1),
     kMaskLamps},
    {"backward", "7. One number per row", StepKind::lesson, "backward", "seq_len=48 head_dim=16 causal=false",
     "row_terms", choose("rowsum(dO * O) and rowsum(P * dP): how do they compare?", kRowTermOptions, 0),
     kBackwardLamps},
    {"bug_shape", "How long is D?", StepKind::find_the_bug, "bug_mask", "seq_len=256 block_n=64",
     "shape_of_d", choose("Which declaration of D is right?", kShapeOptions, 1), kShapeLamps},
    {"memory", "8. What must be kept?", StepKind::lesson, "memory", "max_len=1024 head_dim=64", "saved",
     number("N = 1024, d = 64. How many times less does flash save for the backward pass than dense?",
            "saved_ratio", 0.1, "times"),
     kMemoryLamps},
    {"scaling", "Time and memory against N", StepKind::lesson, "scaling", "max_len=1024 head_dim=64", "time",
     choose("Time grows as a power of N. What does tiling do to the exponent?", kTimeOptions, 1), kTimeLamps},
    {"sparse", "Leaving tiles out", StepKind::lesson, "sparse",
     "seq_len=1024 head_dim=64 tiles=16 density=0.5", "sparse",
     choose("Half of the tiles are dropped. How much of the traffic remains?", kSparseOptions, 1),
     kSparseLamps},
    {"fa2", "What FlashAttention-2 changed", StepKind::lesson, "fa2",
     "batch=1 heads=8 seq_len=16384 block_m=128 head_dim=64", "blocks",
     number("Batch 1, 8 heads, N = 16384, B_r = 128: how many thread blocks does FA-2 launch?", "blocks_fa2",
            0.01, "blocks"),
     kTwoLamps},
    {"backends",
     "The same algorithm on every machine",
     StepKind::lesson,
     "backends",
     "pass=forward seq_len=64",
     "backends",
     choose("Every rung computes the same formula. Their errors against double precision are ...",
            kLadderOptions, 1),
     {}},
    {"errata_papers", "In the reading list: the papers", StepKind::errata, {}, {}, {}, {}, {}},
    {"errata_tools", "In the reading list: the tools", StepKind::errata, {}, {}, {}, {}, {}},
}};

}  // namespace alab::flash_tiling
