// The counted build gives the numbers that were counted by hand, in every order.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "kernels/executor/counted/counted_stream.hpp"
#include "kernels/profile_rung.hpp"
#include "tests/kernels/counting_samples.hpp"

using namespace alab;

#if defined(ALAB_HAVE_COUNTED)

namespace {

constexpr Stream::Order kOrders[] = {Stream::Order::ascending, Stream::Order::descending,
                                     Stream::Order::shuffled};

double value_of(const std::vector<counted::Counter>& all, std::string_view name) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.name == name; });
  REQUIRE_MESSAGE(at != all.end(), "no counter ", name);
  return at->value;
}

}  // namespace

TEST_CASE("counters of small kernels are those counted by hand, in every order of blocks and threads") {
  for (const samples::Counting& sample : counted_build::counting_samples()) {
    for (const Stream::Order order : kOrders) {
      counted::CountedStream stream;
      stream.set_order(order);
      sample.run(stream);
      REQUIRE(stream.profiles().size() == 1);
      const counted::LaunchProfile& profile = stream.profiles()[0];
      const auto all = counted::counters(profile);
      CAPTURE(sample.name);
      CAPTURE(static_cast<int>(order));
      for (const auto& [name, expected] : sample.expected) {
        CAPTURE(name);
        CHECK(value_of(all, name) == doctest::Approx(expected));
      }
      for (const counted::Finding& f : profile.findings) {
        FAIL_CHECK(f.sentence);
      }
    }
  }
}

#else

TEST_CASE("without the counted executor the reason is given") {
  CHECK(counted_rungs().empty());
  CHECK(counted_unavailable().size() > 40);
}

#endif
