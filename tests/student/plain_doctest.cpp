// The checks of one exercise on one file as doctest cases, for instructors whose tools speak doctest: filters
// (-tc=), reporters (-r=junit) and the rest of its command line work. tests/student/README.md shows how it is
// built. SPDX-License-Identifier: MIT
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <array>
#include <iostream>
#include <utility>

#include "kernels/student/judge.hpp"
#include "kernels/student/terminal.hpp"
#include "reference/core/files.hpp"

namespace {

using namespace alab;
using namespace alab::student;

constexpr std::size_t kMostChecks = 32;
constexpr std::size_t kLongestSource = std::size_t{1} << 20;

const Exercise& exercise() {
  const Exercise* const found = find_exercise(ALAB_EXERCISE);
  require(found != nullptr, "there is no exercise '", ALAB_EXERCISE, "': 'alab list exercises' shows them");
  return *found;
}

const Manifest& manifest() {
  static const Manifest read = manifest_of(exercise());
  return read;
}

void judge_check(std::size_t index) {
  JudgeOptions options;
  options.only_check = manifest().checks[index].id;
  const std::string source = read_file(ALAB_STUDENT_FILE, kLongestSource);
  const Verdict verdict = judge_source(exercise(), manifest(), source, student_limits(), options, {});
  INFO(shown(verdict, source, false));
  REQUIRE(verdict.compiled);
  REQUIRE(verdict.refused == "");
  for (const CheckVerdict& check : verdict.checks) {
    if (check.id == options.only_check) {
      INFO(check.sentence);
      CHECK(check.status == Status::passed);
    }
  }
}

template <std::size_t Index>
void run_check() {
  judge_check(Index);
}

template <std::size_t... Index>
constexpr std::array<void (*)(), sizeof...(Index)> runners(std::index_sequence<Index...>) {
  return {run_check<Index>...};
}

void register_checks() {
  static constexpr auto kRun = runners(std::make_index_sequence<kMostChecks>());
  const std::vector<CheckSpec>& checks = manifest().checks;
  require(checks.size() <= kMostChecks, "the exercise has ", checks.size(), " checks, more than ",
          kMostChecks);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const doctest::detail::TestCase test(kRun[i], ALAB_STUDENT_FILE, static_cast<unsigned>(checks[i].line),
                                         doctest::detail::TestSuite() * ALAB_EXERCISE);
    doctest::detail::regTest(doctest::detail::TestCase(test) * checks[i].id.c_str() *
                             doctest::description(checks[i].title.c_str()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    register_checks();
    return doctest::Context(argc, argv).run();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
