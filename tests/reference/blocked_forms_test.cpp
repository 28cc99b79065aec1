// The forms that spread over threads give the same bits on one thread and on several, and stop when asked.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>

#include "reference/gated_linear_attention.hpp"
#include "reference/linear_attention.hpp"
#include "reference/softmax_attention.hpp"

using namespace alab;

namespace {

Tensor<float> wavy(Shape shape, double step, double offset = 0) {
  Tensor<float> out(std::move(shape));
  for (std::int64_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(std::sin(step * static_cast<double>(i + 1)) + offset);
  }
  return out;
}

bool same(const Tensor<float>& a, const Tensor<float>& b) {
  return a.shape() == b.shape() && std::equal(a.span().begin(), a.span().end(), b.span().begin());
}

Progress stopping(std::stop_source& source) {
  Progress progress;
  progress.stop = source.get_token();
  progress.report = [&source](double, std::string_view) { source.request_stop(); };
  return progress;
}

}  // namespace

TEST_CASE("blocked softmax attention gives the same bits on any number of threads, and is cancelled") {
  const auto q = wavy({3, 200, 32}, 0.31), k = wavy({3, 200, 32}, 0.17), v = wavy({3, 200, 16}, 0.11);
  const AttentionOptions options{.causal = true};
  const auto alone = blocked_softmax_attention(q, k, v, options, 1);
  for (const int threads : {2, 4, 7}) {
    const auto together = blocked_softmax_attention(q, k, v, options, threads);
    CHECK(same(alone.output, together.output));
    CHECK(same(alone.logsumexp, together.logsumexp));
  }
  std::stop_source source;
  CHECK_THROWS_AS(blocked_softmax_attention(q, k, v, options, 4, stopping(source)), Cancelled);
}

TEST_CASE("blocked linear attention gives the same bits on any number of threads, and is cancelled") {
  const LinearAttentionProblem<float> problem{wavy({3, 200, 32}, 0.31, 1.5), wavy({3, 200, 32}, 0.17, 1.5),
                                              wavy({3, 200, 16}, 0.11)};
  const auto alone = blocked_linear_attention(problem, {.causal = true}, 1);
  for (const int threads : {2, 4, 7}) {
    CHECK(same(alone.output, blocked_linear_attention(problem, {.causal = true}, threads).output));
  }
  std::stop_source source;
  CHECK_THROWS_AS(blocked_linear_attention(problem, {.causal = true}, 4, stopping(source)), Cancelled);
}

TEST_CASE("blocked gated linear attention gives the same bits on any number of threads, and is cancelled") {
  const GatedLinearAttentionProblem<float> problem{wavy({3, 200, 32}, 0.31), wavy({3, 200, 32}, 0.17),
                                                   wavy({3, 200, 16}, 0.11), wavy({3, 200, 32}, 0.05, -1.1)};
  const auto alone = blocked_gated_linear_attention(problem, {}, 1);
  for (const int threads : {2, 4, 7}) {
    CHECK(same(alone.output, blocked_gated_linear_attention(problem, {}, threads).output));
  }
  std::stop_source source;
  CHECK_THROWS_AS(blocked_gated_linear_attention(problem, {}, 4, stopping(source)), Cancelled);
}
