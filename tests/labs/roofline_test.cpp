// The roofline tool: counted intensities against closed forms.
// SPDX-License-Identifier: MIT
#include "labs/common/roofline.hpp"

#include <doctest/doctest.h>

#include "reference/core/error.hpp"
#include "reference/flash_counts.hpp"

using namespace alab;

namespace {

const RooflinePoint& point(const std::vector<RooflinePoint>& points, std::string_view key) {
  for (const RooflinePoint& p : points) {
    if (p.key == key) {
      return p;
    }
  }
  throw Error(text("no point '", key, "'"));
}

}  // namespace

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
