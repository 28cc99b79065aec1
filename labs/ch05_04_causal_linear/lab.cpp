// How does a causal sum over all earlier tokens become a recurrence, a matrix product, or both in turns? The
// student should be able to choose the chunk size, write the backward pass as two scans, and tell where a
// long sum loses digits. Source: Katharopoulos, Vyas, Pappas, Fleuret 2020, arXiv:2006.16236; Yang, Wang,
// Shen, Panda, Kim 2024, arXiv:2312.06635, section 3. SPDX-License-Identifier: MIT
#include "labs/lab.hpp"

#include <array>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"

namespace alab {
namespace causal_linear {
namespace {

using Knobs = const Param* const;
constexpr Knobs kMaskKnobs[] = {&kMaskLength, &kSmallDim, &kSmallChunk, &params::seed};
constexpr Knobs kFormKnobs[] = {&kLength, &kHeadDim, &kChunk, &kMap, &kNormalize, &params::seed};
constexpr Knobs kForwardKnobs[] = {&kForwardBug, &params::seed};
constexpr Knobs kBackwardKnobs[] = {&kBackwardBug, &params::seed};
constexpr Knobs kMemoryKnobs[] = {&kMaxLength, &kHeadDim, &params::seed};
constexpr Knobs kGradientKnobs[] = {&kGradLength, &kSmallDim, &params::seed};
constexpr Knobs kDecodeKnobs[] = {&kContext, &kHeadDim, &params::seed};
constexpr Knobs kTrafficKnobs[] = {&kTrafficLength, &kHeadDim, &kTrafficChunk, &params::seed};
constexpr Knobs kParallelKnobs[] = {&kGpuHeads, &kGpuLength, &kTrafficChunk, &kHeadDim, &kGpu, &params::seed};
constexpr Knobs kViewKnobs[] = {&kViewLength, &kHeadDim, &kMap, &params::seed};
constexpr Knobs kSumKnobs[] = {&kTerms, &kSumTerms, &kSumChunk, &params::seed};
constexpr Knobs kPadKnobs[] = {&kPadLength, &kSequences, &params::seed};
constexpr Knobs kRedrawKnobs[] = {&kRedrawLength, &kPrefill, &kFeatures, &kSmallDim, &params::seed};
constexpr Knobs kBackendKnobs[] = {&kPass, &kLadderLength, &kLadderDim, &params::seed};
constexpr Knobs kFlaKnobs[] = {&kFlaLength, &kHeadDim, &params::seed};

constexpr Experiment kExperiments[] = {
    {"mask", "Who sees whom", "Each value row is nudged; the map shows which outputs move, and how much.",
     kMaskKnobs, true, run_mask},
    {"forms", "Three forms, one result",
     "The same op in parallel, as a recurrence and in chunks of every size: error, FLOPs, bytes, memory, "
     "time.",
     kFormKnobs, true, run_forms},
    {"bug_forward", "Wrong forward kernels",
     "The weights that a wrong kernel applies, and which of eight tests notices.", kForwardKnobs, false,
     run_bug_forward},
    {"memory", "Kept for the backward pass", "Elements of state that a backward pass holds, against N.",
     kMemoryKnobs, false, run_memory},
    {"gradients", "Gradients by two scans", "Closed-form gradients against nudged inputs, and their sizes.",
     kGradientKnobs, true, run_gradients},
    {"bug_backward", "Wrong backward kernels",
     "Errors of dQ, dK and dV of a wrong kernel, by token and by test.", kBackwardKnobs, false,
     run_bug_backward},
    {"decode", "Generating token by token",
     "Time and elements per token, with a cache of all keys and with a state, while tokens are generated.",
     kDecodeKnobs, false, run_decode},
    {"traffic", "FlashLinearAttention's traffic",
     "Elements between slow memory and the chip for every chunk size, counted copy by copy.", kTrafficKnobs,
     false, run_traffic},
    {"parallelism", "Blocks and chains",
     "How many blocks may run at once in both versions, and what a simple model makes of it.", kParallelKnobs,
     false, run_parallelism},
    {"weights", "Implicit weights", "The N x N weights of the linear head beside softmax's, row by row.",
     kViewKnobs, true, run_weights},
    {"state", "The state over tokens", "S_t as a map that plays over the tokens, with its norm and rank.",
     kViewKnobs, true, run_state},
    {"long_sums", "Long sums", "A running sum in fp16, bf16 and fp32 against the number of its terms.",
     kSumKnobs, false, run_long_sums},
    {"padding", "Padded batches",
     "Error of a padded batch against its sequences alone, for three ways to treat a pad.", kPadKnobs, false,
     run_padding},
    {"redraw", "A map drawn again",
     "Error of generated tokens when the random map is drawn again after the prefill.", kRedrawKnobs, false,
     run_redraw},
    {"conventions", "Conventions of papers and libraries",
     "The same op with the scale and the eps of the paper, of fla and of fast-transformers.", kFlaKnobs, true,
     run_conventions},
    {"backends", "Backends",
     "Every rung of the ladders, simulated here and on a GPU if there is one, against double precision.",
     kBackendKnobs, true, run_backends},
};

constexpr std::string_view kObjectives[] = {
    "Turn causal linear attention into a running sum, and say which token sees which.",
    "Compute it in parallel, as a recurrence and in chunks, and say what the chunk size trades.",
    "Spot the wrong mask, the late normaliser, the double count and the lost tail, and name the test that "
    "finds each.",
    "Write the backward pass as one forward and one reverse scan, and check it.",
    "Generate with a state of constant size, and say from which context on it moves less than a cache.",
    "Count the traffic of FlashLinearAttention with states kept and written, and say what the extra buys.",
    "Tell where a long sum in fp16 or bf16 stops, and how chunks and fp32 mend it.",
};

}  // namespace
}  // namespace causal_linear

extern const Lab lab_ch05_04_causal_linear;
constinit const Lab lab_ch05_04_causal_linear = {
    .id = "ch05_04_causal_linear",
    .title = "Causal linear attention",
    .question = "How does a sum over all earlier tokens become a recurrence, a matrix product, or both?",
    .chapter = 5,
    .objectives = causal_linear::kObjectives,
    .experiments = causal_linear::kExperiments,
    .steps = causal_linear::kSteps,
    .quiz = causal_linear::kQuiz,
    .readings = causal_linear::kReadings,
    .glossary = causal_linear::kGlossary,
};

}  // namespace alab
