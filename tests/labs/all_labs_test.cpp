// What every lab owes its students, asserted for all of them: a new folder is tested without a new line here.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <sstream>

#include "labs/lab.hpp"
#include "reference/model/input_sources.hpp"
#include "tests/labs/walk.hpp"

using namespace alab;

namespace {

constexpr int kWordsOnAScreen = 190;  // of a step's text, and of its explanation

int word_count(const std::string& text) {
  std::istringstream words(text);
  return static_cast<int>(std::distance(std::istream_iterator<std::string>(words), {}));
}

bool plain_key(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') || c == '_';
  });
}

template <class Range, class Key>
void check_unique(const Range& items, Key key_of) {
  std::set<std::string> seen;
  for (const auto& item : items) {
    CAPTURE(key_of(item));
    CHECK(!std::string(key_of(item)).empty());
    CHECK(seen.insert(std::string(key_of(item))).second);
  }
}

void check_param(const Param& p) {
  CAPTURE(p.key);
  CHECK(plain_key(p.key));
  CHECK(!p.label.empty());
  CHECK(!p.doc.empty());
  CHECK(p.min <= p.def);
  CHECK(p.def <= p.max);
  CHECK((p.kind == ParamKind::choice) == !p.options.empty());
  CHECK((!p.log2 || p.min >= 0));
}

void check_prediction(const Prediction& p, const Result& result) {
  if (p.kind == PredictionKind::none) {
    return;
  }
  CHECK(!p.question.empty());
  if (p.kind == PredictionKind::choice) {
    CHECK(p.options.size() >= 2);
    CHECK(0 <= p.correct);
    CHECK(p.correct < static_cast<int>(p.options.size()));
    check_unique(p.options, [](std::string_view option) { return option; });
  } else if (p.kind == PredictionKind::number) {
    const Scalar* truth = result.scalar(p.truth);
    REQUIRE(truth != nullptr);
    CHECK(std::isfinite(truth->value));
    CHECK(p.tolerance > 0);
  } else {
    const Plot* plot = result.plot(p.plot);
    REQUIRE(plot != nullptr);
    CHECK(std::ranges::any_of(plot->series, [&](const Series& s) { return s.key == p.series; }));
  }
}

void check_step(const Lab& lab, const Step& step, const LessonSection& section) {
  CAPTURE(step.key);
  CHECK(!step.title.empty());
  CHECK(!section.body.empty());
  CHECK(word_count(section.body) <= kWordsOnAScreen);
  CHECK(word_count(section.explain) <= kWordsOnAScreen);
  for (const char* result_only : {"{scalar:", "{check:", "{prediction}"}) {
    CHECK_MESSAGE(section.body.find(result_only) == std::string::npos,
                  "the text before Run has no result yet");
  }
  if (step.experiment.empty()) {
    CHECK(step.settings.empty());
    CHECK(step.lamps.empty());
    return;
  }
  const Experiment& experiment = walk::experiment_of(lab, step.experiment);
  const ParamSet params = walk::settings(experiment, step.settings);
  double cpu_seconds = 0;
  const Result result = walk::run(lab, experiment, params, walk::source(), &cpu_seconds);
  CHECK(cpu_seconds <= walk::kBudgetAtDefaults);
  CHECK(problems_of(result) == "");
  CHECK(walk::failures_of(result) == "");
  CHECK(!section.explain.empty());
  CHECK((step.focus.empty() || walk::shows(result, step.focus)));
  for (const std::string_view lamp : step.lamps) {
    CAPTURE(lamp);
    CHECK(result.check(lamp) != nullptr);
  }
  check_prediction(step.prediction, result);
  CHECK_NOTHROW(fill_placeholders(section.body, result, params, "4x"));
  CHECK_NOTHROW(fill_placeholders(section.explain, result, params, "4x"));
}

/// Every parameter alone at its smallest and at its largest value, then all of them at their largest.
std::vector<ParamSet> extremes(const Experiment& experiment) {
  std::vector<ParamSet> out;
  ParamSet all(experiment.params);
  for (const Param* p : experiment.params) {
    all.set(*p, p->max);
    for (const double value : {p->min, p->max}) {
      ParamSet one(experiment.params);
      one.set(*p, value);
      out.push_back(one);
    }
  }
  out.push_back(all);
  return out;
}

}  // namespace

