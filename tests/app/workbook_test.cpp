// The workbook without its window: progress, predictions, undo, state files, runs, search, options.
// SPDX-License-Identifier: MIT
#include "app/shell/model/workbook.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "app/shell/model/input_catalog.hpp"
#include "app/shell/model/options.hpp"
#include "app/shell/model/runner.hpp"
#include "app/shell/model/search.hpp"
#include "app/shell/model/state_file.hpp"
#include "reference/core/files.hpp"

namespace alab::shell {
namespace {

constexpr Param kSize = int_param("size", "size", "elements", "How many.", 8, 1, 64, true);
constexpr Param kSlow = bool_param("slow", "slow", "Takes a while.", false);
constexpr const Param* kParams[] = {&kSize, &kSlow};

Result run_squares(const ParamSet& params, const Context& context) {
  for (int i = 0; params.flag(kSlow) && i < 400; ++i) {
    context.progress.step(i / 400.0, "waiting");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const double n = params.real(kSize);
  const Provenance formula{Provenance::modelled, "n^2"};
  Result result;
  result.scalars.push_back({"square", "square", "", n * n, formula, "count"});
  Plot plot{"growth", "It grows", "The square of the size.", {"n", "elements", true}, {"n^2", "", true}, {}};
  plot.series.push_back({"truth", "truth", {1, 2, 4, 8}, {1, 4, 16, 64}, formula});
  result.plots.push_back(plot);
  result.checks.push_back(check_at_most("small", "small enough", n, 32, formula));
  return result;
}

constexpr Experiment kExperiments[] = {
    {"squares", "Squares", "Squares of numbers.", kParams, false, run_squares}};
constexpr std::string_view kOptions[] = {"two", "four"};
constexpr std::string_view kLamps[] = {"small"};
constexpr std::string_view kObjectives[] = {"Square."};

constexpr Prediction choose() {
  Prediction p;
  p.kind = PredictionKind::choice;
  p.question = "Which?";
  p.options = kOptions;
  p.correct = 1;
  return p;
}
constexpr Prediction count() {
  Prediction p;
  p.kind = PredictionKind::number;
  p.question = "How many?";
  p.truth = "square";
  p.tolerance = 0.1;
  p.unit = "elements";
  return p;
}
constexpr Prediction draw() {
  Prediction p;
  p.kind = PredictionKind::curve;
  p.question = "Draw it.";
  p.plot = "growth";
  p.series = "truth";
  return p;
}

constexpr Step kSteps[] = {
    {"first", "1. First", StepKind::lesson, "squares", "size=4", "growth", choose(), kLamps},
    {"second", "Second", StepKind::lesson, "squares", "size=16", "growth", count(), {}},
    {"third", "Third", StepKind::find_the_bug, "squares", "", "growth", draw(), {}},
    {"words", "Only words", StepKind::errata, "", "", "", {}, {}},
};
constexpr QuizItem kQuiz[] = {{"q1", "What?", kOptions, 0, "Because."}};
constexpr Reading kReadings[] = {
    {"Someone 2020", "section 3", "https://example.org", "wrong", "right", "seen"}};
constexpr Term kTerms[] = {{"square", "n^2", "A number times itself."}};
const Lab kLab{.id = "ch99_01_squares",
               .title = "Squares",
               .question = "What is a square?",
               .chapter = 99,
               .objectives = kObjectives,
               .experiments = kExperiments,
               .steps = kSteps,
               .quiz = kQuiz,
               .readings = kReadings,
               .glossary = kTerms};
const Lab kOther{.id = "ch99_02_empty",
                 .title = "Empty",
                 .question = "Nothing?",
                 .chapter = 99,
                 .objectives = {},
                 .experiments = {},
                 .steps = {},
                 .quiz = {},
                 .readings = {},
                 .glossary = {}};
const Lab* const kLabs[] = {&kLab, &kOther};

LabFiles files(const Lab& lab) {
  if (&lab == &kLab) {
    return {lab.id,
            "## first\nA tile of $B_r$ rows.\n:::explain\nYou said {prediction}: {scalar:square}.\n:::\n",
            R"({"big": {"title": "Big", "experiment": "squares", "set": {"size": 64}}})"};
  }
  return {lab.id, "## broken\n:::explain\nnever closed\n", "{}"};
}

Workbook fresh() {
  return Workbook(kLabs, files);
}

std::filesystem::path scratch(const std::string& name) {
  const auto folder = std::filesystem::temp_directory_path() / text("alab-workbook-", ::getpid(), "-", name);
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

Runner::Finished run_to_end(Runner& runner, Workbook& book, std::string sweep = "") {
  runner.submit({book.lab(), book.step(), book.experiment(), book.params(), synthetic_inputs().front(),
                 BackendChoice::all, std::move(sweep)});
  Runner::Finished finished{};
  for (int i = 0; i < 2000 && !runner.poll(&finished); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return finished;
}

}  // namespace

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

TEST_CASE("the newest run wins, a cancelled one leaves nothing, and changed settings make a result stale") {
  Workbook book = fresh();
  book.open_step(kLab.id, "second");
  book.skip();
  Runner runner;
  book.set_params("slow=true");
  const InputSource& input = synthetic_inputs().front();
  runner.submit({book.lab(), book.step(), book.experiment(), book.params(), input, BackendChoice::all, ""});
  CHECK(runner.running());
  book.set_params("slow=false size=8");
  const auto before = std::chrono::steady_clock::now();
  run_to_end(runner, book);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(1));
  const auto now = [&] {
    return settings_of(
        {book.lab(), book.step(), book.experiment(), book.params(), input, BackendChoice::all, ""});
  };
  RunView view = runner.view(kLab, *book.step(), now());
  CHECK(view.phase == RunPhase::done);
  CHECK(view.result->scalar("square")->value == 64);
  book.set_params("size=16");
  CHECK(runner.view(kLab, *book.step(), now()).phase == RunPhase::stale);
  book.set_params("slow=true");
  runner.submit({book.lab(), book.step(), book.experiment(), book.params(), input, BackendChoice::all, ""});
  CHECK(runner.view(kLab, *book.step(), now()).phase == RunPhase::running);
  runner.cancel();
  view = runner.view(kLab, *book.step(), now());
  CHECK(view.phase == RunPhase::stale);
  CHECK(view.result->scalar("square")->value == 64);
  CHECK(runner.results_of(kLab).size() == 1);
  runner.forget(kLab);
  CHECK(runner.view(kLab, *book.step(), now()).phase == RunPhase::empty);
}

TEST_CASE("a failing run is a sentence beside the last good result") {
  Workbook book = fresh();
  book.open_step(kLab.id, "second");
  InputSource broken = synthetic_inputs().front();
  static constexpr Experiment kReads{"squares", "Squares", "", kParams, true, run_squares};
  broken.unavailable = "it is not there; fetch it";
  Runner runner;
  runner.submit({book.lab(), book.step(), &kReads, book.params(), broken, BackendChoice::all, ""});
  Runner::Finished finished{};
  for (int i = 0; i < 1000 && runner.running(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  CHECK_FALSE(runner.poll(&finished));
  const RunView view = runner.view(kLab, *book.step(), {});
  CHECK(view.phase == RunPhase::failed);
  CHECK(view.error.find("it is not there; fetch it") != std::string::npos);
}

TEST_CASE("a parameter is swept over its doublings into curves with a slope") {
  Workbook book = fresh();
  book.open_step(kLab.id, "second");
  book.skip();
  CHECK(sweep_values(kSize).size() == 7);
  CHECK(sweep_values(kSlow) == std::vector<double>{0, 1});
  Runner runner;
  CHECK(run_to_end(runner, book, "size").sweep);
  const RunView view =
      runner.view(kLab, *book.step(), {book.params().describe(), "", "", BackendChoice::all});
  REQUIRE(view.result != nullptr);
  CHECK(view.sweep);
  REQUIRE(view.result->plots.size() == 1);
  CHECK(view.result->plots[0].series[0].xs.size() == 7);
  CHECK(view.result->plots[0].series[0].slope == doctest::Approx(2));
  CHECK(runner.results_of(kLab).empty());
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
