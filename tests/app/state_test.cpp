// What is kept between two starts of the window.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <fstream>

#include "app/shell/model/state_file.hpp"
#include "reference/core/files.hpp"
#include "tests/app/squares_lab.hpp"

namespace alab::shell {

TEST_CASE("the state survives a round trip through JSON") {
  Workbook book = fresh();
  book.open_step(kLab.id, "first");
  book.commit(choice_answer(1));
  book.mark_ran(kLab, kSteps[0], true);
  book.set_params("size=32");
  book.open_step(kLab.id, "third");
  book.commit(curve_answer({{1, 2}, {3, 4}}));
  book.set_notes(kLab, "line 1\nline \"2\" – ä");
  book.answer_quiz("q1", 1);
  book.set_input({"smollm2", 3, 2, false, "text", 4, ""});
  Preferences p;
  p.dark = true;
  p.scale = 1.3F;
  p.backend = BackendChoice::reference;
  book.set_preferences(p);
  Workbook again = fresh();
  CHECK(again.from_json(parse_json(book.to_json().dump(), "state")).empty());
  CHECK(again.step()->key == "third");
  CHECK(again.step_progress()->answer == curve_answer({{1, 2}, {3, 4}}));
  CHECK(again.find_step(kLab, kSteps[0])->params.value("size") == 32);
  CHECK(again.find_step(kLab, kSteps[0])->answer.choice == 1);
  CHECK(again.step_done(kLab, kSteps[0]));
  CHECK(again.progress(kLab).notes == "line 1\nline \"2\" – ä");
  CHECK(again.progress(kLab).quiz.at("q1") == 1);
  CHECK(again.input() == book.input());
  CHECK(again.preferences() == book.preferences());
  CHECK(again.to_json() == book.to_json());
}

TEST_CASE("values that no longer fit are left out and named; other labs are kept as they are") {
  Workbook book = fresh();
  book.open_step(kLab.id, "first");
  book.set_params("size=32");
  Json state = book.to_json();
  state["labs"][std::string(kLab.id)]["steps"]["first"]["params"]["size"] = 1000;
  state["labs"][std::string(kLab.id)]["steps"]["first"]["params"]["gone"] = 1;
  state["labs"][std::string(kLab.id)]["steps"]["first"]["answer"] = {{"kind", "choice"}, {"choice", 7}};
  state["labs"]["ch42_01_elsewhere"] = {{"notes", "keep me"}};
  Workbook again = fresh();
  CHECK(again.from_json(state).size() == 3);
  CHECK(again.params().value("size") == 4);
  CHECK(again.prediction_open());
  CHECK(again.to_json()["labs"]["ch42_01_elsewhere"]["notes"] == "keep me");
}

TEST_CASE("what is no state is refused with a reason") {
  Workbook book = fresh();
  CHECK_THROWS_WITH_AS(book.from_json(Json::array()), doctest::Contains("version"), Error);
  CHECK_THROWS_WITH_AS(book.from_json({{"version", kStateVersion + 1}}), doctest::Contains("reads versions"),
                       Error);
}

TEST_CASE("a damaged state file is set aside, never deleted, and the program starts fresh") {
  const auto folder = scratch("damaged");
  for (const std::string bytes :
       {"{\"version\": 1, \"labs\"", "", "[]", "{\"version\": 99}", "\xff\xfe\x00"}) {
    const auto file = folder / "state.json";
    std::ofstream(file, std::ios::binary) << bytes;
    Workbook book = fresh();
    const LoadReport report = load_state(file, book);
    CHECK(report.found);
    CHECK(report.message.find("kept as state.json.damaged-") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(file));
    REQUIRE(std::filesystem::exists(report.set_aside));
    CHECK(read_file(report.set_aside) == bytes);
    CHECK(book.lab() == nullptr);
  }
  Workbook book = fresh();
  CHECK_FALSE(load_state(folder / "absent.json", book).found);
}

TEST_CASE("the saver writes shortly after a change, in the background, and flushes at the end") {
  const auto file = scratch("saver") / "deep" / "state.json";
  Workbook book = fresh();
  StateSaver saver(file);
  saver.update(book);
  CHECK_FALSE(saver.pending());
  book.open_step(kLab.id, "first");
  saver.update(book);
  CHECK(saver.pending());
  for (int i = 0; i < 400 && !saver.ever_saved(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    saver.update(book);
  }
  REQUIRE(saver.ever_saved());
  Workbook again = fresh();
  CHECK(load_state(file, again).message.empty());
  CHECK(again.step()->key == "first");
  book.open_step(kLab.id, "second");
  saver.flush(book);
  Workbook last = fresh();
  load_state(file, last);
  CHECK(last.step()->key == "second");
}

TEST_CASE("a folder that cannot be written is a sentence, and the work goes on") {
  const auto folder = scratch("blocked");
  std::ofstream(folder / "file") << "no folder";
  StateSaver saver(folder / "file" / "state.json");
  Workbook book = fresh();
  book.open_step(kLab.id, "first");
  for (int i = 0; i < 400 && saver.problem().empty(); ++i) {
    saver.update(book);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK_FALSE(saver.problem().empty());
  CHECK_FALSE(saver.ever_saved());
}

}  // namespace alab::shell
