// The student's code with what was found on its lines.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/shell/exercise/parts.hpp"
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"

namespace alab::shell {
namespace {

constexpr int kMostRows = 6;

void tools(App& app, ExerciseView& view) {
  const float em = ui::em(1);
  const float icon = em + 2 * 0.32F * em + 2;
  const bool running = app.exercises.judge.running();
  if (running) {
    if (ui::quiet_button(app.ui, ICON_FA_STOP "  Cancel###cancel")) {
      do_action(app, "cancel");
    }
  } else if (ui::primary_button(app.ui, ICON_FA_PLAY "  Save and check###check", view.broken.empty())) {
    run_exercise(app);
  }
  ImGui::SameLine();
  ImGui::AlignTextToFramePadding();
  const JobStatus status = app.exercises.judge.status();
  ui::push_type(app.ui, ui::Type::small);
  ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().muted);
  ui::text_fitted(app.ui, running ? status.what : "Ctrl+S", ImGui::GetContentRegionAvail().x - 5 * icon - em);
  ImGui::PopStyleColor();
  ui::pop_type();
  ImGui::SameLine();
  align_right(5 * icon);
  if (ui::icon_button(app.ui, "undo", ICON_FA_ROTATE_LEFT, "Undo (Ctrl+Z); reaches back over restarts",
                      view.code.can_undo() || view.draft.can_step_back())) {
    undo_exercise(view, false);
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(app.ui, "redo", ICON_FA_ROTATE_RIGHT, "Redo (Ctrl+Y)",
                      view.code.can_redo() || view.draft.can_step_forward())) {
    undo_exercise(view, true);
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(app.ui, "reset", ICON_FA_ARROWS_ROTATE, "Start over from the given text; can be undone",
                      !view.draft.is_starter())) {
    reset_exercise(app);
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(app.ui, "memory", ICON_FA_MICROCHIP, "Code and memory: what your kernel moves (Ctrl+M)",
                      !view.cases.empty())) {
    open_desk(app, "", "");
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(app.ui, "notes", ICON_FA_NOTE_STICKY, "Notes (Ctrl+N)")) {
    do_action(app, "notes");
  }
}

void conflict_card(App& app, ExerciseView& view) {
  ui::vspace(0.2F);
  ui::begin_card(app.ui, "conflict", ui::CardKind::plain, "Your file was changed by another program");
  ui::paragraph(app.ui, "There are changes here, too. Whichever you choose, undo leads to the other.");
  ui::vspace(0.2F);
  const bool theirs = ui::quiet_button(app.ui, "Read the file###theirs");
  ImGui::SameLine();
  const bool mine = ui::quiet_button(app.ui, "Keep what is here###mine");
  ui::end_card();
  if (theirs) {
    view.draft.take_theirs();
  } else if (mine) {
    view.draft.keep_mine();
  }
}

const char* icon_of(MarkKind kind) {
  return kind == MarkKind::error ? ICON_FA_CIRCLE_XMARK
                                 : (kind == MarkKind::warning ? ICON_FA_TRIANGLE_EXCLAMATION : ICON_FA_BUG);
}

void mark_row(App& app, ExerciseView& view, std::size_t index) {
  const LineMark& mark = view.marks[index];
  const int line = view.code.line_of(index);
  const float em = ui::em(1);
  ImGui::PushID(text("mark", index).c_str());
  ui::text_colored(mark.kind == MarkKind::warning ? app.ui.colors().amber : app.ui.colors().orange,
                   icon_of(mark.kind));
  ImGui::SameLine(1.6F * em);
  if (line > 0) {
    line_link(app, view, "line", line);
  } else {
    ui::muted(app.ui, mark.line > 0 ? "gone" : "file");
  }
  ImGui::SameLine(6.2F * em);
  ui::text_fitted(app.ui, mark.sentence, ImGui::GetContentRegionAvail().x);
  ImGui::PopID();
}

float list_height(const ExerciseView& view) {
  if (view.marks.empty()) {
    return 0;
  }
  const auto rows = static_cast<float>(std::min(kMostRows, static_cast<int>(view.marks.size())));
  return (rows + 0.6F) * (ui::em(1) + ImGui::GetStyle().ItemSpacing.y);
}

void mark_list(App& app, ExerciseView& view, float height) {
  ui::push_type(app.ui, ui::Type::small);
  ImGui::BeginChild("marks", {0, height}, ImGuiChildFlags_NavFlattened);
  for (std::size_t i = 0; i < view.marks.size(); ++i) {
    mark_row(app, view, i);
  }
  ImGui::EndChild();
  ui::pop_type();
}

/// Where the text lies; its problems when it cannot be saved.
void file_line(App& app, ExerciseView& view) {
  const std::string& problem = view.draft.problem();
  const std::string file = view.draft.file().string();
  ui::push_type(app.ui, ui::Type::tiny);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {4, 0});
  const float em = ui::em(1);
  ImGui::PushStyleColor(ImGuiCol_Text, problem.empty() ? app.ui.colors().muted : app.ui.colors().orange);
  const std::string words = !problem.empty()     ? text("Not saved: ", problem)
                            : view.draft.saved() ? text(file, "   saved; another editor may change it, too")
                                                 : text(file, "   not saved yet");
  ui::text_fitted(app.ui, words, ImGui::GetContentRegionAvail().x - 2.6F * em);
  ImGui::PopStyleColor();
  ImGui::SameLine();
  align_right(2.2F * em);
  ui::copy_button(app.ui, "path", "where this file lies", [&] { return file; });
  ImGui::PopStyleVar();
  ui::pop_type();
}

/// The editor hears its own keys; where its undo ends, the history's begins.
void undo_keys(ExerciseView& view) {
  const bool undo = ImGui::IsKeyChordPressed(ImGuiMod_Ctrl | ImGuiKey_Z);
  const bool redo = ImGui::IsKeyChordPressed(ImGuiMod_Ctrl | ImGuiKey_Y) ||
                    ImGui::IsKeyChordPressed(ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Z);
  const bool in_editor = view.code.focused();
  const bool elsewhere = !in_editor && ImGui::GetIO().WantTextInput;
  const bool heard = in_editor && (redo ? view.code.can_redo() : view.code.can_undo());
  if ((undo || redo) && !elsewhere && !heard) {
    undo_exercise(view, redo);
  }
}

}  // namespace

void line_link(App& app, ExerciseView& view, const char* id, int line) {
  if (ui::link_text(app.ui, id, text("line ", line))) {
    view.code.go_to_line(line);
  }
}

void reset_exercise(App& app) {
  if (ExerciseView* view = exercise_view(app)) {
    view->draft.reset_to_starter();
    say(app, "The given text is back; undo (Ctrl+Z) brings yours");
  }
}

void draw_exercise_code(App& app) {
  ExerciseView& view = *exercise_view(app);
  tools(app, view);
  if (view.draft.conflict()) {
    conflict_card(app, view);
  }
  ui::vspace(0.2F);
  ui::push_type(app.ui, ui::Type::small);
  const float list = list_height(view);
  ui::pop_type();
  const float under = list + 1.6F * ui::em(1) + ImGui::GetStyle().ItemSpacing.y * (list > 0 ? 2 : 1);
  undo_keys(view);
  view.code.draw(app.ui, "code", {0, std::max(ui::em(6), ImGui::GetContentRegionAvail().y - under)});
  if (list > 0) {
    mark_list(app, view, list);
  }
  file_line(app, view);
}

}  // namespace alab::shell
