// The executor gives CUDA's semantics.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "kernels/executor/stream.hpp"
#include "tests/kernels/samples.hpp"

using namespace alab;

TEST_CASE("block sums by shared memory and by shuffles equal the host's in every order") {
  std::vector<float> x(1000);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(i % 17);
  }
  std::vector<double> expected(8, 0.0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    expected[i / 128] += x[i];
  }
  for (const auto order : {Stream::Order::ascending, Stream::Order::descending, Stream::Order::shuffled}) {
    for (const bool shuffles : {false, true}) {
      executor::FastStream stream;
      stream.set_order(order);
      CHECK(fast_build::sums.run(stream, x, shuffles) == expected);
      CHECK(stream.damage() == "");
    }
  }
}
