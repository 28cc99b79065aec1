// The window's own parts: themes, input, palette, undo, cancel, export, help, sizes.
// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstdlib>

#include "app/shell/model/search.hpp"
#include "imgui_internal.h"
#include "tests/gui/steps.hpp"

namespace alab::gui_test {
namespace {

using shell::Page;
using shell::PageKind;

/// A step that reads the input and has a number to slide.
bool open_input_step(ImGuiTestContext* ctx) {
  for (const Lab* lab : app().book.labs()) {
    for (int i = 0; i < static_cast<int>(lab->steps.size()); ++i) {
      const Experiment* e = find_experiment(*lab, lab->steps[static_cast<std::size_t>(i)].experiment);
      if (e != nullptr && e->uses_input && !e->params.empty()) {
        open_page(ctx, *lab, {PageKind::step, i});
        if (app().book.prediction_open()) {
          click(ctx, "//lesson", "###skip");
        }
        IM_CHECK_RETV(wait_idle(ctx), false);
        if (!app().book.step_progress()->ran) {
          run_and_wait(ctx);
        }
        return !ctx->IsError();
      }
    }
  }
  IM_CHECK_RETV(!"no step reads an input", false);
  return false;
}

void themes(ImGuiTestContext* ctx) {
  IM_CHECK(open_input_step(ctx));
  const bool before = app().book.preferences().dark;
  click(ctx, "//top", "###theme");
  IM_CHECK(app().book.preferences().dark != before);
  ctx->Yield(2);
  IM_CHECK(app().ui.theme.kind == (before ? ui::ThemeKind::paper : ui::ThemeKind::dark));
  picture(ctx, "theme_dark");
  click(ctx, "//top", "###theme");
  IM_CHECK(app().book.preferences().dark == before);
}

void font_size(ImGuiTestContext* ctx) {
  IM_CHECK(open_input_step(ctx));
  const float before = app().book.preferences().scale;
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Equal, 3);
  ctx->Yield(2);
  IM_CHECK(app().book.preferences().scale > before + 0.25F);
  picture(ctx, "font_large");
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Minus);
  IM_CHECK(app().book.preferences().scale > before + 0.15F);
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_0);
  ctx->Yield(2);
  IM_CHECK_EQ(app().book.preferences().scale, 1.0F);
}

void every_input(ImGuiTestContext* ctx) {
  IM_CHECK(open_input_step(ctx));
  for (const shell::CatalogEntry& entry : app().catalog.entries) {
    if (!entry.unavailable.empty()) {
      continue;
    }
    shell::InputSelection selection = app().book.input();
    selection.name = entry.name;
    shell::use_input(app(), selection);
    IM_CHECK(wait_idle(ctx, 120));
    const shell::RunView now = view();
    if (now.phase != shell::RunPhase::done) {
      ctx->LogError("input %s: %s", entry.name.c_str(), now.error.c_str());
    }
    IM_CHECK(now.phase == shell::RunPhase::done);
  }
  click(ctx, "//top", "###input");
  ctx->Yield(2);
  IM_CHECK(!ImGui::GetCurrentContext()->OpenPopupStack.empty());
  picture(ctx, "input_popup");
  ctx->KeyPress(ImGuiKey_Escape);
  ctx->PopupCloseAll();
}

void backends(ImGuiTestContext* ctx) {
  IM_CHECK(open_input_step(ctx));
  click(ctx, "//top", "###backend");
  ctx->Yield(2);
  picture(ctx, "backend_popup");
  ctx->ItemClick(ctx->ItemInfo("//$FOCUSED/reference").ID);
  ctx->Yield();
  IM_CHECK(app().book.preferences().backend == shell::BackendChoice::reference);
  ctx->PopupCloseAll();
  shell::change_preferences(app(), [](shell::Preferences& p) { p.backend = shell::BackendChoice::all; });
}

