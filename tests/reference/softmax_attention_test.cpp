// Softmax attention forward and backward: a case by hand, forms against each other and against the
// definition, properties, gradients. SPDX-License-Identifier: MIT
#include "reference/softmax_attention.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "tests/reference/truth.hpp"

using namespace alab;

namespace {

constexpr double kT32 = 5e-6, kT64 = 1e-12;

struct Problem {
  std::int64_t heads, rows, cols, dk, dv;
  bool causal;
  double factor = 1;
};
const Problem kProblems[] = {
    {1, 1, 1, 1, 1, false},         {1, 1, 1, 16, 16, true},     {2, 7, 7, 48, 48, true},
    {1, 63, 63, 64, 64, false},     {1, 65, 65, 64, 64, true},   {2, 129, 129, 16, 32, true},
    {1, 40, 100, 32, 64, true},     {1, 100, 40, 32, 16, true},  {3, 1, 77, 24, 40, true},
    {1, 300, 300, 64, 64, true, 6}, {1, 1000, 1000, 16, 8, true}};

template <class T>
struct Inputs {
  explicit Inputs(const Problem& p)
      : q(truth::normal<T>({p.heads, p.rows, p.dk}, 1, p.factor)),
        k(truth::normal<T>({p.heads, p.cols, p.dk}, 2, p.factor)),
        v(truth::normal<T>({p.heads, p.cols, p.dv}, 3)),
        d_output(truth::normal<T>({p.heads, p.rows, p.dv}, 4)) {}
  Tensor<T> q, k, v, d_output;
};

/// Largest relative deviation of an analytic gradient from central differences of f in double.
double gradient_error(Tensor<double>& x, const Tensor<double>& gradient, const std::function<double()>& f) {
  double worst = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double kept = x[i], h = 1e-5;
    x[i] = kept + h;
    const double above = f();
    x[i] = kept - h;
    const double below = f();
    x[i] = kept;
    worst = std::max(worst, std::abs((above - below) / (2 * h) - gradient[i]) / (1 + std::abs(gradient[i])));
  }
  return worst;
}

}  // namespace

TEST_CASE_TEMPLATE("three queries, three keys, two values by hand", T, float, double) {
  // Scores: row 0 all equal; row 1: ln 1, ln 2, ln 5; row 2: one key far ahead.
  const Tensor<T> q({1, 3, 1}, {0, 1, 200});
  const Tensor<T> k({1, 3, 1}, {T(std::log(1.0)), T(std::log(2.0)), T(std::log(5.0))});
  const Tensor<T> v({1, 3, 2}, {8, 0, 0, 8, 16, 24});
  const Tensor<double> by_hand({1, 3, 2}, {8, 32.0 / 3, 11, 17, 16, 24});
  const Tensor<double> causal_by_hand({1, 3, 2}, {8, 0, 8.0 / 3, 16.0 / 3, 16, 24});
  AttentionOptions options{.scale = 1};
  CHECK(truth::distance(softmax_attention(q, k, v, options).output, by_hand) <= 1e-6);
  CHECK(truth::distance(online_softmax_attention(q, k, v, options).output, by_hand) <= 1e-6);
  CHECK(truth::distance(blocked_softmax_attention(q, k, v, options).output, by_hand) <= 1e-6);
  CHECK(softmax_attention(q, k, v, options).logsumexp(0, 1) == doctest::Approx(std::log(8.0)).epsilon(1e-6));
  options.causal = true;
  CHECK(truth::distance(softmax_attention(q, k, v, options).output, causal_by_hand) <= 1e-6);
  CHECK(truth::distance(blocked_softmax_attention(q, k, v, options).output, causal_by_hand) <= 1e-6);
}

TEST_CASE_TEMPLATE("every form agrees with the definition on every shape", T, float, double) {
  const double bound = sizeof(T) == 4 ? kT32 : kT64;
  for (const Problem& p : kProblems) {
    const Inputs<T> in(p);
    const truth::Attention expected = truth::attention(in.q, in.k, in.v, p.causal, 0);
    const AttentionOptions options{.causal = p.causal};
    CAPTURE(p.rows);
    CAPTURE(p.cols);
    for (const AttentionOutput<T>& out :
         {softmax_attention(in.q, in.k, in.v, options), online_softmax_attention(in.q, in.k, in.v, options),
          online_softmax_attention(in.q, in.k, in.v, options, {}, 13),
          online_softmax_attention(in.q, in.k, in.v, options, {}, 100000),
          blocked_softmax_attention(in.q, in.k, in.v, options),
          blocked_softmax_attention(in.q, in.k, in.v, options, 3)}) {
      CHECK(truth::distance(out.output, expected.output) <= bound);
      CHECK(truth::distance(out.logsumexp, expected.logsumexp) <= bound);
    }
    CHECK(truth::distance(attention_weights(in.q, in.k, options), expected.weights) <= bound);
  }
}

