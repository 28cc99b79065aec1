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

TEST_CASE("bytes of each buffer, however often the same element") {
  const auto buffers_of = [](std::string_view name, unsigned workers) {
    const auto all = counted_build::counting_samples();
    const auto sample = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.name == name; });
    REQUIRE(sample != all.end());
    counted::Options options;
    options.workers = workers;
    counted::CountedStream stream({}, options);
    sample->run(stream);
    return stream.profiles()[0].buffers;
  };
  for (const unsigned workers : {1u, 2u}) {
    const auto turns = buffers_of("a load that goes to two buffers in turn", workers);
    REQUIRE(turns.size() == 2);
    CHECK(turns[0].name == "in");
    CHECK(turns[0].load_bytes == 2 * 3 * 64);
    CHECK(turns[0].store_bytes == 0);
    CHECK(turns[1].load_bytes == 2 * 2 * 64);
    CHECK(turns[1].store_bytes == 2 * 128);
    const auto twice = buffers_of("two blocks that load the same twice", workers);
    CHECK(twice[0].load_bytes == 512);
    CHECK(twice[0].read_bytes == 128);
    CHECK(twice[1].store_bytes == 256);
    const auto atomics = buffers_of("atomics on both memories", workers);
    CHECK(atomics[0].load_bytes == 256);
    CHECK(atomics[1].atomic_bytes == 8);
    CHECK(atomics[1].store_bytes == 4);
  }
}

#else

TEST_CASE("without the counted executor the reason is given") {
  CHECK(counted_rungs().empty());
  CHECK(counted_unavailable().size() > 40);
}

#endif
