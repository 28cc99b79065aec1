// The walk-through: steps with their predictions and pass lamps.
// SPDX-License-Identifier: MIT
#include "labs/ch05_01_complexity_analysis/experiments.hpp"

namespace alab::complexity {
namespace {

using Words = std::string_view;

constexpr Words kRatioOptions[] = {"2x for both", "4x for softmax, 2x for linear", "4x for both",
                                   "8x for softmax, 4x for linear"};
constexpr Words kChunkOptions[] = {"C = 1", "C = d", "about the square root of N", "C = N"};
constexpr Words kRowOptions[] = {"none", "Local and Linformer", "Synthesizer and Linear",
                                 "Reformer and BigBird"};
constexpr Words kAverageOptions[] = {"Transformer", "Linformer", "Sinkhorn", "BigBird"};
constexpr Words kBackendOptions[] = {"the FLOPs", "the error against double precision",
                                     "the loads from global memory", "the output"};

constexpr Words kCountLamps[] = {"softmax_formula", "tiled_formula", "linear_formula", "normaliser_formula",
                                 "chunkwise_formula"};
constexpr Words kSlopeLamps[] = {"softmax_t32", "linear_t32", "slope_softmax_lamp", "slope_linear_lamp"};
constexpr Words kCrossoverLamps[] = {"crossover_exact", "crossover_rounded", "softmax_t32", "linear_t32"};
constexpr Words kDecodeLamps[] = {"cache_counted", "cache_t32", "state_t32", "state_flat"};
constexpr Words kChunkLamps[] = {"formula", "fewest_at_one", "forms_t32"};
constexpr Words kExponentLamps[] = {"transformer_memory", "performer_memory"};
constexpr Words kRowLamps[] = {"rising"};
constexpr Words kAverageLamps[] = {"one_wrong", "sinkhorn", "six_tasks"};
constexpr Words kRooflineLamps[] = {"roofline_materialised", "roofline_flash",     "roofline_decode",
                                    "roofline_gqa_decode",   "roofline_recurrent", "ridge_a100"};
constexpr Words kExplorerLamps[] = {"ratio_exact", "tiled_same", "papers_agree", "softmax_t32", "linear_t32"};
constexpr Words kModelLamps[] = {"equal_kaplan", "equal_pairs"};

constexpr Prediction choose(Words question, std::span<const Words> options, int correct) {
  return {.kind = PredictionKind::choice, .question = question, .options = options, .correct = correct};
}
constexpr Prediction number(Words question, Words truth, double tolerance, Words unit = {}) {
  return {.kind = PredictionKind::number,
          .question = question,
          .truth = truth,
          .tolerance = tolerance,
          .unit = unit};
}

}  // namespace

constinit const std::array<Step, kStepCount> kSteps{{
    {"count", "What one head costs", StepKind::lesson, "calculator",
     "seq_len=4096 head_dim=64 map=elu1 chunk_size=64", "costs",
     number("N = 4096, d = m = 64: how many times the FLOPs of linear attention does softmax need?",
            "flop_ratio", 0.02, "times"),
     kCountLamps},
    {"slopes", "An exponent is a slope", StepKind::lesson, "slopes", "max_len=2048 head_dim=32", "time",
     choose("The time at N = 2048 over the time at N = 1024 will be ...", kRatioOptions, 1), kSlopeLamps},
    {"crossover", "Where the lines meet", StepKind::lesson, "crossover", "map=quadratic head_dim=32", "flops",
     number("d = 32, exact quadratic map: from which N on does linear attention need fewer FLOPs?",
            "crossover", 0.03, "tokens"),
     kCrossoverLamps},
    {"decode", "One more token", StepKind::lesson, "decode",
     "context=8192 head_dim=128 cache_bytes=2 state_bytes=4", "bytes",
     number("How large is the cache of one head: context 8192, d = 128, fp16?", "cache_mb", 0.03, "MB"),
     kDecodeLamps},
    {"chunk", "How long should a chunk be?", StepKind::lesson, "chunk",
     "seq_len=4096 head_dim=64 chunk_size=64 gpu=A100-40GB", "intensity",
     choose("Which chunk size needs the fewest FLOPs?", kChunkOptions, 0), kChunkLamps},
    {"exponents", "The exponents of a printed table", StepKind::lesson, "lra", "from=1K", "memory",
     number("Transformer: 0.85 GB at 1K, 9.48 GB at 4K. Which exponent is that?", "transformer_exponent",
            0.03),
     kExponentLamps},
    {"bug_rows", "Rows that cannot be", StepKind::find_the_bug, "lra", "from=1K", "speeds",
     choose("Which rows become faster on longer inputs?", kRowOptions, 2), kRowLamps},
    {"bug_average", "One average does not add up", StepKind::find_the_bug, "averages", "", "gaps",
     choose("Whose printed average is wrong?", kAverageOptions, 2), kAverageLamps},
    {"roofline", "Under the roof", StepKind::lesson, "roofline",
     "gpu=A100-40GB precision=fp16 seq_len=8192 head_dim=64 group=8 block_m=128", "roofline",
     number("d = 64, fp16, scores in memory: how many FLOPs per byte?", "intensity_materialised", 0.05,
            "FLOP/B"),
     kRooflineLamps},
    {"explorer", "Promise, model, clock, paper", StepKind::lesson, "explorer",
     "gpu=A100-40GB precision=fp16 max_len=16384 head_dim=64 map=elu1 chunk_size=64", "speed_up",
     number("At N = 4096 the FLOPs of one head fall 64-fold. How much faster did a whole linear model train?",
            "lra_ratio", 0.25, "times"),
     kExplorerLamps},
    {"model", "A whole transformer", StepKind::lesson, "model", "layers=12 model_dim=768 context=2048",
     "per_token",
     number(
         "d_model = 768: at which context does attention cost as much as the parameters, by Kaplan's count?",
         "kaplan_context", 0.03, "tokens"),
     kModelLamps},
    {"backends",
     "The same scores everywhere",
     StepKind::lesson,
     "backends",
     "op=attention_scores seq_len=64 head_dim=64",
     "backends",
     choose("From rung to rung, what changes most?", kBackendOptions, 2),
     {}},
    {.key = "errata", .title = "What the reading list gets wrong", .kind = StepKind::errata},
}};

}  // namespace alab::complexity
