// "Code and memory" of what a student wrote for an exercise.
// SPDX-License-Identifier: MIT
#include "app/shell/memory/parts.hpp"

namespace alab::shell {

void open_own_kernel(App& app, const ExerciseView& view) {
  MemoryDesk& desk = app.desk;
  desk.exercise = view.exercise;
  const Rung& rung = *student::student_rung(*view.exercise).rung;
  desk.op = std::string(rung.op);
  desk.rung = std::string(rung.id);
  desk.source = {};  // the text may have changed
  desk.open = true;
  app.show_notes = false;
  desk.count_soon = !desk.counts.running() && !desk.counts.has(own_request(app));
}

CountRequest own_request(const App& app) {
  const ExerciseView& view = *app.exercises.views.find(app.desk.exercise->id)->second;
  const student::Case& c = view.cases[static_cast<std::size_t>(view.shown_case)];
  CountRequest request{find_op(view.exercise->op), &student::student_rung(*view.exercise), c.shape, {}};
  request.own = {view.exercise, view.draft.text(), c.input, c.seed,
                 app.exercises.judge.goes_without_bubblewrap()};
  return request;
}

void draw_own_kernel_choice(App& app, float width) {
  ExerciseView& view = *exercise_view(app);
  const auto title = [&](int i) { return view.cases[static_cast<std::size_t>(i)].shape.describe(); };
  ImGui::AlignTextToFramePadding();
  ui::text_as(app.ui, ui::Type::bold, "Your kernel");
  ImGui::SameLine();
  ImGui::SetNextItemWidth(width - ImGui::GetItemRectSize().x - ImGui::GetStyle().ItemSpacing.x);
  if (ImGui::BeginCombo("##case", title(view.shown_case).c_str(), ImGuiComboFlags_HeightLarge)) {
    for (int i = 0; i < static_cast<int>(view.cases.size()); ++i) {
      if (ImGui::Selectable(title(i).c_str(), i == view.shown_case)) {
        view.shown_case = i;
      }
    }
    ImGui::EndCombo();
  }
  ui::help(app.ui, "Sizes that the task names");
}

}  // namespace alab::shell
