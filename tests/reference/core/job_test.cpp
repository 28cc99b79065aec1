#include "reference/core/job.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

using namespace alab;
using namespace std::chrono_literals;

namespace {

// Steps every millisecond for ever: ends only when cancelled.
int endless(const Progress& progress) {
  for (int i = 0;; ++i) {
    progress.step(0.5, "turning");
    std::this_thread::sleep_for(1ms);
  }
}

}  // namespace

TEST_CASE("a job delivers its result and its ticket") {
  LatestJob<int> job;
  CHECK(job.status().state == JobState::idle);
  const auto ticket = job.submit([](const Progress&) { return 7; });
  job.wait();
  CHECK(job.status().state == JobState::done);
  CHECK(job.result().first == ticket);
  CHECK(*job.result().second == 7);
}

TEST_CASE("the latest submission wins: the running job is stopped and its result never appears") {
  LatestJob<int> job;
  job.submit(endless);
  std::this_thread::sleep_for(5ms);
  std::uint64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    last = job.submit([i](const Progress& p) {
      p.step(0.1, "short");
      return i;
    });
  }
  job.wait();
  CHECK(job.result().first == last);
  CHECK(*job.result().second == 49);
}

TEST_CASE("cancel stops within a step and is not a failure") {
  LatestJob<int> job;
  job.submit(endless);
  while (job.status().what != "turning") {
    std::this_thread::sleep_for(1ms);
  }
  const auto start = std::chrono::steady_clock::now();
  job.cancel();
  CHECK(job.status().state == JobState::cancelled);
  job.submit([](const Progress&) { return 1; });
  job.wait();
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(*job.result().second == 1);
}

TEST_CASE("an Error becomes the job's sentence and the next job runs") {
  LatestJob<int> job;
  job.submit([](const Progress&) -> int { throw Error("seq_len = 0 is too small"); });
  job.wait();
  CHECK(job.status().state == JobState::failed);
  CHECK(job.status().error == "seq_len = 0 is too small");
  job.submit([](const Progress&) { return 3; });
  job.wait();
  CHECK(job.status().state == JobState::done);
}

TEST_CASE("destroying a busy job stops it") {
  const auto start = std::chrono::steady_clock::now();
  {
    LatestJob<int> job;
    job.submit(endless);
    std::this_thread::sleep_for(5ms);
  }
  CHECK(std::chrono::steady_clock::now() - start < 5s);
}

TEST_CASE("progress of a part is scaled into the whole") {
  double seen = 0;
  Progress whole;
  whole.report = [&](double fraction, std::string_view) { seen = fraction; };
  whole.part(0.5, 1.0).step(0.5, "half of the second half");
  CHECK(seen == doctest::Approx(0.75));
}
