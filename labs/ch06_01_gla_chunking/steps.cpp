// The walk-through as data: what is asked, what is run, which lamp must light. Prose is in text.md.
// SPDX-License-Identifier: MIT
#include <array>

#include "labs/ch06_01_gla_chunking/experiments.hpp"

namespace alab::gla_chunking {
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

constexpr std::array<Words, 4> kNaiveOptions{"The right numbers, slowly", "Zeros: every weight underflows",
                                             "NaN from some token on", "inf everywhere"};
constexpr std::array<Words, 4> kFormOptions{"Only the naive form breaks", "Naive and one-level break",
                                            "All but the recurrence break", "None breaks"};
constexpr std::array<Words, 3> kScopeOptions{"fp16 first, then bf16 and fp32 at the same token",
                                             "bf16 first: it has the fewest digits",
                                             "fp16, bf16, fp32, each at its own token"};
constexpr std::array<Words, 3> kSizeOptions{"The error grows with C", "The error stays, the work changes",
                                            "Both stay the same"};
constexpr std::array<Words, 3> kGradientOptions{"Over i >= t: gate t acts on everything read later",
                                                "Over i <= t: it acts on what was written before",
                                                "Over i = t only"};
constexpr std::array<Words, 3> kWeightOptions{"Farther back than softmax", "Nearer, within a few tokens",
                                              "Equally far"};
constexpr std::array<Words, 3> kScalarOptions{"d times smaller: one number per pair", "The same size",
                                              "It disappears"};
constexpr std::array<Words, 3> kSumOptions{"The segment sum", "The difference of one running sum",
                                           "They are equal: the same sum on paper"};
constexpr std::array<Words, 3> kAfterOptions{
    "The order of decay and write", "The outer product is transposed", "The output is read too late"};
constexpr std::array<Words, 3> kAxisOptions{"The test has all gates equal", "The test has too few tokens",
                                            "The test is in fp32"};
constexpr std::array<Words, 3> kRawOptions{"Gates near 1: log alpha is near 0",
                                           "No test: it is always far off", "Gates near 0"};
constexpr std::array<Words, 3> kShiftOptions{"The diagonal: the decay of a pair (i, i) must be 1",
                                             "The first column", "Only the last row"};
constexpr std::array<Words, 3> kSplitOptions{"The rows differ in length",
                                             "e^(-g_j) overflows for strong gates", "exp must be in fp16"};
constexpr std::array<Words, 3> kReferenceOptions{"Gates .95 to .999", "Gates .1 to .5", "Gates .01 to .1"};
constexpr std::array<Words, 3> kBridgeOptions{"One", "Two", "Three"};
constexpr std::array<Words, 3> kInterOptions{"A sequence no longer than one chunk", "A long sequence of ones",
                                             "Strong gates"};
constexpr std::array<Words, 3> kLambdaOptions{"From the token to the end of the chunk",
                                              "From the start of the chunk to the token",
                                              "Over the whole chunk"};
constexpr std::array<Words, 3> kGammaOptions{"The fastest head, h = 0", "The slowest head, h = 7",
                                             "Any head, they err alike"};
constexpr std::array<Words, 3> kReadOptions{"After the write", "Before the write", "It does not matter"};
constexpr std::array<Words, 3> kLadderOptions{
    "Every rung, up to rounding", "All but the rungs that divide by b", "Only the recurrent rung"};

constexpr std::array<Words, 3> kStateLamps{"final_state", "rank_bound", "first_rank"};
constexpr std::array<Words, 3> kNaiveLamps{"overflow_step", "first_bad_row", "recurrent_t32"};
constexpr std::array<Words, 5> kFormLamps{"pattern_mild", "pattern_medium", "pattern_strong", "two_level_t32",
                                          "log_t32x"};
constexpr std::array<Words, 4> kLimitLamps{"fp16_nine", "fp16_half", "product_nine", "formula_here"};
constexpr std::array<Words, 4> kScopeLamps{"naive_fp32", "naive_bf16", "naive_fp16", "two_level_t32x"};
constexpr std::array<Words, 3> kPairLamps{"share_26", "share_exact", "share_formula"};
constexpr std::array<Words, 4> kSizeLamps{"pass_parallel", "pass_recurrent", "pass_chunkwise",
                                          "pass_every_chunk"};
constexpr std::array<Words, 1> kGradientLamps{"gradient_1e6"};
constexpr std::array<Words, 3> kLifeLamps{"life_16", "alpha_9576", "life_scales"};
constexpr std::array<Words, 1> kWeightLamps{"weights_apply"};
constexpr std::array<Words, 1> kScalarLamps{"scalar_t32"};
constexpr std::array<Words, 2> kSumLamps{"segment_t32", "difference_fails"};
constexpr std::array<Words, 2> kBugLamps{"bug_noticed", "right_t32"};
constexpr std::array<Words, 3> kGammaLamps{"right_t32", "fast_head_sees", "slow_head_hides"};
constexpr std::array<Words, 1> kConventionLamps{"all_t32"};

constexpr Step bug(Words key, Words title, Words settings, Prediction prediction) {
  return {key, title, StepKind::find_the_bug, "bug_hunt", settings, "who_sees_it", prediction, kBugLamps};
}

}  // namespace