TEST_CASE("wide reduction in f32 is exact to the rounding of its outputs") {
  for (const Problem& p : kProblems) {
    const Inputs<float> in(p);
    const truth::Attention expected = truth::attention(in.q, in.k, in.v, p.causal, 0);
    const AttentionOptions options{.causal = p.causal, .reduction = Reduction::wide};
    CHECK(truth::distance(softmax_attention(in.q, in.k, in.v, options).output, expected.output) <= 6e-8);
    CHECK(truth::distance(online_softmax_attention(in.q, in.k, in.v, options).output, expected.output) <=
          6e-8);
    CHECK(truth::distance(attention_weights(in.q, in.k, options), expected.weights) <= 6e-8);
  }
}

TEST_CASE("weights are between 0 and 1 and sum to 1; hidden keys weigh exactly 0") {
  const Inputs<double> in({2, 50, 70, 16, 16, true});
  const Tensor<double> w = attention_weights(in.q, in.k, {.causal = true});
  for (std::int64_t h = 0; h < 2; ++h) {
    for (std::int64_t i = 0; i < 50; ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j < 70; ++j) {
        CHECK((0 <= w(h, i, j) && w(h, i, j) <= 1));
        if (j > i + 20) {
          CHECK(w(h, i, j) == 0);
        }
        sum += w(h, i, j);
      }
      CHECK(std::abs(sum - 1) <= 1e-14);
    }
  }
}

TEST_CASE("a causal row does not move when the future does, and moves when the past does") {
  Inputs<double> in({1, 20, 24, 8, 8, true});
  const AttentionOptions options{.causal = true};
  const auto rows_moved = [&](std::int64_t key) {
    const auto before = blocked_softmax_attention(in.q, in.k, in.v, options).output;
    const auto naive_before = softmax_attention(in.q, in.k, in.v, options).output;
    for (std::int64_t c = 0; c < 8; ++c) {
      in.k(0, key, c) += 0.25;
      in.v(0, key, c) -= 0.5;
    }
    const auto after = blocked_softmax_attention(in.q, in.k, in.v, options).output;
    const auto naive_after = softmax_attention(in.q, in.k, in.v, options).output;
    std::vector<bool> moved;
    for (std::int64_t i = 0; i < 20; ++i) {
      const bool same = before(0, i, 0) == after(0, i, 0);
      CHECK(same == (naive_before(0, i, 0) == naive_after(0, i, 0)));
      moved.push_back(!same);
    }
    return moved;
  };
  for (const std::int64_t key : {0, 4, 11, 23}) {
    const std::vector<bool> moved = rows_moved(key);
    for (std::int64_t i = 0; i < 20; ++i) {
      CHECK(moved[static_cast<std::size_t>(i)] == (key <= i + 4));
    }
  }
}

TEST_CASE_TEMPLATE("rows that see no key give 0 and -inf in every form, by mask and by causality", T, float,
                   double) {
  const T inf = std::numeric_limits<T>::infinity();
  const Inputs<T> in({2, 6, 4, 8, 8, true});  // causal, Nq > Nk: rows 0 and 1 see nothing
  Tensor<T> mask({2, 6, 4});
  for (std::int64_t j = 0; j < 4; ++j) {
    mask(1, 4, j) = -inf;
  }
  mask(0, 5, 2) = -inf;
  const AttentionOptions options{.causal = true};
  const truth::Attention expected = truth::attention(in.q, in.k, in.v, true, 0, mask);
  for (const AttentionOutput<T>& out : {softmax_attention(in.q, in.k, in.v, options, mask),
                                        online_softmax_attention(in.q, in.k, in.v, options, mask),
                                        blocked_softmax_attention(in.q, in.k, in.v, options, 2, {}, mask)}) {
    CHECK(truth::distance(out.output, expected.output) <= kT32);
    CHECK(truth::distance(out.logsumexp, expected.logsumexp) <= kT32);
    CHECK(out.logsumexp(0, 0) == -inf);
    CHECK(out.logsumexp(1, 4) == -inf);
    CHECK(out.output(1, 4, 3) == T(0));
  }
  const auto g = softmax_attention_backward(in.q, in.k, in.v, in.d_output, options, mask);
  for (std::int64_t c = 0; c < 8; ++c) {
    CHECK(g.dq(0, 0, c) == T(0));
    CHECK(g.dq(1, 4, c) == T(0));
  }
  for (const T value : g.dk.span()) {
    CHECK(std::isfinite(value));
  }
}

