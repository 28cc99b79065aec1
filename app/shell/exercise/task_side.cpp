// What an exercise asks for, what the student's code got, hints, and the solution once it is earned.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <ctime>

#include "app/shell/exercise/parts.hpp"
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"

namespace alab::shell {
namespace {

std::string standing(const ExerciseProgress* progress, const ExerciseCard& card) {
  if (progress == nullptr || progress->runs == 0) {
    return text(number_in_words(card.points), " points");
  }
  const std::string runs = text(progress->runs, progress->runs == 1 ? " run" : " runs");
  return text(progress->passed ? "passed" : "best", ": ", number_in_words(progress->earned), " of ",
              number_in_words(progress->points), " points, ", runs);
}

void heading(App& app, const ExerciseCard& card) {
  const ExerciseProgress* progress = app.book.find_exercise(card.id);
  const bool passed = progress != nullptr && progress->passed;
  ui::push_type(app.ui, ui::Type::small);
  ui::text_colored(passed ? app.ui.colors().green : app.ui.colors().muted,
                   text(passed ? ICON_FA_CIRCLE_CHECK : ICON_FA_CODE, "  Exercise ", card.number, "   ",
                        standing(progress, card)));
  ui::pop_type();
  ui::paragraph(app.ui, card.title, ui::Type::heading2);
  ui::vspace(0.15F);
}

void tabs(App& app, ExerciseView& view) {
  const ExerciseProgress* progress = app.book.find_exercise(view.exercise->id);
  const std::size_t opened = progress == nullptr ? 0 : progress->hints.size();
  const std::string hints = text("Hints ", opened, "/", view.hints.size());
  const std::string_view labels[] = {"Task", "Verdict", hints, "Solution"};
  int tab = static_cast<int>(view.tab);
  if (ui::segmented(app.ui, "tabs", labels, &tab, ImGui::GetContentRegionAvail().x)) {
    view.tab = static_cast<ExerciseTab>(tab);
    view.scroll_top = true;
  }
  ui::vspace(0.3F);
}

void draw_task(App& app, ExerciseView& view) {
  if (!view.broken.empty()) {
    ui::paragraph(app.ui, text("This exercise cannot be used: ", view.broken));
    return;
  }
  app.markdown.draw(app.ui, "statement", view.statement);
  draw_navigation(app);
}

void draw_tab(App& app, ExerciseView& view) {
  switch (view.tab) {
    case ExerciseTab::task:
      draw_task(app, view);
      break;
    case ExerciseTab::verdict:
      draw_verdict(app, view);
      break;
    case ExerciseTab::hints:
      draw_hints(app, view);
      break;
    case ExerciseTab::solution:
      draw_solution(app, view);
      break;
  }
}

}  // namespace

void draw_exercise_task(App& app) {
  ExerciseView& view = *exercise_view(app);
  heading(app, *app.book.exercise());
  tabs(app, view);
  ImGui::BeginChild("body", {0, 0}, ImGuiChildFlags_NavFlattened);
  if (view.scroll_top || app.scroll_lesson_top) {
    ImGui::SetScrollY(0);
    view.scroll_top = app.scroll_lesson_top = false;
  }
  draw_tab(app, view);
  ImGui::EndChild();
}

void draw_hints(App& app, ExerciseView& view) {
  const std::string_view id = view.exercise->id;
  if (view.hints.empty()) {
    ui::muted(app.ui, "This exercise has no hints.");
  }
  for (int i = 0; i < static_cast<int>(view.hints.size()); ++i) {
    const Hint& hint = view.hints[static_cast<std::size_t>(i)];
    const ExerciseProgress* progress = app.book.find_exercise(id);
    const bool open = progress != nullptr && progress->hint_open(i);
    ImGui::PushID(text("hint", i).c_str());
    if (!open) {
      if (ui::quiet_button(
              app.ui,
              text("Open hint ", i + 1, " of ", view.hints.size(), ": ", hint.title, "###open").c_str())) {
        app.book.open_hint(id, i, static_cast<std::int64_t>(std::time(nullptr)));
      }
      ui::vspace(0.3F);
      ui::muted(app.ui, "Each hint says more than the one before. Which were opened, and when, is kept.");
      ImGui::PopID();
      return;
    }
    const auto opened = std::ranges::find(progress->hints, i, &HintOpened::section);
    ui::begin_card(app.ui, "card", ui::CardKind::predict, text(i + 1, "  ", hint.title));
    app.markdown.draw(app.ui, "text", hint.body);
    ui::muted(app.ui, opened_in_words(opened->time), ui::Type::tiny);
    ui::end_card();
    ui::vspace(0.4F);
    ImGui::PopID();
  }
}

void draw_solution(App& app, ExerciseView& view) {
  const ExerciseProgress* progress = app.book.find_exercise(view.exercise->id);
  if (progress == nullptr || !progress->passed) {
    ui::state_panel(
        app.ui, "locked",
        {ui::Phase::empty, "The solution opens here, beside your own, once every check has passed.", "", 0},
        {ImGui::GetContentRegionAvail().x, ui::em(12)});
    return;
  }
  ui::muted(app.ui, "One solution of many; yours is at the right.");
  view.solution.draw(app.ui, "solution", {0, std::max(ui::em(12), ImGui::GetContentRegionAvail().y)});
}

}  // namespace alab::shell
