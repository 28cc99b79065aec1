// The lab's own knobs. Ranges keep every Run under two seconds on one core at its maxima.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "reference/core/param.hpp"

namespace alab::gla_chunking {

inline constexpr std::array<std::string_view, 4> kGateSources{"uniform", "constant", "sigmoid", "channels"};
inline constexpr std::array<std::string_view, 2> kMasks{"selection", "product"};
inline constexpr std::array<std::string_view, 3> kFormats{"fp16", "bf16", "fp32"};
inline constexpr std::array<std::string_view, 4> kNarrowed{"operands", "operands_and_logs",
                                                           "operands_and_state", "everything"};
inline constexpr std::array<std::string_view, 9> kBugs{
    "decay_after_write", "gate_on_value_axis",  "raw_log_decay",
    "shifted_index",     "split_exponential",   "reference_chunk_start",
    "missing_bridge",    "missing_inter_chunk", "lambda_for_gamma"};
inline constexpr std::array<std::string_view, 7> kTrialNames{"mild",     "medium",   "strong", "very_strong",
                                                             "constant", "no_decay", "short"};
inline constexpr std::array<std::string_view, 2> kInsides{"two_level", "one_level"};
inline constexpr std::array<std::string_view, 2> kGammas{"missing_gamma", "with_gamma"};

inline constexpr Param kGates = choice_param("gates", "where gates come from",
                                             "SmolLM2 has no gates, so they are drawn. uniform: each between "
                                             "the two decays; constant: all equal to the "
                                             "lower one; sigmoid: of a normal number, with the temperature; "
                                             "channels: from the lower to the upper decay "
                                             "across channels, the same at every token.",
                                             kGateSources);
inline constexpr Param kAlphaLow = real_param(
    "alpha_low", "lower decay", "", "Smallest gate alpha; 0.9 keeps 90 % at each step.", 0.5, 0.01, 0.999);
inline constexpr Param kAlphaHigh =
    real_param("alpha_high", "upper decay", "", "Largest gate alpha; 1 forgets nothing.", 0.9, 0.01, 1);
inline constexpr Param kTemperature =
    real_param("temperature", "gate temperature", "",
               "tau in alpha = sigmoid(x)^(1/tau): large values keep memory longer.", 16, 1, 64, true);

inline constexpr Param kAlpha =
    real_param("alpha", "gate", "", "alpha, the same for every channel and token: what one step keeps.", 0.9,
               0.01, 0.999);
inline constexpr Param kLongLength =
    int_param("seq_len", "sequence length", "tokens", "Number of tokens N.", 1024, 16, 2048, true);
inline constexpr Param kLength =
    int_param("seq_len", "sequence length", "tokens", "Number of tokens N.", 512, 16, 1024, true);
inline constexpr Param kShortLength =
    int_param("seq_len", "sequence length", "tokens", "Number of tokens N.", 192, 16, 256, true);
inline constexpr Param kHeadDim =
    int_param("head_dim", "head dimension", "channels",
              "Key channels, each with its own gate; a real head keeps its own.", 16, 4, 64, true);
inline constexpr Param kChunk =
    int_param("chunk_size", "chunk size C", "tokens", "Tokens of a chunk.", 64, 4, 256, true);
inline constexpr Param kSubChunk =
    int_param("sub_chunk_size", "sub-chunk size c", "tokens",
              "Tokens of a sub-chunk; the pairs inside one are computed in log space.", 16, 1, 64, true);
inline constexpr Param kGradLength =
    int_param("seq_len", "sequence length", "tokens", "N for the gradient checks.", 32, 4, 64);
inline constexpr Param kGradDim =
    int_param("head_dim", "head dimension", "channels",
              "Key channels; a real head brings its own, of which 16 are used.", 8, 2, 16, true);
inline constexpr Param kLogit = real_param("x", "logit x", "", "Input of the gate's sigmoid.", 0, -6, 6);
inline constexpr Param kSumLength =
    int_param("seq_len", "longest sequence", "tokens", "The sweep doubles N from 128 up to here.", 2048, 256,
              2048, true);
inline constexpr Param kMeanLog = real_param("mean_log", "mean |log a|", "nats",
                                             "How strongly one step decays on average.", 1, 0.01, 4, true);
inline constexpr Param kScopeDim = int_param("head_dim", "head dimension", "channels",
                                             "Key channels, each with its own gate.", 16, 4, 16, true);
inline constexpr Param kStateLength =
    int_param("seq_len", "sequence length", "tokens", "Tokens that the state is followed over.", 96, 2, 128);
inline constexpr Param kGated =
    bool_param("gated", "gates on", "Off: every gate is 1, plain linear attention.", true);
inline constexpr Param kMapLength =
    int_param("seq_len", "sequence length", "tokens", "Side of the map of weights.", 64, 4, 256, true);
inline constexpr Param kBug =
    choice_param("bug", "mistake", "Which of the nine mistakes is run beside the right form.", kBugs);
inline constexpr Param kTrial =
    choice_param("trial", "test", "The test whose error is drawn token by token.", kTrialNames, 1);
inline constexpr Param kGammaKept =
    choice_param("form", "chunk state",
                 "Whether keys and values decay to the end of their chunk before they are added.", kGammas);
inline constexpr Param kRetentionChunk =
    int_param("chunk_size", "chunk size", "tokens", "Tokens of a chunk.", 64, 8, 128, true);
inline constexpr Param kConventionLength = int_param(
    "seq_len", "sequence length", "tokens", "N; no multiple of C tests the short last chunk.", 256, 8, 512);
inline constexpr Param kConventionChunk =
    int_param("chunk_size", "chunk size C", "tokens", "Tokens of a chunk.", 64, 4, 128, true);
inline constexpr Param kFla =
    bool_param("fla", "fla conventions", "Multiply q by head_dim^-1/2, as the library's functions do.", true);
inline constexpr Param kFormsLength =
    int_param("seq_len", "sequence length", "tokens", "Number of tokens N.", 256, 16, 256, true);
inline constexpr Param kFormsDim =
    int_param("head_dim", "head dimension", "channels",
              "Key channels, each with its own gate; a real head keeps its own.", 16, 4, 32, true);
inline constexpr Param kInside = choice_param(
    "inside", "inside a chunk",
    "two_level: sub-chunks, never overflows; one_level: divides by b and breaks where gates are strong.",
    kInsides);
inline constexpr Param kLadderLength =
    int_param("seq_len", "sequence length", "tokens", "Number of tokens N.", 256, 16, 512, true);
inline constexpr Param kLadderDim =
    int_param("head_dim", "head dimension", "channels", "Key and value channels; a real head keeps its own.",
              32, 16, 64, true);
inline constexpr Param kMask = choice_param(
    "mask", "causal mask", "selection writes 0 above the diagonal; product multiplies by 0.", kMasks);
inline constexpr Param kFormat =
    choice_param("format", "number format", "What the operands of matrix products are rounded to.", kFormats);
inline constexpr Param kNarrow = choice_param(
    "narrow", "kept in that format",
    "operands: what tensor cores read. The cumulative log gates and the state can be narrowed as well.",
    kNarrowed);

}  // namespace alab::gla_chunking
