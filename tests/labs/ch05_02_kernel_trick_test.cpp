// Lab "Kernel trick": the passes of its walk-through with the numbers of the curriculum.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "reference/model/input_sources.hpp"
#include "tests/labs/walk.hpp"

using namespace alab;

namespace {

const Lab& lab() {
  return *find_lab("ch05_02_kernel_trick");
}

Result run(std::string_view experiment, std::string_view settings = "", std::string_view input = "normal") {
  const Experiment& e = walk::experiment_of(lab(), experiment);
  return walk::run(lab(), e, walk::settings(e, settings), walk::source(input));
}

double value(const Result& result, std::string_view scalar) {
  const Scalar* found = result.scalar(scalar);
  require(found != nullptr, "no scalar '", scalar, "'");
  return found->value;
}

const Series& series(const Result& result, std::string_view plot, std::string_view key) {
  for (const Series& s : result.plot(plot)->series) {
    if (s.key == key) {
      return s;
    }
  }
  throw Error(text("no series '", key, "'"));
}

}  // namespace

TEST_CASE("step 1: regrouping is exact to T32; with softmax in between relL2 exceeds 0.1") {
  for (const std::string_view input : {"normal", "large_logits", "ascending", "spike", "correlated_keys"}) {
    CAPTURE(input);
    const Result result = run("associativity", "seq_len=256 head_dim=32", input);
    CHECK(value(result, "regrouping_error") <= 5e-6);
    CHECK(value(result, "softmax_distance") > 0.1);
    CHECK(result.passed());
  }
  CHECK(value(run("associativity", "seq_len=256 head_dim=32"), "flop_ratio") == 8);
}

TEST_CASE("attention as a kernel smoother: equal to 1e-12 at every bandwidth; outputs stay in range") {
  for (const double h : {0.05, 0.15, 0.7, 2.0}) {
    const Result result = run("smoother", text("bandwidth=", h));
    CHECK(value(result, "agreement") <= 1e-12);
    CHECK(result.check("convex")->value == 0);
  }
  // A very wide kernel gives the mean everywhere: the line is flat.
  const auto& wide = series(run("smoother", "bandwidth=2 noise=0"), "fit", "smoother").ys;
  const auto [low, high] = std::minmax_element(wide.begin(), wide.end());
  CHECK(*high - *low < 0.5);
}

TEST_CASE("step 2: the packed map of (x.y)^2 is exact to 1e-12 with d (d + 1) / 2 features, 36 at d = 8") {
  const Result result = run("polynomial", "head_dim=8 pairs=1000");
  CHECK(value(result, "features") == 36);
  CHECK(value(result, "error") <= 1e-12);
  CHECK(result.passed());
  for (const int d : {1, 2, 13, 32}) {
    const Result other = run("polynomial", text("head_dim=", d));
    CHECK(value(other, "features") == d * (d + 1) / 2.0);
    CHECK(other.passed());
  }
}

TEST_CASE("wrong packings: each is noticed by normal vectors; one axis and d = 1 hide the missing root") {
  for (const std::string_view bug : {"no_root", "both_orders", "wrong_index"}) {
    CAPTURE(bug);
    const Result result = run("packing", text("bug=", bug, " head_dim=8"));
    CHECK(result.passed());
    CHECK(value(result, "error_here") > 1e-3);
  }
  const Table missing = *run("packing", "bug=no_root head_dim=8").table("who_sees_it");
  CHECK(missing.rows[0][3].text == "yes");
  CHECK(missing.rows[1][3].text == "no");
  CHECK(missing.rows[2][3].text == "yes");
  CHECK(missing.rows[3][3].text == "no");
}

TEST_CASE("step 3, S-04: three kernels have no eigenvalue below -1e-10, tanh has one below -0.1") {
  for (const int seed : {42, 1, 2, 3}) {
    const Result result = run("gram", text("points=40 head_dim=4 seed=", seed));
    for (const std::string_view key : {"quadratic", "gaussian", "exp"}) {
      CAPTURE(key);
      CHECK(value(result, text("lowest_", key)) >= -1e-10 * value(result, text("highest_", key)));
    }
    CHECK(value(result, "lowest_tanh") < -0.1);
    CHECK(value(result, "rank_quadratic") == 10);
    CHECK(value(result, "rank_exp") > 10);
    CHECK(result.passed());
  }
  CHECK(value(run("gram", "points=60 head_dim=3"), "rank_quadratic") == 6);
}

