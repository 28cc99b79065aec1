// A small class, judged by the real judge: the solution, the starter, and a file that does not compile.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <fstream>

#include "app/grade/course.hpp"
#include "reference/core/files.hpp"
#include "tests/app/program.hpp"

namespace alab::grade {

TEST_CASE("three students are judged as their sources deserve, and a second run judges none again") {
  const student::Exercise* const exercise = student::find_exercise("1a");
  REQUIRE(exercise != nullptr);
  const app_test::Scratch scratch("real class");
  const auto hand_in = [&](const char* student, std::string_view source) {
    std::filesystem::create_directories(scratch / "in" / student);
    std::ofstream(scratch / "in" / student / "1a.cu") << source;
  };
  hand_in("anna", student::file_of(*exercise, "solution.cu"));
  hand_in("bert", student::file_of(*exercise, "starter.cu"));
  hand_in("carl", "__global__ void scores_naive(int N) { return N }\n");
  const std::vector<AssignedExercise> exercises = course_exercises();
  GradeRequest request;
  request.submissions = scratch / "in";
  request.out = scratch / "out";
  request.exercises = exercises;
  request.jobs = 2;
  student::StudentLimits limits = student::student_limits();
  limits.allow_without_bubblewrap = true;
  const JudgeSource judge = judge_of_this_build(limits, 1);
  const GradeOutcome outcome = grade_class(request, judge, {});
  REQUIRE(outcome.students.size() == 3);
  const auto result = [&](std::size_t i) -> const GradedExercise& {
    return outcome.students[i].exercises.at(0);
  };
  if (result(0).outcome == Outcome::not_judged && result(0).message.find("install") != std::string::npos) {
    MESSAGE("skipped: ", result(0).message);
    return;
  }
  CAPTURE(result(0).message);
  REQUIRE(result(0).outcome == Outcome::judged);
  CHECK(result(0).earned() == result(0).points());
  CHECK(result(0).points() > 0);
  REQUIRE(result(1).outcome == Outcome::judged);
  CHECK(result(1).earned() < result(1).points());
  CHECK(std::any_of(result(1).checks.begin(), result(1).checks.end(),
                    [](const GradedCheck& c) { return !c.passed && !c.text.empty(); }));
  CHECK(result(2).outcome == Outcome::did_not_compile);
  CHECK(app_test::contains(result(2).message, "line 1"));
  CHECK(result(2).earned() == 0);
  const std::string page = read_file(scratch / "out/class.html");
  const GradeOutcome again = grade_class(request, judge, {});
  CHECK(again.kept == 3);
  CHECK(again.judged == 0);
  CHECK(read_file(scratch / "out/class.html") == page);
}

}  // namespace alab::grade
