// The first-order scan: four orders of evaluation, and how many combinations each needs.
// SPDX-License-Identifier: MIT
#include "reference/first_order_scan.hpp"

#include <doctest/doctest.h>

#include "tests/reference/truth.hpp"

using namespace alab;

namespace {

template <class T>
Tensor<T> gates(Shape shape, double strength) {
  Tensor<T> g = truth::normal<T>(std::move(shape), 2, strength);
  for (T& value : g.span()) {
    value = -std::abs(value);
  }
  return g;
}

template <class T>
Tensor<double> definition(const Tensor<T>& x, const Tensor<T>& g) {
  Tensor<double> out(x.shape());
  for (std::int64_t c = 0; c < x.extent(1); ++c) {
    long double o = 0;
    for (std::int64_t t = 0; t < x.extent(0); ++t) {
      o = std::exp(static_cast<long double>(g(t, c))) * o + x(t, c);
      out(t, c) = static_cast<double>(o);
    }
  }
  return out;
}

}  // namespace

TEST_CASE_TEMPLATE("every order gives the recurrence", T, float, double) {
  const double bound = sizeof(T) == 4 ? 5e-6 : 1e-12;
  for (const auto& [n, channels] :
       {std::pair<std::int64_t, std::int64_t>{1, 1}, {2, 3}, {7, 4}, {64, 2}, {1000, 6}}) {
    for (const double strength : {0.0, 0.1, 3.0, 200.0}) {
      const Tensor<T> x = truth::normal<T>({n, channels}, 1), g = gates<T>({n, channels}, strength);
      const Tensor<double> expected = definition(x, g);
      CAPTURE(n);
      CAPTURE(strength);
      CHECK(truth::distance(first_order_scan(x, g), expected) <= bound);
      CHECK(truth::distance(first_order_scan_hillis_steele(x, g), expected) <= bound);
      CHECK(truth::distance(first_order_scan_blelloch(x, g), expected) <= bound);
      for (const std::int64_t chunk : {1, 7, 64, 5000}) {
        CHECK(truth::distance(first_order_scan_chunked(x, g, chunk), expected) <= bound);
      }
    }
  }
}

TEST_CASE("pairs compose: associative, not commutative, with a neutral element") {
  const ScanPair<double> a{0.5, 3}, b{0.25, -2}, c{0.75, 8};
  CHECK(then(then(a, b), c) == then(a, then(b, c)));
  CHECK(then(a, b) != then(b, a));
  CHECK(then(a, {}) == a);
  CHECK(then({}, a) == a);
}

TEST_CASE("work and depth are those of the algorithms") {
  const Tensor<double> x = truth::normal<double>({64, 1}, 1), g = gates<double>({64, 1}, 1);
  ScanCounters sequential, hillis, blelloch, chunked;
  first_order_scan(x, g, &sequential);
  first_order_scan_hillis_steele(x, g, &hillis);
  first_order_scan_blelloch(x, g, &blelloch);
  first_order_scan_chunked(x, g, 8, &chunked);
  CHECK((sequential.combines == 64 && sequential.depth == 64));
  CHECK((hillis.combines == 64 * 6 - 63 && hillis.depth == 6));
  CHECK((blelloch.combines == 2 * 63 + 64 && blelloch.depth == 13));
  CHECK((chunked.combines == 56 + 64 + 8 && chunked.depth == 8 + 8 + 1));
}

TEST_CASE("what does not fit is refused in words") {
  const Tensor<float> x = truth::normal<float>({4, 2}, 1);
  CHECK_THROWS_AS(first_order_scan(x, Tensor<float>({4, 3})), Error);
  CHECK_THROWS_AS(first_order_scan(x, Tensor<float>({4, 2}, std::vector<float>(8, 1))), Error);
  CHECK_THROWS_AS(first_order_scan_chunked(x, Tensor<float>({4, 2}), 0), Error);
}
