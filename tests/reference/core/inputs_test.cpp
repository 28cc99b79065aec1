#include "reference/core/inputs.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "reference/core/files.hpp"
#include "reference/core/rng.hpp"

using namespace alab;

TEST_CASE("the generator gives the same numbers on every compiler") {
  Rng rng(42);
  CHECK(rng.next() == 1546998764402558742ULL);
  CHECK(rng.next() == 6990951692964543102ULL);
  Rng normal(7);
  double sum = 0, squares = 0;
  for (int i = 0; i < 20000; ++i) {
    const double x = normal.normal();
    sum += x;
    squares += x * x;
  }
  CHECK(std::abs(sum / 20000) < 0.03);
  CHECK(std::abs(squares / 20000 - 1) < 0.04);
}

TEST_CASE("every synthetic input has the shape asked for, and the same seed draws the same numbers") {
  const InputRequest request{2, 33, 16, 24, 5};
  for (const InputSource& source : synthetic_inputs()) {
    CAPTURE(source.name);
    const AttentionInput a = source.make(request, Progress{});
    CHECK(a.query.shape() == Shape{2, 33, 16});
    CHECK(a.key.shape() == Shape{2, 33, 16});
    CHECK(a.value.shape() == Shape{2, 33, 24});
    CHECK_FALSE(a.description.empty());
    CHECK(source.make(request, Progress{}).key == a.key);
    CHECK_FALSE(source.make({2, 33, 16, 24, 6}, Progress{}).value == a.value);
  }
}

TEST_CASE("ascending scores rise from 0 to 8 and the spike stands in the last eight keys") {
  const auto rows = synthetic_rows("ascending", 1, 65, 1);
  CHECK(rows(0, 0) == 0);
  CHECK(rows(0, 64) == 8);
  const auto spike = synthetic_rows("spike", 1, 64, 1);
  CHECK(spike(0, 56) == 8);
  CHECK_THROWS_AS(synthetic_rows("spkie", 1, 4, 1), Error);
}

TEST_CASE("a file is written whole or not at all") {
  const auto folder = std::filesystem::temp_directory_path() / "alab files test";
  write_file_atomic(folder / "a.txt", "hello");
  CHECK(read_file(folder / "a.txt") == "hello");
  CHECK_THROWS_AS(write_file_atomic("/proc/nowhere/a.txt", "x"), Error);
  CHECK_THROWS_AS(read_file(folder), Error);
  CHECK_THROWS_AS(read_file(folder / "a.txt", 2), Error);
  const MappedFile mapped(folder / "a.txt");
  CHECK(mapped.bytes() == "hello");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  CHECK(files == 1);
  std::filesystem::remove_all(folder);
}