void undo(ImGuiTestContext* ctx) {
  IM_CHECK(open_input_step(ctx));
  const ParamSet before = app().book.params();
  IM_CHECK(move_every_control(ctx) > 0);
  const ParamSet after = app().book.params();
  IM_CHECK(!(before == after));
  for (int i = 0; i < 20 && !(app().book.params() == before); ++i) {
    ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
    ctx->Yield();
  }
  IM_CHECK(app().book.params() == before);
  for (int i = 0; i < 20 && !(app().book.params() == after); ++i) {
    ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Y);
    ctx->Yield();
  }
  IM_CHECK(app().book.params() == after);
  click(ctx, "//instruments", "reset/###button");
  IM_CHECK(app().book.params() == before);
  IM_CHECK(wait_idle(ctx));
}

void palette(ImGuiTestContext* ctx) {
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_K);
  ctx->Yield(2);
  IM_CHECK(app().palette.open);
  picture(ctx, "palette_empty");
  const Lab* last = app().book.labs().back();
  ctx->KeyChars(std::string(last->title).c_str());
  ctx->Yield(2);
  IM_CHECK_STR_EQ(app().palette.query.c_str(), std::string(last->title).c_str());
  picture(ctx, "palette_found");
  ctx->KeyPress(ImGuiKey_Enter);
  ctx->Yield(2);
  IM_CHECK(!app().palette.open);
  IM_CHECK(app().book.lab() == last);
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_K);
  ctx->Yield(2);
  ctx->KeyChars("dark paper");
  ctx->Yield(2);
  const bool dark = app().book.preferences().dark;
  ctx->KeyPress(ImGuiKey_Enter);
  ctx->Yield(2);
  IM_CHECK(app().book.preferences().dark != dark);
  shell::do_action(app(), "theme");
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_K);
  ctx->Yield(2);
  ctx->KeyPress(ImGuiKey_Escape);
  ctx->Yield(2);
  IM_CHECK(!app().palette.open);
}

void keys_turn_pages(ImGuiTestContext* ctx) {
  app().book.open(app().book.labs().front()->id, {PageKind::overview, -1});
  ctx->Yield(2);
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_PageDown);
  ctx->Yield();
  IM_CHECK_EQ(app().book.page().step, 0);
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Tab);
  ctx->Yield();
  IM_CHECK_EQ(app().book.page().step, 1);
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Tab);
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_PageUp);
  ctx->Yield();
  IM_CHECK(app().book.page().kind == PageKind::overview);
  click(ctx, "//lesson", "###next");
  IM_CHECK_EQ(app().book.page().step, 0);
  click(ctx, "//lesson", "###back");
  IM_CHECK(app().book.page().kind == PageKind::overview);
}