TEST_CASE("every lab says what it is: ids, chapters, objectives, quiz, readings, glossary") {
  REQUIRE(!all_labs().empty());
  for (const Lab* lab : all_labs()) {
    CAPTURE(lab->id);
    CHECK(find_lab(lab->id) == lab);
    CHECK(files_of(*lab).id == lab->id);
    CHECK(lab->id.substr(0, 5) == text("ch", lab->chapter < 10 ? "0" : "", lab->chapter, "_"));
    CHECK(!lab->title.empty());
    CHECK(lab->question.ends_with("?"));
    CHECK(!lab->objectives.empty());
    check_unique(lab->experiments, [](const Experiment& e) { return e.id; });
    check_unique(lab->steps, [](const Step& s) { return s.key; });
    check_unique(lab->quiz, [](const QuizItem& q) { return q.key; });
    check_unique(lab->glossary, [](const Term& t) { return t.word; });
    CHECK(lab->quiz.size() >= 3);
    for (const QuizItem& q : lab->quiz) {
      CAPTURE(q.key);
      CHECK(q.options.size() >= 3);
      CHECK(0 <= q.correct);
      CHECK(q.correct < static_cast<int>(q.options.size()));
      CHECK(!q.why.empty());
      check_unique(q.options, [](std::string_view option) { return option; });
    }
    for (const Reading& r : lab->readings) {
      CAPTURE(r.citation);
      CHECK(!r.citation.empty());
      CHECK(r.url.starts_with("https://"));
      CHECK(r.says.empty() == r.right.empty());
      CHECK(r.says.empty() == r.evidence.empty());
    }
    for (const Term& t : lab->glossary) {
      CHECK(!t.meaning.empty());
    }
  }
}

TEST_CASE("every experiment declares sound parameters") {
  for (const Lab* lab : all_labs()) {
    for (const Experiment& experiment : lab->experiments) {
      CAPTURE(lab->id);
      CAPTURE(experiment.id);
      CHECK(plain_key(experiment.id));
      CHECK(!experiment.title.empty());
      CHECK(experiment.what.ends_with("."));
      CHECK((experiment.run != nullptr));
      check_unique(experiment.params, [](const Param* p) { return p->key; });
      for (const Param* p : experiment.params) {
        check_param(*p);
      }
    }
  }
}

TEST_CASE("every step has its section of text.md, and every section its step, in the same order") {
  for (const Lab* lab : all_labs()) {
    CAPTURE(lab->id);
    std::vector<std::string> steps, sections;
    for (const Step& step : lab->steps) {
      steps.emplace_back(step.key);
    }
    for (const LessonSection& section : parse_lesson(files_of(*lab).text_md)) {
      sections.push_back(section.key);
      CHECK_MESSAGE(std::ranges::count(section.body + section.explain, '$') % 2 == 0, "a formula is open in ",
                    section.key);
    }
    CHECK(steps == sections);
  }
}

TEST_CASE("every step runs at its settings, passes, and finds what it refers to") {
  for (const Lab* lab : all_labs()) {
    CAPTURE(lab->id);
    const auto sections = parse_lesson(files_of(*lab).text_md);
    for (const Step& step : lab->steps) {
      const auto section = std::ranges::find(sections, step.key, &LessonSection::key);
      REQUIRE(section != sections.end());
      check_step(*lab, step, *section);
    }
  }
}

TEST_CASE("every preset names an experiment, values in range and a known input, and passes") {
  for (const Lab* lab : all_labs()) {
    CAPTURE(lab->id);
    const std::vector<Preset> presets = presets_of(*lab);
    CHECK(!presets.empty());
    check_unique(presets, [](const Preset& p) { return p.name; });
    for (const Preset& preset : presets) {
      CAPTURE(preset.name);
      CHECK(!preset.title.empty());
      const Experiment& experiment = walk::experiment_of(*lab, preset.experiment);
      const ParamSet params = walk::settings(experiment, preset.settings);
      const InputSource input = resolve_input(preset.input.empty() ? "normal" : preset.input);
      if (!input.unavailable.empty()) {
        std::printf("  preset %s left out: %s\n", preset.name.c_str(), input.unavailable.c_str());
        continue;
      }
      const Result result = walk::run(*lab, experiment, params, input);
      CHECK(problems_of(result) == "");
      CHECK(walk::failures_of(result) == "");
    }
  }
}

