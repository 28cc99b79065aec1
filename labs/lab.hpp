// A lab is a folder: constant data here, prose in text.md, and pure functions from parameters to Result.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/backend.hpp"
#include "reference/core/inputs.hpp"
#include "reference/core/job.hpp"
#include "reference/core/param.hpp"
#include "reference/core/result.hpp"

namespace alab {

struct Context {
  const InputSource& input;
  const Progress& progress;
  bool simulated = true;  ///< run rungs on the executor
  bool cuda = true;       ///< run rungs on a GPU when one is usable; otherwise rows say why not
  bool quick = false;     ///< a slider moves: what takes over 100 ms does less, and says so in Result::quick
};

/// What a Run button runs. run is pure: the same parameters and input give the same Result (times excepted);
/// it prints nothing, touches no file, clock or global beyond timing, and steps its progress every 50 ms.
struct Experiment {
  std::string_view id, title, what;  ///< what: "What am I seeing?" in one sentence
  ParamList params;
  bool uses_input = false;  ///< shows the input selector
  Result (*run)(const ParamSet& params, const Context& context) = nullptr;
};

enum class PredictionKind { none, choice, number, curve };

/// Committed before the plot is shown.
struct Prediction {
  PredictionKind kind = PredictionKind::none;
  std::string_view question;
  std::span<const std::string_view> options = {};  ///< choice
  int correct = -1;                                ///< choice: index
  std::string_view truth = {};  ///< number: key of the Scalar in the Result that answers it
  double tolerance = 0;         ///< number: relative, 0.1 = within 10 %
  std::string_view unit = {};
  std::string_view plot = {};    ///< curve: key of the Plot it is drawn on
  std::string_view series = {};  ///< curve: key of the Series it is compared with
};

enum class StepKind { lesson, find_the_bug, errata };

/// One screen of the walk-through: predict, run, explain. Prose is the section of text.md with the same key.
struct Step {
  std::string_view key, title;
  StepKind kind = StepKind::lesson;
  std::string_view experiment = {};  ///< id; empty: nothing to run
  std::string_view settings = {};    ///< "seq_len=1024 causal=true": set when the step is entered
  std::string_view focus = {};       ///< key of the plot, heatmap, table or stepper brought forward
  Prediction prediction = {};
  std::span<const std::string_view> lamps = {};  ///< keys of the Checks that are this step's pass
};

struct QuizItem {
  std::string_view key, question;
  std::span<const std::string_view> options;
  int correct = 0;
  std::string_view why;
};

/// An entry of the reading list; says/right/evidence are filled when the list errs (curriculum Part 1).
struct Reading {
  std::string_view citation, where, url;
  std::string_view says = {}, right = {}, evidence = {};
};

struct Term {
  std::string_view word, symbol, meaning;
};

struct Lab {
  std::string_view id;  ///< equals the folder's name: ch10_01_online_softmax
  std::string_view title, question;
  int chapter = 0;
  std::span<const std::string_view> objectives;
  std::span<const Experiment> experiments;
  std::span<const Step> steps;
  std::span<const QuizItem> quiz;
  std::span<const Reading> readings;
  std::span<const Term> glossary;
};

/// Text files of the lab's folder, embedded at build time by the folder listing.
struct LabFiles {
  std::string_view id, text_md, presets_json;
};

/// Ordered by folder name. Generated from the folder listing.
std::span<const Lab* const> all_labs();
const LabFiles& files_of(const Lab& lab);
const Lab* find_lab(std::string_view id);
const Experiment* find_experiment(const Lab& lab, std::string_view id);

/// Runs and fills lab, experiment, params and input of the Result.
Result run_experiment(const Lab& lab, const Experiment& experiment, const ParamSet& params,
                      const Context& context);

/// text.md, parsed. Sections start with "## key"; inside, ":::explain" ... ":::" is shown after Run, and
/// {scalar:key}, {param:key}, {prediction} are replaced by the student's own numbers.
struct LessonSection {
  std::string key, body, explain;
};
std::vector<LessonSection> parse_lesson(std::string_view text_md);
/// prediction: the student's answer as text, "" when skipped. Unknown placeholders throw Error.
std::string fill_placeholders(std::string_view text, const Result& result, const ParamSet& params,
                              std::string_view prediction);

/// presets.json: {"name": {"title", "experiment", "input", "set": {key: value}}}.
struct Preset {
  std::string name, title, experiment, input;
  std::string settings;  ///< "seq_len=1024 causal=true"
};
std::vector<Preset> presets_of(const Lab& lab);
std::vector<Preset> presets_of(const LabFiles& files);

}  // namespace alab
