// Every lab, whatever labs there are: each page opens, each prediction is committed and explained, each
// experiment has all its controls moved once, the input is switched, and one export is made. One session per
// lab. SPDX-License-Identifier: MIT
#include <algorithm>

#include "imgui_internal.h"
#include "tests/gui/steps.hpp"

namespace alab::gui_test {
namespace {

using shell::Page;
using shell::PageKind;

void other_pages(ImGuiTestContext* ctx, const Lab& lab) {
  shell::change_preferences(app(), [](shell::Preferences& p) { p.motion = false; });
  app().ui.motion = false;
  open_page(ctx, lab, {PageKind::overview, -1});
  picture(ctx, text(lab.id, "_overview"));
  if (!lab.readings.empty()) {
    open_page(ctx, lab, {PageKind::readings, -1});
    picture(ctx, text(lab.id, "_readings"));
  }
  if (!lab.quiz.empty()) {
    open_page(ctx, lab, {PageKind::quiz, -1});
    for (const QuizItem& item : lab.quiz) {
      click(ctx, "//lesson", text(item.key, "/option0"));
      IM_CHECK(app().book.progress(lab).quiz.contains(item.key));
    }
    picture(ctx, text(lab.id, "_quiz"));
  }
}

/// The current step has run and its view shows the result.
void check_done(ImGuiTestContext* ctx, const char* when) {
  IM_CHECK(wait_idle(ctx));
  const shell::RunView now = view();
  if (now.phase != shell::RunPhase::done) {
    ctx->LogError("%s: %s", when, now.error.empty() ? "there is no fresh result" : now.error.c_str());
  }
  IM_CHECK(now.phase == shell::RunPhase::done);
}

void try_step(ImGuiTestContext* ctx, const Lab& lab, int index) {
  const Step& step = lab.steps[static_cast<std::size_t>(index)];
  const std::string name = text(lab.id, "_", index + 1, "_", step.key);
  open_page(ctx, lab, {PageKind::step, index});
  predict(ctx);
  if (app().book.experiment() != nullptr) {
    IM_CHECK(wait_idle(ctx));
    if (!app().book.step_progress()->ran) {
      run_and_wait(ctx);
    }
    check_done(ctx, "after the first run");
    IM_CHECK(wait_for(ctx, 5, [] { return shell::step_view(app())->explained != 0; }));
    const std::string& explain = shell::step_view(app())->explain;
    if (explain.find('{') != std::string::npos && explain.find("placeholder") != std::string::npos) {
      ctx->LogError("%s", explain.c_str());
      IM_CHECK_NO_RET(false);
    }
  }
  picture(ctx, name);
}

int first_step_of(const Lab& lab, const Experiment& experiment) {
  const auto at =
      std::ranges::find_if(lab.steps, [&](const Step& s) { return s.experiment == experiment.id; });
  return at == lab.steps.end() ? -1 : static_cast<int>(at - lab.steps.begin());
}

void move_controls(ImGuiTestContext* ctx, const Lab& lab, const Experiment& experiment) {
  open_page(ctx, lab, {PageKind::step, first_step_of(lab, experiment)});
  if (app().book.prediction_open()) {
    click(ctx, "//lesson", "###skip");
  }
  IM_CHECK(wait_idle(ctx));
  const int controls = move_every_control(ctx);
  IM_CHECK_EQ(controls, static_cast<int>(experiment.params.size()));
  check_done(ctx, "after moving every control");
  picture(ctx, text(lab.id, "_moved_", experiment.id));
}

/// Through the popup of the top bar: another source, and back.
void switch_input(ImGuiTestContext* ctx, const Lab& lab, const Experiment& experiment) {
  open_page(ctx, lab, {PageKind::step, first_step_of(lab, experiment)});
  if (app().book.prediction_open()) {
    click(ctx, "//lesson", "###skip");
  }
  IM_CHECK(wait_idle(ctx));
  const std::string before = app().book.input().name;
  for (const std::string& name : {std::string(before == "spike" ? "normal" : "spike"), before}) {
    const std::uint64_t shown = view().version;
    click(ctx, "//top", "###input");
    ctx->Yield(2);
    ctx->ItemClick("//$FOCUSED/input/##source");
    ctx->ItemClick(text("//$FOCUSED/###", name).c_str());
    ctx->Yield(2);
    ctx->PopupCloseAll();
    IM_CHECK_STR_EQ(app().book.input().name.c_str(), name.c_str());
    IM_CHECK(wait_for(ctx, 60, [&] { return view().version > shown && !app().runner.running(); }));
    check_done(ctx, "after switching the input");
  }
}

void export_once(ImGuiTestContext* ctx, const Lab& lab) {
  const auto step = std::ranges::find_if(lab.steps, [](const Step& s) { return !s.experiment.empty(); });
  open_page(ctx, lab, {PageKind::step, static_cast<int>(step - lab.steps.begin())});
  check_done(ctx, "before the export");
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_S);
  ctx->Yield(3);
  const std::filesystem::path folder = data_folder() / "exports of the lab";
  IM_CHECK(export_to(ctx, folder));
  if (app().exporter.status().state != JobState::done) {
    ctx->LogError("%s", app().exporter.status().error.c_str());
  }
  IM_CHECK(app().exporter.status().state == JobState::done);
  IM_CHECK(std::filesystem::file_size(folder / "report.html") > 1000);
  picture(ctx, text(lab.id, "_export"));
  app().exports.open = false;
  ctx->Yield(2);
}

}  // namespace

std::vector<Session> lab_sessions() {
  std::vector<Session> sessions;
  for (const Lab* lab : all_labs()) {
    Session session;
    session.name = std::string(lab->id);
    session.options.lab = session.name;
    session.tests.push_back(
        {"overview, quiz and reading list open", [lab](ImGuiTestContext* ctx) { other_pages(ctx, *lab); }});
    for (int i = 0; i < static_cast<int>(lab->steps.size()); ++i) {
      session.tests.push_back({text("step ", i + 1, " ", lab->steps[static_cast<std::size_t>(i)].key,
                                    " is predicted and explained"),
                               [lab, i](ImGuiTestContext* ctx) { try_step(ctx, *lab, i); }});
    }
    const Experiment* reads = nullptr;
    for (const Experiment& experiment : lab->experiments) {
      if (first_step_of(*lab, experiment) < 0) {
        continue;
      }
      reads = reads == nullptr && experiment.uses_input ? &experiment : reads;
      session.tests.push_back(
          {text("every control of ", experiment.id, " moves"),
           [lab, &experiment](ImGuiTestContext* ctx) { move_controls(ctx, *lab, experiment); }});
    }
    if (reads != nullptr) {
      session.tests.push_back({"the input is switched and switched back",
                               [lab, reads](ImGuiTestContext* ctx) { switch_input(ctx, *lab, *reads); }});
    }
    session.tests.push_back({"a step is exported", [lab](ImGuiTestContext* ctx) { export_once(ctx, *lab); }});
    sessions.push_back(std::move(session));
  }
  return sessions;
}

}  // namespace alab::gui_test
