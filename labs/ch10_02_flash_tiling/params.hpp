// The lab's own knobs. Ranges keep every Run under two seconds on one core at its maxima.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "reference/core/param.hpp"

namespace alab::flash_tiling {

inline constexpr std::array<std::string_view, 2> kLoopOrders{"fa2", "fa1"};
inline constexpr std::array<std::string_view, 3> kPowerLengths{"1024", "2048", "4096"};
inline constexpr std::array<std::string_view, 3> kPowerDims{"64", "32", "128"};
inline constexpr std::array<std::string_view, 2> kElementBytes{"2", "4"};
inline constexpr std::array<std::string_view, 2> kPasses{"forward", "backward"};

inline constexpr Param kLength =
    int_param("seq_len", "sequence length", "tokens", "Number of queries and keys N.", 256, 1, 1024, true);
inline constexpr Param kShortLength =
    int_param("seq_len", "sequence length", "tokens",
              "Number of queries and keys N; short, so that every tile can be followed.", 48, 1, 128);
inline constexpr Param kHeadDim =
    int_param("head_dim", "head dimension", "elements", "Width d of a query; a real head keeps its own.", 64,
              4, 128, true);
inline constexpr Param kBlockM =
    int_param("block_m", "query rows per tile", "rows", "Rows B_r of a tile: queries that share one visit.",
              64, 1, 256, true);
inline constexpr Param kBlockN = int_param("block_n", "key columns per tile", "columns",
                                           "Columns B_c of a tile: keys loaded together.", 64, 1, 256, true);
inline constexpr Param kSmallBlockM =
    int_param("block_m", "query rows per tile", "rows", "Rows B_r of a tile.", 16, 4, 64, true);
inline constexpr Param kSmallBlockN =
    int_param("block_n", "key columns per tile", "columns", "Columns B_c of a tile.", 16, 4, 64, true);
inline constexpr Param kLoopOrder = choice_param(
    "loop_order", "loop order", "fa2: query tiles outside; fa1: key tiles outside.", kLoopOrders);
inline constexpr Param kWatchedRow = int_param("watched_row", "watched row", "position",
                                               "The query whose m, l and accumulator are shown.", 40, 0, 127);

inline constexpr Param kTiles =
    int_param("tiles", "key tiles", "tiles", "Key tiles of the row; the criterion needs 4.", 8, 4, 32, true);
inline constexpr Param kSpan =
    real_param("span", "score span", "", "Difference between the largest and smallest score.", 8, 0, 16);
inline constexpr Param kRescale =
    bool_param("rescale", "rescale on", "Rescale O and l when the maximum rises.", false);

inline constexpr Param kPowerLength = choice_param(
    "seq_len", "sequence length", "N, a power of two so that tiles come out even.", kPowerLengths);
inline constexpr Param kPowerDim =
    choice_param("head_dim", "head dimension", "Width d of a query.", kPowerDims);
inline constexpr Param kBytes =
    choice_param("element_bytes", "bytes per element", "2 for fp16, 4 for fp32.", kElementBytes);
inline constexpr Param kSramKib =
    real_param("sram_kib", "on-chip memory", "KiB",
               "Shared memory that one block may fill; the marked point.", 96, 8, 256, true);

inline constexpr Param kBatch =
    int_param("batch", "batch", "sequences", "Sequences in the batch.", 64, 1, 256, true);
inline constexpr Param kHeads = int_param("heads", "heads", "heads", "Attention heads.", 16, 1, 128, true);
inline constexpr Param kLedgerLength =
    int_param("seq_len", "sequence length", "tokens", "Tokens per sequence N.", 1024, 128, 16384, true);
inline constexpr Param kLedgerBlockN =
    int_param("block_n", "key columns per tile", "columns", "B_c of the flash column.", 256, 64, 1024, true);
inline constexpr Param kMaskPass =
    bool_param("mask_pass", "mask kernel", "The standard form masks in a kernel of its own.", true);
inline constexpr Param kDropoutPass = bool_param(
    "dropout_pass", "dropout kernels", "Dropout runs in kernels of its own and keeps a byte mask.", true);
inline constexpr Param kFuseScores =
    bool_param("fuse_scores", "fuse Q K^T", "Part of the fused kernel.", false);
inline constexpr Param kFuseMask = bool_param("fuse_mask", "fuse mask", "Part of the fused kernel.", true);
inline constexpr Param kFuseSoftmax =
    bool_param("fuse_softmax", "fuse softmax", "Part of the fused kernel.", true);
inline constexpr Param kFuseDropout =
    bool_param("fuse_dropout", "fuse dropout", "Part of the fused kernel.", true);
inline constexpr Param kFuseValues =
    bool_param("fuse_values", "fuse P V", "Part of the fused kernel.", false);

inline constexpr Param kTileCount =
    int_param("tiles", "tiles per side", "tiles", "T: query tiles and key tiles of a square causal map.", 8,
              1, 64, true);
inline constexpr Param kTileSide =
    int_param("tile_side", "tile side", "tokens", "B_r = B_c.", 32, 8, 64, true);

inline constexpr Param kGradLength =
    int_param("seq_len", "sequence length", "tokens", "N for the gradient checks.", 48, 4, 128);
inline constexpr Param kGradDim = int_param("head_dim", "head dimension", "elements",
                                            "Width d; a real head keeps its own.", 16, 4, 64, true);

inline constexpr Param kMaxLength =
    int_param("max_len", "longest sequence", "tokens", "The sweep doubles N from 64 up to here.", 1024, 256,
              2048, true);
inline constexpr Param kMaxTimed =
    int_param("max_len", "longest sequence", "tokens", "The sweep doubles N from 64 up to here.", 1024, 256,
              2048, true);

inline constexpr Param kDensity =
    real_param("density", "density", "", "Share s of the tiles that is kept.", 0.25, 0.05, 1);
inline constexpr std::array<std::string_view, 4> kTileCounts{"16", "8", "32", "64"};
inline constexpr Param kSparseTiles = choice_param(
    "tiles", "tiles per side", "Tiles along each side of the map; they divide N evenly.", kTileCounts);

inline constexpr Param kGpuBatch =
    int_param("batch", "batch", "sequences", "Sequences in the batch.", 1, 1, 256, true);
inline constexpr Param kGpuHeads = int_param("heads", "heads", "heads", "Attention heads.", 8, 1, 128, true);
inline constexpr Param kGpuLength =
    int_param("seq_len", "sequence length", "tokens", "N of the occupancy model.", 16384, 512, 65536, true);
inline constexpr Param kGpuBlockM =
    int_param("block_m", "query rows per tile", "rows", "B_r of the occupancy and intensity models.", 128, 16,
              256, true);

inline constexpr Param kTrapLength =
    int_param("seq_len", "sequence length", "tokens", "Number of queries and keys N.", 256, 1, 512, true);
inline constexpr Param kTrapBlockN =
    int_param("block_n", "key columns per tile", "columns", "Columns B_c of a tile: keys loaded together.",
              64, 16, 256, true);
inline constexpr Param kScoreScale =
    real_param("score_scale", "score scale", "", "Factor on N(0, 1) scores; 1 and 8 are the stated ones.", 8,
               0.5, 16, true);
inline constexpr Param kPass = choice_param("pass", "pass", "Which ladder to run.", kPasses);
inline constexpr Param kLadderDim =
    int_param("head_dim", "head dimension", "elements", "Width d of a query; a real head keeps its own.", 64,
              16, 128, true);
inline constexpr Param kLadderLength =
    int_param("seq_len", "sequence length", "tokens", "N of the ladder's problem.", 64, 1, 256, true);
inline constexpr Param kMapLength =
    int_param("seq_len", "sequence length", "tokens", "Number of tokens in the map.", 64, 1, 256, true);

}  // namespace alab::flash_tiling
