// Quiz, reading list with what the list gets wrong, and the words of this lab.
// SPDX-License-Identifier: MIT
#include <array>

#include "labs/ch06_01_gla_chunking/experiments.hpp"

namespace alab::gla_chunking {
namespace {

using Words = std::string_view;

constexpr std::array<Words, 4> kNaiveOptions{"Slow but right", "Zeros", "NaN", "Large but finite"};
constexpr std::array<Words, 3> kBf16Options{
    "Yes: bf16 has the exponents of fp32, nothing overflows any more",
    "No: the limit moves from 11.09 to 88.7 nats; with alpha = 0.1 it is back at C = 38",
    "No: bf16 overflows earlier than fp16"};
constexpr std::array<Words, 4> kPrecisionOptions{"q and k", "v and the output",
                                                 "The cumulative log gates and the accumulated state",
                                                 "All of them equally"};
constexpr std::array<Words, 3> kDiagonalOptions{
    "They lie on the diagonal, where decays are exactly 1",
    "Query and key share the sub-chunk: no reference between them keeps both exponents <= 0",
    "Tensor cores cannot multiply triangles"};
constexpr std::array<Words, 3> kShareOptions{"16/64 = 25 %", "17/65 = 26.2 %",
                                             "1/4 of the chunk and its diagonal, 50 %"};
constexpr std::array<Words, 4> kLifeOptions{"8 tokens", "16 tokens", "32 tokens", "64 tokens"};
constexpr std::array<Words, 3> kScalarOptions{"It is more accurate",
                                              "Its mask is a C x C matrix: q k^T stays one product",
                                              "It needs no cumulative sum"};

}  // namespace

constinit const std::array<QuizItem, kQuizCount> kQuiz{{
    {"naive", "Every gate 0.9, N = 1024, fp32: what does the naive parallel form return?", kNaiveOptions, 2,
     "0.9^1024 = 1.4e-47 is below the smallest fp32 number. K / B is infinite, and 0 x inf is NaN."},
    {"bf16", "bf16 has a wider exponent than fp16. Does that remove the need for sub-chunks?", kBf16Options,
     1, "88.7 / 2.303 = 38.5: chunks of 64 overflow as soon as a gate stays near 0.1."},
    {"precision", "Which of q, k, v, gates and state need high precision?", kPrecisionOptions, 2,
     "Both are long sums: an error made early stays in every later term. q, k, v may be narrow."},
    {"diagonal", "Why do the diagonal sub-blocks need log space?", kDiagonalOptions, 1,
     "For an earlier sub-chunk the start of the query's sub-chunk lies between key and query. Inside one "
     "there is "
     "no such point for all pairs at once."},
    {"share", "C = 64, c = 16: which share of the causal pairs of a chunk needs log space?", kShareOptions, 1,
     "4 x 136 of 2080 pairs. The diagonal itself counts, hence (c + 1)/(C + 1) and not c/C."},
    {"life", "A gate sigmoid(x)^(1/tau) with x = 0 and tau = 32: what is its half-life?", kLifeOptions, 2,
     "sigmoid(0) = 1/2, so alpha^32 = 1/2. The temperature is the half-life at x = 0."},
    {"scalar", "What does a scalar gate (Mamba-2, RetNet) make easier?", kScalarOptions, 1,
     "The decay of a pair is one number, so it multiplies the finished score. Nothing is divided by b."},
}};

constinit const std::array<Reading, kReadingCount> kReadings{{
    {"Yang, Wang, Shen, Panda, Kim: Gated Linear Attention Transformers with Hardware-Efficient Training, "
     "ICML "
     "2024",
     "Section 4.1-4.3: recurrence, chunkwise form, secondary chunking", "https://arxiv.org/abs/2312.06635",
     "Section 3 is the GLA architecture, Section 4 the chunkwise algorithm, Appendix A the implementation.",
     "Section 3 is FlashLinearAttention, without gates. Section 4 is GLA: 4.1 recurrent and parallel, 4.2 "
     "chunkwise, 4.3 secondary chunking, 4.4 the Transformer. Appendix A is related work; the algorithms "
     "follow "
     "it.",
     "Full text of the paper."},
    {"FlashLinearAttention (listed as Yang et al. 2024, \"Flash Linear Attention\")",
     "Section 3 and Algorithm 1 of the GLA paper", "https://arxiv.org/abs/2312.06635",
     "Flash Linear Attention, Yang et al. 2024, arXiv 2401.17555.",
     "There is no such paper. The algorithm is Section 3 and Algorithm 1 of arXiv 2312.06635; the library is "
     "cited "
     "as software.",
     "arXiv 2401.17555 is Conway, So, Yu, Wong: opML: Optimistic Machine Learning on Blockchain."},
    {"Yang, Zhang: FLA: A Triton-Based Library for Hardware-Efficient Implementations of Linear Attention "
     "Mechanism, software, 2024",
     "fla/ops: naive and chunk functions of gla, simple_gla, retention",
     "https://github.com/fla-org/flash-linear-attention",
     "The repository is sustcsonglin/flash-linear-attention.",
     "It has moved to fla-org/flash-linear-attention.", "README and package metadata."},
    {"fla on the Python package index", "installation", "https://pypi.org/project/flash-linear-attention/",
     "pip install fla",
     "The distribution is flash-linear-attention, the import name fla. Since 0.5 a plain install brings no "
     "torch "
     "or triton: pip install \"flash-linear-attention[cuda]\".",
     "pyproject.toml and the installation note of the README."},
    {"Songlin Yang, author of GLA, on X", "no handle is given here", "https://arxiv.org/abs/2312.06635",
     "The handle @taboryang.",
     "It could not be confirmed, so it is dropped; public pages that quote the author link to @SonglinYang4.",
     "Several public articles and READMEs."},
    {"Linear Attention Survey, Karan Praharaj, blog", "unverified", "https://arxiv.org/abs/2009.06732",
     "A survey of linear attention at a blog address.",
     "It could not be confirmed that it exists. Read the survey of Tay et al. and the related work in the "
     "GLA paper "
     "instead.",
     "The name in that role occurs publicly only in the list itself."},
    {"Tay, Dehghani, Bahri, Metzler: Efficient Transformers: A Survey, ACM Computing Surveys 2022",
     "in place of the unverified survey", "https://arxiv.org/abs/2009.06732"},
    {"Sun, Dong, Huang, Ma, Xia, Xue, Wang, Wei: Retentive Network: A Successor to Transformer for Large "
     "Language "
     "Models, 2023",
     "Section 2.1 chunkwise form (Eq. 7), 2.2 multi-scale retention", "https://arxiv.org/abs/2307.08621",
     "Section 2.3 is multi-scale retention.",
     "Gated multi-scale retention is 2.2; 2.3 is the overall architecture.", "Full text of the paper."},
    {"Dao, Gu: Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State "
     "Space "
     "Duality, ICML 2024",
     "Sections 5 and 6, Listing 1", "https://arxiv.org/abs/2405.21060",
     "Section 2 duality, Section 3 SSD, \"Algorithm 1: the unified algorithm\".",
     "Section 2 is background, 3 semiseparable matrices, 4 structured masked attention, 5 duality, 6 the "
     "algorithm. "
     "The code is Listing 1; there is no Algorithm 1.",
     "Section list of the paper."},
    {"Peng, Pappas, Yogatama, Schwartz, Smith, Kong: Random Feature Attention, ICLR 2021",
     "Section 3.2: the gate (a scalar one)", "https://arxiv.org/abs/2103.02143"},
    {"Katharopoulos, Vyas, Pappas, Fleuret: Transformers are RNNs, ICML 2020",
     "Section 3.4: the recurrence without gates", "https://arxiv.org/abs/2006.16236"},
    {"Roy, Vetterli: The effective rank: a measure of effective dimensionality, EUSIPCO 2007",
     "definition of the effective rank", "https://ieeexplore.ieee.org/document/7098875"},
}};

constinit const std::array<Term, kTermCount> kGlossary{{
    {"state", "S", "Matrix of key channels x value channels that a recurrence carries from token to token."},
    {"gate", "alpha_t",
     "Number between 0 and 1 per key channel and token: what the state keeps at that step."},
    {"log_decay", "g = ln alpha", "The gate as it is stored: at most 0; products of gates become sums."},
    {"cumulative gate", "b_t", "Product of the gates up to token t."},
    {"nats", "", "Natural-logarithm units: e^11.09 is 11.09 nats above 1, and fp16 ends there."},
    {"naive parallel form", "", "(Q * B)(K / B)^T with a mask: divides by a product of gates."},
    {"log space", "",
     "e^(g_i - g_j) from the difference of cumulative log gates: the exponent is never positive."},
    {"chunk", "C", "A run of tokens computed as a block; between chunks only the state passes."},
    {"sub-chunk", "c", "A run of tokens inside a chunk; pairs in different sub-chunks are a matrix product."},
    {"Lambda", "\xce\x9b",
     "Decay from the start of the chunk to a token; scales queries that read the state."},
    {"Gamma", "\xce\x93", "Decay from a token to the end of the chunk; scales keys that enter the state."},
    {"gamma", "\xce\xb3", "Decay of the state over a whole chunk."},
    {"reference row", "", "Cumulative gate from which both factors of a pair are measured."},
    {"half-life", "", "Steps after which half of a write is left: ln 2 / -ln alpha."},
    {"temperature", "tau", "Exponent 1/tau on the sigmoid: multiplies every half-life by tau."},
    {"effective rank", "",
     "exp of the entropy of the singular values' shares: directions that hold something."},
    {"scalar gate", "", "One gate per token for all channels, as in RetNet, Mamba-2 and gated RFA."},
    {"segment sum", "", "Sums of log gates over (j, i], each summed for itself instead of by difference."},
}};

}  // namespace alab::gla_chunking
