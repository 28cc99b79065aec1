// SPDX-License-Identifier: MIT
#include "app/shell/model/workbook.hpp"

#include <algorithm>
#include <cmath>

namespace alab::shell {

std::string_view unnumbered(std::string_view title) {
  const auto digits = title.find_first_not_of("0123456789");
  const bool numbered =
      digits != 0 && digits != std::string_view::npos && title.substr(digits).starts_with(". ");
  return numbered ? title.substr(digits + 2) : title;
}

std::string_view to_string(BackendChoice choice) {
  switch (choice) {
    case BackendChoice::all:
      return "all";
    case BackendChoice::reference:
      return "reference";
    case BackendChoice::simulated:
      return "simulated";
    case BackendChoice::cuda:
      return "cuda";
  }
  return "all";
}

Workbook::Workbook(std::span<const Lab* const> labs, FilesOf files, std::vector<ExerciseCard> exercises)
    : labs_(labs.begin(), labs.end()),
      files_(files ? std::move(files) : FilesOf([](const Lab& lab) { return files_of(lab); })),
      exercises_(std::move(exercises)) {}

const Lab* Workbook::find(std::string_view lab_id) const {
  const auto found = std::ranges::find_if(labs_, [&](const Lab* lab) { return lab->id == lab_id; });
  return found == labs_.end() ? nullptr : *found;
}

std::vector<Page> Workbook::pages(const Lab& lab) const {
  std::vector<Page> pages = {{PageKind::overview, -1}};
  for (int i = 0; i < static_cast<int>(lab.steps.size()); ++i) {
    pages.push_back({PageKind::step, i});
  }
  for (int i = 0; i < static_cast<int>(exercises(lab).size()); ++i) {
    pages.push_back({PageKind::exercise, i});
  }
  if (!lab.quiz.empty()) {
    pages.push_back({PageKind::quiz, -1});
  }
  if (!lab.readings.empty()) {
    pages.push_back({PageKind::readings, -1});
  }
  return pages;
}

std::string Workbook::page_title(const Lab& lab, const Page& page) const {
  switch (page.kind) {
    case PageKind::overview:
      return "Overview";
    case PageKind::step:
      return std::string(unnumbered(lab.steps[static_cast<std::size_t>(page.step)].title));
    case PageKind::exercise: {
      const ExerciseCard& card = *exercises(lab)[static_cast<std::size_t>(page.step)];
      return text("Exercise ", card.number, ": ", card.title);
    }
    case PageKind::quiz:
      return "Quiz";
    case PageKind::readings:
      return "Reading list";
  }
  return "";
}

const Workbook::Texts& Workbook::texts(const Lab& lab) const {
  const auto [entry, fresh] = texts_.try_emplace(&lab);
  Texts& texts = entry->second;
  if (!fresh) {
    return texts;
  }
  try {
    for (LessonSection& section : parse_lesson(files_(lab).text_md)) {
      std::string key = section.key;
      texts.sections.emplace(std::move(key), std::move(section));
    }
  } catch (const std::exception& e) {
    texts.error = e.what();
  }
  try {
    texts.presets = presets_of(files_(lab));
  } catch (const std::exception& e) {
    texts.error += texts.error.empty() ? e.what() : std::string("; ") + e.what();
  }
  return texts;
}

const LessonSection& Workbook::section(const Lab& lab, std::string_view key) const {
  static const LessonSection kNone;
  const Texts& all = texts(lab);
  const auto found = all.sections.find(key);
  if (found != all.sections.end()) {
    return found->second;
  }
  if (!all.error.empty()) {
    thread_local LessonSection broken;
    broken = {std::string(key), "The text of this lab cannot be read: " + all.error, ""};
    return broken;
  }
  return kNone;
}

const std::vector<Preset>& Workbook::presets(const Lab& lab) const {
  return texts(lab).presets;
}

Page Workbook::page() const {
  const LabProgress* progress = lab_ == nullptr ? nullptr : find_progress(*lab_);
  return progress == nullptr ? Page{} : progress->page;
}

const Step* Workbook::step() const {
  const Page here = page();
  return lab_ != nullptr && here.kind == PageKind::step ? &lab_->steps[static_cast<std::size_t>(here.step)]
                                                        : nullptr;
}

const Experiment* Workbook::experiment() const {
  const Step* here = step();
  return here == nullptr || here->experiment.empty() ? nullptr : find_experiment(*lab_, here->experiment);
}

bool Workbook::open(std::string_view lab_id) {
  const Lab* lab = find(lab_id);
  return lab != nullptr && open(lab_id, progress(*lab).page);
}

bool Workbook::open(std::string_view lab_id, Page page) {
  const Lab* lab = find(lab_id);
  if (lab == nullptr || std::ranges::count(pages(*lab), page) == 0) {
    return false;
  }
  enter(*lab, page);
  return true;
}

bool Workbook::open_step(std::string_view lab_id, std::string_view step_key) {
  const Lab* lab = find(lab_id);
  if (lab == nullptr) {
    return false;
  }
  const auto found = std::ranges::find_if(lab->steps, [&](const Step& s) { return s.key == step_key; });
  return found != lab->steps.end() &&
         open(lab_id, {PageKind::step, static_cast<int>(found - lab->steps.begin())});
}

void Workbook::enter(const Lab& lab, Page page) {
  end_edit();
  LabProgress& here = progress(lab);
  if (lab_ == &lab && here.page == page && here.opened) {
    return;
  }
  lab_ = &lab;
  here.page = page;
  here.opened = true;
  if (page.kind == PageKind::step) {
    ensure_step(lab, lab.steps[static_cast<std::size_t>(page.step)]).visited = true;
  }
  changed();
}

bool Workbook::has_next() const {
  return lab_ != nullptr && page() != pages(*lab_).back();
}
bool Workbook::has_back() const {
  return lab_ != nullptr && page() != pages(*lab_).front();
}

bool Workbook::next() {
  if (!has_next()) {
    return false;
  }
  const auto all = pages(*lab_);
  enter(*lab_, *std::next(std::ranges::find(all, page())));
  return true;
}

bool Workbook::back() {
  if (!has_back()) {
    return false;
  }
  const auto all = pages(*lab_);
  enter(*lab_, *std::prev(std::ranges::find(all, page())));
  return true;
}

LabProgress& Workbook::progress(const Lab& lab) {
  return progress_[&lab];
}

const LabProgress* Workbook::find_progress(const Lab& lab) const {
  const auto found = progress_.find(&lab);
  return found == progress_.end() ? nullptr : &found->second;
}

ParamSet Workbook::initial_params(const Lab& lab, const Step& step) const {
  const Experiment* experiment = step.experiment.empty() ? nullptr : find_experiment(lab, step.experiment);
  if (experiment == nullptr) {
    return {};
  }
  ParamSet params(experiment->params);
  params.assign(step.settings);
  return params;
}

StepProgress& Workbook::ensure_step(const Lab& lab, const Step& step) {
  LabProgress& lab_progress = progress(lab);
  const auto found = lab_progress.steps.find(step.key);
  if (found != lab_progress.steps.end()) {
    return found->second;
  }
  StepProgress fresh;
  fresh.params = initial_params(lab, step);
  return lab_progress.steps.emplace(step.key, std::move(fresh)).first->second;
}

StepProgress* Workbook::step_progress() {
  const Step* here = step();
  return here == nullptr ? nullptr : &ensure_step(*lab_, *here);
}

const StepProgress* Workbook::find_step(const Lab& lab, const Step& step) const {
  const LabProgress* lab_progress = find_progress(lab);
  if (lab_progress == nullptr) {
    return nullptr;
  }
  const auto found = lab_progress->steps.find(step.key);
  return found == lab_progress->steps.end() ? nullptr : &found->second;
}

bool Workbook::prediction_open() const {
  const Step* here = step();
  if (here == nullptr || here->prediction.kind == PredictionKind::none) {
    return false;
  }
  const StepProgress* progress = find_step(*lab_, *here);
  return progress == nullptr || progress->answer.kind == AnswerKind::none;
}

bool Workbook::commit(Answer answer) {
  if (!prediction_open()) {
    return false;
  }
  const Prediction& prediction = step()->prediction;
  const bool fits =
      (prediction.kind == PredictionKind::choice && answer.kind == AnswerKind::choice && answer.choice >= 0 &&
       static_cast<std::size_t>(answer.choice) < prediction.options.size()) ||
      (prediction.kind == PredictionKind::number && answer.kind == AnswerKind::number &&
       std::isfinite(answer.number)) ||
      (prediction.kind == PredictionKind::curve && answer.kind == AnswerKind::curve &&
       answer.curve.xs.size() >= 2);
  if (fits) {
    step_progress()->answer = std::move(answer);
    changed();
  }
  return fits;
}

bool Workbook::skip() {
  if (!prediction_open()) {
    return false;
  }
  step_progress()->answer = skipped_answer();
  changed();
  return true;
}

void Workbook::mark_ran(const Lab& lab, const Step& step, bool passed) {
  StepProgress& progress = ensure_step(lab, step);
  if (!progress.ran || (passed && !progress.passed)) {
    progress.ran = true;
    progress.passed = progress.passed || passed;
    changed();
  }
}

bool Workbook::step_done(const Lab& lab, const Step& step) const {
  const StepProgress* progress = find_step(lab, step);
  if (progress == nullptr || !progress->visited) {
    return false;
  }
  const bool predicted =
      step.prediction.kind == PredictionKind::none || progress->answer.kind != AnswerKind::none;
  return predicted && (step.experiment.empty() || (progress->ran && progress->passed));
}

bool Workbook::answer_quiz(std::string_view key, int option) {
  if (lab_ == nullptr) {
    return false;
  }
  const auto item = std::ranges::find_if(lab_->quiz, [&](const QuizItem& q) { return q.key == key; });
  LabProgress& here = progress(*lab_);
  if (item == lab_->quiz.end() || option < 0 || static_cast<std::size_t>(option) >= item->options.size() ||
      here.quiz.contains(key)) {
    return false;
  }
  here.quiz.emplace(key, option);
  changed();
  return true;
}

double Workbook::fraction(const Lab& lab) const {
  const LabProgress* here = find_progress(lab);
  if (here == nullptr || !here->opened) {
    return -1;
  }
  const std::size_t parts = lab.steps.size() + lab.quiz.size();
  const auto done = std::ranges::count_if(lab.steps, [&](const Step& s) { return step_done(lab, s); });
  return parts == 0 ? 1
                    : (static_cast<double>(done) + static_cast<double>(here->quiz.size())) /
                          static_cast<double>(parts);
}

void Workbook::set_notes(const Lab& lab, std::string notes) {
  progress(lab).notes = std::move(notes);
  changed();
}

void Workbook::reset_lab(const Lab& lab) {
  end_edit();
  LabProgress& here = progress(lab);
  here.steps.clear();
  here.quiz.clear();
  here.page = {};
  const auto of_lab = [&](const Edit& edit) { return edit.lab == &lab; };
  std::erase_if(undo_, of_lab);
  std::erase_if(redo_, of_lab);
  changed();
}

void Workbook::set_input(InputSelection input) {
  if (!(input == input_)) {
    input_ = std::move(input);
    changed();
  }
}

void Workbook::set_preferences(const Preferences& preferences) {
  if (!(preferences == preferences_)) {
    preferences_ = preferences;
    preferences_.scale = std::clamp(preferences_.scale, kMinScale, kMaxScale);
    changed();
  }
}

}  // namespace alab::shell