constinit const std::array<Step, kStepCount> kSteps{{
    {"memory", "A memory that forgets", StepKind::lesson, "state",
     "gated=true alpha_low=0.5 alpha_high=0.9 gates=uniform seq_len=96 head_dim=16", "state",
     number("16 x 16 state, gates .5 to .9: what is its effective rank after 96 tokens?", "rank_gated", 0.25),
     kStateLamps},
    {"overflow", "1. The textbook form", StepKind::lesson, "naive",
     "alpha=0.9 seq_len=1024 head_dim=16 mask=selection", "rows",
     choose("Every gate 0.9, 1024 tokens, fp32. What does the naive form return?", kNaiveOptions, 2),
     kNaiveLamps},
    {"forms", "2. Five implementations", StepKind::lesson, "forms",
     "alpha_low=0.1 alpha_high=0.5 gates=uniform seq_len=512 head_dim=16 chunk_size=64 sub_chunk_size=16",
     "pattern", choose("Gates between .1 and .5, chunks of 64: which forms break?", kFormOptions, 1),
     kFormLamps},
    {"chunk_limit", "3. The largest safe chunk", StepKind::lesson, "chunk_limit", "alpha=0.9", "inverse",
     number("Every gate 0.9: what is the largest chunk that fp16 survives?", "safe_fp16", 0.03, "tokens"),
     kLimitLamps},
    {"microscope", "Digits first, then everything", StepKind::lesson, "microscope",
     "alpha=0.6 format=fp16 narrow=operands seq_len=256 chunk_size=64 sub_chunk_size=16", "digits",
     choose("Every gate 0.6: in which order do the formats lose the naive form?", kScopeOptions, 0),
     kScopeLamps},
    {"pairs", "4. Two levels", StepKind::lesson, "pairs", "chunk_size=64 sub_chunk_size=16 head_dim=16",
     "pairs",
     number("C = 64, c = 16: what share of the pairs of a chunk needs log space?", "share", 0.05, "%"),
     kPairLamps},
    {"chunk_sizes", "From a recurrence to one block", StepKind::lesson, "three_forms",
     "chunk_size=64 sub_chunk_size=16 inside=two_level alpha_low=0.5 alpha_high=0.9 gates=uniform "
     "seq_len=256",
     "forms_difference", choose("The chunk grows from 1 to N. What changes?", kSizeOptions, 1), kSizeLamps},
    {"gate_gradient", "5. The gradient of a gate", StepKind::lesson, "gate_gradient",
     "alpha_low=0.5 alpha_high=0.9 gates=uniform seq_len=32 head_dim=8", "agreement",
     choose("d log b_i is known for every i. Over which i is it summed for gate t?", kGradientOptions, 0),
     kGradientLamps},
    {"half_life", "6. How long is the memory?", StepKind::lesson, "half_life", "x=0 temperature=16", "memory",
     number("Logit x = 0, temperature 16: after how many steps is half forgotten?", "life", 0.05, "tokens"),
     kLifeLamps},
    {"weights", "What does a gated head look at?", StepKind::lesson, "weights",
     "alpha_low=0.5 alpha_high=0.9 gates=uniform seq_len=64 head_dim=16", "maps",
     choose("Gates .5 to .9: how far back does half of a row's weight lie?", kWeightOptions, 1),
     kWeightLamps},
    {"scalar_gate", "7. One gate per token", StepKind::lesson, "scalar_gate",
     "alpha_low=0.1 alpha_high=0.5 seq_len=512 head_dim=16 chunk_size=64", "mask",
     choose("One gate per token instead of one per channel. What becomes of the decay mask?", kScalarOptions,
            0),
     kScalarLamps},
    {"segment_sum", "Two ways to the same mask", StepKind::find_the_bug, "segment_sum",
     "mean_log=1 seq_len=2048", "difference",
     choose("2048 tokens, |log a| = 1 on average, fp32. Which mask fails the tolerance?", kSumOptions, 1),
     kSumLamps},
    bug("bug_after_write", "First write, then decay?", "bug=decay_after_write trial=medium",
        choose("What is wrong?", kAfterOptions, 0)),
    bug("bug_value_axis", "Which axis has the gate?", "bug=gate_on_value_axis trial=medium",
        choose("A test passes all the same. Why?", kAxisOptions, 0)),
    bug("bug_raw", "A gate that was never undone", "bug=raw_log_decay trial=mild",
        choose("Which test would let this pass?", kRawOptions, 1)),
    bug("bug_shift", "Off by one gate", "bug=shifted_index trial=medium",
        choose("Which entries show it at once?", kShiftOptions, 0)),
    bug("bug_split", "One exponential or two?", "bug=split_exponential trial=strong",
        choose("On paper both are equal. What goes wrong?", kSplitOptions, 1)),
    bug("bug_reference", "Measured from where?", "bug=reference_chunk_start trial=very_strong",
        choose("The reference is the start of the chunk. Which gates expose it?", kReferenceOptions, 2)),
    bug("bug_bridge", "A missing bridge", "bug=missing_bridge trial=medium",
        choose("How many sub-chunks does a test need to see it?", kBridgeOptions, 2)),
    bug("bug_inter", "What chunks know of each other", "bug=missing_inter_chunk trial=mild",
        choose("Which test lets this pass?", kInterOptions, 0)),
    bug("bug_lambda", "Two decays of one chunk", "bug=lambda_for_gamma trial=medium",
        choose("A key is added to the chunk's state. Over which tokens does it decay?", kLambdaOptions, 0)),
    {"bug_gamma", "A factor left out in print", StepKind::find_the_bug, "bug_gamma",
     "form=missing_gamma chunk_size=64", "heads",
     choose("Retention has fast and slow heads. Which one notices the missing factor?", kGammaOptions, 0),
     kGammaLamps},
    {"conventions", "The library that runs this", StepKind::lesson, "conventions",
     "fla=true seq_len=256 chunk_size=64", "conformance",
     choose("GLA in the fla library: is the state read before or after the write?", kReadOptions, 0),
     kConventionLamps},
    {"backends",
     "Kernels, side by side",
     StepKind::lesson,
     "backends",
     "alpha_low=0.1 alpha_high=0.5 seq_len=256 head_dim=32",
     "backends",
     choose("Gates .1 to .5. Which rungs agree with double precision?", kLadderOptions, 1),
     {}},
    {"errata_papers", "In the reading list: the papers", StepKind::errata, {}, {}, {}, {}, {}},
    {"errata_tools", "In the reading list: software and people", StepKind::errata, {}, {}, {}, {}, {}},
}};

}  // namespace alab::gla_chunking