TEST_CASE("scores of 80 and of ten thousand stay within the rounding of the scores themselves") {
  for (const double size : {80.0, 1e4}) {
    Inputs<float> in({1, 70, 90, 16, 16, false});
    double largest = 0;
    const Tensor<float> small = attention_weights(in.q, in.k);
    for (std::int64_t i = 0; i < 70; ++i) {
      for (std::int64_t j = 0; j < 90; ++j) {
        double dot = 0;
        for (std::int64_t c = 0; c < 16; ++c) {
          dot += static_cast<double>(in.q(0, i, c)) * in.k(0, j, c);
        }
        largest = std::max(largest, std::abs(dot));
      }
    }
    const AttentionOptions options{.scale = size / largest};
    const truth::Attention expected = truth::attention(in.q, in.k, in.v, false, options.scale);
    // A score of `size` is known to size * 2^-24 in f32, and a weight is off by as much.
    const double bound = 4 * size * 6e-8 + kT32;
    CHECK(truth::distance(softmax_attention(in.q, in.k, in.v, options).output, expected.output) <= bound);
    CHECK(truth::distance(online_softmax_attention(in.q, in.k, in.v, options).output, expected.output) <=
          bound);
    CHECK(truth::distance(blocked_softmax_attention(in.q, in.k, in.v, options).output, expected.output) <=
          bound);
    CHECK(truth::distance(blocked_softmax_attention(in.q, in.k, in.v, options).logsumexp,
                          expected.logsumexp) <= 1e-6);
  }
}

TEST_CASE("a NaN in a key reaches every query that sees it, in every form") {
  Inputs<float> in({1, 20, 40, 8, 8, true});
  in.k(0, 30, 2) = std::nanf("");
  const AttentionOptions options{.causal = true};
  for (const AttentionOutput<float>& out :
       {softmax_attention(in.q, in.k, in.v, options), online_softmax_attention(in.q, in.k, in.v, options),
        blocked_softmax_attention(in.q, in.k, in.v, options)}) {
    for (std::int64_t i = 0; i < 20; ++i) {
      CHECK(std::isnan(out.output(0, i, 3)) == (i + 20 >= 30));
      CHECK(std::isnan(out.logsumexp(0, i)) == (i + 20 >= 30));
    }
  }
}

TEST_CASE("the blocked form gives the same bits for any number of threads") {
  const Inputs<float> in({3, 200, 200, 64, 64, true});
  const auto one = blocked_softmax_attention(in.q, in.k, in.v, {.causal = true}, 1);
  for (const int threads : {0, 2, 5}) {
    const auto many = blocked_softmax_attention(in.q, in.k, in.v, {.causal = true}, threads);
    CHECK(many.output == one.output);
    CHECK(many.logsumexp == one.logsumexp);
  }
  CHECK_THROWS_WITH_AS(blocked_softmax_attention(in.q, in.k, in.v, {}, -1), doctest::Contains("-1"), Error);
}

TEST_CASE("an additive mask of every broadcast shape is honoured by every form") {
  const Inputs<float> in({2, 70, 130, 16, 16, false});
  for (const Shape& shape : {Shape{130}, Shape{70, 130}, Shape{1, 130}, Shape{70, 1}, Shape{2, 70, 130},
                             Shape{2, 1, 130}, Shape{1, 70, 130}}) {
    const Tensor<float> mask = truth::normal<float>(shape, 5, 2);
    Tensor<float> full({2, 70, 130});
    const auto extent = [&](std::int64_t axis) { return mask.rank() >= axis ? mask.extent(-axis) : 1; };
    for (std::int64_t h = 0; h < 2; ++h) {
      for (std::int64_t i = 0; i < 70; ++i) {
        for (std::int64_t j = 0; j < 130; ++j) {
          full(h, i, j) = mask[((h % extent(3)) * extent(2) + i % extent(2)) * extent(1) + j % extent(1)];
        }
      }
    }
    CAPTURE(to_string(shape));
    const truth::Attention expected = truth::attention(in.q, in.k, in.v, false, 0, full);
    CHECK(truth::distance(softmax_attention(in.q, in.k, in.v, {}, mask).output, expected.output) <= kT32);
    CHECK(truth::distance(online_softmax_attention(in.q, in.k, in.v, {}, mask).output, expected.output) <=
          kT32);
    CHECK(truth::distance(blocked_softmax_attention(in.q, in.k, in.v, {}, 1, {}, mask).output,
                          expected.output) <= kT32);
  }
}

