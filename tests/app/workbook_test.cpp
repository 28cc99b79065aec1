// The workbook without its window: progress, predictions, undo, search, options.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>

#include "app/shell/model/input_catalog.hpp"
#include "app/shell/model/options.hpp"
#include "app/shell/model/search.hpp"
#include "tests/app/squares_lab.hpp"

namespace alab::shell {

TEST_CASE("pages of a lab are overview, steps, quiz and readings, and turning stops at both ends") {
  Workbook book = fresh();
  CHECK(book.pages(kLab).size() == 7);
  CHECK(book.pages(kOther).size() == 1);
  CHECK(book.fraction(kLab) < 0);
  REQUIRE(book.open(kLab.id));
  CHECK_FALSE(book.back());
  for (int i = 0; i < 6; ++i) {
    CHECK(book.next());
  }
  CHECK(book.page().kind == PageKind::readings);
  CHECK_FALSE(book.next());
  CHECK_FALSE(book.open("nowhere"));
  CHECK_FALSE(book.open(kLab.id, {PageKind::step, 4}));
  CHECK(book.page_title(kLab, {PageKind::step, 0}) == "First");
}

TEST_CASE("a step starts with its settings, and each step keeps its own parameters") {
  Workbook book = fresh();
  book.open_step(kLab.id, "first");
  CHECK(book.params().value("size") == 4);
  book.set_params("size=32");
  book.open_step(kLab.id, "second");
  CHECK(book.params().value("size") == 16);
  book.open_step(kLab.id, "first");
  CHECK(book.params().value("size") == 32);
  book.reset_params();
  CHECK(book.params().value("size") == 4);
}

TEST_CASE("a prediction is committed once, must fit its kind, and skipping is remembered") {
  Workbook book = fresh();
  book.open_step(kLab.id, "first");
  CHECK(book.prediction_open());
  CHECK_FALSE(book.commit(number_answer(4)));
  CHECK_FALSE(book.commit(choice_answer(2)));
  CHECK(book.commit(choice_answer(1)));
  CHECK_FALSE(book.prediction_open());
  CHECK_FALSE(book.commit(choice_answer(0)));
  CHECK(book.step_progress()->answer.choice == 1);
  book.next();
  CHECK_FALSE(book.commit(number_answer(std::nan(""))));
  CHECK(book.skip());
  CHECK_FALSE(book.skip());
  CHECK(book.step_progress()->answer.kind == AnswerKind::skipped);
}

TEST_CASE("a step is done when it was predicted, run, and its lamps passed once") {
  Workbook book = fresh();
  book.open_step(kLab.id, "first");
  CHECK_FALSE(book.step_done(kLab, kSteps[0]));
  book.commit(choice_answer(1));
  Runner runner;
  book.set_params("size=64");
  const auto worse = run_to_end(runner, book);
  CHECK_FALSE(worse.passed);
  book.mark_ran(*worse.lab, *worse.step, worse.passed);
  CHECK_FALSE(book.step_done(kLab, kSteps[0]));
  book.reset_params();
  const auto finished = run_to_end(runner, book);
  CHECK(finished.passed);
  book.mark_ran(*finished.lab, *finished.step, finished.passed);
  CHECK(book.step_done(kLab, kSteps[0]));
  book.mark_ran(*worse.lab, *worse.step, worse.passed);
  CHECK(book.step_done(kLab, kSteps[0]));
  book.open_step(kLab.id, "words");
  CHECK(book.step_done(kLab, kSteps[3]));
  book.answer_quiz("q1", 1);
  CHECK_FALSE(book.answer_quiz("q1", 0));
  CHECK(book.fraction(kLab) == doctest::Approx(3.0 / 5));
}

TEST_CASE("undo and redo walk through edits, a drag is one edit, and they return to the step") {
  Workbook book = fresh();
  book.open_step(kLab.id, "first");
  ParamSet moving = book.params();
  for (const double size : {5.0, 6.0, 7.0}) {
    moving.set("size", size);
    book.edit_params(moving);
  }
  book.end_edit();
  book.open_step(kLab.id, "second");
  book.set_params("size=2");
  CHECK(book.undo());
  CHECK(book.params().value("size") == 16);
  CHECK(book.undo());
  CHECK(book.step()->key == "first");
  CHECK(book.params().value("size") == 4);
  CHECK_FALSE(book.undo());
  CHECK(book.redo());
  CHECK(book.params().value("size") == 7);
  CHECK(book.redo());
  CHECK(book.step()->key == "second");
  CHECK(book.params().value("size") == 2);
  CHECK_FALSE(book.redo());
  book.undo();
  book.set_params("size=3");
  CHECK_FALSE(book.can_redo());
}

TEST_CASE("a change that ends where it began is no step of undo") {
  Workbook book = fresh();
  book.open_step(kLab.id, "first");
  ParamSet moving = book.params();
  moving.set("size", 9);
  book.edit_params(moving);
  moving.set("size", 4);
  book.edit_params(moving);
  book.end_edit();
  CHECK_FALSE(book.can_undo());
}

TEST_CASE("a preset opens a step that runs its experiment") {
  Workbook book = fresh();
  REQUIRE(book.presets(kLab).size() == 1);
  CHECK(book.apply_preset(kLab, book.presets(kLab)[0]));
  CHECK(book.step()->key == "first");
  CHECK(book.params().value("size") == 64);
  CHECK_FALSE(book.apply_preset(kOther, book.presets(kLab)[0]));
}

TEST_CASE("resetting a lab forgets answers and settings and keeps notes") {
  Workbook book = fresh();
  book.open_step(kLab.id, "first");
  book.commit(choice_answer(0));
  book.set_params("size=64");
  book.set_notes(kLab, "mine");
  book.reset_lab(kLab);
  CHECK(book.page().kind == PageKind::overview);
  book.open_step(kLab.id, "first");
  CHECK(book.prediction_open());
  CHECK(book.params().value("size") == 4);
  CHECK(book.progress(kLab).notes == "mine");
  CHECK_FALSE(book.can_undo());
}

TEST_CASE("a text that does not parse is shown as a sentence, not thrown") {
  Workbook book = fresh();
  CHECK(book.section(kOther, "any").body.find("cannot be read") != std::string::npos);
  CHECK(book.section(kLab, "absent").body.empty());
}

TEST_CASE("answers are judged against the result") {
  Workbook book = fresh();
  book.open_step(kLab.id, "second");
  const Context context{synthetic_inputs().front(), {}, true, false};
  const Result result = run_experiment(kLab, kExperiments[0], book.params(), context);
  CHECK(judge_answer(count(), number_answer(250), result).verdict == Verdict::right);
  CHECK(judge_answer(count(), number_answer(300), result).verdict == Verdict::close);
  CHECK(judge_answer(count(), number_answer(16), result).verdict == Verdict::wrong);
  CHECK(judge_answer(count(), skipped_answer(), result).verdict == Verdict::skipped);
  CHECK(judge_answer(choose(), choice_answer(1), result).verdict == Verdict::right);
  CHECK(judge_answer(choose(), choice_answer(0), result).verdict == Verdict::wrong);
  CHECK(judge_answer(draw(), curve_answer({{1, 8}, {1, 64}}), result).verdict != Verdict::none);
  CHECK(judge_answer(draw(), curve_answer({{1, 2, 4, 8}, {1, 4, 16, 64}}), result).verdict == Verdict::right);
  CHECK(judge_answer(draw(), curve_answer({{1, 2, 4, 8}, {64, 64, 64, 64}}), result).verdict ==
        Verdict::wrong);
  CHECK(judge_answer(draw(), curve_answer({{100, 200}, {1, 1}}), result).verdict == Verdict::none);
  CHECK(answer_text(count(), number_answer(2.5)) == "2.5 elements");
  CHECK(answer_text(choose(), choice_answer(1)) == "four");
  CHECK(answer_text(draw(), curve_answer({{1, 2, 4}, {1, 4, 16}})) == "a curve of slope 2");
  CHECK(answer_text(choose(), skipped_answer()).empty());
}

TEST_CASE("search finds titles before text, needs all words, and lists actions when nothing is typed") {
  const Workbook book = fresh();
  SearchIndex index;
  index.build(book, {{HitKind::action, "Run this step", "F5", "", "run", {}, 0}});
  REQUIRE_FALSE(index.find("", 10).empty());
  CHECK(index.find("run", 10).front().entry->id == "run");
  CHECK(index.find("tile rows", 10).front().entry->page == Page{PageKind::step, 0});
  CHECK(index.find("tile rows", 10).front().excerpt.find("tile") != std::string::npos);
  CHECK(index.find("tile zebra", 10).empty());
  CHECK(index.find("big", 10).front().entry->kind == HitKind::preset);
  CHECK(index.find("square", 1).size() == 1);
  CHECK(plain_text("**A** `b`\n\n- c") == "A b - c");
}

TEST_CASE("options are read or refused with the nearest known one") {
  const auto parse = [](std::vector<std::string> words) { return parse_options(words); };
  const Options options = parse({"--lab", "flash", "--step=3", "--size", "1366x768", "--theme", "dark"});
  CHECK(options.lab == "flash");
  CHECK(options.step == 3);
  CHECK(options.width == 1366);
  CHECK(options.theme == "dark");
  CHECK_THROWS_WITH_AS(parse({"--stepp", "3"}), doctest::Contains("did you mean --step?"), Error);
  CHECK_THROWS_WITH_AS(parse({"--theme", "pink"}), doctest::Contains("paper or dark"), Error);
  CHECK_THROWS_AS(parse({"--step", "0"}), Error);
  CHECK_THROWS_AS(parse({"--size", "10x10"}), Error);
  CHECK_THROWS_AS(parse({"--lab"}), Error);
  CHECK(parse({"-h"}).help);
  CHECK(&lab_named("squares", kLabs) == &kLab);
  CHECK_THROWS_WITH_AS(lab_named("ch99_01_squors", kLabs), doctest::Contains("did you mean ch99_01_squares?"),
                       Error);
  CHECK_THROWS_AS(lab_named("ch99", kLabs), Error);
}

TEST_CASE("an input selection becomes a source, and names of presets become selections") {
  const InputCatalog catalog = make_catalog({});
  CHECK(source_of(catalog, {}).name == "normal");
  CHECK(short_name(catalog, {}) == source_of(catalog, {}).label);
  const InputSelection head = selection_of(catalog, "smollm2:L3H2", {});
  CHECK(head.layer == 3);
  CHECK(head.head == 2);
  CHECK(short_name(catalog, head) == "SmolLM2 L3 H2");
  CHECK_THROWS_AS(selection_of(catalog, "smollm2:L99H0", {}), Error);
  InputSelection gone;
  gone.name = "nowhere";
  CHECK_FALSE(source_of(catalog, gone).unavailable.empty());
  gone.name = "file";
  CHECK_FALSE(source_of(catalog, gone).unavailable.empty());
  const auto folder = scratch("case");
  CHECK(dropped_case(folder.string()) == folder.string());
  CHECK(dropped_case((folder / "q.npy").string()) == folder.string());
  CHECK(dropped_case((folder / "notes.txt").string()).empty());
}

}  // namespace alab::shell
