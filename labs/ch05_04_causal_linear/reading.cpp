// Quiz, reading list with what the list gets wrong, and the words of this lab.
// SPDX-License-Identifier: MIT
#include <array>

#include "labs/ch05_04_causal_linear/experiments.hpp"

namespace alab::causal_linear {
namespace {

using Options = std::string_view[];

constexpr Options kStateSize = {"64 + 64", "4096 + 64", "4096 x N", "64 x N + 64"};
constexpr Options kChunkForms = {"C = N recurrent, C = 1 parallel", "C = 1 recurrent, C = N parallel",
                                 "C = 0 recurrent, C = N parallel", "Both need C = 64"};
constexpr Options kHalfSum = {"It overflows to infinity at 65 504", "It stops growing at 2048",
                              "It becomes NaN", "Nothing: 65 536 fits"};
constexpr Options kTraffic = {"4 N d", "6 N d + 2 (N / C) d^2", "4 N d + 2 C d^2", "2 N^2"};
constexpr Options kReverse = {"Because later outputs read what key i wrote",
                              "Because memory is freed in reverse", "Because dQ is needed first"};
constexpr Options kCatches = {"One with C dividing N", "One with m different from d_v",
                              "One with two heads and m = d_v", "One with N = 1"};

}  // namespace

constinit const std::array<QuizItem, kQuizCount> kQuiz{{
    {"state_size", "How large is the state for m = 64 features and d_v = 64?", kStateSize, 1,
     "S has m d_v = 4096 elements, the normaliser z has m = 64. Neither depends on N."},
    {"chunk_forms", "Which chunk size gives the recurrent form, and which the parallel one?", kChunkForms, 1,
     "With C = 1 every token is a chunk: only the state carries anything. With C = N there is one chunk and "
     "its "
     "state is empty."},
    {"half_sum", "V is accumulated in fp16 over N = 65 536 values that are all 1. What breaks?", kHalfSum, 1,
     "fp16 has 11 significant bits. From 2048 on its numbers are 2 apart, so 2048 + 1 rounds back to 2048."},
    {"traffic", "FlashLinearAttention writes its states. How many elements does a head move (m = d_v = d)?",
     kTraffic, 1,
     "Q, K, V and O make 4 N d, K and V are read once more, and every state is written and read: 2 (N / C) "
     "d^2."},
    {"reverse", "Why do dK and dV need a scan from the end?", kReverse, 0,
     "Key i takes part in every output from i on, so its gradient is a sum over i, i + 1, ... N."},
    {"catches", "A kernel addresses S with m and d_v exchanged. Which test finds it?", kCatches, 1,
     "For m = d_v both addresses are the same. Test with different sizes, always."},
}};

constinit const std::array<Reading, kReadingCount> kReadings{{
    {"Katharopoulos, Vyas, Pappas, Fleuret: Transformers are RNNs: Fast Autoregressive Transformers with "
     "Linear "
     "Attention, ICML 2020",
     "3.2 linearised, 3.3 causal masking, 3.4 as an RNN", "https://arxiv.org/abs/2006.16236",
     "Causal masking is in Section 4 (or 3.2), the recurrent form is Equation 8, experiments are Sections 5 "
     "and 6.",
     "Causal masking is 3.3; Eq. 8 is masked attention; the state sums are Eqs. 10-12, the gradients 13-15, "
     "the "
     "recurrence 16-20 (Section 3.4); experiments are Section 4.",
     "Full text of the paper."},
    {"Yang, Wang, Shen, Panda, Kim: Gated Linear Attention Transformers with Hardware-Efficient Training, "
     "ICML "
     "2024",
     "Section 3 and Algorithm 1: FlashLinearAttention", "https://arxiv.org/abs/2312.06635",
     "\"Flash Linear Attention\", Yang et al. 2024, arXiv 2401.17555, a paper of its own.",
     "There is no such paper. FlashLinearAttention is Section 3 and Algorithm 1 of the GLA paper; the "
     "library "
     "is cited as software.",
     "arXiv:2401.17555 is Conway, So, Yu, Wong: opML: Optimistic Machine Learning on Blockchain."},
    {"Yang, Wang, Shen, Panda, Kim: Gated Linear Attention (the same paper)", "Sections 3 and 4",
     "https://arxiv.org/abs/2312.06635",
     "Section 3 is the GLA architecture, Section 4 the chunkwise algorithm, Appendix A the implementation.",
     "Section 3 is FlashLinearAttention, without gates; Section 4 is GLA (4.1 to 4.4); Appendix A is "
     "extended "
     "related work.",
     "Section headings of the paper."},
    {"Yang, Zhang: FLA: A Triton-Based Library for Hardware-Efficient Implementations of Linear Attention "
     "Mechanism, 2024, software",
     "fla/ops/linear_attn: naive, chunk, fused_recurrent",
     "https://github.com/fla-org/flash-linear-attention",
     "The repository is sustcsonglin/flash-linear-attention.", "It moved to fla-org/flash-linear-attention.",
     "README and package metadata of the library."},
    {"The same library: installing it", "README, Installation",
     "https://github.com/fla-org/flash-linear-attention", "pip install fla",
     "The package is flash-linear-attention, imported as fla. Since version 0.5 the plain install brings no "
     "torch and no triton: pip install \"flash-linear-attention[cuda]\".",
     "pyproject.toml (name = \"flash-linear-attention\") and the installation note of the README."},
    {"Katharopoulos, Vyas: fast-transformers (idiap), PyPI pytorch-fast-transformers",
     "LinearAttention, CausalLinearAttention, recurrent forms, feature maps",
     "https://github.com/idiap/fast-transformers"},
    {"Schlag, Irie, Schmidhuber: Linear Transformers Are Secretly Fast Weight Programmers, ICML 2021",
     "Section 3: the state as a memory", "https://arxiv.org/abs/2102.11174"},
    {"Choromanski et al.: Rethinking Attention with Performers, ICLR 2021", "Section 2.3: positive features",
     "https://arxiv.org/abs/2009.14794"},
    {"Sun, Dong, Huang, Ma, Xia, Xue, Wang, Wei: Retentive Network, 2023",
     "2.1: parallel, recurrent and chunkwise retention", "https://arxiv.org/abs/2307.08621"},
    {"Roy, Vetterli: The effective rank: a measure of effective dimensionality, EUSIPCO 2007", "Definition 1",
     "https://ieeexplore.ieee.org/document/7098875"},
    {"Higham: Accuracy and Stability of Numerical Algorithms, SIAM 2002", "Chapter 4: summation",
     "https://doi.org/10.1137/1.9780898718027"},
}};

constinit const std::array<Term, kTermCount> kGlossary{{
    {"feature map", "phi",
     "Turns a query or key into m numbers, so that phi(q).phi(k) takes the place of exp(q.k)."},
    {"elu + 1", "", "x + 1 for x > 0, e^x otherwise: always positive."},
    {"state", "S_t", "Sum of phi(k_j)^T v_j over the tokens so far: m x d_v numbers, whatever N."},
    {"normaliser", "z_t", "Sum of phi(k_j) over the tokens so far; phi(q).z is the sum of a row's weights."},
    {"recurrent form", "C = 1", "Token by token: update the state, then read it."},
    {"parallel form", "C = N", "All scores at once, masked, times V: an N x N matrix is formed."},
    {"chunk", "C", "A run of tokens: inside it pairs meet as scores, across chunks through the state."},
    {"causal mask", "M", "Lower triangle with its diagonal: token i sees j <= i."},
    {"tail", "", "The last, shorter chunk when C does not divide N."},
    {"reverse scan", "R_t",
     "Sum of phi(q_i)^T g_i over i >= t, built from the end: what dK and dV are read from."},
    {"KV cache", "", "All keys and values so far, which softmax attention reads for every new token."},
    {"prefill", "", "Reading the prompt in one go, before generation starts."},
    {"materialised", "", "Written to slow memory, here: the state before each chunk."},
    {"effective rank", "",
     "e to the entropy of the singular values' shares: how many directions a state uses."},
    {"spacing", "", "Distance to the next number of a format; fp16: 2 at 2048, bf16: 2 at 256."},
    {"eps", "", "A small number added to the denominator: 1e-6 in fast-transformers, 1e-10 in fla."},
}};

}  // namespace alab::causal_linear
