// What can be done, by name: from keys, the palette, links in the lesson, and the parts of the window.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "app/shell/app.hpp"
#include "immapp/browse_to_url.h"

namespace alab::shell {
namespace {

struct Action {
  const char* id;
  const char* title;
  const char* keys;
  void (*run)(App&);
};

void scale_by(App& app, float step) {
  change_preferences(app, [&](Preferences& p) {
    p.scale = std::clamp(std::round((p.scale + step) * 10) / 10, kMinScale, kMaxScale);
  });
  app.theme_dirty = true;
}

void undo_or_redo(App& app, bool redo) {
  if (exercise_view(app) != nullptr && !app.desk.open) {
    return;  // the code's own undo hears the same keys
  }
  if (redo ? app.book.redo() : app.book.undo()) {
    if (app.book.step_progress() != nullptr && app.book.step_progress()->ran) {
      run_step(app);
    }
  } else {
    say(app, redo ? "Nothing to redo" : "Nothing to undo", 3);
  }
}

void reset_lab(App& app) {
  if (const Lab* lab = app.book.lab()) {
    app.runner.forget(*lab);
    app.book.reset_lab(*lab);
    app.views.clear();
    app.shown_lab = nullptr;
    say(app, text("Reset '", lab->title, "'; your notes and exercises are kept"));
  }
}

void reset_params(App& app) {
  app.book.reset_params();
  if (app.book.step_progress() != nullptr && app.book.step_progress()->ran) {
    run_step(app);
  }
}

void cancel_all(App& app) {
  app.runner.cancel();
  app.exporter.cancel();
  app.desk.counts.cancel();
  app.exercises.judge.cancel();
}

void run_page(App& app) {
  if (app.desk.open) {
    count_desk(app);
  } else if (exercise_view(app) != nullptr) {
    run_exercise(app);
  } else {
    run_step(app);
  }
}

constexpr Action kActions[] = {
    {"run", "Run this step", "F5", run_page},
    {"check", "Save and check this exercise", "Ctrl+S", run_exercise},
    {"reset_exercise", "Start this exercise over from the given text", "", reset_exercise},
    {"cancel", "Cancel what runs", "Esc", cancel_all},
    {"memory", "Code and memory: count what a kernel moves, line by line", "Ctrl+M",
     [](App& app) { app.desk.open ? void(app.desk.open = false) : open_desk(app, "", ""); }},
    {"painter", "Painter: draw an access pattern, see sectors and bank conflicts", "",
     [](App& app) {
       open_desk(app, "", "");
       app.desk.wish.memory_tab = "painter";
     }},
    {"roofline", "Roofline: counted kernels under the roof of a GPU", "",
     [](App& app) {
       open_desk(app, "", "");
       app.desk.wish.memory_tab = "roofline";
     }},
    {"next", "Next page", "Ctrl+PageDown", [](App& app) { app.book.next(); }},
    {"back", "Previous page", "Ctrl+PageUp", [](App& app) { app.book.back(); }},
    {"undo", "Undo parameter change", "Ctrl+Z", [](App& app) { undo_or_redo(app, false); }},
    {"redo", "Redo parameter change", "Ctrl+Y", [](App& app) { undo_or_redo(app, true); }},
    {"export", "Export plots, data or a report", "Ctrl+S",
     [](App& app) {
       app.exports.only.clear();
       app.exports.given.reset();
       app.exports.open = true;
     }},
    {"theme", "Switch between paper and dark", "",
     [](App& app) {
       change_preferences(app, [](Preferences& p) { p.dark = !p.dark; });
       app.theme_dirty = true;
     }},
    {"larger", "Larger text", "Ctrl++", [](App& app) { scale_by(app, kScaleStep); }},
    {"smaller", "Smaller text", "Ctrl+-", [](App& app) { scale_by(app, -kScaleStep); }},
    {"normal_size", "Text at its normal size", "Ctrl+0",
     [](App& app) {
       change_preferences(app, [](Preferences& p) { p.scale = 1; });
       app.theme_dirty = true;
     }},
    {"notes", "Notes", "Ctrl+N", [](App& app) { app.show_notes = !app.show_notes; }},
    {"contents", "Show or hide the contents", "Ctrl+B",
     [](App& app) {
       const int wanted = app.columns.icons_only ? 1 : -1;
       change_preferences(app, [&](Preferences& p) { p.contents = wanted; });
     }},
    {"layout", "Default layout", "",
     [](App& app) {
       change_preferences(app, [](Preferences& p) { p.contents_width = p.lesson_width = 0, p.contents = 0; });
     }},
    {"reset_params", "Reset this step's parameters", "", reset_params},
    {"reset_lab", "Reset this lab: forget predictions, answers and settings", "", reset_lab},
    {"motion", "Motion on or off", "",
     [](App& app) {
       change_preferences(app, [](Preferences& p) { p.motion = !p.motion; });
       app.ui.motion = app.book.preferences().motion;
       say(app, app.ui.motion ? "Motion is on" : "Motion is off", 3);
     }},
    {"doctor", "Doctor: what this machine has and lacks", "", [](App& app) { app.doctor_open = true; }},
    {"glossary", "Glossary of this lab", "", [](App& app) { app.glossary_open = true; }},
    {"help", "Help", "F1", [](App& app) { app.help.open = !app.help.open; }},
    {"quit", "Quit", "Ctrl+Q", [](App& app) { app.quit = true; }},
};

}  // namespace

void say(App& app, std::string words, double seconds) {
  app.notice = {std::move(words), seconds < 0 ? -1 : ImGui::GetTime() + seconds};
}

void change_preferences(App& app, const std::function<void(Preferences&)>& change) {
  Preferences preferences = app.book.preferences();
  change(preferences);
  app.book.set_preferences(preferences);
}

RunView run_view(const App& app) {
  const Step* step = app.book.step();
  const Experiment* experiment = app.book.experiment();
  if (step == nullptr || experiment == nullptr) {
    return {};
  }
  RunRequest request;
  request.experiment = experiment;
  request.params = app.book.params();
  request.input = source_of(app.catalog, app.book.input());
  request.backend = app.book.preferences().backend;
  return app.runner.view(*app.book.lab(), *step, settings_of(request));
}

namespace {

void submit_step(App& app, const std::string& sweep, bool quick) {
  const Step* step = app.book.step();
  const Experiment* experiment = app.book.experiment();
  if (step == nullptr || experiment == nullptr) {
    return;
  }
  if (app.book.prediction_open() && step->prediction.kind != PredictionKind::curve) {
    say(app, "Commit a prediction first, or skip it");
    return;
  }
  RunRequest request;
  request.lab = app.book.lab();
  request.step = step;
  request.experiment = experiment;
  request.params = app.book.params();
  request.input = source_of(app.catalog, app.book.input());
  request.backend = app.book.preferences().backend;
  request.sweep = sweep;
  request.quick = quick;
  app.runner.submit(std::move(request));
}

}  // namespace

void run_step(App& app, const std::string& sweep) {
  submit_step(app, sweep, false);
}

void preview_step(App& app) {
  submit_step(app, "", true);
}

void use_preset(App& app, const Lab& lab, const Preset& preset) {
  if (!app.book.apply_preset(lab, preset)) {
    say(app, text("No step of this lab runs the preset '", preset.title, "'"));
    return;
  }
  if (!preset.input.empty()) {
    use_input(app, selection_of(app.catalog, preset.input, app.book.input()));
  }
  if (!app.book.prediction_open()) {
    run_step(app);
  }
}

void use_input(App& app, const InputSelection& selection) {
  app.book.set_input(selection);
  app.input_choice = {selection.name, selection.layer, selection.head, selection.own_text,
                      selection.text, selection.book,  selection.file};
  const StepProgress* progress = app.book.step_progress();
  const Experiment* experiment = app.book.experiment();
  if (progress != nullptr && progress->ran && experiment != nullptr && experiment->uses_input) {
    run_step(app);
  }
}

void take_drop(App& app, const std::string& path) {
  InputSelection selection = app.book.input();
  selection.file = dropped_case(path);
  if (selection.file.empty()) {
    say(app, text("'", path,
                  "' is no input; drop a folder that holds q.npy, k.npy and v.npy, or one of these files"));
    return;
  }
  selection.name = std::string(kFileInput);
  app.catalog = make_catalog(selection);
  refresh_inputs(app);
  use_input(app, selection);
  const InputSource source = source_of(app.catalog, selection);
  say(app, source.unavailable.empty() ? text("Reading ", source.label) : source.unavailable);
}

void leave_hero(App& app) {
  if (app.hero && app.hero_lab != nullptr) {
    app.runner.forget(*app.hero_lab);
  }
  app.hero = false;
  app.hero_view.reset();
  app.show_notes = false;
  change_preferences(app, [](Preferences& p) { p.welcomed = true; });
}

void commit_answer(App& app, Answer answer) {
  if (!app.book.commit(std::move(answer))) {
    return;
  }
  const RunView view = run_view(app);
  if (view.phase == RunPhase::done) {  // the curve's axes came from this very run
    app.book.mark_ran(*app.book.lab(), *app.book.step(), lamps_passed(*app.book.step(), *view.result));
    step_view(app)->revealed_at = ImGui::GetTime();
    return;
  }
  run_step(app);
}

void skip_prediction(App& app) {
  if (app.book.skip()) {
    run_step(app);
  }
}

void open_link(App& app, const std::string& target) {
  const auto colon = target.find(':');
  const std::string kind = target.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : target.substr(colon + 1);
  bool opened = true;
  if (kind == "http" || kind == "https") {
    ImmApp::BrowseToUrl(target.c_str());
    say(app, text("Opened ", target, " in your browser"));
  } else if (kind == "lab") {
    opened = app.book.open(rest);
  } else if (kind == "exercise") {
    const student::Exercise* exercise = student::find_exercise(rest);
    opened = exercise != nullptr && app.book.open_exercise(exercise->id);
  } else if (kind == "step") {
    opened = app.book.lab() != nullptr && app.book.open_step(app.book.lab()->id, rest);
  } else if (kind == "panel" && step_view(app) != nullptr) {
    step_view(app)->results.focus = rest;
    app.show_notes = false;
  } else if (kind == "kernel") {
    open_desk(app, rest.substr(0, rest.find('/')), rest.substr(rest.find('/') + 1));
  } else if (kind == "glossary") {
    app.glossary_word = rest;
    app.glossary_open = true;
  } else {
    opened = false;
  }
  if (!opened) {
    say(app, text("The link '", target, "' leads nowhere in this build"));
  }
}

void do_action(App& app, std::string_view id) {
  const auto found = std::ranges::find_if(kActions, [&](const Action& a) { return a.id == id; });
  if (found != std::end(kActions)) {
    found->run(app);
  }
}

std::vector<SearchEntry> action_entries() {
  std::vector<SearchEntry> entries;
  for (const Action& action : kActions) {
    entries.push_back({HitKind::action, action.title, action.keys, "", action.id, {}, 0});
  }
  return entries;
}

void handle_keys(App& app) {
  const auto pressed = [](ImGuiKeyChord chord) {
    return ImGui::Shortcut(chord, ImGuiInputFlags_RouteGlobal);
  };
  const std::pair<ImGuiKeyChord, const char*> keys[] = {
      {ImGuiKey_F5, "run"},
      {ImGuiMod_Ctrl | ImGuiKey_Z, "undo"},
      {ImGuiMod_Ctrl | ImGuiKey_Y, "redo"},
      {ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Z, "redo"},
      {ImGuiMod_Ctrl | ImGuiKey_S, "export"},
      {ImGuiMod_Ctrl | ImGuiKey_Equal, "larger"},
      {ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Equal, "larger"},
      {ImGuiMod_Ctrl | ImGuiKey_KeypadAdd, "larger"},
      {ImGuiMod_Ctrl | ImGuiKey_Minus, "smaller"},
      {ImGuiMod_Ctrl | ImGuiKey_KeypadSubtract, "smaller"},
      {ImGuiMod_Ctrl | ImGuiKey_0, "normal_size"},
      {ImGuiMod_Ctrl | ImGuiKey_N, "notes"},
      {ImGuiMod_Ctrl | ImGuiKey_M, "memory"},
      {ImGuiMod_Ctrl | ImGuiKey_B, "contents"},
      {ImGuiMod_Ctrl | ImGuiKey_PageDown, "next"},
      {ImGuiMod_Ctrl | ImGuiKey_PageUp, "back"},
      {ImGuiMod_Ctrl | ImGuiKey_Tab, "next"},
      {ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Tab, "back"},
      {ImGuiMod_Ctrl | ImGuiKey_Q, "quit"},
      {ImGuiKey_F1, "help"},
  };
  const bool exercise = exercise_view(app) != nullptr && !app.desk.open;
  for (const auto& [chord, id] : keys) {
    if (pressed(chord)) {
      do_action(app, exercise && id == std::string_view("export") ? "check" : id);
    }
  }
  if (pressed(ImGuiMod_Ctrl | ImGuiKey_K)) {
    app.palette.open = !app.palette.open;
    app.palette.focus = true;
  }
  if (pressed(ImGuiKey_F6)) {
    app.focus = app.focus == "lesson" ? "instruments" : (app.focus == "instruments" ? "contents" : "lesson");
    ImGui::SetWindowFocus(app.focus.c_str());
    if (exercise && app.focus == "instruments") {
      exercise_view(app)->code.focus();
    }
  }
  if (ImGui::IsKeyPressed(ImGuiKey_Escape, false) && !app.palette.open) {
    do_action(app, "cancel");
  }
}

}  // namespace alab::shell