TEST_CASE("S-04: the series of exp errs by at most e - 2.5 at degree 2 and 0.01 at degree 4, |x.y| <= 1") {
  const Result result = run("series", "span=1 head_dim=64");
  CHECK(value(result, "error_2") == doctest::Approx(std::numbers::e - 2.5).epsilon(1e-9));
  CHECK(value(result, "error_2") <= 0.2184);
  CHECK(value(result, "error_4") <= 0.01);
  CHECK(value(result, "degree_enough") == 4);
  CHECK(value(result, "features_2") == 65.0 * 66 / 2);
  CHECK(result.passed());
  CHECK(value(run("series", "span=8"), "degree_enough") > 20);
}

TEST_CASE("step 4, S-03: slope in [-0.56, -0.44], rms sqrt D in [0.8, 1.1], Claim 1 never violated") {
  for (const int seed : {42, 1, 2, 3, 4}) {
    const Result result = run("fourier", text("head_dim=8 draws=40 seed=", seed));
    const double slope = value(result, "slope");
    CHECK(-0.56 <= slope);
    CHECK(slope <= -0.44);
    const auto& rms = series(result, "error", "rms");
    for (std::size_t i = 0; i < rms.xs.size(); ++i) {
      const double product = rms.ys[i] * std::sqrt(rms.xs[i]);
      CHECK(0.8 <= product);
      CHECK(product <= 1.1);
      CHECK(series(result, "error", "sup").ys[i] <= series(result, "error", "claim").ys[i]);
    }
    CHECK(std::abs(value(result, "rms_256") - 0.0617) <= 0.008);
    CHECK(result.passed());
  }
}

TEST_CASE("S-03 B: D x D and n x n systems give the same fit; more features come closer") {
  for (const std::string_view settings :
       {"", "features=2", "features=1024 penalty=0.001", "bandwidth=0.05"}) {
    const Result result = run("ridge", settings);
    CHECK(value(result, "identity") <= 1e-8);
    CHECK(value(result, "gap_many") < value(result, "gap_few"));
    CHECK(result.passed());
  }
}

TEST_CASE("step 5: both orders within T32; temporaries exactly N^2 and m d_v") {
  for (const std::string_view input : {"normal", "large_logits", "spike", "masked_row", "correlated_keys"}) {
    CAPTURE(input);
    for (const std::string_view settings :
         {"seq_len=512 head_dim=64 map=elu1", "seq_len=130 head_dim=16 map=quadratic",
          "seq_len=16 head_dim=4"}) {
      const Result result = run("orders", settings, input);
      CHECK(value(result, "error_scores") <= 5e-6);
      CHECK(value(result, "error_state") <= 5e-6);
      CHECK(result.passed());
    }
  }
  const Result result = run("orders", "seq_len=512 head_dim=64 map=elu1");
  CHECK(value(result, "temporary_ratio") == 64);
  CHECK(result.check("scores_peak")->value == 512 * 512);
  CHECK(result.check("state_peak")->value == 64 * 64);
  CHECK(value(run("orders", "seq_len=512 head_dim=16 map=quadratic"), "temporary_ratio") ==
        doctest::Approx(512.0 * 512 / (136 * 16)));
}

TEST_CASE("wrong normalisers: an eps per term hides at 1e-6 and shows at 0.5; the others always show") {
  const Result eps = run("apply_bugs", "bug=eps_per_term");
  CHECK(value(eps, "error_small") <= 5e-6);
  CHECK(value(eps, "error_half") > 5e-6);
  CHECK(eps.passed());
  for (const std::string_view bug : {"per_feature", "sum_per_column"}) {
    const Result result = run("apply_bugs", text("bug=", bug));
    CHECK(value(result, "noticed_by") == value(result, "tried"));
    CHECK(result.passed());
  }
}

TEST_CASE("step 6: about half of the identity's denominators are not positive, none of elu + 1's") {
  for (const int seed : {42, 1, 2, 3, 4}) {
    const Result result = run("denominators", text("seq_len=256 head_dim=32 seed=", seed));
    CHECK(value(result, "not_positive_identity") >= 256.0 / 3);
    CHECK(value(result, "not_positive_identity") <= 2 * 256.0 / 3);
    CHECK(value(result, "not_positive_elu1") == 0);
    CHECK(value(result, "not_positive_quadratic") == 0);
    CHECK(result.passed());
  }
}