/// The fastest step that reads an input; its slider is moved and the time to the new Result is measured.
void slider_latency(ImGuiTestContext* ctx) {
  IM_CHECK(open_input_step(ctx));
  const Param* number = nullptr;
  for (const Param* p : app().book.params().schema()) {
    number = number == nullptr && p->kind == ParamKind::integer ? p : number;
  }
  IM_CHECK(number != nullptr);
  std::vector<double> times;
  draw_frames(true);
  for (int i = 0; i < 9; ++i) {
    const auto before = view().version;
    const double value = app().book.params().value(number->key);
    const auto start = std::chrono::steady_clock::now();
    app().book.set_params(text(number->key, "=", value > number->min ? value - 1 : value + 1));
    shell::run_step(app());
    IM_CHECK(wait_for(ctx, 20, [&] { return view().version > before && !app().runner.running(); }));
    ctx->Yield();
    times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  draw_frames(false);
  std::sort(times.begin(), times.end());
  std::printf("INFO slider to plot: median %.0f ms, slowest %.0f ms (%s/%s)\n", 1e3 * times[4],
              1e3 * times[8], std::string(app().book.lab()->id).c_str(),
              std::string(app().book.step()->key).c_str());
  IM_CHECK_LT(times[4], 1.0);
}

void cancel(ImGuiTestContext* ctx) {
  IM_CHECK(open_input_step(ctx));
  const auto before = view().version;
  shell::run_step(app(), std::string(app().book.params().schema().front()->key));
  ctx->KeyPress(ImGuiKey_Escape);
  IM_CHECK(wait_for(ctx, 10, [] { return !app().runner.running(); }));
  const bool finished_first = view().version > before;
  IM_CHECK(finished_first || app().runner.status().state == JobState::cancelled);
  IM_CHECK(view().result != nullptr);
}

void sweep(ImGuiTestContext* ctx) {
  IM_CHECK(open_input_step(ctx));
  const Param* number = nullptr;
  for (const Param* p : app().book.params().schema()) {
    number = number == nullptr && p->kind == ParamKind::integer ? p : number;
  }
  IM_CHECK(number != nullptr);
  const ImGuiTestItemInfo slider = item(ctx, "//instruments", text("params/##", number->key));
  ctx->ItemClick(slider.ID, ImGuiMouseButton_Right);
  ctx->Yield(2);
  ctx->ItemClick("//$FOCUSED/Sweep this");
  IM_CHECK(wait_for(ctx, 120, [] { return !app().runner.running(); }));
  ctx->Yield(2);
  IM_CHECK(view().sweep);
  picture(ctx, "sweep");
  run_and_wait(ctx);
  IM_CHECK(!view().sweep);
}

void export_files(ImGuiTestContext* ctx) {
  IM_CHECK(open_input_step(ctx));
  const std::filesystem::path folder = data_folder() / "exported files";
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_S);
  ctx->Yield(3);
  IM_CHECK(export_to(ctx, folder));
  ctx->Yield(2);
  picture(ctx, "export");
  if (app().exporter.status().state == JobState::failed) {
    ctx->LogError("%s", app().exporter.status().error.c_str());
  }
  IM_CHECK(app().exporter.status().state == JobState::done);
  const auto files = app().exporter.files();
  IM_CHECK(!files.empty());
  for (const auto& file : files) {
    IM_CHECK(std::filesystem::exists(file));
    IM_CHECK(std::filesystem::file_size(file) > 0);
  }
  const auto has = [&](const char* extension) {
    return std::any_of(files.begin(), files.end(), [&](const auto& f) { return f.extension() == extension; });
  };
  IM_CHECK(has(".svg"));
  IM_CHECK(has(".csv"));
  IM_CHECK(has(".json"));
  IM_CHECK(has(".html"));
  ctx->KeyPress(ImGuiKey_Escape);
  ctx->Yield(2);
  app().exports.open = false;
}

void sheets(ImGuiTestContext* ctx) {
  ctx->KeyPress(ImGuiKey_F1);
  ctx->Yield(3);
  IM_CHECK(app().help.open);
  for (int page = 0; page < static_cast<int>(app().help.documents.size()); ++page) {
    app().help.page = page;
    ctx->Yield(2);
    picture(ctx, text("help_", page));
  }
  ctx->KeyPress(ImGuiKey_F1);
  ctx->Yield(2);
  IM_CHECK(!app().help.open);
  IM_CHECK(wait_for(ctx, 30, [] { return !app().findings.empty(); }));
  shell::do_action(app(), "doctor");
  ctx->Yield(3);
  picture(ctx, "doctor");
  click(ctx, "//doctor", "close/###button");
  IM_CHECK(!app().doctor_open);
  shell::do_action(app(), "glossary");
  ctx->Yield(3);
  picture(ctx, "glossary");
  app().glossary_open = false;
}

void notes(ImGuiTestContext* ctx) {
  IM_CHECK(open_input_step(ctx));
  click(ctx, "//instruments", "notes/###button");
  ctx->Yield(2);
  ctx->ItemClick(item(ctx, "//instruments", "notes/##text").ID);
  ctx->KeyChars("tiles are rectangles of scores");
  ctx->Yield(2);
  IM_CHECK_STR_EQ(app().book.progress(*app().book.lab()).notes.c_str(), "tiles are rectangles of scores");
  picture(ctx, "notes");
  click(ctx, "//instruments", "notes/###button");
  IM_CHECK(!app().show_notes);
}

