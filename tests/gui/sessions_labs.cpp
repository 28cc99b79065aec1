// Every page of every lab: predict, run, move everything. One session per lab.
// SPDX-License-Identifier: MIT
#include "tests/gui/steps.hpp"

namespace alab::gui_test {
namespace {

using shell::Page;
using shell::PageKind;

void try_step(ImGuiTestContext* ctx, const Lab& lab, int index) {
  const Step& step = lab.steps[static_cast<std::size_t>(index)];
  open_page(ctx, lab, {PageKind::step, index});
  predict(ctx);
  if (app().book.experiment() == nullptr) {
    picture(ctx, text(lab.id, "_", index + 1, "_", step.key));
    return;
  }
  if (!app().book.step_progress()->ran) {
    run_and_wait(ctx);
  }
  IM_CHECK(wait_idle(ctx));
  IM_CHECK(view().phase == shell::RunPhase::done);
  IM_CHECK(wait_for(ctx, 5, [&] { return shell::step_view(app())->explained != 0; }));
  const std::string& explain = shell::step_view(app())->explain;
  if (explain.find('{') != std::string::npos && explain.find("placeholder") != std::string::npos) {
    ctx->LogError("%s", explain.c_str());
    IM_CHECK_NO_RET(false);
  }
  ctx->SleepNoSkip(0.7F, 1.0F / 30);
  picture(ctx, text(lab.id, "_", index + 1, "_", step.key));
  const int controls = move_every_control(ctx);
  IM_CHECK_EQ(controls, static_cast<int>(app().book.experiment()->params.size()));
  IM_CHECK(wait_idle(ctx));
  const shell::RunView now = view();
  if (now.phase != shell::RunPhase::done) {
    ctx->LogError("after moving every control: %s", now.error.c_str());
  }
  IM_CHECK_NO_RET(now.phase == shell::RunPhase::done);
  picture(ctx, text(lab.id, "_", index + 1, "_", step.key, "_moved"));
}

void other_pages(ImGuiTestContext* ctx, const Lab& lab) {
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

}  // namespace

std::vector<Session> lab_sessions() {
  std::vector<Session> sessions;
  for (const Lab* lab : all_labs()) {
    Session session;
    session.name = std::string(lab->id);
    session.options.lab = std::string(lab->id);
    session.tests.push_back(
        {"overview, quiz and reading list open", [lab](ImGuiTestContext* ctx) { other_pages(ctx, *lab); }});
    for (int i = 0; i < static_cast<int>(lab->steps.size()); ++i) {
      session.tests.push_back({text("step ", i + 1, " ", lab->steps[static_cast<std::size_t>(i)].key,
                                    " predicts, runs, and every control moves"),
                               [lab, i](ImGuiTestContext* ctx) { try_step(ctx, *lab, i); }});
    }
    sessions.push_back(std::move(session));
  }
  return sessions;
}

}  // namespace alab::gui_test