TEST_CASE("every experiment gives the same numbers twice, clocks excepted") {
  for (const Lab* lab : all_labs()) {
    for (const Experiment& experiment : lab->experiments) {
      CAPTURE(experiment.id);
      const ParamSet params(experiment.params);
      const auto first = walk::fixed_numbers(walk::run(*lab, experiment, params));
      const auto second = walk::fixed_numbers(walk::run(*lab, experiment, params));
      REQUIRE(first.size() == second.size());
      for (const auto& [name, value] : first) {
        const auto other = second.find(name);
        REQUIRE_MESSAGE(other != second.end(), name);
        if (other->second != value) {
          FAIL_CHECK(name << " was " << value << ", then " << other->second);
        }
      }
    }
  }
}

TEST_CASE("every experiment is well formed at the ends of every slider") {
  for (const Lab* lab : all_labs()) {
    for (const Experiment& experiment : lab->experiments) {
      for (const ParamSet& params : extremes(experiment)) {
        CAPTURE(walk::name_of(*lab, experiment, params));
        Result result;
        double cpu_seconds = 0;
        REQUIRE_NOTHROW(result = walk::run(*lab, experiment, params, walk::source(), &cpu_seconds));
        CHECK(cpu_seconds <= walk::kBudgetAtEnds);
        CHECK(problems_of(result) == "");
        CHECK(walk::failures_of(result) == "");
      }
    }
  }
}

TEST_CASE("every experiment that reads an input passes on each synthetic one") {
  for (const Lab* lab : all_labs()) {
    for (const Experiment& experiment : lab->experiments) {
      for (const InputSource& input : synthetic_inputs()) {
        if (experiment.uses_input) {
          CAPTURE(experiment.id);
          CAPTURE(input.name);
          const Result result = walk::run(*lab, experiment, ParamSet(experiment.params), input);
          CHECK(problems_of(result) == "");
          CHECK(walk::failures_of(result) == "");
          CHECK(!result.input.empty());
        }
      }
    }
  }
}

TEST_CASE("every experiment that reads an input passes on a real head when the model is here") {
  const InputSource input = head_source({});
  if (!input.unavailable.empty()) {
    std::printf("  left out: %s\n", input.unavailable.c_str());
    return;
  }
  for (const Lab* lab : all_labs()) {
    for (const Experiment& experiment : lab->experiments) {
      if (experiment.uses_input) {
        CAPTURE(experiment.id);
        const Result result = walk::run(*lab, experiment, ParamSet(experiment.params), input);
        CHECK(problems_of(result) == "");
        CHECK(walk::failures_of(result) == "");
      }
    }
  }
}

TEST_CASE("every experiment stops when asked to") {
  std::stop_source stop;
  stop.request_stop();
  const Progress progress{stop.get_token(), {}};
  for (const Lab* lab : all_labs()) {
    for (const Experiment& experiment : lab->experiments) {
      CAPTURE(experiment.id);
      const Context context{walk::source(), progress, true, false};
      CHECK_THROWS_AS(run_experiment(*lab, experiment, ParamSet(experiment.params), context), Cancelled);
    }
  }
}

TEST_CASE("a quick look has the plots of the full run, no lamps, and says what it left out") {
  for (const Lab* lab : all_labs()) {
    for (const Experiment& experiment : lab->experiments) {
      const ParamSet defaults(experiment.params);
      const Progress progress;
      const Context context{walk::source(), progress, true, false, true};
      const Result quick = run_experiment(*lab, experiment, defaults, context);
      if (quick.quick.empty()) {
        continue;
      }
      CAPTURE(experiment.id);
      CHECK(problems_of(quick) == "");
      CHECK(quick.checks.empty());
      CHECK(quick.notes.front().find(quick.quick) != std::string::npos);
      const Result full = walk::run(*lab, experiment, defaults, walk::source());
      CHECK(full.quick.empty());
      REQUIRE(quick.plots.size() == full.plots.size());
      for (std::size_t i = 0; i < full.plots.size(); ++i) {
        CHECK(quick.plots[i].key == full.plots[i].key);
        CHECK(quick.plots[i].series.size() == full.plots[i].series.size());
      }
    }
  }
}
