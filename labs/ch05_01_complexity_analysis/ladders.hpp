// The knobs of the ladders of kernels.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "reference/core/param.hpp"

namespace alab::complexity {

inline constexpr std::array<std::string_view, 3> kLadders{"attention_scores", "decode_step_softmax",
                                                          "decode_step_linear"};
inline constexpr Param kLadder = choice_param("op", "ladder", "Which ladder of kernels is run.", kLadders);
inline constexpr Param kLadderLength =
    int_param("seq_len", "sequence length", "tokens",
              "N of the scores, or tokens in the cache; the linear step takes one token.", 64, 1, 256, true);
inline constexpr Param kLadderDim = int_param("head_dim", "head dimension", "elements",
                                              "Width d; a real head keeps its own.", 64, 16, 128, true);

}  // namespace alab::complexity
