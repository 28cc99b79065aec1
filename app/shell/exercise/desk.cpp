// SPDX-License-Identifier: MIT
#include "app/shell/exercise/desk.hpp"

#include <algorithm>

#include "app/shell/exercise/parts.hpp"
#include "kernels/student/manifest.hpp"
#include "kernels/student/saved_source.hpp"

namespace alab::shell {

namespace {

/// The page has the title above its tabs.
std::string without_title(std::string statement) {
  return statement.starts_with("# ") ? statement.substr(std::min(statement.find('\n'), statement.size()))
                                     : statement;
}

}  // namespace

ExerciseView::ExerciseView(const student::Exercise& shown, bool keeps)
    : exercise(&shown),
      hints(parse_hints(student::file_of(shown, "hints.md"))),
      draft(student::saved_source(shown), std::string(student::file_of(shown, "starter.cu")), keeps) {
  try {
    const student::Manifest manifest = student::manifest_of(shown);
    statement = without_title(student::statement_markdown(shown, manifest));
    cases = student::profile_cases(shown, manifest);
    const student::Case largest = student::largest_case(shown, cases);
    const auto at = std::ranges::find(cases, largest.shape, &student::Case::shape);
    shown_case = static_cast<int>(at == cases.end() ? 0 : at - cases.begin());
  } catch (const Error& e) {
    broken = e.what();
  }
  code.set_text(draft.text());
  solution.set_text(student::file_of(shown, "solution.cu"));
}

ExerciseView* exercise_view(App& app) {
  const ExerciseCard* card = app.hero ? nullptr : app.book.exercise();
  if (card == nullptr) {
    return nullptr;
  }
  auto& view = app.exercises.views[card->id];
  if (view == nullptr) {
    view = std::make_unique<ExerciseView>(*student::find_exercise(card->id), app.options.keeps_progress());
    view->draft.save_soon();  // so that other editors can open it
  }
  return view.get();
}

void run_exercise(App& app) {
  ExerciseView* view = exercise_view(app);
  if (view == nullptr || !view->broken.empty()) {
    return;
  }
  std::string typed;
  if (view->code.take_change(&typed)) {
    view->draft.edit(std::move(typed));
  }
  view->draft.save_soon();
  view->tab = ExerciseTab::verdict;
  app.exercises.judge.submit(*view->exercise, view->draft.text());
}

namespace {

void take_verdict(App& app, const std::shared_ptr<const ExerciseVerdict>& verdict) {
  const auto found = app.exercises.views.find(verdict->exercise);
  if (found != app.exercises.views.end()) {
    ExerciseView& view = *found->second;
    view.verdict = verdict;
    ++view.verdicts;
    view.scroll_top = true;
    view.marks = marks_of(verdict->verdict);
    view.code.set_marks(app.ui, view.marks);
  }
  if (verdict->needs_consent.empty()) {
    const student::Verdict& v = verdict->verdict;
    app.book.record_exercise(v.exercise, v.earned(), v.points(), v.passed());
  }
}

void follow_draft(App& app, ExerciseView& view) {
  std::string typed;
  if (view.code.take_change(&typed)) {
    view.draft.edit(std::move(typed));
  }
  view.draft.update();
  if (view.shown_text != view.draft.replaced()) {
    view.shown_text = view.draft.replaced();
    const int line = view.code.cursor_line();
    view.code.set_text(view.draft.text());
    view.code.set_marks(app.ui, view.marks);
    view.code.go_to_line(line);
  }
  if (view.reloads_seen != view.draft.reloads()) {
    view.reloads_seen = view.draft.reloads();
    say(app, text("Read ", view.draft.file().filename().string(), " anew: another program changed it"));
    if (exercise_view(app) == &view) {
      run_exercise(app);
    }
  }
}

}  // namespace

void update_exercises(App& app) {
  if (const auto verdict = app.exercises.judge.poll()) {
    take_verdict(app, verdict);
  }
  for (auto& [id, view] : app.exercises.views) {
    follow_draft(app, *view);
  }
  if (app.exercises.run_soon && exercise_view(app) != nullptr) {
    app.exercises.run_soon = false;
    run_exercise(app);
  }
}

void close_exercises(App& app) {
  app.exercises.judge.cancel();
  for (auto& [id, view] : app.exercises.views) {
    std::string typed;
    if (view->code.take_change(&typed)) {
      view->draft.edit(std::move(typed));
    }
    view->draft.flush();
    view->maps.clear();
  }
}

bool exercises_move(const App& app) {
  return app.exercises.judge.running() || std::ranges::any_of(app.exercises.views, [](const auto& entry) {
           return entry.second->draft.pending();
         });
}

void undo_exercise(ExerciseView& view, bool redo) {
  if (redo ? view.code.can_redo() : view.code.can_undo()) {
    redo ? view.code.redo() : view.code.undo();
  } else {
    redo ? view.draft.step_forward() : view.draft.step_back();
  }
}

bool is_stale(const ExerciseView& view) {
  return view.verdict != nullptr && view.verdict->source != view.draft.text();
}

const ExerciseCard* next_exercise(const App& app) {
  const ExerciseCard* here = app.book.exercise();
  const ExerciseCard* next = nullptr;
  for (const Lab* lab : app.book.labs()) {
    for (const ExerciseCard* card : app.book.exercises(*lab)) {
      const bool later = here != nullptr && card->id > here->id;
      next = later && (next == nullptr || card->id < next->id) ? card : next;
    }
  }
  return next;
}

}  // namespace alab::shell
