// Every planted mistake is found at its line; right kernels are left in peace.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "kernels/executor/counted/counted_stream.hpp"
#include "reference/core/error.hpp"
#include "tests/folders.hpp"
#include "tests/kernels/counting_samples.hpp"

using namespace alab;

#if defined(ALAB_HAVE_COUNTED)

namespace {

constexpr Stream::Order kOrders[] = {Stream::Order::ascending, Stream::Order::descending,
                                     Stream::Order::shuffled};

// The line of tests/kernels/mistakes.cu that ends in "// <- mark"; 0 when none does.
int marked_line(std::string_view mark) {
  std::ifstream file(alab::tests::source_folder() + "/tests/kernels/mistakes.cu");
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.ends_with("// <- " + std::string(mark))) {
      return number;
    }
  }
  return 0;
}

std::vector<counted::Finding> findings_of(const samples::Planted& sample, Stream::Order order) {
  counted::Options options;
  options.thread_budget = 100000;
  counted::CountedStream stream({}, options);
  stream.set_order(order);
  try {
    sample.run(stream);
  } catch (const Error&) {
  }
  return stream.findings();
}

bool tells(const counted::Finding& f, const samples::Planted& sample) {
  const bool words = std::all_of(sample.words.begin(), sample.words.end(), [&](std::string_view word) {
    return f.sentence.find(word) != std::string::npos;
  });
  return f.mistake == sample.mistake && words;
}

}  // namespace

TEST_CASE("each planted mistake is reported once, at its lines, in every order") {
  for (const samples::Planted& sample : counted_build::planted_mistakes()) {
    const int line = marked_line(sample.mark), other = marked_line(std::string(sample.mark) + ", other");
    for (const Stream::Order order : kOrders) {
      const std::vector<counted::Finding> found = findings_of(sample, order);
      CAPTURE(sample.mark);
      CAPTURE(static_cast<int>(order));
      CHECK(found.size() == 1);
      for (const counted::Finding& f : found) {
        CAPTURE(f.sentence);
        CHECK(f.mistake == sample.mistake);
        if (order == Stream::Order::ascending) {
          CHECK(tells(f, sample));
        }
        if (line != 0) {
          CHECK(f.line.file == "tests/kernels/mistakes.cu");
          const std::set<int> expected = other != 0 ? std::set<int>{line, other} : std::set<int>{line};
          CHECK(expected.count(f.line.line) == 1);
          if (other != 0) {
            CHECK(std::set<int>{f.line.line, f.other_line.line} == expected);
          }
        }
      }
    }
  }
}

TEST_CASE("tables that each OS thread has are as large as the buffers, not as their distance") {
  const auto pages = [] {
    std::ifstream file("/proc/self/statm");
    std::size_t count = 0;
    file >> count;
    return count;
  };
  counted::Options options;
  options.workers = 16;
  counted::CountedStream stream({}, options);
  const std::size_t before = pages();
  counted_build::intact_kernels()[0].run(stream);
  CHECK(before > 0);
  CHECK(pages() - before < (std::size_t{512} << 20) / 4096);
}

TEST_CASE("right kernels that look suspicious are left in peace") {
  for (const samples::Planted& sample : counted_build::intact_kernels()) {
    for (const Stream::Order order : kOrders) {
      CAPTURE(sample.mark);
      for (const counted::Finding& f : findings_of(sample, order)) {
        FAIL_CHECK(f.sentence);
      }
    }
  }
}

#endif
