// Which function of q and k can stand for softmax, what does each one lose, and when does it fail? The
// student should be able to rank maps by bias and variance, read Performer's lemma off a plot, and distrust
// random demos. Sources: Katharopoulos et al. 2020, arXiv:2006.16236; Choromanski et al. 2021,
// arXiv:2009.14794. SPDX-License-Identifier: MIT
#include "labs/lab.hpp"

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"

namespace alab {
namespace ch05_03 {
namespace {

using Knobs = const Param* const;
constexpr Knobs kRankKnobs[] = {&kLength, &kHeadDim, &kRows, &params::seed};
constexpr Knobs kMapsKnobs[] = {&kMap, &kMapLength, &kHeadDim, &kRows, &kMapSpread, &params::seed};
constexpr Knobs kTaylorKnobs[] = {&kSpread, &kLength, &kHeadDim, &params::seed};
constexpr Knobs kLemmaKnobs[] = {&kAngle, &kRowLength, &kLemmaRows, &kLemmaDraws, &params::seed};
constexpr Knobs kMatrixKnobs[] = {&kRho, &kDraws, &params::seed};
constexpr Knobs kSumKnobs[] = {&kSumRho, &kSumRows, &kSumDraws, &params::seed};
constexpr Knobs kFarKnobs[] = {&kFarRho, &kRows, &params::seed};
constexpr Knobs kLeakKnobs[] = {&kLeakLength, &kRaise, &params::seed};
constexpr Knobs kLearnedKnobs[] = {&kMapLength, &kHeadDim, &params::seed};
constexpr Knobs kDpfpKnobs[] = {&kSpread, &kLength, &kHeadDim, &params::seed};
constexpr Knobs kRealKnobs[] = {&kModelLength, &kHeadsPerLayer, &params::seed};
constexpr Knobs kRfaKnobs[] = {&kNormSpread, &kGate, &params::seed};
constexpr Knobs kLibraryKnobs[] = {&kLibraryRho, &kEpsExponent, &params::seed};
constexpr Knobs kBackendKnobs[] = {&kOp, &kLadderLength, &kLadderDim, &kRows, &params::seed};
constexpr Knobs kRedrawKnobs[] = {&kRedrawAt, &kPadding, &params::seed};

constexpr Experiment kExperiments[] = {
    {"rank", "Maps against softmax",
     "How far the rows of each feature map lie from softmax's, as scores grow.", kRankKnobs, false, run_rank},
    {"maps", "Implicit attention map",
     "The N x N weights that a feature map applies, beside the softmax of the same head.", kMapsKnobs, true,
     run_maps},
    {"taylor", "The floor of Taylor-2",
     "Products of Taylor-2 features, which stand for e^x and never fall below 1/2.", kTaylorKnobs, false,
     run_taylor},
    {"lemma2", "Performer's lemma 2", "The squared error of four estimates of e^(x.y), drawn and by formula.",
     kLemmaKnobs, false, run_lemma},
    {"matrix_error", "Orthogonal rows",
     "The error of a whole matrix of scores, for four kinds of random features.", kMatrixKnobs, false,
     run_matrix_error},
    {"denominators", "Sums below zero",
     "How many rows of weights are divided by a sum that is zero or negative.", kSumKnobs, false,
     run_denominators},
    {"stabiliser", "Stabilisers", "Which rows survive in fp32 when queries and keys are long.", kFarKnobs,
     false, run_stabiliser},
    {"leak", "A look into the future", "How far earlier outputs move when only the last key is changed.",
     kLeakKnobs, false, run_leak},
    {"learned", "One learned number", "How close one learned factor brings a feature map to softmax.",
     kLearnedKnobs, true, run_learned},
    {"dpfp", "DPFP, right and wrong", "The features of the paper beside those of a published line of code.",
     kDpfpKnobs, false, run_dpfp},
    {"real_heads", "Random rows and real heads",
     "The error of FAVOR+ on random rows and on heads of a language model, in one plot.", kRealKnobs, true,
     run_real_heads},
    {"rfa", "Random Feature Attention", "The error of trigonometric features on rows of length one.",
     kRfaKnobs, false, run_rfa},
    {"library", "Performer's options", "What rows of one length and an added eps do to the estimate.",
     kLibraryKnobs, false, run_library},
    {"redraw", "Redraw and padding", "The error of generated tokens after W was drawn anew.", kRedrawKnobs,
     false, run_redraw},
    {"backends", "Kernels side by side",
     "Every rung of a ladder of feature kernels, simulated here and on a GPU if there is one.", kBackendKnobs,
     true, run_backends},
};

constexpr std::string_view kObjectives[] = {
    "Rank elu + 1, ReLU, exp, DPFP, Taylor-2 and FAVOR+ by their distance to softmax, and say when the order "
    "changes.",
    "Tell bias from variance: maps that are always wrong, and maps that are right on average only.",
    "See dilution: rows that spread over everything, measured by entropy.",
    "Read Performer's lemma 2 off a plot, and say where trigonometric features are the better ones.",
    "Explain why norms decide: denominators below zero, exponents of -200, and which stabiliser saves them.",
    "Find the slips in published code: a minus sign, a maximum over the future, a W drawn anew.",
    "Judge FAVOR+ on heads of a language model, and say why random demos flatter it."};

}  // namespace
}  // namespace ch05_03

extern const Lab lab_ch05_03_feature_maps;
const Lab lab_ch05_03_feature_maps = {
    .id = "ch05_03_feature_maps",
    .title = "Feature maps",
    .question = "Which features can stand for softmax, and what does each map lose?",
    .chapter = 5,
    .objectives = ch05_03::kObjectives,
    .experiments = ch05_03::kExperiments,
    .steps = ch05_03::kSteps,
    .quiz = ch05_03::kQuiz,
    .readings = ch05_03::kReadings,
    .glossary = ch05_03::kGlossary,
};

}  // namespace alab
