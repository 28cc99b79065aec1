// What is kept: over a restart, over kill -9, and when the file is damaged.
// SPDX-License-Identifier: MIT
#include <fstream>

#include "reference/core/files.hpp"
#include "reference/core/json.hpp"
#include "tests/gui/steps.hpp"

namespace alab::gui_test {
namespace {

using shell::PageKind;

constexpr const char* kNotes = "kept over a restart";

const Lab& lab() {
  return *all_labs().back();
}

int step_with_slider() {
  for (int i = 0; i < static_cast<int>(lab().steps.size()); ++i) {
    const Step& step = lab().steps[static_cast<std::size_t>(i)];
    const Experiment* e = find_experiment(lab(), step.experiment);
    if (e != nullptr && !e->params.empty() && step.prediction.kind == PredictionKind::choice) {
      return i;
    }
  }
  return 0;
}

void leave_traces(ImGuiTestContext* ctx) {
  open_page(ctx, lab(), {PageKind::step, step_with_slider()});
  predict(ctx);
  IM_CHECK(wait_idle(ctx));
  move_every_control(ctx);
  app().book.set_notes(lab(), kNotes);
  click(ctx, "//top", "###theme");
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Equal, 2);
  shell::InputSelection input = app().book.input();
  input.name = "ascending";
  shell::use_input(app(), input);
  IM_CHECK(wait_idle(ctx));
  std::ofstream(data_folder() / "expected.json") << app().book.to_json().dump();
  IM_CHECK(wait_for(ctx, 10, [] { return !app().saver.pending() && app().saver.ever_saved(); }));
}

void find_traces(ImGuiTestContext* ctx) {
  Json expected = parse_json(read_file(data_folder() / "expected.json"), "expected.json");
  Json found = app().book.to_json();
  IM_CHECK(app().book.lab() == &lab());
  IM_CHECK_EQ(app().book.page().step, step_with_slider());
  IM_CHECK_STR_EQ(found["labs"].dump().c_str(), expected["labs"].dump().c_str());
  IM_CHECK_STR_EQ(found["input"].dump().c_str(), expected["input"].dump().c_str());
  IM_CHECK(app().book.preferences().dark);
  IM_CHECK_STR_EQ(app().book.progress(lab()).notes.c_str(), kNotes);
  IM_CHECK(wait_for(ctx, 60, [] { return view().result != nullptr; }));
  IM_CHECK(wait_idle(ctx));
  picture(ctx, "after_restart");
}

void damaged_is_kept(ImGuiTestContext* ctx) {
  IM_CHECK(app().notice.words.find("could not be read") != std::string::npos);
  IM_CHECK(app().hero);
  int kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data_folder())) {
    const std::string name = entry.path().filename().string();
    kept +=
        name.starts_with("state.json.damaged-") && read_file(entry.path()) == "{\"version\": 1, \"labs\": {"
            ? 1
            : 0;
  }
  IM_CHECK_EQ(kept, 1);
  picture(ctx, "damaged_state");
  click(ctx, "//status", "dismiss/###button");
  IM_CHECK(app().notice.words.empty());
}

/// Changes something, waits until it is on disk, tells the parent, and never ends: the parent kills it.
void wait_to_be_killed(ImGuiTestContext* ctx) {
  leave_traces(ctx);
  if (ctx->IsError()) {
    return;
  }
  std::printf("READY\n");
  std::fflush(stdout);
  wait_for(ctx, 120, [] { return false; });
}

Session named(const char* name, std::vector<Test> tests, const char* keeps = "") {
  Session session;
  session.name = name;
  session.tests = std::move(tests);
  session.keeps_data = keeps;
  return session;
}

}  // namespace

std::vector<Session> state_sessions() {
  Session before = named("before_restart", {{"a student leaves traces", leave_traces}});
  before.options.lab = std::string(lab().id);
  Session killed = named("killed", {{"a process that is killed", wait_to_be_killed}});
  killed.options.lab = std::string(lab().id);
  Session damaged = named("damaged", {{"a damaged state file is set aside with a message", damaged_is_kept}});
  damaged.prepare = [](const std::filesystem::path& data) {
    std::ofstream(data / "state.json") << "{\"version\": 1, \"labs\": {";
  };
  return {before,
          named("after_restart", {{"a restart finds everything again", find_traces}}, "before_restart"),
          killed, named("after_kill", {{"what was done before kill -9 is there", find_traces}}, "killed"),
          damaged};
}

}  // namespace alab::gui_test
