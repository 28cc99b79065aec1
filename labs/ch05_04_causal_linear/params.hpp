// The lab's own knobs. Ranges keep every Run under two seconds on one core at its maxima.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "reference/core/param.hpp"

namespace alab::causal_linear {

inline constexpr std::array<std::string_view, 4> kMaps{"elu1", "relu", "exp", "identity"};
inline constexpr std::array<std::string_view, 8> kForwardBugs{
    "strict_mask",  "late_normaliser", "double_count", "lost_tail",
    "strict_chunk", "exchanged_axes",  "head_leak",    "dirty_state"};
inline constexpr std::array<std::string_view, 3> kBackwardBugs{"forward_scan", "transposed_state",
                                                               "missing_diagonal"};
inline constexpr std::array<std::string_view, 3> kTermKinds{"ones", "uniform", "elu1"};
inline constexpr std::array<std::string_view, 3> kGpus{"H200", "H100", "A100"};
inline constexpr std::array<std::string_view, 2> kPasses{"forward", "backward"};

inline constexpr Param kHeadDim =
    int_param("head_dim", "head dimension", "elements", "Width d of a query; a real head keeps its own.", 64,
              4, 64, true);
inline constexpr Param kSmallDim =
    int_param("head_dim", "head dimension", "elements", "Width d of a query; a real head keeps its own.", 16,
              2, 64, true);
inline constexpr Param kChunk =
    int_param("chunk_size", "chunk size", "tokens",
              "C: 1 is the recurrence, the whole sequence the parallel form.", 64, 1, 4096, true);
inline constexpr Param kSmallChunk =
    int_param("chunk_size", "chunk size", "tokens", "C: tokens that are handled at once.", 8, 1, 64, true);
inline constexpr Param kMap =
    choice_param("feature_map", "feature map", "phi, applied to every element of queries and keys.", kMaps);
inline constexpr Param kNormalize =
    bool_param("normalize", "normalise", "Divide by phi(q).z, so that the weights of a row sum to 1.", true);

inline constexpr Param kMaskLength =
    int_param("seq_len", "sequence length", "tokens", "N; every value row is nudged once.", 32, 1, 64, true);
inline constexpr Param kLength = int_param("seq_len", "sequence length", "tokens", "N.", 1024, 1, 4096, true);
inline constexpr Param kViewLength =
    int_param("seq_len", "sequence length", "tokens", "N.", 64, 1, 256, true);

inline constexpr Param kForwardBug =
    choice_param("bug", "wrong kernel", "Which of the eight wrong kernels is run.", kForwardBugs);
inline constexpr Param kBackwardBug =
    choice_param("bug", "wrong kernel", "Which of the three wrong kernels is run.", kBackwardBugs);

inline constexpr Param kMaxLength =
    int_param("max_len", "longest sequence", "tokens", "The sweep doubles N from 64 up to here.", 1024, 128,
              2048, true);
inline constexpr Param kGradLength =
    int_param("seq_len", "sequence length", "tokens", "N for the gradient checks.", 32, 2, 96);

inline constexpr Param kContext =
    int_param("max_context", "longest context", "tokens", "So many tokens are generated one by one.", 2048,
              256, 4096, true);
inline constexpr Param kTrafficLength =
    int_param("seq_len", "sequence length", "tokens", "N.", 1024, 64, 2048, true);
inline constexpr Param kTrafficChunk =
    int_param("chunk_size", "chunk size", "tokens", "C: tokens of one chunk.", 64, 16, 256, true);
inline constexpr Param kGpuHeads =
    int_param("heads", "batch x heads", "heads", "Independent sequences of states.", 16, 1, 1024, true);
inline constexpr Param kGpuLength =
    int_param("seq_len", "sequence length", "tokens", "N of the model.", 16384, 256, 65536, true);
inline constexpr Param kGpu =
    choice_param("gpu", "GPU of the model", "Its number of multiprocessors and its memory bandwidth.", kGpus);

inline constexpr Param kTerms =
    choice_param("terms", "terms", "All ones; uniform in (0, 2); elu + 1 of a normal number.", kTermKinds);
inline constexpr Param kSumTerms =
    int_param("count", "terms added", "terms", "How many terms are summed.", 65536, 16, 262144, true);
inline constexpr Param kSumChunk =
    int_param("chunk_size", "chunk size", "tokens", "Terms summed in fp16 before they join the fp32 sum.", 64,
              1, 1024, true);

inline constexpr Param kPadLength =
    int_param("seq_len", "padded length", "tokens", "All sequences are padded to this.", 128, 8, 512, true);
inline constexpr Param kSequences = int_param("sequences", "sequences", "sequences",
                                              "Sequences in the batch, each of its own length.", 4, 1, 8);
inline constexpr Param kPrefill =
    int_param("prefill", "prefill", "tokens", "Tokens read before generation starts.", 64, 1, 255);
inline constexpr Param kRedrawLength = int_param("seq_len", "sequence length", "tokens",
                                                 "Prefill and generated tokens together.", 128, 8, 256, true);
inline constexpr Param kFeatures =
    int_param("features", "random features", "features", "m: rows of the random matrix.", 64, 8, 256, true);
inline constexpr Param kFlaLength =
    int_param("seq_len", "sequence length", "tokens", "N; 250 is no multiple of 16 or 64.", 250, 1, 512);

inline constexpr Param kPass = choice_param("pass", "pass", "Which ladder to run.", kPasses);
inline constexpr Param kLadderLength =
    int_param("seq_len", "sequence length", "tokens", "N of the ladder's problem.", 100, 2, 256, true);
inline constexpr Param kLadderDim =
    int_param("head_dim", "head dimension", "elements", "Width d of a query; a real head keeps its own.", 32,
              16, 64, true);

}  // namespace alab::causal_linear
