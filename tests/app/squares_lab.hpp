// A small lab that the tests of the workbook run: squares of numbers, quickly or slowly.
// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <filesystem>
#include <thread>

#include "app/shell/model/runner.hpp"
#include "app/shell/model/workbook.hpp"

namespace alab::shell {

inline constexpr Param kSize = int_param("size", "size", "elements", "How many.", 8, 1, 64, true);
inline constexpr Param kSlow = bool_param("slow", "slow", "Takes a while.", false);
inline constexpr const Param* kParams[] = {&kSize, &kSlow};

inline Result run_squares(const ParamSet& params, const Context& context) {
  const bool cut = params.flag(kSlow) && context.quick;
  for (int i = 0; params.flag(kSlow) && !cut && i < 400; ++i) {
    context.progress.step(i / 400.0, "waiting");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const double n = params.real(kSize);
  const Provenance formula{Provenance::modelled, "n^2"};
  Result result;
  result.quick = cut ? "0 of 400 waits" : "";
  result.scalars.push_back({"square", "square", "", n * n, formula, "count"});
  Plot plot{"growth", "It grows", "The square of the size.", {"n", "elements", true}, {"n^2", "", true}, {}};
  plot.series.push_back({"truth", "truth", {1, 2, 4, 8}, {1, 4, 16, 64}, formula});
  result.plots.push_back(plot);
  result.checks.push_back(check_at_most("small", "small enough", n, 32, formula));
  return result;
}

inline constexpr Experiment kExperiments[] = {
    {"squares", "Squares", "Squares of numbers.", kParams, false, run_squares}};
inline constexpr std::string_view kOptions[] = {"two", "four"};
inline constexpr std::string_view kLamps[] = {"small"};
inline constexpr std::string_view kObjectives[] = {"Square."};

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

inline constexpr Step kSteps[] = {
    {"first", "1. First", StepKind::lesson, "squares", "size=4", "growth", choose(), kLamps},
    {"second", "Second", StepKind::lesson, "squares", "size=16", "growth", count(), {}},
    {"third", "Third", StepKind::find_the_bug, "squares", "", "growth", draw(), {}},
    {"words", "Only words", StepKind::errata, "", "", "", {}, {}},
};
inline constexpr QuizItem kQuiz[] = {{"q1", "What?", kOptions, 0, "Because."}};
inline constexpr Reading kReadings[] = {
    {"Someone 2020", "section 3", "https://example.org", "wrong", "right", "seen"}};
inline constexpr Term kTerms[] = {{"square", "n^2", "A number times itself."}};
inline const Lab kLab{.id = "ch99_01_squares",
                      .title = "Squares",
                      .question = "What is a square?",
                      .chapter = 99,
                      .objectives = kObjectives,
                      .experiments = kExperiments,
                      .steps = kSteps,
                      .quiz = kQuiz,
                      .readings = kReadings,
                      .glossary = kTerms};
inline const Lab kOther{.id = "ch99_02_empty",
                        .title = "Empty",
                        .question = "Nothing?",
                        .chapter = 99,
                        .objectives = {},
                        .experiments = {},
                        .steps = {},
                        .quiz = {},
                        .readings = {},
                        .glossary = {}};
inline const Lab* const kLabs[] = {&kLab, &kOther};

inline LabFiles files(const Lab& lab) {
  if (&lab == &kLab) {
    return {lab.id,
            "## first\nA tile of $B_r$ rows.\n:::explain\nYou said {prediction}: {scalar:square}.\n:::\n",
            R"({"big": {"title": "Big", "experiment": "squares", "set": {"size": 64}}})"};
  }
  return {lab.id, "## broken\n:::explain\nnever closed\n", "{}"};
}

inline Workbook fresh() {
  return Workbook(kLabs, files);
}

/// An empty folder, removed when the program ends.
inline std::filesystem::path scratch(const std::string& name) {
  struct Root {
    std::filesystem::path path = std::filesystem::temp_directory_path() / text("alab-workbook-", ::getpid());
    ~Root() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  };
  static const Root root;
  const auto folder = root.path / name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

inline Runner::Finished run_to_end(Runner& runner, Workbook& book, std::string sweep = "") {
  runner.submit({book.lab(), book.step(), book.experiment(), book.params(), synthetic_inputs().front(),
                 BackendChoice::all, std::move(sweep)});
  Runner::Finished finished{};
  for (int i = 0; i < 2000 && !runner.poll(&finished); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return finished;
}

}  // namespace alab::shell
