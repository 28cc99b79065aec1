// The view of recurrent states: norm, effective rank, half-lives and the stepper that plays them.
// SPDX-License-Identifier: MIT
#include "labs/common/state_view.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "labs/common/sweep.hpp"

using namespace alab;

namespace {

/// S_t = decay * S_{t-1} + e_t e_t^T over the first axes.
StateTrace diagonal_trace(std::int64_t side, std::int64_t tokens, double decay) {
  StateTrace trace;
  trace.rows = side;
  trace.cols = side + 1;
  trace.provenance = counted_by("a test");
  std::vector<double> state(static_cast<std::size_t>(side * (side + 1)));
  for (std::int64_t t = 0; t < tokens; ++t) {
    for (double& v : state) {
      v *= decay;
    }
    state[static_cast<std::size_t>((t % side) * (side + 1) + t % side)] += 1;
    trace.add(std::span<const double>(state));
  }
  return trace;
}

}  // namespace

TEST_CASE("effective rank counts equal directions, is 1 for an outer product and 0 for nothing") {
  const std::vector<double> eye{1, 0, 0, 0, 1, 0, 0, 0, 1};
  CHECK(effective_rank(eye, 3, 3) == doctest::Approx(3).epsilon(1e-9));
  const std::vector<double> outer{2, 4, 6, 1, 2, 3};
  CHECK(effective_rank(outer, 2, 3) == doctest::Approx(1).epsilon(1e-6));
  CHECK(effective_rank(outer, 3, 2) < 2);
  CHECK(effective_rank(std::vector<double>(6, 0.0), 2, 3) == 0);
  CHECK(std::isnan(effective_rank(std::vector<double>{1, std::nan("")}, 1, 2)));
  const std::vector<double> tiny{1e-200, 0, 0, 1e-200};
  CHECK(effective_rank(tiny, 2, 2) == doctest::Approx(2));
  const std::vector<double> uneven{3, 0, 0, 1};  // shares 3/4 and 1/4
  CHECK(effective_rank(uneven, 2, 2) ==
        doctest::Approx(std::exp(-0.75 * std::log(0.75) - 0.25 * std::log(0.25))));
}

TEST_CASE("a state's norm is Frobenius' and does not hide NaN") {
  CHECK(state_norm(std::vector<double>{3, 4}) == 5);
  CHECK(std::isnan(state_norm(std::vector<double>{3, std::nan("")})));
}

TEST_CASE("half-lives come from the mean log decay of each channel") {
  const std::vector<float> gates{static_cast<float>(-std::numbers::ln2), 0.0F, -0.5F * 0.6931472F,
                                 static_cast<float>(-std::numbers::ln2), 0.0F, -1.5F * 0.6931472F};
  const std::vector<double> lives = half_lives(gates, 3);
  CHECK(lives[0] == doctest::Approx(1));
  CHECK(lives[1] == std::numeric_limits<double>::infinity());
  CHECK(lives[2] == doctest::Approx(1));
  CHECK_THROWS_AS(half_lives(gates, 4), Error);
  const Plot plot = half_life_plot(lives, "lives", counted_by("a test"));
  CHECK(plot.series[0].xs.size() == 2);
  CHECK(plot.title.find("never decaying: 1") != std::string::npos);
}

TEST_CASE("the stepper plays one frame per token with the state of that token") {
  const StateTrace trace = diagonal_trace(4, 6, 0.5);
  const Stepper stepper = state_stepper(trace, "state", "State");
  Result result;
  result.steppers = {stepper};
  CHECK(problems_of(result) == "");
  REQUIRE(stepper.frames.size() == 6);
  CHECK(stepper.frames[0].values[0] == 1);
  CHECK(stepper.frames[0].values[1] == doctest::Approx(1));
  CHECK(stepper.frames[1].values[0] == doctest::Approx(std::sqrt(1.25)));
  CHECK(stepper.frames[1].values[2] == doctest::Approx(std::sqrt(1.25)));  // -1/2 here, +1 there
  CHECK(stepper.frames.back().kind == Frame::finish);
  for (std::int64_t t = 0; t < 6; ++t) {
    const Heatmap map = map_at(stepper, t);
    for (std::size_t i = 0; i < map.values.size(); ++i) {
      CHECK(static_cast<double>(map.values[i]) == trace.at(t)[i]);
    }
  }
  CHECK(state_plot(trace, "course").series[1].ys.size() == 6);
}

TEST_CASE("a long trace is cut to what can be shown and says so; wrong sizes are refused") {
  StateTrace trace;
  trace.rows = trace.cols = 128;
  trace.provenance = counted_by("a test");
  const std::vector<float> state(128 * 128, 1.0F);
  for (int t = 0; t < 40; ++t) {
    trace.add(std::span<const float>(state));
  }
  CHECK(tokens_shown(trace) == 32);
  CHECK(state_stepper(trace, "state", "State").note.find("32 of 40") != std::string::npos);
  CHECK_THROWS_AS(trace.add(std::span<const float>(state).first(3)), Error);
  CHECK_THROWS_AS(trace.at(40), Error);
  trace.states.clear();
  CHECK_THROWS_AS(state_stepper(trace, "state", "State"), Error);
}

TEST_CASE("without decay the norm grows and the rank fills up; with decay both settle") {
  const StateTrace endless = diagonal_trace(4, 64, 1), fading = diagonal_trace(4, 64, 0.5);
  CHECK(state_norm(endless.at(63)) == doctest::Approx(32));
  CHECK(effective_rank(endless.at(63), 4, 5) == doctest::Approx(4));
  CHECK(state_norm(fading.at(63)) < 1.4);
  CHECK(effective_rank(fading.at(63), 4, 5) < 4);
}