void presets(ImGuiTestContext* ctx) {
  IM_CHECK(open_input_step(ctx));
  const Lab& lab = *app().book.lab();
  for (const Preset& preset : app().book.presets(lab)) {
    shell::use_preset(app(), lab, preset);
    ctx->Yield(2);
    IM_CHECK(app().book.experiment() != nullptr);
    IM_CHECK_STR_EQ(std::string(app().book.experiment()->id).c_str(), preset.experiment.c_str());
  }
  app().runner.cancel();
}

void drop(ImGuiTestContext* ctx) {
  shell::take_drop(app(), "/nowhere/at/all.txt");
  ctx->Yield();
  IM_CHECK(app().notice.words.find("is no input") != std::string::npos);
  IM_CHECK(app().book.input().name != "file");
}

void splitters(ImGuiTestContext* ctx) {
  const float before = app().columns.lesson;
  const ImGuiTestItemInfo strip = ctx->ItemInfo("//split_lesson/drag");
  ctx->ItemDragWithDelta(strip.ID, {60, 0});
  ctx->Yield(2);
  IM_CHECK(app().columns.lesson > before + 20);
  shell::do_action(app(), "layout");
  ctx->Yield(2);
  IM_CHECK_EQ(app().columns.lesson, before);
  IM_CHECK(app().columns.lesson >= 480);
}

void links_lead_somewhere(ImGuiTestContext* ctx) {
  const Lab* lab = app().book.labs().front();
  app().book.open(lab->id, {PageKind::overview, -1});
  ctx->Yield();
  shell::open_link(app(), text("step:", lab->steps.back().key));
  IM_CHECK(app().book.step() == &lab->steps.back());
  shell::open_link(app(), text("lab:", app().book.labs().back()->id));
  IM_CHECK(app().book.lab() == app().book.labs().back());
  shell::open_link(app(), "nonsense");
  IM_CHECK(app().notice.words.find("leads nowhere") != std::string::npos);
}

Session small(const char* name, int width, int height) {
  Session session;
  session.name = name;
  session.options.width = width;
  session.options.height = height;
  session.options.lab = std::string(all_labs().back()->id);
  session.tests = {{"the lesson keeps its width and nothing is lost", [name](ImGuiTestContext* ctx) {
                      IM_CHECK(open_input_step(ctx));
                      ctx->SleepNoSkip(1.5F, 1.0F / 30);
                      IM_CHECK(app().columns.lesson >= 480);
                      picture(ctx, name);
                    }}};
  return session;
}

}  // namespace

std::vector<Session> window_sessions() {
  Session window;
  window.name = "window";
  window.options.lab = std::string(all_labs().front()->id);
  window.tests = {{"the theme switches and switches back", themes},
                  {"Ctrl+plus, minus and 0 change the size of the text", font_size},
                  {"every input that is here can be read", every_input},
                  {"backends can be chosen, and the GPU says why not", backends},
                  {"every parameter change can be undone and redone", undo},
                  {"the palette finds a lab and an action", palette},
                  {"keys and buttons turn pages", keys_turn_pages},
                  {"a moved slider gives a new plot soon", slider_latency},
                  {"Esc cancels a run and keeps the last result", cancel},
                  {"a parameter can be swept from its menu", sweep},
                  {"exports are written from the sheet", export_files},
                  {"help, doctor and glossary open and close", sheets},
                  {"notes are kept as they are typed", notes},
                  {"every preset opens its experiment", presets},
                  {"a dropped file that is no input says so", drop},
                  {"columns can be dragged and restored", splitters},
                  {"links lead somewhere or say that they do not", links_lead_somewhere}};
  return {window, small("size_1024x700", 1024, 700), small("size_1366x768", 1366, 768),
          small("size_1920x1080", 1920, 1080)};
}

}  // namespace alab::gui_test
