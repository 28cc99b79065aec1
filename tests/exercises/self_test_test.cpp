#include <doctest/doctest.h>

#include "kernels/student/self_test.hpp"

using namespace alab;
using namespace alab::student;

namespace {

std::vector<SelfTestLine> all_lines() {
  StudentLimits limits = student_limits();
  limits.allow_without_bubblewrap = true;
  return self_test(all_exercises(), limits, 0, {});
}

}  // namespace

TEST_CASE("an exercise's starter fails, its solution passes, every wrong solution fails for its reason") {
  static const std::vector<SelfTestLine> lines = all_lines();
  for (const Exercise* const exercise : all_exercises()) {
    SUBCASE(exercise->id.data()) {
      int seen = 0;
      for (const SelfTestLine& line : lines) {
        if (line.exercise == exercise->id) {
          ++seen;
          CHECK_MESSAGE(line.problem.empty(), line.what, ": ", line.problem);
        }
      }
      CHECK(seen >= 7);  // files, vacuity, starter, solution, three wrong ones
    }
  }
}
