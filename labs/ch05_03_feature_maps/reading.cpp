// Quiz, reading list with what the list gets wrong, and the words of this lab.
// SPDX-License-Identifier: MIT
#include "labs/ch05_03_feature_maps/experiments.hpp"

namespace alab::ch05_03 {
namespace {

using Words = std::string_view;

constexpr Words kLowest[] = {"trigonometric", "hyperbolic positive", "trigonometric and hyperbolic tie",
                             "positive"};
constexpr Words kDouble[] = {"It halves", "It falls by a factor of sqrt 2", "It stays, but the bias falls",
                             "It falls by a factor of 4"};
constexpr Words kShared[] = {"To save memory", "A constant per key would multiply that key's weight",
                             "Keys are longer than queries", "It need not be shared"};
constexpr Words kFloor[] = {"0", "1/2", "1", "It has none"};
constexpr Words kDilution[] = {"They are negative", "Their variance is high",
                               "They cannot be sharp: its scores grow like a product, not like e^x",
                               "Their denominators vanish"};
constexpr Words kWhy[] = {"Real queries and keys are not normal", "Real text is too long",
                          "Real scores and norms are large, and the variance grows like e^|x+y|^2",
                          "The language model is quantised"};

}  // namespace

const std::array<QuizItem, kQuizCount> kQuiz = {{
    {"lowest",
     "x orthogonal to y, equal M: which of trigonometric, positive and hyperbolic positive has the lowest "
     "MSE?",
     kLowest, 2,
     "Trigonometric and hyperbolic tie. Positive is worse by the factor 2 / (1 - e^-|x+y|^2), at least 2."},
    {"double", "M is doubled: what happens to the root mean square error of a random-feature estimate?",
     kDouble, 1,
     "The estimate is a mean of M independent terms: its variance halves, its root falls by sqrt 2."},
    {"shared", "Why must the key stabiliser be shared by all keys?", kShared, 1,
     "A per-key constant multiplies that key's weight. A per-query one multiplies a whole row, and cancels."},
    {"floor", "What is the lowest score that the Taylor-2 map can give?", kFloor, 1,
     "1 + x + x^2/2 = ((x + 1)^2 + 1) / 2: the lowest value is 1/2, at x = -1."},
    {"dilution", "Why are the rows of elu + 1 close to uniform on random inputs?", kDilution, 2,
     "Products of features are sums of d positive terms, all of a similar size: no key can win by a factor "
     "of e^8."},
    {"why",
     "FAVOR+ errs by a few percent on small random rows and by about 100 % on heads of a language model. "
     "Why?",
     kWhy, 2,
     "Random rows drawn larger fail in the same way. Lemma 2: relative variance is (e^|x+y|^2 - 1) / M."},
}};

const std::array<Reading, kReadingCount> kReadings = {{
    {"Choromanski et al.: Rethinking Attention with Performers, ICLR 2021",
     "Section 2.3, lemma 1; section 3, lemma 2 and theorems 1-4; appendix B",
     "https://arxiv.org/abs/2009.14794", "Section 3 is positive random features.",
     "Positive features are section 2.3, lemma 1. Section 3 is the theory; the pseudocode is in appendix B.",
     "Full text of the paper."},
    {"Choromanski et al.: the same paper, its message", "Section 2.3", "https://arxiv.org/abs/2009.14794",
     "Random Fourier features can approximate softmax attention with guarantees.",
     "The paper says the opposite: trigonometric features are unstable for attention, and positive features "
     "repair "
     "that.",
     "Full text of the paper; steps 4 and 6 of this lab."},
    {"google-research: Performer code", "performer/fast_attention/{jax,tensorflow}/fast_attention.py",
     "https://github.com/google-research/google-research/tree/master/performer/fast_attention",
     "The code is performer/fast_attention.py.",
     "performer/fast_attention/jax/fast_attention.py and .../tensorflow/fast_attention.py.",
     "The google-research repository."},
    {"Katharopoulos, Vyas, Pappas, Fleuret: Transformers are RNNs, ICML 2020",
     "Section 3.2, Eq. 7 (elu + 1); section 3.3 (causal); section 3.4, Eqs. 16-20",
     "https://arxiv.org/abs/2006.16236",
     "Causal masking in section 4 or 3.2; recurrent form in Eq. 8; experiments in sections 5 and 6.",
     "Causal masking is 3.3, Eq. 8 is masked attention, the recurrence is Eqs. 16-20 in 3.4; experiments are "
     "section "
     "4.",
     "Full text of the paper."},
    {"Rahimi, Recht: Random Features for Large-Scale Kernel Machines, NIPS 2007",
     "Section 3: the construction; claim 1: the guarantee",
     "https://papers.nips.cc/paper/3182-random-features-for-large-scale-kernel-machines",
     "Theorem 1 is the approximation guarantee, section 2 the construction.",
     "The guarantee is claim 1; theorem 1 is Bochner's; the construction is section 3.",
     "Papers and lecture notes that quote the claim."},
    {"Schlag, Irie, Schmidhuber: Linear Transformers Are Secretly Fast Weight Programmers, ICML 2021",
     "Section 5.3: DPFP", "https://arxiv.org/abs/2102.11174"},
    {"Yang, Zhang: FLA, a library of linear attention (software), 2024", "the DPFP map; README",
     "https://github.com/fla-org/flash-linear-attention",
     "pip install fla; repository sustcsonglin/flash-linear-attention.",
     "The package is flash-linear-attention (import name fla); the repository moved to "
     "fla-org/flash-linear-attention.",
     "pyproject.toml and README of the repository."},
    {"Peng, Pappas, Yogatama, Schwartz, Smith, Kong: Random Feature Attention, ICLR 2021",
     "Sections 3.1 and 3.2", "https://arxiv.org/abs/2103.02143"},
    {"Katharopoulos, Vyas: fast-transformers (software)", "feature_maps; attention/linear_attention.py",
     "https://github.com/idiap/fast-transformers"},
}};

const std::array<Term, kTermCount> kGlossary = {{
    {"feature map", "phi", "A function of one row; phi(q).phi(k) takes the place of e^(q.k / sqrt d)."},
    {"implicit map", "", "The N x N weights that a linear model applies without forming them."},
    {"total variation", "TV",
     "Half the sum of absolute differences of two rows: 0 equal, 1 nothing in common."},
    {"entropy", "H", "How widely a row spreads its weights, in nats; e^H is the number of keys it looks at."},
    {"dilution", "", "Weights spread over so many keys that none of them counts."},
    {"denominator", "phi(q).z", "The sum of a row of products, by which the row is divided."},
    {"bias", "", "How far an estimate is off on average over all draws of W."},
    {"variance", "", "How much an estimate changes from draw to draw of W."},
    {"random rows", "M",
     "Rows of the random matrix W; trigonometric and hyperbolic maps make two features of each."},
    {"orthogonal rows", "", "Rows of W at right angles, each as long as a normal vector would be."},
    {"FAVOR+", "", "Performer's positive random features, e^(w.x - |x|^2/2) / sqrt M."},
    {"stabiliser", "c", "A constant subtracted in the exponent: one per query, one for all keys together."},
    {"row norm", "rho", "The length of a query or key after it was multiplied by d^(-1/4)."},
    {"spread", "s", "Standard deviation of the entries of q and k; scores grow like s^2."},
    {"regularised kernel", "SMREG", "What rows of W of one length estimate: a little less than e^(x.y)."},
    {"T32", "", "Tolerance 5e-6 on relL2: the same mathematics in fp32, summed in another order."},
}};

}  // namespace alab::ch05_03
