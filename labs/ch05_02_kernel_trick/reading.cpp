// Quiz, reading list with what the list gets wrong, and the words of this lab.
// SPDX-License-Identifier: MIT
#include "labs/ch05_02_kernel_trick/experiments.hpp"

namespace alab::kernel_trick {
namespace {

using Words = std::string_view;

constexpr Words kExact[] = {"Yes, with m = d^2", "Yes, with m = N",
                            "No: exp has infinitely many Taylor terms"};
constexpr Words kDimension[] = {"64", "2080", "4096", "128"};
constexpr Words kFourier[] = {"about 0.031", "about 0.0155", "about 0.0039", "0"};
constexpr Words kNegative[] = {"a point has a negative squared length in feature space",
                               "the matrix is not symmetric", "the points were drawn badly"};
constexpr Words kForbids[] = {"exp is slow",
                              "a row must be complete before it can be normalised and exponentiated",
                              "softmax is not differentiable"};
constexpr Words kSmoother[] = {"outside the range of the values", "a weighted mean of the values",
                               "always the value of the best key"};

}  // namespace

constinit const std::array<QuizItem, kQuizCount> kQuiz{{
    {"exact", "Can softmax attention be linearised exactly with a finite feature map?", kExact, 2,
     "The exponential kernel is an infinite sum of polynomial kernels with positive weights, so no finite m "
     "is "
     "enough for all inputs."},
    {"dimension", "Features of the exact packed map of (x.y)^2 for d = 64?", kDimension, 1,
     "d (d + 1) / 2 = 2080: 64 squares and 2016 pairs. Unpacked it is 64^2 = 4096."},
    {"fourier", "Random Fourier features err by 0.062 at D = 256. At D = 4096?", kFourier, 1,
     "16 times the features, and the error falls with the square root: 0.062 / 4."},
    {"negative", "A Gram matrix has a negative eigenvalue. What does that mean?", kNegative, 0,
     "With its eigenvector c, c^T K c < 0 is the squared length of sum c_i phi(x_i): no real phi exists."},
    {"forbids", "Why can Q (K^T V) not be used with a softmax?", kForbids, 1,
     "softmax(Q K^T) is not a product of a matrix of queries with a matrix of keys; each weight needs its "
     "own "
     "pair and its row's sum."},
    {"smoother", "The output of softmax attention is always ...", kSmoother, 1,
     "The weights are positive and sum to 1. Linear attention with negative features gives that up."},
}};

constinit const std::array<Reading, kReadingCount> kReadings{{
    {"Katharopoulos, Vyas, Pappas, Fleuret: Transformers are RNNs: Fast Autoregressive Transformers with "
     "Linear "
     "Attention, ICML 2020",
     "Eqs. 4-5 linearised attention, Eq. 7 elu + 1", "https://arxiv.org/abs/2006.16236",
     "Causal masking in Section 4 or 3.2; the recurrent form is Equation 8; experiments in Sections 5 and 6.",
     "Causal masking is 3.3; Eq. 8 is masked attention; the recurrence is Eqs. 16-20 in 3.4, the state sums "
     "Eqs. 10-12; experiments are Section 4.",
     "Full text of the paper."},
    {"Rahimi, Recht: Random Features for Large-Scale Kernel Machines, NIPS 2007", "Section 3, Claim 1",
     "https://papers.nips.cc/paper/2007/hash/013a006f03dbc5392effeb8f18fda755-Abstract.html",
     "Theorem 1 = approximation guarantee, Section 2 = how features approximate kernels.",
     "The guarantee is Claim 1 (uniform convergence of Fourier features); Theorem 1 is Bochner's theorem; "
     "the "
     "construction is Section 3.",
     "Lecture notes and papers that quote the claim."},
    {"Vert, Tsuda, Schölkopf: A Primer on Kernel Methods, in Kernel Methods in Computational Biology, MIT "
     "Press "
     "2004",
     "the whole chapter", "https://mitpress.mit.edu/9780262195096/",
     "\"A Primer on Kernel Methods\" by Schölkopf and Smola, chapter 2 of \"Learning with Kernels\".",
     "Two works: this chapter by Vert, Tsuda and Schölkopf, and chapter 2, \"Kernels\", of Learning with "
     "Kernels.",
     "Tables of contents of both books."},
    {"Schölkopf, Smola: Learning with Kernels, MIT Press 2002", "Chapter 2: Kernels",
     "https://mitpress.mit.edu/9780262536578/"},
    {"Choromanski and others: Rethinking Attention with Performers, ICLR 2021",
     "Section 2.3, Lemma 1: positive features", "https://arxiv.org/abs/2009.14794",
     "Section 3: positive random features; random Fourier features approximate softmax attention with "
     "guarantees.",
     "Positive features are Section 2.3, Lemma 1; Section 3 is theory. The paper shows that trigonometric "
     "features are unstable for attention and that positive ones repair that.",
     "Full text of the paper."},
    {"Tsai, Bai, Yamada, Morency, Salakhutdinov: Transformer Dissection, EMNLP 2019",
     "Section 2: attention as a kernel smoother", "https://arxiv.org/abs/1908.11775"},
    {"fast-transformers, the authors' code of linear attention", "attention and feature_maps folders",
     "https://github.com/idiap/fast-transformers"},
}};

constinit const std::array<Term, kTermCount> kGlossary{{
    {"kernel", "k(x, y)", "A function that is an inner product phi(x).phi(y) for some feature map phi."},
    {"feature map", "phi",
     "Turns a vector into another, usually longer one, whose inner products are the kernel."},
    {"feature dimension", "m", "Length of phi(x)."},
    {"Gram matrix", "K", "All kernel values of a set of points: K_ij = k(x_i, x_j)."},
    {"positive definite", "", "Every Gram matrix has no negative eigenvalue; the same as: a phi exists."},
    {"eigenvalue", "", "For a symmetric matrix: by how much it stretches along one of its own directions."},
    {"kernel smoother", "",
     "A weighted mean of values, the weights being kernel values that are made to sum to 1."},
    {"bandwidth", "h", "Width of a kernel: how far apart two points may be and still count."},
    {"packed map", "", "A map that stores each pair i < j once, times the root of 2, instead of twice."},
    {"random Fourier features", "z(x)", "D cosines with random frequencies, whose mean product is a kernel."},
    {"state", "S", "phi(K)^T V: m x d_v numbers in place of all keys and values."},
    {"normaliser", "z", "Sum of phi(k) over the keys; phi(q).z is the denominator of a row."},
    {"temporary", "", "An array that a form needs besides its inputs and outputs."},
    {"ridge regression", "", "Least squares with a penalty on the size of the fit."},
    {"T32", "",
     "Tolerance 5e-6 on relL2: same mathematics in fp32, another order of summation, up to 4096 terms."},
}};

}  // namespace alab::kernel_trick
