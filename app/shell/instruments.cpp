// The instruments: what the current step's experiment gave, its sliders, and the student's notes.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/panels/notes_panel.hpp"
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"

namespace alab::shell {
namespace {

void presets_popup(App& app, const Lab& lab) {
  if (!ImGui::BeginPopup("presets_popup")) {
    return;
  }
  const auto& presets = app.book.presets(lab);
  if (presets.empty()) {
    ui::muted(app.ui, "This lab has no presets.");
  }
  for (const Preset& preset : presets) {
    if (ImGui::Selectable((preset.title + "###" + preset.name).c_str())) {
      use_preset(app, lab, preset);
    }
    ui::help(app.ui, preset.settings);
  }
  ImGui::EndPopup();
}

void header(App& app, const Lab& lab) {
  const Experiment* experiment = app.book.experiment();
  const float em = ui::em(1);
  const float icon = em + 2 * 0.32F * em + 2;
  const bool kernels = !ops_of_lab(lab.id).empty();
  const float buttons = (kernels ? 7 : 6) * icon;
  ImGui::AlignTextToFramePadding();
  ui::push_type(app.ui, ui::Type::bold);
  ui::text_fitted(app.ui, app.show_notes ? "Notes" : (experiment == nullptr ? lab.title : experiment->title),
                  ImGui::GetContentRegionAvail().x - buttons - em);
  ui::pop_type();
  ImGui::SameLine();
  align_right(buttons);
  const bool runs = experiment != nullptr;
  if (kernels) {
    if (ui::icon_button(app.ui, "memory", ICON_FA_MICROCHIP,
                        "Code and memory: what its kernels move (Ctrl+M)")) {
      do_action(app, "memory");
    }
    ImGui::SameLine(0, 0);
  }
  if (ui::icon_button(app.ui, "presets", ICON_FA_LAYER_GROUP, "Presets", runs)) {
    ImGui::OpenPopup("presets_popup");
  }
  presets_popup(app, lab);
  ImGui::SameLine(0, 0);
  if (ui::icon_button(app.ui, "undo", ICON_FA_ROTATE_LEFT, "Undo (Ctrl+Z)", app.book.can_undo())) {
    do_action(app, "undo");
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(app.ui, "redo", ICON_FA_ROTATE_RIGHT, "Redo (Ctrl+Y)", app.book.can_redo())) {
    do_action(app, "redo");
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(app.ui, "reset", ICON_FA_ARROWS_ROTATE, "Reset this step's parameters", runs)) {
    do_action(app, "reset_params");
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(app.ui, "export", ICON_FA_FILE_EXPORT, "Export (Ctrl+S)")) {
    do_action(app, "export");
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(app.ui, "notes", app.show_notes ? ICON_FA_CHART_LINE : ICON_FA_NOTE_STICKY,
                      app.show_notes ? "Back to the plots (Ctrl+N)" : "Notes (Ctrl+N)")) {
    do_action(app, "notes");
  }
}

ui::PanelStatus status_of(const App& app, const RunView& run, bool hidden) {
  ui::PanelStatus status;
  status.fraction = run.fraction;
  const InputSource source = source_of(app.catalog, app.book.input());
  if (hidden) {
    status.phase = ui::Phase::empty;
    status.message = "Commit a prediction first; the plot is drawn after it.";
    return status;
  }
  switch (run.phase) {
    case RunPhase::empty:
      status.phase = ui::Phase::empty;
      status.message = "Read the step, then press Run (F5).";
      break;
    case RunPhase::running:
      status.phase = ui::Phase::running;
      status.message = run.what;
      break;
    case RunPhase::done:
      status.phase = ui::Phase::done;
      break;
    case RunPhase::stale:
      status.phase = ui::Phase::stale;
      status.message = "The settings have changed since this was run.";
      break;
    case RunPhase::failed:
      status.phase = ui::Phase::failed;
      status.message = run.error;
      break;
  }
  if (run.phase != RunPhase::running && app.book.experiment()->uses_input && !source.unavailable.empty()) {
    status.phase = ui::Phase::unavailable;
    status.message = source.unavailable;
    for (const CatalogEntry& entry : app.catalog.entries) {
      status.command = entry.name == source.name ? entry.command : status.command;
    }
  }
  return status;
}

/// The plot a curve is predicted on, alone, so that nothing else gives the answer away.
const Result* axes_only(StepView& view, const RunView& run, const Prediction& prediction) {
  if (run.result == nullptr) {
    return nullptr;
  }
  if (view.axes_version != run.version) {
    auto alone = std::make_shared<Result>();
    alone->lab = run.result->lab;
    alone->experiment = run.result->experiment;
    alone->params = run.result->params;
    alone->input = run.result->input;
    if (const Plot* plot = run.result->plot(prediction.plot)) {
      alone->plots.push_back(*plot);
    }
    view.axes = std::move(alone);
    view.axes_version = run.version;
  }
  return view.axes.get();
}

void take_curve(StepView& view, const Prediction& prediction) {
  const auto found = view.results.plots.find(prediction.plot);
  if (found != view.results.plots.end()) {
    view.draft.curve = {found->second.drawn.xs, found->second.drawn.ys};
  }
}

void draw_results(App& app, const Step& step, StepView& view, float height) {
  const RunView run = run_view(app);
  const Answer& answer = app.book.step_progress()->answer;
  const bool open = app.book.prediction_open();
  const bool curve = step.prediction.kind == PredictionKind::curve;
  panels::Curve drawn;
  panels::ResultViewOptions options;
  if (answer.kind == AnswerKind::curve) {
    drawn = {answer.curve.xs, answer.curve.ys};
    options.prediction = &drawn;
    options.prediction_plot = step.prediction.plot;
  }
  if (open && curve) {
    options.prediction_plot = step.prediction.plot;
    options.hide_truth = options.draw_curve = true;
  }
  const bool hidden = open && !curve;
  const Result* result = hidden ? nullptr : (open ? axes_only(view, run, step.prediction) : run.result.get());
  ImGui::BeginChild("results", {0, height}, ImGuiChildFlags_NavFlattened);
  const auto events =
      panels::result_view(app.ui, result, run.version, status_of(app, run, hidden), view.results, options);
  ImGui::EndChild();
  if (events.curve_changed) {
    take_curve(view, step.prediction);
  }
  if (events.run) {
    run_step(app);
  }
  if (events.cancel) {
    do_action(app, "cancel");
  }
}

void draw_params(App& app, StepView& view) {
  ParamSet values = app.book.params();
  if (values.schema().empty()) {
    return;
  }
  panels::ParamsOptions options;
  const auto events = panels::params_panel(app.ui, values, view.params, options);
  const bool live = app.book.step_progress()->ran;
  if (events.changed) {
    app.book.edit_params(values);
    if (live) {
      preview_step(app);
    }
  }
  if (events.committed) {
    app.book.end_edit();
  }
  if (!events.sweep.empty()) {
    app.book.end_edit();
    run_step(app, events.sweep);
  }
}

void draw_companion(App& app, const Lab& lab);

void draw_step_instruments(App& app, const Step& step) {
  StepView& view = *step_view(app);
  const Experiment* experiment = app.book.experiment();
  if (experiment == nullptr) {
    draw_companion(app, *app.book.lab());
    return;
  }
  ui::muted(app.ui, experiment->what, ui::Type::small);
  ui::vspace(0.2F);
  const float room = ImGui::GetContentRegionAvail().y;
  const float gap = ImGui::GetStyle().ItemSpacing.y;
  const float params = std::min(app.params_height, 0.45F * room);
  draw_results(app, step, view, std::max(ui::em(8), room - params - 2 * gap));
  const float top = ImGui::GetCursorPosY();
  const bool tall = app.params_height > 0.45F * room;
  ImGui::BeginChild("settings", {0, tall ? params : 0},
                    ImGuiChildFlags_NavFlattened | (tall ? 0 : ImGuiChildFlags_AutoResizeY));
  draw_params(app, view);
  app.params_height = ImGui::GetCursorPosY() + gap;
  ImGui::EndChild();
  (void)top;
}

/// The first screen's stepper: it plays as soon as its run is there.
void draw_hero(App& app) {
  RunSettings any;
  const RunView run = app.runner.view(*app.hero_lab, *app.hero_step, any);
  StepView& view = *app.hero_view;
  const bool fresh = run.result != nullptr && view.explained != run.version;
  if (fresh) {
    view.explained = run.version;
    for (const Stepper& stepper : run.result->steppers) {
      panels::StepperState& state = view.results.steppers[stepper.key];
      state.playing = app.ui.motion && app.options.screenshot.empty();
      state.due = ImGui::GetTime() + 1;
    }
  }
  ui::PanelStatus status;
  status.phase = run.phase == RunPhase::running ? ui::Phase::running : ui::Phase::done;
  if (run.phase == RunPhase::failed) {
    status = {ui::Phase::failed, run.error, "", 0};
  }
  ImGui::AlignTextToFramePadding();
  ui::text_as(app.ui, ui::Type::bold, find_experiment(*app.hero_lab, app.hero_step->experiment)->title);
  if (run.result != nullptr) {
    ui::muted(app.ui, run.result->input, ui::Type::small);
  }
  ui::vspace(0.3F);
  panels::result_view(app.ui, run.result.get(), run.version, status, view.results);
}

/// Beside pages that run nothing: the lab's presets to try and its words.
void draw_companion(App& app, const Lab& lab) {
  ImGui::BeginChild("companion", {0, 0}, ImGuiChildFlags_NavFlattened);
  const auto& presets = app.book.presets(lab);
  if (!presets.empty()) {
    ui::vspace(0.4F);
    ui::text_as(app.ui, ui::Type::heading3, "Settings to try");
    ui::vspace(0.2F);
  }
  for (const Preset& preset : presets) {
    ImGui::PushID(preset.name.c_str());
    if (ui::link_text(app.ui, "open", preset.title)) {
      use_preset(app, lab, preset);
    }
    const Experiment* experiment = find_experiment(lab, preset.experiment);
    ImGui::SameLine(0, ui::em(0.8F));
    ui::push_type(app.ui, ui::Type::small);
    ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().muted);
    ui::text_fitted(app.ui, experiment == nullptr ? preset.experiment : experiment->title,
                    ImGui::GetContentRegionAvail().x);
    ImGui::PopStyleColor();
    ui::pop_type();
    ImGui::PopID();
  }
  if (!lab.glossary.empty()) {
    ui::vspace(0.9F);
    ui::text_as(app.ui, ui::Type::heading3, "Words of this lab");
    ui::vspace(0.2F);
    std::string words = "| word | symbol | meaning |\n|---|---|---|\n";
    for (const Term& term : lab.glossary) {
      words += text("| ", term.word, " | ", term.symbol, " | ", term.meaning, " |\n");
    }
    app.markdown.draw(app.ui, "glossary", words, ImGui::GetContentRegionAvail().x, ui::kSmallSize, false);
  }
  ImGui::EndChild();
}

void draw_notes(App& app, const Lab& lab) {
  std::string notes = app.book.progress(lab).notes;
  if (panels::notes_panel(app.ui, notes, ImGui::GetContentRegionAvail())) {
    app.book.set_notes(lab, std::move(notes));
  }
}

}  // namespace

void draw_instruments(App& app) {
  const Layout& c = app.columns;
  const ImVec2 screen = ImGui::GetMainViewport()->Size;
  const float left = c.contents + c.lesson;
  const float em = ui::kBodySize * ImGui::GetStyle().FontScaleMain;
  const ImVec2 size{std::max(1.0F, screen.x - left), screen.y - c.top - c.bottom};
  if (begin_region({"instruments", {left, c.top}, size, {1.0F * em, 0.6F * em}, app.ui.colors().panel})) {
    const Lab* lab = app.book.lab();
    if (app.hero) {
      draw_hero(app);
    } else if (lab == nullptr) {
      ui::state_panel(app.ui, "nothing", {ui::Phase::empty, "Open a lab at the left.", "", 0},
                      ImGui::GetContentRegionAvail());
    } else if (exercise_view(app) != nullptr && !app.show_notes) {
      draw_exercise_code(app);
    } else {
      header(app, *lab);
      const Step* step = app.book.step();
      if (app.show_notes) {
        draw_notes(app, *lab);
      } else if (step != nullptr) {
        draw_step_instruments(app, *step);
      } else {
        draw_companion(app, *lab);
      }
    }
  }
  end_region();
}

}  // namespace alab::shell
