// The walk-through as data: what is asked, what is run, which lamp must light. Prose is in text.md.
// SPDX-License-Identifier: MIT
#include <array>

#include "labs/ch05_04_causal_linear/experiments.hpp"

namespace alab::causal_linear {
namespace {

using Words = std::string_view;
using Options = std::string_view[];

constexpr Prediction choose(Words question, std::span<const Words> options, int correct) {
  return {.kind = PredictionKind::choice, .question = question, .options = options, .correct = correct};
}
constexpr Prediction number(Words question, Words truth, double tolerance, Words unit = "") {
  return {.kind = PredictionKind::number,
          .question = question,
          .truth = truth,
          .tolerance = tolerance,
          .unit = unit};
}
constexpr Prediction draw(Words question, Words plot, Words series) {
  return {.kind = PredictionKind::curve, .question = question, .plot = plot, .series = series};
}

constexpr Options kMaskOptions = {"No: it sees the past only, j < i", "Yes: it sees j <= i",
                                  "Yes, and with twice the weight", "It sees every key"};
constexpr Options kStrictOptions = {"S must be read before it is updated",
                                    "S must be updated before it is read", "z must not hold k_i",
                                    "q_i and k_i are exchanged"};
constexpr Options kFormOptions = {"Equal, bit for bit", "Apart by rounding, about 1e-7",
                                  "Apart by about 1e-3: it is single precision",
                                  "The chunkwise form is an approximation"};
constexpr Options kChunkOptions = {"C = 1 has the fewest FLOPs and is the fastest",
                                   "C = 1 has the fewest FLOPs, a C in between is the fastest",
                                   "C = N has the fewest FLOPs and is the fastest",
                                   "A C in between has the fewest FLOPs and is the fastest"};
constexpr Options kLateOptions = {
    "S must be updated after o_i is read", "z must be updated before o_i is read",
    "The denominator should be q_i . k_i", "Nothing: the order does not matter"};
constexpr Options kDoubleOptions = {"tril must leave the diagonal out", "S is stored one line too late",
                                    "The second loop may not run in parallel",
                                    "S must be reset for every chunk"};
constexpr Options kTailOptions = {"N = 1, C = 8", "N = 64, C = 16", "N = 61, C = 16", "All three find it"};
constexpr Options kGradientOptions = {
    "One forward scan gives all three", "dQ by a forward scan, dK and dV by a reverse one",
    "dQ by a reverse scan, dK and dV by a forward one", "All three need every stored S_i"};
constexpr Options kBackwardOptions = {"dQ only", "dV only", "dK and dV", "all three"};
constexpr Options kWeightOptions = {"Sharper than softmax: fewer keys matter",
                                    "About as sharp: phi stands in for exp",
                                    "Flatter: weight is spread over many keys"};
constexpr Options kStateOptions = {"It shrinks: old tokens fade", "It grows: nothing is ever forgotten",
                                   "It stays constant: every write is normalised"};
constexpr Options kPadOptions = {"0: the pad has no weight", "1: the pad weighs as much as a key of zeros",
                                 "NaN: 0/0"};
constexpr Options kRedrawOptions = {"Nothing changes: both draws estimate the same kernel",
                                    "A little noise more, as with fewer features",
                                    "The state becomes unreadable", "Only the normaliser is off"};
constexpr Options kScaleOptions = {"The output shrinks by d^1/2", "Nothing: the factor cancels",
                                   "The weights become flatter, as in softmax"};
constexpr Options kLadderOptions = {"The same bits on every rung", "Different bits, errors of the same size",
                                    "Chunked rungs are clearly less accurate"};

constexpr Words kMaskLamps[] = {"pass_mask", "pass_rows_sum"};
constexpr Words kBugLamps[] = {"pass_noticed", "pass_right"};
constexpr Words kFormLamps[] = {"pass_parallel", "pass_recurrent", "pass_chunkwise", "pass_every_chunk"};
constexpr Words kChunkLamps[] = {"pass_flops", "pass_every_chunk"};
constexpr Words kMemoryLamps[] = {"pass_all_states", "pass_reverse_scan", "pass_same_gradients"};
constexpr Words kGradientLamps[] = {"pass_numerator", "pass_normalised", "pass_inputs", "pass_inner"};
constexpr Words kDecodeLamps[] = {"pass_cache_moved", "pass_state_moved", "pass_state_error",
                                  "pass_cache_error", "lamp_state_slope", "lamp_cache_slope"};
constexpr Words kTrafficLamps[] = {"pass_on_chip", "pass_materialized", "pass_all_sizes", "pass_same_output"};
constexpr Words kOrderLamps[] = {"pass_any_order"};
constexpr Words kWeightLamps[] = {"pass_same_output", "pass_rows_sum"};
constexpr Words kStateLamps[] = {"pass_total"};
constexpr Words kSumLamps[] = {"pass_fp16", "pass_bf16", "pass_fp32", "pass_repaired"};
constexpr Words kPadLamps[] = {"pass_padded", "pass_causal", "pass_zeroed_wrong"};
constexpr Words kRedrawLamps[] = {"pass_fixed", "pass_redrawn"};
constexpr Words kFlaLamps[] = {"pass_pairs", "pass_cancels", "pass_ratio", "pass_ones"};

constexpr Step bug(Words key, Words title, Words settings, Prediction prediction) {
  return {key, title, StepKind::find_the_bug, "bug_forward", settings, "weights_off", prediction, kBugLamps};
}

}  // namespace

constinit const std::array<Step, kStepCount> kSteps{{
    {"mask", "1. Does a query see its own key?", StepKind::lesson, "mask",
     "seq_len=32 head_dim=16 chunk_size=8", "influence",
     choose("Does output o_i see key k_i and value v_i?", kMaskOptions, 1), kMaskLamps},
    bug("bug_strict", "One line too early", "bug=strict_mask",
        choose("What is wrong with this loop?", kStrictOptions, 1)),
    {"forms", "2. Three forms, one result", StepKind::lesson, "forms",
     "seq_len=4096 head_dim=32 chunk_size=64 feature_map=elu1 normalize=true", "forms_difference",
     choose("Parallel, recurrent and chunkwise in single precision: how far apart are they?", kFormOptions,
            1),
     kFormLamps},
    {"chunk", "What the chunk size trades", StepKind::lesson, "forms",
     "seq_len=1024 head_dim=64 chunk_size=64 feature_map=elu1 normalize=true", "forms_time",
     choose("Which chunk size needs the fewest FLOPs, and which is the fastest?", kChunkOptions, 1),
     kChunkLamps},
    bug("bug_late", "The normaliser comes late", "bug=late_normaliser",
        choose("What is wrong with this loop?", kLateOptions, 1)),
    bug("bug_double", "Counted twice", "bug=double_count",
        choose("What is wrong in the two passes?", kDoubleOptions, 1)),
    bug("bug_tail", "The lost tail", "bug=lost_tail",
        choose("Which of these tests does not find the bug?", kTailOptions, 1)),
    {"memory", "3. What must be kept for the backward pass?", StepKind::lesson, "memory",
     "max_len=1024 head_dim=64", "kept",
     number("N = 1024, m = d_v = 64: how many times more do all stored states take than one?", "kept_ratio",
            0.05, "times"),
     kMemoryLamps},
    {"gradients", "4. Two scans", StepKind::lesson, "gradients", "seq_len=32 head_dim=16", "gradient_norms",
     choose("Which scans give the gradients?", kGradientOptions, 1), kGradientLamps},
    {"bug_backward", "A scan in the wrong direction", StepKind::find_the_bug, "bug_backward",
     "bug=forward_scan", "tokens_off", choose("Which gradients come out wrong?", kBackwardOptions, 2),
     kBugLamps},
    {"decode", "5. A token at context 2048", StepKind::lesson, "decode", "max_context=2048 head_dim=64",
     "token_time",
     number(
         "Context 2048, d = 64: how many times more elements does the cache move for a token than the state?",
         "moved_ratio", 0.1, "times"),
     kDecodeLamps},
    {"traffic", "6. Keep the states or write them?", StepKind::lesson, "traffic",
     "seq_len=1024 head_dim=64 chunk_size=64", "traffic",
     draw("Draw the elements moved against the chunk size when every state is written to memory. Both axes "
          "are "
          "logarithmic; N = 1024, d = 64.",
          "traffic", "materialized_moved"),
     kTrafficLamps},
    {"parallelism", "7. What the extra traffic buys", StepKind::lesson, "parallelism",
     "heads=16 seq_len=16384 chunk_size=64 head_dim=64 gpu=H200", "heads_time",
     number("16 heads, N = 16384, chunks of 64: how many blocks can compute outputs at the same time?",
            "blocks_written", 0.01, "blocks"),
     kOrderLamps},
    {"weights", "The weights that are never stored", StepKind::lesson, "weights",
     "seq_len=64 head_dim=64 feature_map=elu1", "maps",
     choose("How does the linear head spread its weight, compared with softmax on the same q and k?",
            kWeightOptions, 2),
     kWeightLamps},
    {"state", "Watch the state", StepKind::lesson, "state", "seq_len=64 head_dim=64 feature_map=elu1",
     "state", choose("What happens to the norm of S_t along the sequence?", kStateOptions, 1), kStateLamps},
    {"bug_fp16", "A sum that stops", StepKind::find_the_bug, "long_sums",
     "terms=ones count=65536 chunk_size=64", "running_sum",
     number("65 536 ones are added up in fp16. Which sum is printed?", "stop_fp16", 0.01), kSumLamps},
    {"padding", "Sequences of different lengths", StepKind::lesson, "padding", "seq_len=128 sequences=4",
     "by_length", choose("A pad has k = 0. What is phi(k), element by element, for elu + 1?", kPadOptions, 1),
     kPadLamps},
    {"redraw", "Drawn again at the wrong time", StepKind::lesson, "redraw",
     "seq_len=128 prefill=64 features=64 head_dim=16", "after_prefill",
     choose("A random feature map is drawn again between prefill and generation. What happens?",
            kRedrawOptions, 2),
     kRedrawLamps},
    {"conventions", "Papers and libraries", StepKind::lesson, "conventions", "seq_len=250 head_dim=64",
     "pairs",
     choose("fla multiplies q by d^-1/2, the paper does not. What changes in the normalised output?",
            kScaleOptions, 1),
     kFlaLamps},
    {"backends",
     "The same op on every machine",
     StepKind::lesson,
     "backends",
     "pass=forward seq_len=100 head_dim=32",
     "backends",
     choose("Every rung computes the same sums in another order. Their errors are ...", kLadderOptions, 1),
     {}},
    {.key = "errata", .title = "What the reading list gets wrong", .kind = StepKind::errata},
}};

}  // namespace alab::causal_linear
