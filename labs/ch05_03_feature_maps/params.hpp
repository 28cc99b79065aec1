// The lab's own knobs. Ranges keep every Run under two seconds on one core at its maxima.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "reference/core/param.hpp"

namespace alab::ch05_03 {

/// Names of reference/feature_maps.hpp, in the order of the lesson.
inline constexpr std::array<std::string_view, 10> kMapNames{"elu1",
                                                            "relu",
                                                            "exp",
                                                            "quadratic",
                                                            "taylor2",
                                                            "dpfp",
                                                            "favor_positive",
                                                            "favor_hyperbolic",
                                                            "favor_trigonometric",
                                                            "hedgehog"};
inline constexpr std::array<std::string_view, 4> kOpNames{"elu1", "poly2", "rff", "favor"};

inline constexpr Param kLength =
    int_param("seq_len", "sequence length", "tokens", "Number of queries and keys N.", 256, 32, 256, true);
inline constexpr Param kHeadDim =
    int_param("head_dim", "head dimension", "elements",
              "Width d of a query and a key; a real head keeps its own.", 16, 8, 32, true);
inline constexpr Param kRows =
    int_param("features", "random rows M", "rows", "Rows of the random matrix W.", 64, 4, 256, true);
inline constexpr Param kSpread =
    real_param("spread", "spread s", "", "Queries and keys are drawn from s N(0, I), so scores grow as s^2.",
               1, 0.25, 4);

inline constexpr Param kMap =
    choice_param("map", "feature map", "The map whose implicit weights are drawn.", kMapNames, 0);
inline constexpr Param kMapLength = int_param("seq_len", "sequence length", "tokens",
                                              "Number of queries and keys in the map.", 96, 8, 256, true);
inline constexpr Param kMapSpread =
    real_param("spread", "factor on q and k", "",
               "1 leaves the input as it is; scores grow with the square of the factor.", 1, 0.25, 4);

inline constexpr Param kAngle = real_param("angle", "angle between x and y", "degrees",
                                           "90: x.y = 0; below: x.y > 0; above: x.y < 0.", 90, 15, 165);
inline constexpr Param kRowLength =
    real_param("length", "length of x and y", "", "Norm of both vectors.", 1, 0.25, 1.5);
inline constexpr Param kLemmaRows = int_param("features", "random rows M", "rows",
                                              "Rows of W; at most d = 16, where theorem 2 holds.", 16, 2, 16);
inline constexpr Param kLemmaDraws =
    int_param("draws", "draws of W", "draws",
              "How often W is drawn anew; the criteria are stated for 40,000.", 40000, 1000, 40000, true);

inline constexpr Param kRho =
    real_param("rho", "row norm", "", "Norm of every scaled query and key.", 1, 0.25, 2);
inline constexpr Param kDraws =
    int_param("draws", "draws of W", "draws", "Errors are averaged over them.", 4, 1, 8);

inline constexpr Param kSumRho =
    real_param("rho", "row norm", "", "Norm of every scaled query and key.", 1.5, 0.5, 2.5);
inline constexpr Param kSumRows =
    int_param("features", "random rows M", "rows", "Rows of the random matrix W.", 8, 4, 64, true);
inline constexpr Param kSumDraws =
    int_param("draws", "draws of W", "draws", "Denominators are counted over all of them.", 10, 1, 20);

inline constexpr Param kFarRho =
    real_param("rho", "row norm", "", "Norm of every scaled query and key.", 20, 1, 30);

inline constexpr Param kLeakLength = int_param("seq_len", "sequence length", "tokens",
                                               "The last key is the one that is changed.", 64, 8, 128, true);
inline constexpr Param kRaise =
    real_param("raise", "raise of the maximum", "",
               "The last key is replaced by one that raises the maximum c of all keys by this.", 1, 0, 6);

inline constexpr Param kModelLength =
    int_param("seq_len", "tokens read", "tokens", "Tokens of the text that each head reads.", 128, 32, 160);
inline constexpr Param kHeadsPerLayer =
    int_param("heads", "heads per layer", "heads", "Of the nine heads of each of the 30 layers.", 1, 1, 2);

inline constexpr Param kNormSpread =
    real_param("norm_spread", "spread of row norms", "",
               "Rows are multiplied by e^(spread z), z normal: 0 leaves all norms alike.", 0.5, 0, 1);
inline constexpr Param kGate = real_param("gate", "constant gate g", "",
                                          "How much of the state is kept at each token.", 0.9, 0.05, 0.99);

inline constexpr Param kLibraryRho =
    real_param("rho", "row norm", "", "Norm of every scaled query and key.", 1, 0.25, 2);
inline constexpr Param kEpsExponent =
    real_param("eps_exponent", "log10 of eps", "", "eps = 10^this is added to every feature.", -6, -9, -2);

inline constexpr Param kRedrawAt = real_param("redraw_at", "redrawn after", "of the sequence",
                                              "Where W is replaced by a fresh one.", 0.5, 0.1, 0.9);
inline constexpr Param kPadding =
    int_param("padding", "padding tokens", "tokens", "Appended behind the sequence and masked.", 32, 0, 128);

inline constexpr Param kOp = choice_param("op", "op", "Whose ladder of kernels is run.", kOpNames);
inline constexpr Param kLadderLength =
    int_param("seq_len", "sequence length", "tokens", "Rows of the ladder's problem.", 64, 1, 256, true);
inline constexpr Param kLadderDim =
    int_param("head_dim", "head dimension", "elements", "Width d of a row; a real head keeps its own.", 16, 8,
              64, true);

}  // namespace alab::ch05_03
