// Students' texts of exercises: saved, restored, undone, changed by others; progress and hints.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <fstream>
#include <thread>

#include "app/shell/model/exercise_draft.hpp"
#include "app/shell/model/exercise_hints.hpp"
#include "reference/core/files.hpp"
#include "tests/app/squares_lab.hpp"

namespace alab::shell {
namespace {

constexpr const char* kStarter = "// FILL\n";

std::filesystem::path fresh_file() {
  return scratch("exercise") / "texts" / "1a.cu";
}

/// Frames until done, at most two seconds.
bool frames_until(ExerciseDraft& draft, const std::function<bool()>& done) {
  auto now = ExerciseDraft::Clock::now();
  for (int i = 0; i < 2000 && !done(); ++i) {
    now += std::chrono::milliseconds(50);
    draft.update(now);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return done();
}

/// By another program, at another time than what was written before.
void write_outside(const std::filesystem::path& file, std::string_view words) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << words;
  std::filesystem::last_write_time(file,
                                   std::filesystem::file_time_type::clock::now() + std::chrono::seconds(7));
}

std::vector<ExerciseCard> cards() {
  return {{"1a_first", std::string(kLab.id), "1A", "First", 4}, {"9z_else", "ch42_01_gone", "9Z", "Else", 1}};
}

}  // namespace

TEST_CASE("a text is saved a moment after it was typed, and undo reaches back over a restart") {
  const auto file = fresh_file();
  {
    ExerciseDraft draft(file, kStarter);
    CHECK(draft.text() == kStarter);
    CHECK(draft.is_starter());
    CHECK_FALSE(draft.can_step_back());
    draft.edit("one\n");
    CHECK(frames_until(draft, [&] { return draft.saved(); }));
    CHECK(read_file(file) == "one\n");
    draft.edit("two\n");
    draft.flush();
    CHECK(draft.saved());
    CHECK(draft.replaced() == 0);
  }
  ExerciseDraft draft(file, kStarter);
  CHECK(draft.text() == "two\n");
  REQUIRE(draft.step_back());
  CHECK(draft.text() == "one\n");
  CHECK(draft.replaced() == 1);
  REQUIRE(draft.step_back());
  CHECK(draft.text() == kStarter);
  CHECK_FALSE(draft.step_back());
  REQUIRE(draft.step_forward());
  CHECK(draft.text() == "one\n");
  draft.edit("three\n");
  CHECK_FALSE(draft.step_forward());  // what was typed is not overwritten by a redo
  draft.flush();
  CHECK(read_file(file) == "three\n");
}

TEST_CASE("a reset to the starter is undone like any other change") {
  const auto file = fresh_file();
  ExerciseDraft draft(file, kStarter);
  draft.edit("hours of work\n");
  draft.reset_to_starter();
  CHECK(draft.is_starter());
  draft.flush();
  CHECK(read_file(file) == kStarter);
  REQUIRE(draft.step_back());
  CHECK(draft.text() == "hours of work\n");
}

TEST_CASE("a file changed by another program is read anew when nothing changed here") {
  const auto file = fresh_file();
  ExerciseDraft draft(file, kStarter);
  draft.save_soon();
  CHECK(frames_until(draft, [&] { return draft.saved(); }));
  write_outside(file, "theirs\r\n");
  CHECK(frames_until(draft, [&] { return draft.reloads() == 1; }));
  CHECK(draft.text() == "theirs\n");
  CHECK_FALSE(draft.conflict());
  REQUIRE(draft.step_back());
  CHECK(draft.text() == kStarter);
}

TEST_CASE("changes here and in the file are a question, and neither answer loses a text") {
  for (const bool theirs : {true, false}) {
    const auto file = fresh_file();
    ExerciseDraft draft(file, kStarter);
    draft.edit("mine\n");
    draft.flush();
    write_outside(file, "theirs\n");
    draft.edit("mine too\n");
    CHECK(frames_until(draft, [&] { return draft.conflict(); }));
    CHECK(draft.text() == "mine too\n");
    CHECK(read_file(file) == "theirs\n");
    theirs ? draft.take_theirs() : draft.keep_mine();
    CHECK(frames_until(draft, [&] { return draft.saved(); }));
    CHECK(draft.text() == (theirs ? "theirs\n" : "mine too\n"));
    CHECK(read_file(file) == draft.text());
    const auto& all = draft.history().all();
    for (const char* words : {"mine\n", "mine too\n", "theirs\n"}) {
      CHECK(std::ranges::any_of(all, [&](const Snapshot& s) { return s.text == words; }));
    }
  }
}

TEST_CASE("a file that was removed is written again; one that is no text is left alone") {
  const auto file = fresh_file();
  ExerciseDraft draft(file, kStarter);
  draft.edit("mine\n");
  draft.flush();
  std::filesystem::remove(file);
  CHECK(frames_until(draft, [&] { return std::filesystem::exists(file) && draft.saved(); }));
  write_outside(file, std::string_view("\0binary", 7));
  ExerciseDraft other(file, kStarter);
  CHECK(other.problem().find("is no text") != std::string::npos);
  other.edit("over it\n");
  other.flush();
  CHECK(read_file(file).size() == 7);
}

TEST_CASE("what cannot be saved says so and is saved later") {
  const auto file = fresh_file();
  write_outside(file.parent_path(), "a file where the folder should be");
  ExerciseDraft draft(file, kStarter);
  draft.edit("mine\n");
  CHECK(frames_until(draft, [&] { return !draft.problem().empty(); }));
  CHECK_FALSE(draft.saved());
  std::filesystem::remove(file.parent_path());
  CHECK(frames_until(draft, [&] { return draft.saved(); }));
  CHECK(draft.problem().empty());
}

TEST_CASE("a history keeps the newest, within its bounds, and survives a round trip") {
  TextHistory history;
  CHECK_THROWS_AS(history.current(), Error);
  for (int i = 0; i < 300; ++i) {
    history.add_and_stand(text(i), i);
    history.add(text(i), i);
  }
  CHECK(history.all().size() == kMaxSnapshots);
  CHECK(history.current().text == "299");
  history.add(std::string(kMaxSnapshotBytes, 'x'), 300);
  CHECK(history.all().size() == 1);
  CHECK(history.current().text.size() == kMaxSnapshotBytes);
  TextHistory small;
  small.add_and_stand("a\n\"b\"", 5);
  small.add_and_stand("c", 6);
  const TextHistory again = TextHistory::from_json(parse_json(small.to_json().dump(), "history"));
  CHECK(again.all().size() == 2);
  CHECK(again.all()[0].text == "a\n\"b\"");
  CHECK(again.all()[1].time == 6);
  CHECK(again.current().text == "c");
  CHECK_THROWS(TextHistory::from_json(Json{{"version", 2}}));
}

TEST_CASE("hints are the sections of hints.md") {
  const auto hints = parse_hints("left out\n## Question\n\nWhy?\n\n```\n## no title\n```\n## Line \nDo it.");
  REQUIRE(hints.size() == 2);
  CHECK(hints[0].title == "Question");
  CHECK(hints[0].body == "Why?\n\n```\n## no title\n```");
  CHECK(hints[1].title == "Line");
  CHECK(hints[1].body == "Do it.");
  CHECK(parse_hints("").empty());
  CHECK(opened_in_words(0).starts_with("opened "));
}

TEST_CASE("exercises are pages of their lab, and what was reached is kept") {
  Workbook book(
      kLabs, [](const Lab&) { return LabFiles{}; }, cards());
  REQUIRE(book.exercises(kLab).size() == 1);
  CHECK_FALSE(book.open_exercise("9z_else"));
  REQUIRE(book.open_exercise("1a_first"));
  CHECK(book.page().kind == PageKind::exercise);
  CHECK(book.exercise()->number == "1A");
  CHECK(book.page_title(kLab, book.page()) == "Exercise 1A: First");
  CHECK(book.step() == nullptr);
  CHECK(book.find_exercise("1a_first") == nullptr);
  book.record_exercise("1a_first", 3, 4, false);
  book.record_exercise("1a_first", 1, 4, false);
  CHECK(book.find_exercise("1a_first")->state() == ExerciseState::tried);
  CHECK(book.find_exercise("1a_first")->earned == 3);
  CHECK_FALSE(book.open_hint("1a_first", 1, 10));  // the question comes first
  CHECK(book.open_hint("1a_first", 0, 10));
  CHECK_FALSE(book.open_hint("1a_first", 0, 11));
  CHECK(book.open_hint("1a_first", 1, 12));
  book.record_exercise("1a_first", 4, 4, true);
  book.record_exercise("1a_first", 0, 4, false);
  CHECK(book.find_exercise("1a_first")->state() == ExerciseState::passed);
  book.record_exercise("of another build", 1, 1, true);

  Workbook again(
      kLabs, [](const Lab&) { return LabFiles{}; }, cards());
  CHECK(again.from_json(parse_json(book.to_json().dump(), "state")).empty());
  CHECK(again.exercise()->id == "1a_first");
  CHECK(*again.find_exercise("1a_first") == *book.find_exercise("1a_first"));
  CHECK(again.to_json() == book.to_json());
  Json state = book.to_json();
  state["exercises"]["1a_first"]["earned"] = 9;
  CHECK(again.from_json(state).size() == 1);
  CHECK(again.find_exercise("1a_first") == nullptr);
  Workbook without(kLabs, [](const Lab&) { return LabFiles{}; });
  CHECK(without.from_json(book.to_json()).size() == 1);  // its page is not there
  CHECK(without.find_exercise("1a_first") != nullptr);
}

}  // namespace alab::shell
