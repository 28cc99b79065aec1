// Emulated narrow formats. SPDX-License-Identifier: MIT
#include "reference/rounding.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace alab;

TEST_CASE("fp16: 11 bits, 65504 the largest, subnormals down to 2^-24, ties to even") {
  const auto fp16 = [](double x) { return rounded(x, NumberFormat::fp16); };
  CHECK(fp16(1.0) == 1.0);
  CHECK(fp16(2049.0) == 2048.0);
  CHECK(fp16(2051.0) == 2052.0);
  CHECK(fp16(65519.0) == 65504.0);
  CHECK(std::isinf(fp16(65520.0)));
  CHECK(fp16(-1e9) == -std::numeric_limits<double>::infinity());
  CHECK(fp16(std::ldexp(1.0, -24)) == std::ldexp(1.0, -24));
  CHECK(fp16(std::ldexp(1.0, -25)) == 0);
  CHECK(fp16(std::ldexp(1.5, -25)) == std::ldexp(1.0, -24));
  CHECK(std::isnan(fp16(std::nan(""))));
  CHECK(fp16(0.1) == 0.0999755859375);
}

TEST_CASE("bf16 keeps 8 bits and the range of f32; full changes nothing") {
  CHECK(rounded(257.0F, NumberFormat::bf16) == 256.0F);
  CHECK(rounded(259.0F, NumberFormat::bf16) == 260.0F);
  CHECK(std::isinf(rounded(3.4e38F, NumberFormat::bf16)));
  CHECK(rounded(0.1, NumberFormat::fp32) == static_cast<double>(0.1F));
  CHECK(std::isinf(rounded(1e39, NumberFormat::fp32)));
  CHECK(rounded(0.1, NumberFormat::full) == 0.1);
  for (float x = 1e-40F; x < 1e38F; x *= 1.37F) {
    CHECK(rounded(x, NumberFormat::fp32) == x);
    CHECK(std::abs(rounded(x, NumberFormat::bf16) - x) <= std::max(x / 256, 1e-40F));
  }
}

TEST_CASE("ranges in nats: 11.09 and 88.72") {
  CHECK(nats_of(NumberFormat::fp16) == doctest::Approx(11.09).epsilon(1e-4));
  CHECK(nats_of(NumberFormat::fp32) == doctest::Approx(88.7228).epsilon(1e-6));
  CHECK(nats_of(NumberFormat::bf16) == doctest::Approx(88.72).epsilon(1e-4));
  CHECK(largest_of(NumberFormat::fp16) == 65504);
  CHECK(smallest_of(NumberFormat::fp16) == std::ldexp(1.0, -24));
}
