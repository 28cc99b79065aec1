// The verdict: what passed, what failed and why, and what comes next.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/shell/exercise/parts.hpp"
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"

namespace alab::shell {
namespace {

void consent_card(App& app, ExerciseView& view) {
  ui::begin_card(app.ui, "consent", ui::CardKind::plain, "Nothing has run yet");
  ui::paragraph(app.ui, text("Kernels run in a box made by bubblewrap, which is not to be had here: ",
                             view.verdict->needs_consent));
  ui::vspace(0.2F);
  ui::paragraph(app.ui,
                "Without it, time, memory and files are limited, but your code could read what you can read. "
                "That is fine for code you wrote yourself.");
  ui::vspace(0.3F);
  const bool agreed = ui::quiet_button(app.ui, "Run with limits alone, until the window closes###agree");
  ui::end_card();
  if (agreed) {
    app.exercises.judge.agree_to_go_without_bubblewrap();
    run_exercise(app);
  }
}

/// "0.9 s, of which the compiler took 0.7 s"
std::string times(const student::Verdict& v) {
  char words[80];
  std::snprintf(words, sizeof words, "%.1f s", v.seconds);
  std::string out = words;
  if (v.compile_seconds > 0) {
    std::snprintf(words, sizeof words, ", of which the compiler took %.1f s", v.compile_seconds);
    out += words;
  }
  return out;
}

void next_step(App& app) {
  ui::vspace(0.3F);
  if (ui::quiet_button(app.ui, "Compare with the solution###compare")) {
    exercise_view(app)->tab = ExerciseTab::solution;
  }
  if (const ExerciseCard* next = next_exercise(app)) {
    ImGui::SameLine();
    if (ui::primary_button(
            app.ui, text("Next: ", next->number, "  " ICON_FA_CHEVRON_RIGHT "###next_exercise").c_str())) {
      app.book.open_exercise(next->id);
    }
    ui::help(app.ui, next->title);
  }
}

void summary(App& app, const student::Verdict& v) {
  const bool passed = v.passed();
  const auto good = std::ranges::count(v.checks, student::Status::passed, &student::CheckVerdict::status);
  const std::string points =
      text(number_in_words(v.earned()), " of ", number_in_words(v.points()), " points");
  const std::string title = passed        ? text("Passed: ", points)
                            : !v.compiled ? std::string("It does not compile")
                                          : text("Not yet: ", points);
  ui::begin_card(app.ui, "summary", passed ? ui::CardKind::explain : ui::CardKind::find_the_bug, title);
  if (!v.compiled) {
    const auto errors = std::ranges::count_if(v.diagnostics, [](const auto& d) { return d.error; });
    ui::paragraph(app.ui, errors == 1 ? "One error; it stands on its line and below the code."
                                      : text(errors,
                                             " errors; they stand on their lines and below the code. "
                                             "Mend the first one first."));
  } else if (!v.refused.empty()) {
    ui::paragraph(app.ui, text("It may not run: ", v.refused));
  } else {
    ui::paragraph(app.ui, text(good, " of ", v.checks.size(), " checks passed"));
  }
  if (!v.note.empty()) {
    ui::paragraph(app.ui, v.note, ui::Type::small);
  }
  ui::muted(app.ui,
            text(v.backend == "simulated" ? "CPU executor, counted; " : text(v.backend, "; "), times(v)),
            ui::Type::tiny);
  if (passed) {
    next_step(app);
  }
  if (v.compiled && v.refused.empty()) {
    ui::vspace(0.3F);
    if (ui::quiet_button(app.ui, ICON_FA_MICROCHIP "  Code and memory: what it moves###own_memory")) {
      open_desk(app, "", "");
    }
    ui::help(app.ui, "Counts your kernel line by line and draws its memory requests (Ctrl+M)");
  }
  ui::end_card();
}

void first_errors(App& app, ExerciseView& view) {
  int shown = 0;
  for (std::size_t i = 0; i < view.marks.size() && shown < 3; ++i) {
    if (view.marks[i].kind != MarkKind::error) {
      continue;
    }
    ImGui::PushID(static_cast<int>(i));
    if (const int line = view.code.line_of(i); line > 0) {
      line_link(app, view, "line", line);
    }
    ui::paragraph(app.ui, view.marks[i].sentence);
    ui::vspace(0.3F);
    ImGui::PopID();
    ++shown;
  }
}

/// True when there is nothing below it to show.
bool strip(App& app, ExerciseView& view) {
  const ExerciseJudge& judge = app.exercises.judge;
  const bool mine = judge.current() == view.exercise->id;
  if (mine && judge.running()) {
    const JobStatus status = judge.status();
    if (ui::state_strip(app.ui, "running", {ui::Phase::running, status.what, "", status.fraction}).cancel) {
      do_action(app, "cancel");
    }
    ui::vspace(0.3F);
    return view.verdict == nullptr;
  }
  if (mine && !judge.error().empty()) {
    ui::begin_card(app.ui, "failed", ui::CardKind::plain, "It could not be judged");
    ui::paragraph(app.ui, judge.error());
    ui::end_card();
    ui::vspace(0.4F);
    return view.verdict == nullptr;
  }
  if (view.verdict == nullptr) {
    ui::state_panel(app.ui, "nothing",
                    {ui::Phase::empty, "Write your kernel, then press Save and check (Ctrl+S).", "", 0},
                    {ImGui::GetContentRegionAvail().x, ui::em(12)});
    return true;
  }
  if (is_stale(view)) {
    if (ui::state_strip(app.ui, "stale",
                        {ui::Phase::stale, "The code has changed since this verdict.", "", 0})
            .run) {
      run_exercise(app);
    }
    ui::vspace(0.3F);
  }
  return false;
}

}  // namespace

void draw_verdict(App& app, ExerciseView& view) {
  if (strip(app, view)) {
    return;
  }
  if (!view.verdict->needs_consent.empty()) {
    consent_card(app, view);
    return;
  }
  const student::Verdict& v = view.verdict->verdict;
  const bool dim = app.exercises.judge.running() && app.exercises.judge.current() == view.exercise->id;
  ImGui::PushStyleVar(ImGuiStyleVar_Alpha, ImGui::GetStyle().Alpha * (dim ? 0.5F : 1.0F));
  summary(app, v);
  ui::vspace(0.5F);
  if (!v.compiled) {
    first_errors(app, view);
  }
  for (const student::CheckVerdict& check : v.checks) {
    draw_check(app, view, check);
  }
  ImGui::PopStyleVar();
}

}  // namespace alab::shell
