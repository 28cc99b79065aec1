// Quiz, reading list with what the list gets wrong, and the words of this lab.
// SPDX-License-Identifier: MIT
#include "labs/ch05_01_complexity_analysis/experiments.hpp"

namespace alab::complexity {
namespace {

using Words = std::string_view;

constexpr Words kFlops[] = {"67.1 M", "134.2 M", "268.4 M", "536.9 M"};
constexpr Words kBreakEven[] = {"64", "2080", "4096", "2112.5"};
constexpr Words kState[] = {"Yes, 16 KiB against 32 KiB", "Equal: 32 KiB each", "No, 64 KiB against 32 KiB"};
constexpr Words kTiled[] = {"fewer FLOPs", "fewer bytes, the same FLOPs", "a smaller exponent of N"};
constexpr Words kDecode[] = {"arithmetic", "memory: about 1 FLOP per byte in fp16",
                             "the launch of the kernel, always"};
constexpr Words kExponent[] = {"the paper is wrong", "constants and the rest of the model are in the figure",
                               "a TPU stores scores in a compressed form"};

}  // namespace

constinit const std::array<QuizItem, kQuizCount> kQuiz{{
    {"flops", "FLOPs of one head, N = 1024, d = 64, forward, two matrix products?", kFlops, 2,
     "4 N^2 d = 4 x 1024^2 x 64 = 268,435,456: two products, each 2 N^2 d."},
    {"break_even",
     "From which N does linear attention with the packed quadratic map and d = 64 need fewer FLOPs (products "
     "only)?",
     kBreakEven, 1,
     "N = m = d (d + 1) / 2 = 2080. Unpacked it would be 4096; with the normaliser counted 2112.5."},
    {"state",
     "Per decoded token, does the linear state move fewer bytes than a cache of 64 tokens at d = 64, fp32?",
     kState, 1,
     "State: read and write 2 x 64 x 64 x 4 = 32 KiB. Cache: read 2 x 64 x 64 x 4 = 32 KiB. Linear wins only "
     "beyond t = d."},
    {"tiled", "What does tiling, as in FlashAttention, change?", kTiled, 1,
     "The scores never reach memory, so bytes fall. Every query still meets every key: 4 N^2 d FLOPs."},
    {"decode", "One query per key-value head: what limits softmax decoding on a GPU?", kDecode, 1,
     "Each cached element is read once and used for one multiply-add: 2 FLOPs per 2 bytes. The ridge of an "
     "A100 is at 200."},
    {"exponent", "Why is the Transformer's memory exponent in LRA Table 2 1.74 and not 2?", kExponent, 1,
     "The figure holds weights, activations of linear layers and buffers besides N^2 scores. An exponent "
     "needs its constant."},
}};

constinit const std::array<Reading, kReadingCount> kReadings{{
    {"Tay, Dehghani, Abnar, Shen, Bahri, Pham, Rao, Yang, Ruder, Metzler: Long Range Arena, ICLR 2021",
     "Table 1 accuracies, Table 2 speed and memory, Figure 2 required attention span",
     "https://arxiv.org/abs/2011.04006", "Table 1 = tasks, Table 3 = method comparison.",
     "Table 1 holds the accuracies, Table 2 speed and memory, Figure 2 the required attention span.",
     "Captions in the paper."},
    {"Long Range Arena (the same paper), Table 1", "the row of the Sinkhorn Transformer",
     "https://arxiv.org/abs/2011.04006",
     "Average 51.39 (this is in the paper itself; its repository prints 51.29).",
     "The five printed scores average 51.476; the other ten rows fit to 0.005.",
     "A step of this lab recomputes all eleven."},
    {"Tay, Dehghani, Bahri, Metzler: Efficient Transformers: A Survey", "Table 1: complexities",
     "https://arxiv.org/abs/2009.06732", "Two entries, dated 2020 and 2022.",
     "One work: arXiv 2020, ACM Computing Surveys 2022. One entry is enough.",
     "arXiv:2009.06732 and its journal reference."},
    {"Kaplan, McCandlish, Henighan, Brown, Chess, Child, Gray, Radford, Wu, Amodei: Scaling Laws for Neural "
     "Language Models, 2020",
     "Section 2.1: parameters and compute", "https://arxiv.org/abs/2001.08361"},
    {"Katharopoulos, Vyas, Pappas, Fleuret: Transformers are RNNs, ICML 2020",
     "Eqs. 4-6 cost, 3.4 Eqs. 16-20 recurrence, Section 4 experiments", "https://arxiv.org/abs/2006.16236",
     "Causal masking in Section 4 or 3.2; the recurrent form is Equation 8; experiments in Sections 5 and 6.",
     "Causal masking is 3.3, Eq. 8 is masked attention, the recurrence is Eqs. 16-20 in 3.4; experiments are "
     "Section 4.",
     "Full text of the paper."},
    {"Gu, Goel, Re: Efficiently Modeling Long Sequences with Structured State Spaces, ICLR 2022",
     "Tables 3 and 4: speed, and LRA over six tasks", "https://arxiv.org/abs/2111.00396"},
    {"Dao: FlashAttention-2, ICLR 2024", "4.1 and 4.3: how FLOPs are counted",
     "https://arxiv.org/abs/2307.08691"},
    {"Yang, Wang, Shen, Panda, Kim: Gated Linear Attention Transformers with Hardware-Efficient Training, "
     "ICML 2024",
     "Section 3: FlashLinearAttention, chunks", "https://arxiv.org/abs/2312.06635",
     "Flash Linear Attention, Yang et al. 2024, arXiv 2401.17555.",
     "There is no such paper. FlashLinearAttention is Section 3 and Algorithm 1 of arXiv 2312.06635; "
     "2401.17555 "
     "is about something else.",
     "Page of arXiv 2401.17555 (opML); citation section of the fla library."},
    {"NVIDIA A100 (2020) and H100 (2022) Tensor Core GPU architecture whitepapers", "peak rates, bandwidth",
     "https://resources.nvidia.com/en-us-tensor-core"},
    {"Williams, Waterman, Patterson: Roofline, Communications of the ACM 52(4), 2009", "the whole article",
     "https://doi.org/10.1145/1498765.1498785"},
}};

constinit const std::array<Term, kTermCount> kGlossary{{
    {"sequence length", "N", "Tokens: queries and keys of one head."},
    {"head dimension", "d", "Width of a query, key or value of one head."},
    {"feature dimension", "m", "Width of phi(q) and phi(k) in linear attention."},
    {"FLOP", "", "One floating-point operation; a multiply-add counts as two."},
    {"exponent", "", "The power of N in a cost: the slope of its line on logarithmic axes."},
    {"crossover", "", "The N at which two forms cost the same."},
    {"normaliser", "z", "Sum of phi(k) over the keys; phi(q) z is the denominator of linear attention."},
    {"KV cache", "", "Keys and values of all tokens so far, kept to generate the next one."},
    {"state", "S", "phi(K)^T V: m x d numbers that stand for all tokens so far."},
    {"chunk size", "C", "Tokens handled together as a matrix product between two states."},
    {"arithmetic intensity", "I", "FLOPs per byte moved to or from memory."},
    {"machine balance", "F / W",
     "Peak FLOP/s over bytes/s: the intensity from which arithmetic is the limit."},
    {"roofline", "min(F, I W)", "The most that a given intensity can reach on a given machine."},
    {"temporary", "", "An array that a form needs besides its inputs and outputs."},
}};

}  // namespace alab::complexity
