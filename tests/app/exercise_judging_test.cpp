// Students' kernels judged in the background, and verdicts as the page shows them.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <thread>

#include "app/shell/model/exercise_catalog.hpp"
#include "app/shell/model/exercise_judging.hpp"
#include "app/shell/model/exercise_report.hpp"
#include "kernels/student/manifest.hpp"

namespace alab::shell {
namespace {

/// "slow" takes until it is cancelled, "broken" cannot be judged; all else gets one point of two.
ExerciseVerdict judge_by_words(const student::Exercise& exercise, const std::string& source, bool without,
                               const Progress& progress) {
  for (int i = 0; source == "slow" && i < 2000; ++i) {
    progress.step(0.5, "case 3 of 8");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  require(source != "broken", "no compiler");
  ExerciseVerdict verdict{std::string(exercise.id), source, {}, without ? "" : "no bubblewrap"};
  student::CheckVerdict check;
  check.points = 2;
  check.earned = 1;
  verdict.verdict.checks.push_back(check);
  return verdict;
}

std::shared_ptr<const ExerciseVerdict> wait_for(ExerciseJudge& judge) {
  while (judge.running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return judge.poll();
}

counted::Finding finding(std::string file, int line, std::string words) {
  counted::Finding found;
  found.line = {std::move(file), line};
  found.sentence = text(found.line.file, ":", line, ": ", words);
  return found;
}

}  // namespace

TEST_CASE("the newest submission wins, and a cancelled one leaves the last verdict") {
  if (student::all_exercises().empty()) {
    return;
  }
  const student::Exercise& exercise = *student::all_exercises().front();
  ExerciseJudge judge(judge_by_words);
  judge.submit(exercise, "slow");
  CHECK(judge.running());
  CHECK(judge.poll() == nullptr);
  judge.submit(exercise, "quick");
  auto verdict = wait_for(judge);
  REQUIRE(verdict != nullptr);
  CHECK(verdict->source == "quick");
  CHECK(verdict->needs_consent == "no bubblewrap");
  CHECK(judge.poll() == nullptr);
  judge.submit(exercise, "slow");
  judge.cancel();
  CHECK(wait_for(judge) == nullptr);
  CHECK(judge.error().empty());
  CHECK(judge.of(exercise.id) == verdict);
  judge.submit(exercise, "broken");
  CHECK(wait_for(judge) == nullptr);
  CHECK(judge.error() == "no compiler");
  judge.agree_to_go_without_bubblewrap();
  judge.submit(exercise, "quick");
  verdict = wait_for(judge);
  CHECK(verdict->needs_consent.empty());
  CHECK(judge.error().empty());
  CHECK(judge.of(exercise.id) == verdict);
}

TEST_CASE("marks stand once on each line of the student's own text") {
  student::Verdict verdict;
  verdict.diagnostics = {{7, 3, true, "'b' was not declared"}, {2, 0, false, "unused"}};
  student::CheckVerdict check;
  check.findings = {finding("alab_student/student.cu", 5, "a race"),
                    finding("alab_student/launch.cu", 9, "too many threads")};
  verdict.checks = {check, check};
  const auto marks = marks_of(verdict);
  REQUIRE(marks.size() == 4);
  CHECK(marks[0] == LineMark{0, MarkKind::finding, "too many threads"});
  CHECK(marks[1] == LineMark{2, MarkKind::warning, "unused"});
  CHECK(marks[2] == LineMark{5, MarkKind::finding, "a race"});
  CHECK(marks[3] == LineMark{7, MarkKind::error, "'b' was not declared"});
}

TEST_CASE("counters are said as they are and as they may be") {
  student::CheckVerdict check;
  check.kind = "count";
  CHECK(bound_in_words(check, {"loads == N", 12480, 1200, "==", false}) == "now 12 480, allowed 1 200");
  CHECK(bound_in_words(check, {"loads <= N", 12, 1200.5, "<=", true}) == "now 12, allowed <= 1200.5");
  check.kind = "growth";
  CHECK(bound_in_words(check, {"loads", 4, 2.2, "<=", false}) == "grows 4 times, allowed <= 2.2");
  CHECK(number_in_words(-1234567) == "-1 234 567");
  CHECK(number_in_words(std::nan("")) == "NaN");
}

TEST_CASE("an error map becomes a heatmap that says where") {
  student::ErrorMap map;
  map.output = "S";
  map.rows = map.cols = 4;
  map.row_step = map.col_step = 2;
  map.cell_rows = map.cell_cols = 2;
  map.cells = {0.5F, 3, 0.1F, 1e6F};
  map.worst = {"S[0, 3, 3]", 1, std::nan("")};
  student::CheckVerdict check;
  check.id = "values";
  const Heatmap heat = heatmap_of(check, map);
  CHECK(heat.title == "S is wrong in 2 of 4 tiles");
  CHECK(heat.values.size() == 4);
  CHECK(heat.row_labels == std::vector<std::string>{"0", "2"});
  CHECK(seeing(map).find("a cell is the worst of 2 x 2 elements") != std::string::npos);
  CHECK(worst_cell(map) == std::pair<std::int64_t, std::int64_t>(1, 1));
  CHECK(line_of_writer(map) == 0);
  map.writer = "block (0, 0, 0), thread (3, 0, 0), line 12";
  CHECK(line_of_writer(map) == 12);
  map.worst.name = "S[2]";
  CHECK(worst_cell(map) == std::pair<std::int64_t, std::int64_t>(1, 0));
  map.cells = {2, 3, 4, 5};
  CHECK(heatmap_of(check, map).title == "S is wrong everywhere");
}

TEST_CASE("every exercise has a card of its lab, and a checks.toml that can be read") {
  const auto cards = exercise_cards();
  CHECK(cards.size() == student::all_exercises().size());
  for (const ExerciseCard& card : cards) {
    CAPTURE(card.id);
    CHECK(card.title != card.id);
    CHECK(card.points > 0);
    CHECK(card.number.size() == 2);
    CHECK(card.lab.starts_with("ch"));
  }
}

}  // namespace alab::shell
