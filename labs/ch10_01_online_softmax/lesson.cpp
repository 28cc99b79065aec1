// The walk-through of the lab: steps with their predictions and pass lamps, and the quiz.
// SPDX-License-Identifier: MIT
#include "labs/ch10_01_online_softmax/experiments.hpp"

namespace alab::ch10_01 {
namespace {

using Options = std::string_view[];

constexpr Options kRiseOptions = {"1 or 2 times", "4 to 6 times", "about 16 times", "about 24 times"};
constexpr Options kAccessOptions = {"2, 3, 2, 4, 1", "3, 4, 3, 5, 1", "3, 4, 2, 5, 2", "3, 3, 3, 4, 2"};
constexpr Options kTreeOptions = {"neither m nor d", "m only", "d only, in its last digits", "both m and d"};
constexpr Options kNeutralOptions = {"(-inf, 0), as it should", "(-inf, 1)", "(-inf, NaN)", "(0, 0)"};
constexpr Options kFlashOptions = {"2", "head_dim_v + 2", "one per key", "keys x head_dim_v"};
constexpr Options kStaleOptions = {"m_new must not contain the tile", "p should use m, not m_new",
                                   "d and o are added to without being rescaled", "m must be set before p"};
constexpr Options kSumsOptions = {"the lanes must be visited in ascending order", "d needs fp64",
                                  "d of the other lane belongs to another maximum",
                                  "the loop must run to offset 0"};
constexpr Options kGuardOptions = {"scores of size 1e4", "descending scores",
                                   "a tile in which every key is masked", "a row of equal scores"};
constexpr Options kNormalisedOptions = {"nothing, it is right", "the sums d_a and d_b as weights",
                                        "a division by m", "a second pass over the scores"};
constexpr Options kFa2Options = {"the inverse, and the change of maximum is missing",
                                 "diag should act from the right", "V2 should be divided as well",
                                 "l2 must not contain l1"};
constexpr Options kBackendOptions = {"yes, all bits", "no, but within a tolerance", "only on the GPU",
                                     "no, the fast ones are approximate"};

constexpr std::string_view kOverflowLamps[] = {"fp32_threshold", "fp16_threshold", "bracket_width"};
constexpr std::string_view kOffsetLamps[] = {"zero_at_lse", "non_finite_at_max", "safe_t32", "online_t32"};
constexpr std::string_view kWatchLamps[] = {"weights_t32"};
constexpr std::string_view kAccessLamps[] = {"accesses_naive",    "accesses_safe",  "accesses_online",
                                             "accesses_separate", "accesses_fused", "winner_indices",
                                             "winner_weights"};
constexpr std::string_view kSpeedLamps[] = {"ratio_model", "ratio_cpu", "fused_cpu", "slope_cpu"};
constexpr std::string_view kTreeLamps[] = {"m_identical", "trees_1e6", "chain_t32"};
constexpr std::string_view kInvariantLamps[] = {"invariant"};
constexpr std::string_view kNeutralLamps[] = {"no_nan", "neutral", "masked_row_zero"};
constexpr std::string_view kFlashLamps[] = {"prefix_t32"};
constexpr std::string_view kBugLamps[] = {"bug_noticed", "right_t32"};

constexpr Prediction choose(std::string_view question, std::span<const std::string_view> options,
                            int correct) {
  return {.kind = PredictionKind::choice, .question = question, .options = options, .correct = correct};
}
constexpr Prediction number(std::string_view question, std::string_view truth, double tolerance) {
  return {.kind = PredictionKind::number, .question = question, .truth = truth, .tolerance = tolerance};
}
constexpr Prediction curve(std::string_view question, std::string_view plot, std::string_view series) {
  return {.kind = PredictionKind::curve, .question = question, .plot = plot, .series = series};
}
constexpr Step bug(std::string_view key, std::string_view title, std::string_view settings,
                   Prediction prediction) {
  return {key, title, StepKind::find_the_bug, "bug_hunt", settings, "growth", prediction, kBugLamps};
}

}  // namespace

const std::array<Step, 16> kSteps = {{
    {"overflow", "Where does exp end?", StepKind::lesson, "thresholds", "span=120 probe=89", "exp_range",
     number("What is the first x for which exp(x) is inf in fp32?", "overflow_fp32", 0.01), kOverflowLamps},
    {"offset", "Naive, safe, online", StepKind::lesson, "offset_sweep", "cols=1000", "error",
     number("From which offset on are the naive weights wrong?", "first_zero", 0.02), kOffsetLamps},
    {"watch", "One pass, watched", StepKind::lesson, "step_through", "cols=48", "steps",
     choose("How often does the running maximum rise in 48 scores in random order?", kRiseOptions, 1),
     kWatchLamps},
    {"accesses", "Counting accesses", StepKind::lesson, "accesses", "cols=1000 top_k=5", "per_element",
     choose("Accesses per element: naive, safe, online, safe then top-k, fused?", kAccessOptions, 1),
     kAccessLamps},
    {"speed", "From accesses to time", StepKind::lesson, "speed", "cols=4096 top_k=5 gpu=V100", "ratio",
     number("Modelled time of safe divided by that of online?", "modelled_ratio", 0.03), kSpeedLamps},
    {"trees", "Any order will do", StepKind::lesson, "merge_trees",
     "leaves=100000 scores=normal trees=8 shuffled=true", "error_by_length",
     choose("Which part of the pair depends on the order of merging?", kTreeOptions, 2), kTreeLamps},
    {"invariant", "How large can d be?", StepKind::lesson, "invariant", "cols=4096", "running_sum",
     curve("Draw the running sum d against the scores seen, for 4096 normal scores.", "running_sum", "d"),
     kInvariantLamps},
    {"neutral", "The pair of nothing", StepKind::lesson, "neutral_element", "cols=48 masked=8", "merges",
     choose("The printed formula on (-inf, 0) and (-inf, 0) gives ...", kNeutralOptions, 2), kNeutralLamps},
    {"flash", "Carry the output along", StepKind::lesson, "attention_row", "cols=48 block_n=8", "tiles",
     choose("Numbers kept per query between two tiles?", kFlashOptions, 1), kFlashLamps},
    bug("bug_stale_max", "A state that forgets to shrink", "bug=stale_max order=ascending cols=64",
        choose("What is wrong?", kStaleOptions, 2)),
    bug("bug_sums", "Two correct reductions", "bug=sums_without_rescale order=ascending cols=64",
        choose("Why is the result wrong?", kSumsOptions, 2)),
    bug("bug_guard", "NaN after a week", "bug=no_guard order=masked_tile cols=64",
        choose("Which input breaks this merge?", kGuardOptions, 2)),
    bug("bug_normalised", "A mean of means", "bug=normalised_parts order=spike cols=64",
        choose("What is missing?", kNormalisedOptions, 1)),
    bug("bug_fa2", "A line from a paper", "bug=fa2_as_printed order=normal cols=64",
        choose("Which two mistakes are in the printed line?", kFa2Options, 0)),
    {"backends",
     "The same row everywhere",
     StepKind::lesson,
     "backends",
     "rows=16 cols=1000",
     "backends",
     choose("Will all rungs give the same bits?", kBackendOptions, 1),
     {}},
    {.key = "errata", .title = "What the reading list gets wrong", .kind = StepKind::errata},
}};

namespace {

constexpr Options kSpeedupOptions = {"3 against 4, so 1.33x", "2 against 3, so 1.5x", "3 against 5, so 1.67x",
                                     "1 against 4, so 4x"};
constexpr Options kBoundOptions = {"1, whatever the row",
                                   "4096; fp16 holds it, but its neighbours there are 4 apart",
                                   "e^4096, which overflows", "4096, which fp16 cannot hold"};
constexpr Options kMergeOptions = {"(-inf, 0)", "(-inf, 1)", "(-inf, NaN), so a guard is needed", "(NaN, 0)"};

}  // namespace

const std::array<QuizItem, 3> kQuiz = {{
    {"speedup",
     "Accesses per element of online and of safe softmax, and the speed-up to expect when memory is the "
     "limit?",
     kSpeedupOptions, 0,
     "Online loads twice and stores once, safe loads three times and stores once: 4/3 = 1.33. Fused top-k is "
     "the 5 to 1 case."},
    {"bound", "How large can d be after 4096 scores, and does fp16 hold it?", kBoundOptions, 1,
     "d <= j = 4096 < 65504. But fp16 has 11 significant bits, so at 4096 its numbers are 4 apart: adding 1 "
     "is lost."},
    {"merge", "merge((-inf, 0), (-inf, 0)) with the formula as printed?", kMergeOptions, 2,
     "(-inf) - (-inf) is NaN, exp(NaN) is NaN, 0 x NaN is NaN. When the new maximum is -inf, leave the state "
     "alone."},
}};

const std::array<Reading, 7> kReadings = {{
    {"Milakov, Gimelshein: Online normalizer calculation for softmax, 2018",
     "Sections 2 and 3, algorithms 1-4; section 5 for timings", "https://arxiv.org/abs/1805.02867"},
    {"Dao, Fu, Ermon, Rudra, Re: FlashAttention, NeurIPS 2022", "Section 3.1: tiling and recomputation",
     "https://arxiv.org/abs/2205.14135"},
    {"Dao: FlashAttention-2, ICLR 2024", "Section 3.1.1: forward and backward pass, causal masking",
     "https://arxiv.org/abs/2307.08691", "3.1 reversed loops, 3.2 work partitioning, 3.3 causal masking",
     "3.1 algorithm (causal masking inside 3.1.1), 3.2 parallelism over the sequence, 3.3 work partitioning "
     "between warps",
     "Section headings of the paper"},
    {"Dao: FlashAttention-2, ICLR 2024 (summary line)", "Section 3.1.1", "https://arxiv.org/abs/2307.08691",
     "Better GPU utilisation, not algorithmic changes",
     "The algorithm changes too: un-normalised accumulator, one division at the end, only L = m + log l is "
     "stored",
     "FlashAttention-2, section 3.1.1"},
    {"Rabe, Staats: Self-attention Does Not Need O(n^2) Memory, 2021",
     "Section 2: running sum and maximum for one query", "https://arxiv.org/abs/2112.05682",
     "Self-attention Does Not Need O(n\u00c2\u00b2) Memory", "Self-attention Does Not Need O(n^2) Memory",
     "Title page; the list shows an encoding error"},
    {"NVIDIA: CUDA C++ Programming Guide", "Sections 'Shared Memory' and 'Warp Shuffle Functions', by name",
     "https://docs.nvidia.com/cuda/cuda-c-programming-guide/",
     "Chapter 5 memory hierarchy, 5.3 shared memory, appendix K",
     "The numbers mix editions: the programming model is chapter 2 in v11 and v12 and chapter 5 in v13; go "
     "by section name",
     "Tables of contents of the archived guides"},
    {"Gordic: ELI5: FlashAttention, 2023", "The part on online softmax and tiling",
     "https://gordicaleksa.medium.com/eli5-flash-attention-5c44017022ad"},
}};

const std::array<Term, 10> kGlossary = {{
    {"score", "x",
     "One entry of the row before softmax: scale times q.k in attention, a logit in a classifier."},
    {"weight", "y", "The score after softmax; the weights of a row are positive and sum to 1."},
    {"running maximum", "m", "Largest score seen so far; -inf before the first."},
    {"running sum", "d", "Sum of e^(x - m) over the scores seen so far, always relative to the current m."},
    {"rescale factor", "e^(m_old - m_new)",
     "What old sums are multiplied by when the maximum rises; 1 when it does not."},
    {"logsumexp", "LSE", "m + log d: the logarithm of the sum of exponentials, safe from overflow."},
    {"neutral element", "(-inf, 0)", "The pair of no scores: merging with it changes nothing."},
    {"access", "", "One load or one store of an element of an array as long as the row; registers are free."},
    {"fused", "", "Two computations in one kernel, so that what passes between them never goes to memory."},
    {"T32", "",
     "Tolerance 5e-6 on relL2: same mathematics in fp32, another order of summation, up to 4096 terms."},
}};

}  // namespace alab::ch10_01
