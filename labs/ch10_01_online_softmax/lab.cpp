// How can softmax be computed in one pass, without overflow, and in any order? With a pair (m, d) that
// merges: a running maximum and a sum relative to it. Source: Milakov, Gimelshein 2018, arXiv:1805.02867.
// SPDX-License-Identifier: MIT
#include "labs/lab.hpp"

#include "labs/ch10_01_online_softmax/experiments.hpp"

namespace alab {
namespace ch10_01 {
namespace {

constexpr Param kSpan =
    real_param("span", "range of x", "", "The curves are drawn from -span to span.", 120, 20, 200);
constexpr Param kProbe =
    real_param("probe", "your x", "", "One x whose exp is shown in every format.", 89, -200, 200);
constexpr Param kGpu =
    choice_param("gpu", "GPU of the model", "Whose memory bandwidth the modelled time divides by.", kGpus);
constexpr Param kLongestCols =
    int_param("cols", "longest row V", "scores", "Rows are timed at seven lengths up to this one.", 4096, 64,
              25000, true);
constexpr Param kLeaves =
    int_param("leaves", "scores merged", "scores", "Leaves of each tree.", 100000, 16, 131072, true);
constexpr Param kScores =
    choice_param("scores", "scores", "N(0, 1), or uniform in (-5, 5), where long chains err most.", kDraws);
constexpr Param kTrees =
    int_param("trees", "random trees", "trees", "How many random binary trees are tried.", 8, 1, 32);
constexpr Param kShuffled = bool_param("shuffled", "shuffle the leaves",
                                       "Puts the leaves in a fresh random order for each tree.", true);
constexpr Param kMasked = int_param("masked", "masked scores", "scores",
                                    "How many scores at the start of the row are -inf.", 8, 0, 256);
constexpr Param kTileKeys =
    int_param("block_n", "key columns per tile", "keys", "Keys merged at a time.", 8, 1, 256, true);
constexpr Param kBug = choice_param("bug", "wrong merge", "Which of the five wrong merges is run.", kBugs);
constexpr Param kOrder =
    choice_param("order", "scores", "The scores whose error is drawn tile by tile.", kOrders);
constexpr Param kHuntCols =
    int_param("cols", "keys", "keys", "Keys merged, eight at a time.", 64, 16, 256, true);
constexpr Param kRows = int_param("rows", "rows", "rows", "Independent rows of scores.", 16, 1, 64, true);
constexpr Param kTableCols =
    int_param("cols", "row length V", "scores", "Scores in each row.", 1000, 1, 8192, true);

constexpr Param kOp =
    choice_param("op", "op", "Whose ladder of kernels is run: softmax, or softmax with top-k.", kOps);
constexpr Param kOffset = real_param(
    "offset", "offset", "", "Added to every score; the naive rung says when it must refuse.", 0, 0, 200);
constexpr Param kMaskedRows = bool_param(
    "masked", "masked rows", "The first row is -inf throughout, in the second every other score is.", false);

constexpr const Param* kThresholdParams[] = {&kSpan, &kProbe};
constexpr const Param* kRowParams[] = {&kCols, &kQuery, &params::seed};
constexpr const Param* kShortRowParams[] = {&kShortCols, &kQuery, &params::seed};
constexpr const Param* kAccessParams[] = {&kCols, &kTopK, &kQuery, &params::seed};
constexpr const Param* kSpeedParams[] = {&kLongestCols, &kTopK, &kGpu, &params::seed};
constexpr const Param* kTreeParams[] = {&kLeaves, &kScores, &kTrees, &kShuffled, &params::seed};
constexpr const Param* kNeutralParams[] = {&kShortCols, &kMasked, &params::seed};
constexpr const Param* kFlashParams[] = {&kShortCols, &kTileKeys, &kQuery, &params::seed};
constexpr const Param* kBugParams[] = {&kBug, &kOrder, &kHuntCols, &params::seed};
constexpr const Param* kBackendParams[] = {&kOp,     &kRows,       &kTableCols,  &kTopK,
                                           &kOffset, &kMaskedRows, &params::seed};

constexpr std::string_view kObjectives[] = {
    "Say where exp overflows and underflows in fp32 and fp16, and how a row fails before any single score "
    "does.",
    "Compute softmax in one pass with the pair (m, d), and merge pairs in any order.",
    "Count accesses per element and turn them into a modelled time.",
    "Fuse top-k into the pass, and merge partial softmaxes with their outputs.",
    "Find the five merges that look right and are not."};

}  // namespace

const std::array<Experiment, 11> kExperiments = {{
    {"thresholds", "Where exp ends",
     "exp(x) in three number formats and the x at which each becomes inf or 0.", kThresholdParams, false,
     thresholds},
    {"offset_sweep", "Naive, safe and online against an offset",
     "Error of three softmax forms while the same constant is added to every score.", kRowParams, true,
     offset_sweep},
    {"step_through", "Online softmax, score by score",
     "The running maximum, sum and rescale factor after each score of one row.", kShortRowParams, true,
     step_through},
    {"accesses", "Accesses per element", "Loads and stores of five forms, counted while they run.",
     kAccessParams, true, accesses},
    {"speed", "Modelled and measured time",
     "Time per row from accesses over bandwidth, beside the clock of this CPU.", kSpeedParams, false, speed},
    {"merge_trees", "Merging in any order",
     "Error of d when (m, d) pairs are merged in a chain and in random trees.", kTreeParams, false,
     merge_trees},
    {"invariant", "The bounds of d", "The running sum between its bounds 1 and j, checked at every j.",
     kRowParams, true, invariant},
    {"neutral_element", "The neutral element",
     "What merging with (-inf, 0) and masked scores gives, printed and guarded.", kNeutralParams, false,
     neutral_element},
    {"attention_row", "One query of flash attention",
     "The state (m, d, o) of one query after each tile of keys, held against dense attention.", kFlashParams,
     true, attention_row},
    {"bug_hunt", "Wrong merges",
     "Error of a wrong merge beside the right one, on inputs that show or hide it.", kBugParams, false,
     bug_hunt},
    {"backends", "The same rows on every backend",
     "Error, time and memory of every rung, simulated here and on a GPU when there is one.", kBackendParams,
     true, backends},
}};

}  // namespace ch10_01

extern const Lab lab_ch10_01_online_softmax;
const Lab lab_ch10_01_online_softmax = {
    .id = "ch10_01_online_softmax",
    .title = "Online softmax",
    .question = "How can softmax be computed in one pass, without overflow, and in any order?",
    .chapter = 10,
    .objectives = ch10_01::kObjectives,
    .experiments = ch10_01::kExperiments,
    .steps = ch10_01::kSteps,
    .quiz = ch10_01::kQuiz,
    .readings = ch10_01::kReadings,
    .glossary = ch10_01::kGlossary,
};

}  // namespace alab
