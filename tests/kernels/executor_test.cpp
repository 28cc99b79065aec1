// The executor gives CUDA's semantics, and a wrong kernel a sentence instead of a hang.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "kernels/backend.hpp"
#include "kernels/cuda/device.hpp"
#include "kernels/executor/stream.hpp"
#include "tests/kernels/samples.hpp"

using namespace alab;

namespace {

constexpr Stream::Order kOrders[] = {Stream::Order::ascending, Stream::Order::descending,
                                     Stream::Order::shuffled};

// Index of the first value that differs, NaN equal to NaN; -1 when none does.
std::int64_t first_difference(const std::vector<double>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool same = got[i] == expected[i] || (std::isnan(got[i]) && std::isnan(expected[i]));
    if (!same) {
      MESSAGE("element ", i, " is ", got[i], ", expected ", expected[i]);
      return static_cast<std::int64_t>(i);
    }
  }
  return -1;
}

void check_on_executor(std::span<const samples::Probe> probes) {
  for (const samples::Probe& probe : probes) {
    for (const Stream::Order order : kOrders) {
      CAPTURE(probe.name);
      CAPTURE(static_cast<int>(order));
      executor::FastStream stream;
      stream.set_order(order);
      CHECK(first_difference(probe.run(stream), probe.expected()) == -1);
      CHECK(stream.damage() == "");
    }
  }
}

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("each primitive gives CUDA's values in every order of blocks and threads") {
  check_on_executor(fast_build::primitive_probes());
}

TEST_CASE("16-bit floats hold every pattern and round once") {
  check_on_executor(fast_build::half_probes());
}

#if defined(ALAB_HAVE_CUDA)
TEST_CASE("a GPU gives the values that the executor promises") {
  if (!cuda_device().usable) {
    MESSAGE("skipped: ", cuda_device().unavailable);
    return;
  }
  for (const auto probes : {cuda_build::primitive_probes(), cuda_build::half_probes()}) {
    for (const samples::Probe& probe : probes) {
      if (!probe.executor_only) {
        CAPTURE(probe.name);
        const auto stream = cuda::make_stream({});
        CHECK(first_difference(probe.run(*stream), probe.expected()) == -1);
        CHECK(stream->damage() == "");
      }
    }
  }
}
#endif

TEST_CASE("a wrong kernel ends in a sentence that names the place, and the executor goes on") {
  for (const samples::Fault& fault : fast_build::faults()) {
    for (const Stream::Order order : kOrders) {
      CAPTURE(fault.name);
      executor::FastStream stream;
      stream.set_order(order);
      const std::string sentence = error_of([&] { fault.run(stream); });
      for (const std::string_view word : fault.words) {
        CAPTURE(sentence);
        CHECK(sentence.find(word) != std::string::npos);
      }
      const samples::Probe& probe = fast_build::primitive_probes().front();
      CHECK(first_difference(probe.run(stream), probe.expected()) == -1);
    }
  }
}

namespace {

/// Seconds from the request to the end of a long kernel.
double seconds_to_cancel() {
  std::stop_source source;
  Progress progress;
  progress.stop = source.get_token();
  executor::FastStream stream(progress);
  std::chrono::steady_clock::time_point asked;
  std::jthread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    asked = std::chrono::steady_clock::now();
    source.request_stop();
  });
  CHECK_THROWS_AS(fast_build::run_slow_grid(stream, 100000), Cancelled);
  const auto ended = std::chrono::steady_clock::now();
  canceller.join();
  return std::chrono::duration<double>(ended - asked).count();
}

}  // namespace

TEST_CASE("a running simulated kernel is cancelled within 50 ms, when the machine is free to") {
  double fastest = seconds_to_cancel();
  for (int again = 0; again < 29 && !(fastest < 0.05); ++again) {  // other programs may hold every core
    fastest = std::min(fastest, seconds_to_cancel());
  }
  CHECK(fastest < 0.05);
}

TEST_CASE("a stop is honoured at a barrier inside one endless block") {
  std::stop_source source;
  Progress progress;
  progress.stop = source.get_token();
  source.request_stop();
  executor::FastStream stream(progress);
  CHECK_THROWS_AS(fast_build::run_barriers(stream, 1, 64, 1 << 30), Cancelled);
}

TEST_CASE("guard bands find a write on either side of a buffer") {
  executor::HostMemory memory;
  std::byte* a = memory.add("a", 100, true);
  memory.add("b", 12, false);
  CHECK(memory.damage() == "");
  CHECK(memory.scratch_bytes() == 100);
  a[100] = std::byte{1};
  CHECK(memory.damage() == "buffer 'a' of 100 bytes was written at byte 100, past its end");
  executor::HostMemory below;
  below.add("c", 8, false)[-3] = std::byte{0};
  CHECK(below.damage() == "buffer 'c' was written 3 bytes before its start");
}

TEST_CASE("scratch is NaN when new and the same memory when asked again") {
  executor::FastStream stream;
  auto* first = static_cast<float*>(stream.scratch("s", 40));
  CHECK(std::isnan(first[0]));
  CHECK(std::isnan(first[9]));
  first[0] = 2;
  CHECK(stream.scratch("s", 40) == first);
  CHECK(first[0] == 2);
  CHECK(stream.scratch("s", 44) != first);
  CHECK(stream.peak_scratch_bytes() == 84);
}

TEST_CASE("several OS threads launch at the same time") {
  std::vector<std::jthread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&wrong] {
      for (int i = 0; i < 5; ++i) {
        for (const samples::Probe& probe : fast_build::primitive_probes()) {
          executor::FastStream stream;
          wrong += probe.run(stream) == probe.expected() ? 0 : 1;
        }
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}
