// The roofline tool: ridge points of the curriculum, counted intensities against closed forms.
// SPDX-License-Identifier: MIT
#include "labs/common/roofline.hpp"

#include <doctest/doctest.h>

#include "reference/core/error.hpp"
#include "reference/flash_counts.hpp"

using namespace alab;

namespace {

const RooflineDevice& device(std::string_view name) {
  for (const RooflineDevice& d : roofline_devices()) {
    if (d.name == name) {
      return d;
    }
  }
  throw Error(text("no device '", name, "'"));
}

const RooflinePoint& point(const std::vector<RooflinePoint>& points, std::string_view key) {
  for (const RooflinePoint& p : points) {
    if (p.key == key) {
      return p;
    }
  }
  throw Error(text("no point '", key, "'"));
}

}  // namespace

TEST_CASE("ridge points: A100 40 GB 200.6 FLOP/B, H100 295") {
  CHECK(ridge_point(device("A100-40GB"), RooflinePrecision::fp16) == doctest::Approx(200.6).epsilon(5e-4));
  CHECK(ridge_point(device("H100"), RooflinePrecision::fp16) == doctest::Approx(295).epsilon(2e-3));
}

TEST_CASE("devices stand in the order of their names, each with a source") {
  for (std::size_t i = 0; i < kRooflineDeviceNames.size(); ++i) {
    CHECK(roofline_devices()[i].name == kRooflineDeviceNames[i]);
    CHECK(!roofline_devices()[i].source.empty());
    CHECK(roofline_devices()[i].fp16_flops > roofline_devices()[i].fp32_flops);
  }
}

TEST_CASE("the roof is memory below the ridge and arithmetic above it") {
  const RooflineDevice& h100 = device("H100");
  CHECK(attainable(h100, RooflinePrecision::fp16, 1) == 3.35e12);
  CHECK(attainable(h100, RooflinePrecision::fp16, 1e4) == 989.4e12);
  CHECK(modelled_seconds(h100, RooflinePrecision::fp16, 989.4e12, 1) == 1);
  CHECK(modelled_seconds(h100, RooflinePrecision::fp16, 1, 6.7e12) == 2);
  CHECK_THROWS_AS(attainable(h100, RooflinePrecision::fp16, 0), Error);
}

TEST_CASE("S-45: every point within 5 % of its closed form at N = 8192") {
  for (const double d : {64.0, 128.0}) {
    for (const double block_m : {64.0, 128.0, 256.0}) {
      const auto points = attention_points({8192, d, 8, block_m});
      REQUIRE(points.size() == 5);
      for (const RooflinePoint& p : points) {
        CAPTURE(p.key);
        CHECK(closed_form_gap(p) <= 0.05);
        CHECK(roofline_check(p).passed());
      }
      CHECK(point(points, "materialised").closed_form == d / 2);
      CHECK(point(points, "flash").closed_form == block_m);
      CHECK(point(points, "decode").closed_form == 1);
      CHECK(point(points, "gqa_decode").closed_form == 8);
      CHECK(point(points, "recurrent").closed_form == 0.5);
    }
  }
}

TEST_CASE("a short sequence leaves the closed forms, and the check says so") {
  const auto points = attention_points({256, 64, 8, 128});
  CHECK(!roofline_check(point(points, "materialised")).passed());
  CHECK(!roofline_check(point(points, "flash")).passed());
}

TEST_CASE("walked bytes are the reference's access counts") {
  const std::int64_t n = 1024, d = 64;
  const auto points = attention_points({double(n), double(d), 8, 128});
  const double standard = 2.0 * static_cast<double>(standard_forward_accesses(n, d).total());
  CHECK(point(points, "materialised").bytes == standard);
  // The reference's count has the logsumexp too: n elements more.
  const double fa2 = 2.0 * static_cast<double>(fa2_forward_accesses(n, d, {128, 128}, false).total() - n);
  CHECK(point(points, "flash").bytes == fa2);
  CHECK(point(points, "flash").flops == 4.0 * double(n) * double(n) * double(d));
}
