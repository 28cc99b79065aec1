// The walk-through as data: what is asked, what is run, which lamp must light. Prose is in text.md.
// SPDX-License-Identifier: MIT
#include "labs/ch05_03_feature_maps/experiments.hpp"

namespace alab::ch05_03 {
namespace {

using Words = std::string_view;

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

constexpr Words kRankOptions[] = {"elu + 1", "ReLU", "Taylor-2", "FAVOR+ with 64 random rows"};
constexpr Words kUniformOptions[] = {"A softmax with a lower temperature", "Uniform averaging over all keys",
                                     "A diagonal: each token sees itself"};
constexpr Words kPairOptions[] = {"trigonometric", "positive", "hyperbolic positive",
                                  "trigonometric and hyperbolic positive tie"};
constexpr Words kFigureOptions[] = {"A: positive features have the smaller error",
                                    "B: positive features have the smaller error where the kernel is small",
                                    "C: trigonometric features have the smaller error"};
constexpr Words kOrthogonalOptions[] = {"It stays the same", "It falls to about two thirds",
                                        "It falls to about a third", "It becomes zero"};
constexpr Words kSumOptions[] = {"None of 2560", "A few, under a tenth", "About half", "All"};
constexpr Words kFarOptions[] = {"Right, but with fewer digits", "Zeros", "NaN in the rows with large scores",
                                 "NaN in every row"};
constexpr Words kLeakOptions[] = {"No: a constant for all keys cancels in the division",
                                  "Yes, in proportion to eps", "Yes, whether eps is there or not"};
constexpr Words kLearnedOptions[] = {"Small, below 1: rows must be broad", "Near 1: no change",
                                     "Large, above 1: rows must be sharp"};
constexpr Words kDpfpOptions[] = {"Only speed: the products are the same", "Some features become negative",
                                  "Some keys are counted twice, all features stay positive"};
constexpr Words kRealOptions[] = {"About the same, 0.03", "Three times as much, 0.1",
                                  "About 1: as wrong as an output of zeros"};
constexpr Words kMapOptions[] = {"Looks the same, a little noisier", "Is spread evenly over all tokens",
                                 "Collapses: nearly every query picks the same few keys"};
constexpr Words kRedrawOptions[] = {"Nothing: every W estimates the same kernel",
                                    "A little noise is added, a few percent",
                                    "The output is far off: over a tenth, at once"};

constexpr Words kLadderOptions[] = {
    "elu1: an exponential for every entry", "poly2: it makes the most features",
    "rff and favor: a matrix product with W comes first", "None: features are always bound by memory"};

constexpr Words kRankLamps[] = {"taylor_half", "taylor_one",     "elu_entropy",
                                "expected",    "expected_favor", "softmax_entropy"};
constexpr Words kUniformLamps[] = {"near_uniform", "rows_sum", "same_output"};
constexpr Words kTaylorLamps[] = {"floor", "reached", "formula"};
constexpr Words kPairLamps[] = {"trig_90", "trig_120", "hyp_90",     "hyp_120",  "pos_90",
                                "pos_120", "tie",      "orth_bound", "orth_iid", "unbiased"};
constexpr Words kFigureLamps[] = {"crossing", "trig_wins", "hyp_wins"};
constexpr Words kOrthogonalLamps[] = {"orthogonal", "positive_sums"};
constexpr Words kSumLamps[] = {"positive_zero", "trig_some"};
constexpr Words kFarLamps[] = {"off_broken", "on_finite", "projection_broken", "eps_average"};
constexpr Words kLeakLamps[] = {"causal", "leak", "proportional"};
constexpr Words kLearnedLamps[] = {"generalises"};
constexpr Words kDpfpLamps[] = {"paper_none", "written_some"};
constexpr Words kRealLamps[] = {"demo_falls", "demo_small"};
constexpr Words kMapLamps[] = {"rows_sum", "same_output"};
constexpr Words kRfaLamps[] = {"slope_half", "gate_is_retention"};
constexpr Words kLibraryLamps[] = {"smreg", "eps_small"};
constexpr Words kRedrawLamps[] = {"redraw_breaks", "fixed_t32", "padded_t32"};

}  // namespace

const std::array<Step, kStepCount> kSteps = {{
    {"rank", "1. Which map comes closest?", StepKind::lesson, "rank", "seq_len=256 head_dim=16 features=64",
     "distance_by_spread", choose("At s = 1, whose rows lie closest to softmax's?", kRankOptions, 2),
     kRankLamps},
    {"uniform", "2. What does elu + 1 see?", StepKind::lesson, "maps",
     "map=elu1 seq_len=96 head_dim=16 spread=1", "maps",
     choose("On random rows, the map of elu + 1 looks most like ...", kUniformOptions, 1), kUniformLamps},
    {"floor", "3. The lowest Taylor-2 score", StepKind::lesson, "taylor", "seq_len=256 head_dim=16 spread=1",
     "histogram", number("What is the lowest value that 1 + x + x^2/2 can take?", "lowest", 0.01),
     kTaylorLamps},
    {"pair", "4. One pair, four estimators", StepKind::lesson, "lemma2",
     "angle=90 length=1 features=16 draws=40000", "mse_by_angle",
     choose("x at a right angle to y, equal M: which estimate of e^(x.y) has the smallest squared error?",
            kPairOptions, 3),
     kPairLamps},
    {"bug_figure", "A sentence that says too much", StepKind::find_the_bug, "lemma2",
     "angle=60 length=1 features=16 draws=40000", "mse_by_angle",
     choose("Which sentence holds?", kFigureOptions, 1), kFigureLamps},
    {"orthogonal", "5. Rows at right angles", StepKind::lesson, "matrix_error", "rho=1 draws=4",
     "matrix_error",
     choose("16 trigonometric rows, made orthogonal: what happens to the squared error?", kOrthogonalOptions,
            2),
     kOrthogonalLamps},
    {"sums", "6. Sums that must not be zero", StepKind::lesson, "denominators", "rho=1.5 features=8 draws=10",
     "counts",
     choose("Trigonometric features, M = 8, norm 1.5: how many of 2560 rows are divided by a sum <= 0?",
            kSumOptions, 1),
     kSumLamps},
    {"stabiliser", "7. Exponents of -200", StepKind::lesson, "stabiliser", "rho=20 features=64", "broken",
     choose("Rows of norm 20, positive features in fp32, nothing subtracted. The output is ...", kFarOptions,
            3),
     kFarLamps},
    {"bug_future", "A maximum over all positions", StepKind::find_the_bug, "leak", "seq_len=64 raise=1",
     "movement", choose("Can an earlier output depend on a later key?", kLeakOptions, 1), kLeakLamps},
    {"learned", "8. Maps that are learned", StepKind::lesson, "learned", "seq_len=96 head_dim=16",
     "distance_by_factor",
     choose("One factor c is chosen to imitate softmax on random rows, s = 1. It comes out ...",
            kLearnedOptions, 0),
     kLearnedLamps},
    {"bug_dpfp", "A minus sign on the wrong side", StepKind::find_the_bug, "dpfp",
     "seq_len=256 head_dim=16 spread=1", "written",
     choose("What does [relu(x), -relu(x)] change?", kDpfpOptions, 1), kDpfpLamps},
    {"real", "Random demos flatter Performer", StepKind::lesson, "real_heads", "seq_len=128 heads=1",
     "error_by_rows",
     choose("The demo is off by 0.03 at M = 1024. How far off is FAVOR+ on heads of a language model?",
            kRealOptions, 2),
     kRealLamps},
    {"real_map", "The same head, two maps", StepKind::lesson, "maps",
     "map=favor_positive seq_len=64 features=256 spread=1", "maps",
     choose("The pattern of a sharp real head, through FAVOR+ with 256 rows ...", kMapOptions, 2), kMapLamps},
    {"unit_rows", "Rows of length one", StepKind::lesson, "rfa", "norm_spread=0.5 gate=0.9", "error_by_d",
     number("Sixteen times as many random rows: by which factor does the error of RFA fall?", "error_ratio",
            0.25, "times"),
     kRfaLamps},
    {"library",
     "What the published code adds",
     StepKind::lesson,
     "library",
     "rho=1 eps_exponent=-6",
     "mean_ratio",
     {},
     kLibraryLamps},
    {"redraw", "A fresh W in mid-sentence", StepKind::lesson, "redraw", "redraw_at=0.5 padding=32",
     "error_by_position",
     choose("W is drawn anew between prompt and generation. What happens to the output?", kRedrawOptions, 2),
     kRedrawLamps},
    {"backends",
     "The same features everywhere",
     StepKind::lesson,
     "backends",
     "op=favor seq_len=64 head_dim=16 features=64",
     "backends",
     choose("Which of the four maps is limited by arithmetic rather than by memory?", kLadderOptions, 2),
     {}},
    {.key = "errata", .title = "What the reading list gets wrong", .kind = StepKind::errata},
}};

}  // namespace alab::ch05_03
