// SPDX-License-Identifier: MIT
#include "app/shell/model/exercise_progress.hpp"

#include <algorithm>
#include <cmath>

#include "app/shell/model/workbook.hpp"

namespace alab::shell {

bool ExerciseProgress::hint_open(int section) const {
  return std::ranges::any_of(hints, [&](const HintOpened& h) { return h.section == section; });
}

Json to_json(const ExerciseProgress& progress) {
  Json hints = Json::array();
  for (const HintOpened& hint : progress.hints) {
    hints.push_back({{"section", hint.section}, {"time", hint.time}});
  }
  return {{"runs", progress.runs},
          {"passed", progress.passed},
          {"earned", progress.earned},
          {"points", progress.points},
          {"hints", std::move(hints)}};
}

ExerciseProgress exercise_progress_from(const Json& json) {
  ExerciseProgress progress;
  progress.runs = std::max(0, json.value("runs", 0));
  progress.passed = json.value("passed", false);
  progress.earned = json.value("earned", 0.0);
  progress.points = json.value("points", 0.0);
  require(0 <= progress.earned && progress.earned <= progress.points, progress.earned, " of ",
          progress.points, " points cannot be");
  for (const Json& hint : json.value("hints", Json::array())) {
    progress.hints.push_back({hint.at("section").get<int>(), hint.at("time").get<std::int64_t>()});
  }
  return progress;
}

std::vector<const ExerciseCard*> Workbook::exercises(const Lab& lab) const {
  std::vector<const ExerciseCard*> cards;
  for (const ExerciseCard& card : exercises_) {
    if (card.lab == lab.id) {
      cards.push_back(&card);
    }
  }
  return cards;
}

const ExerciseCard* Workbook::exercise() const {
  const Page here = page();
  return lab_ == nullptr || here.kind != PageKind::exercise
             ? nullptr
             : exercises(*lab_)[static_cast<std::size_t>(here.step)];
}

bool Workbook::open_exercise(std::string_view id) {
  for (const Lab* lab : labs_) {
    const auto cards = exercises(*lab);
    const auto found = std::ranges::find_if(cards, [&](const ExerciseCard* c) { return c->id == id; });
    if (found != cards.end()) {
      return open(lab->id, {PageKind::exercise, static_cast<int>(found - cards.begin())});
    }
  }
  return false;
}

const ExerciseProgress* Workbook::find_exercise(std::string_view id) const {
  const auto found = exercise_progress_.find(id);
  return found == exercise_progress_.end() ? nullptr : &found->second;
}

ExerciseProgress& Workbook::ensure_exercise(std::string_view id) {
  const auto found = exercise_progress_.find(id);
  return found != exercise_progress_.end()
             ? found->second
             : exercise_progress_.emplace(std::string(id), ExerciseProgress{}).first->second;
}

void Workbook::record_exercise(std::string_view id, double earned, double points, bool passed) {
  ExerciseProgress& progress = ensure_exercise(id);
  ++progress.runs;
  progress.passed = progress.passed || passed;
  if (points != progress.points || earned > progress.earned) {
    progress.earned = earned;
    progress.points = points;
  }
  changed();
}

bool Workbook::open_hint(std::string_view id, int section, std::int64_t time) {
  ExerciseProgress& progress = ensure_exercise(id);
  const bool next = section >= 0 && (section == 0 || progress.hint_open(section - 1));
  if (!next || progress.hint_open(section)) {
    return false;
  }
  progress.hints.push_back({section, time});
  changed();
  return true;
}

}  // namespace alab::shell
