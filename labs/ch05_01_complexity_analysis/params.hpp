// The knobs of the lab "Complexity analysis".
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "labs/common/roofline.hpp"
#include "reference/core/param.hpp"

namespace alab::complexity {

inline constexpr std::array<std::string_view, 2> kMaps{"elu1", "quadratic"};
inline constexpr std::array<std::string_view, 3> kFirstLengths{"1K", "2K", "3K"};
inline constexpr std::array<std::string_view, 2> kElementSizes{"2", "4"};

inline constexpr Param kLength =
    int_param("seq_len", "sequence length", "tokens", "Number of queries and keys N.", 1024, 16, 65536, true);
inline constexpr Param kHeadDim = int_param("head_dim", "head dimension", "elements",
                                            "Width d of a query, a key and a value.", 64, 16, 128, true);
inline constexpr Param kMap = choice_param(
    "map", "feature map", "elu1 keeps the width, m = d; quadratic has m = d (d + 1) / 2 features.", kMaps);
inline constexpr Param kChunk = int_param("chunk_size", "chunk size", "tokens",
                                          "Tokens handled together between two states.", 64, 1, 4096, true);
inline constexpr Param kGpu = choice_param(
    "gpu", "GPU of the model", "Whose peaks the roof and the modelled times use.", kRooflineDeviceNames);
inline constexpr Param kPrecision = choice_param(
    "precision", "arithmetic", "fp16: tensor cores and 2 bytes an element; fp32: no tensor cores, 4 bytes.",
    kRooflinePrecisionNames);

inline constexpr Param kLongestTimed =
    int_param("max_len", "longest sequence", "tokens", "Times are taken at N doubling up to here.", 2048, 512,
              2048, true);
inline constexpr Param kTimedDim = int_param("head_dim", "head dimension", "elements",
                                             "Width d of a query, a key and a value.", 32, 8, 64, true);

inline constexpr Param kContext =
    int_param("context", "context", "tokens", "Tokens generated so far.", 8192, 16, 131072, true);
inline constexpr Param kDecodeDim =
    int_param("head_dim", "head dimension", "elements",
              "Width d of the cache and the state; the micro-run takes it too, "
              "unless the input is a real head.",
              128, 16, 128, true);
inline constexpr Param kCacheBytes =
    choice_param("cache_bytes", "bytes per cached element", "2 for fp16, 4 for fp32.", kElementSizes);
inline constexpr Param kStateBytes =
    choice_param("state_bytes", "bytes per state element", "2 for fp16, 4 for fp32.", kElementSizes, 1);

inline constexpr Param kChunkLength =
    int_param("seq_len", "sequence length", "tokens",
              "N of the counts; the run on this CPU takes at most 1024.", 4096, 256, 16384, true);

inline constexpr Param kFrom =
    choice_param("from", "exponent from", "The exponent is taken between this length and 4K.", kFirstLengths);

inline constexpr Param kRoofLength =
    int_param("seq_len", "sequence length", "tokens",
              "N, or cached tokens when decoding; the closed forms are stated for long sequences.", 8192, 64,
              65536, true);
inline constexpr Param kRoofDim =
    int_param("head_dim", "head dimension", "elements",
              "Width d; also the feature dimension of the recurrent step.", 64, 16, 128, true);
inline constexpr Param kGroup = int_param("group", "queries per key-value head", "heads",
                                          "Group size of grouped-query attention.", 8, 1, 64, true);
inline constexpr Param kBlockM = int_param("block_m", "query rows per tile", "rows",
                                           "B_r of the FlashAttention-2 point.", 128, 16, 256, true);

inline constexpr Param kExplorerLongest = int_param(
    "max_len", "longest sequence", "tokens", "Counts go from N = 64 up to here.", 16384, 1024, 65536, true);

inline constexpr Param kLayers = int_param("layers", "layers", "layers", "Transformer blocks.", 12, 1, 128);
inline constexpr Param kModelDim = int_param("model_dim", "model dimension", "elements",
                                             "d_model: width of the residual stream.", 768, 64, 16384, true);
inline constexpr Param kModelContext =
    int_param("context", "context", "tokens", "Tokens each query attends to.", 2048, 128, 1048576, true);

}  // namespace alab::complexity