TEST_CASE("gradients agree with central differences, and both row terms with each other") {
  for (const Problem& p :
       {Problem{2, 6, 6, 3, 4, true}, Problem{1, 5, 8, 4, 3, true}, Problem{1, 7, 4, 3, 2, false}}) {
    Inputs<double> in(p);
    Tensor<double> mask = truth::normal<double>({p.rows, p.cols}, 6);
    const AttentionOptions options{.causal = p.causal, .scale = 0.7};
    const auto loss = [&] {
      const Tensor<double> o = softmax_attention(in.q, in.k, in.v, options, mask).output;
      double sum = 0;
      for (std::int64_t i = 0; i < o.size(); ++i) {
        sum += o[i] * in.d_output[i];
      }
      return sum;
    };
    const auto by_output =
        softmax_attention_backward(in.q, in.k, in.v, in.d_output, options, mask, RowTerm::output_dot);
    const auto by_weights =
        softmax_attention_backward(in.q, in.k, in.v, in.d_output, options, mask, RowTerm::weights_dot);
    CHECK(truth::distance(by_output.row_term, by_weights.row_term) <= kT64);
    for (const AttentionGradients<double>* g : {&by_output, &by_weights}) {
      CHECK(gradient_error(in.q, g->dq, loss) <= 1e-6);
      CHECK(gradient_error(in.k, g->dk, loss) <= 1e-6);
      CHECK(gradient_error(in.v, g->dv, loss) <= 1e-6);
    }
    CHECK(by_output.output == softmax_attention(in.q, in.k, in.v, options, mask).output);
  }
}

TEST_CASE("the two row terms agree to 1e-12 at working size") {
  const Inputs<double> in({2, 300, 300, 64, 64, true});
  const AttentionOptions options{.causal = true};
  const auto a = softmax_attention_backward(in.q, in.k, in.v, in.d_output, options, {}, RowTerm::output_dot);
  const auto b = softmax_attention_backward(in.q, in.k, in.v, in.d_output, options, {}, RowTerm::weights_dot);
  CHECK(truth::distance(a.row_term, b.row_term) <= kT64);
  CHECK(truth::distance(a.dq, b.dq) <= kT64);
}

TEST_CASE(
    "the meter counts what each form holds: quadratic for naive, linear for online, constant for blocked") {
  const auto peak = [](auto form, std::int64_t n) {
    const Inputs<float> in({2, n, n, 16, 16, false});
    AllocationMeter meter;
    form(in, AttentionOptions{.meter = &meter});
    CHECK(meter.live() == 0);
    return meter.peak();
  };
  const auto naive = [](const Inputs<float>& in, const AttentionOptions& o) {
    softmax_attention(in.q, in.k, in.v, o);
  };
  const auto online = [](const Inputs<float>& in, const AttentionOptions& o) {
    online_softmax_attention(in.q, in.k, in.v, o);
  };
  const auto blocked = [](const Inputs<float>& in, const AttentionOptions& o) {
    blocked_softmax_attention(in.q, in.k, in.v, o);
  };
  const auto backward = [](const Inputs<float>& in, const AttentionOptions& o) {
    softmax_attention_backward(in.q, in.k, in.v, in.d_output, o);
  };
  CHECK(peak(naive, 128) == 128 * 128 + 2 * 128);
  CHECK(peak(online, 128) == 128 * (16 + 2 + 1));
  CHECK(peak(online, 512) == 4 * peak(online, 128));
  CHECK(peak(blocked, 2048) == peak(blocked, 1024));
  CHECK(peak(backward, 128) == 2 * 128 * 128);
  CHECK(saved_for_backward_dense(2, 100, 50) == 10000);
  CHECK(saved_for_backward_flash(2, 100, 64) == 2 * 100 * 65);
}

TEST_CASE("a stop request ends every long form") {
  const Inputs<float> in({1, 600, 600, 16, 16, false});
  std::stop_source source;
  source.request_stop();
  const Progress stopped{source.get_token(), {}};
  CHECK_THROWS_AS(softmax_attention(in.q, in.k, in.v, {}, {}, stopped), Cancelled);
  CHECK_THROWS_AS(online_softmax_attention(in.q, in.k, in.v, {}, {}, 1, stopped), Cancelled);
  CHECK_THROWS_AS(blocked_softmax_attention(in.q, in.k, in.v, {}, 1, stopped), Cancelled);
  CHECK_THROWS_AS(blocked_softmax_attention(in.q, in.k, in.v, {}, 2, stopped), Cancelled);
  CHECK_THROWS_AS(
      softmax_attention_backward(in.q, in.k, in.v, in.d_output, {}, {}, RowTerm::output_dot, stopped),
      Cancelled);
}
