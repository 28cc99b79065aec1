// SPDX-License-Identifier: MIT
#include "tests/gui/steps.hpp"

#include <chrono>

#include "imgui_internal.h"

namespace alab::gui_test {

using shell::AnswerKind;
using shell::RunPhase;

bool wait_for(ImGuiTestContext* ctx, double seconds, const std::function<bool()>& done) {
  const auto start = std::chrono::steady_clock::now();
  while (!done()) {
    if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > seconds ||
        ctx->IsError()) {
      return false;
    }
    ctx->Yield();
  }
  return true;
}

bool wait_idle(ImGuiTestContext* ctx, double seconds) {
  return wait_for(ctx, seconds, [] { return !app().runner.running(); }) && (ctx->Yield(2), true);
}

shell::RunView view() {
  return shell::run_view(app());
}

namespace {

ImGuiTestItemInfo find(ImGuiTestContext* ctx, const char* window, const std::string& tail) {
  ctx->SetRef(window);
  return ctx->ItemInfo(("**/" + tail).c_str(), ImGuiTestOpFlags_NoError);
}

}  // namespace

ImGuiTestItemInfo item(ImGuiTestContext* ctx, const char* window, const std::string& tail) {
  ImGuiTestItemInfo info = find(ctx, window, tail);
  if (info.ID == 0) {
    ctx->LogError("no item %s in %s", tail.c_str(), window);
    IM_CHECK_NO_RET(info.ID != 0);
  }
  return info;
}

bool exists(ImGuiTestContext* ctx, const char* window, const std::string& tail) {
  return find(ctx, window, tail).ID != 0;
}

void click(ImGuiTestContext* ctx, const char* window, const std::string& tail) {
  const ImGuiTestItemInfo info = item(ctx, window, tail);
  if (info.ID != 0) {
    ctx->ItemClick(info.ID);
    ctx->Yield();
  }
}

void open_page(ImGuiTestContext* ctx, const Lab& lab, shell::Page page) {
  if (app().book.lab() != &lab) {
    click(ctx, "//contents", std::string(lab.id));
  }
  int index = 0;
  for (const shell::Page& one : app().book.pages(lab)) {
    if (one == page) {
      click(ctx, "//contents", text(lab.id, "/page", index));
    }
    ++index;
  }
  IM_CHECK(app().book.lab() == &lab);
  IM_CHECK(app().book.page() == page);
  ctx->Yield(2);
}

namespace {

void draw_curve(ImGuiTestContext* ctx, const Prediction& prediction) {
  IM_CHECK(wait_for(ctx, 60, [] { return view().result != nullptr; }));
  ctx->Yield(3);
  const std::string slope = text("draw:", prediction.plot, "/slope1");
  if (exists(ctx, "//instruments", slope)) {
    click(ctx, "//instruments", slope);
  }
  ImGuiWindow* results = ctx->WindowInfo("//instruments").Window;
  IM_CHECK(results != nullptr);
  const ImVec2 middle = results->Rect().GetCenter();
  ctx->MouseMoveToPos({middle.x - 120, middle.y - 60});
  ctx->MouseDown();
  for (int i = 0; i <= 12; ++i) {
    ctx->MouseMoveToPos(
        {middle.x - 120 + 20.0F * static_cast<float>(i), middle.y - 60 + 4.0F * static_cast<float>(i)});
  }
  ctx->MouseUp();
  ctx->Yield(2);
}

}  // namespace

void predict(ImGuiTestContext* ctx) {
  if (!app().book.prediction_open()) {
    return;
  }
  const Step* step = app().book.step();
  switch (step->prediction.kind) {
    case PredictionKind::choice:
      click(ctx, "//lesson", "option0");
      break;
    case PredictionKind::number:
      ctx->ItemInputValue(item(ctx, "//lesson", "##number").ID, "1.5");
      break;
    case PredictionKind::curve:
      draw_curve(ctx, step->prediction);
      break;
    case PredictionKind::none:
      break;
  }
  // Enter in the number field commits by itself.
  if (app().book.prediction_open()) {
    click(ctx, "//lesson", "###commit");
  }
  IM_CHECK(!app().book.prediction_open());
  IM_CHECK(app().book.step_progress()->answer.kind != AnswerKind::skipped);
}

void run_and_wait(ImGuiTestContext* ctx) {
  if (app().book.experiment() == nullptr) {
    return;
  }
  const std::uint64_t before = view().version;
  IM_CHECK(wait_idle(ctx));
  ctx->KeyPress(ImGuiKey_F5);
  IM_CHECK(wait_for(ctx, 60, [&] { return view().version > before && !app().runner.running(); }));
  const shell::RunView now = view();
  if (now.phase == RunPhase::failed) {
    ctx->LogError("%s", now.error.c_str());
  }
  IM_CHECK(now.phase == RunPhase::done);
  IM_CHECK(now.result != nullptr);
}

namespace {

/// A control of the settings, by its path below "params"; found also when it is scrolled out of view.
ImGuiTestItemInfo control(ImGuiTestContext* ctx, const std::string& tail) {
  const ImGuiTestItemInfo settings = ctx->WindowInfo("//instruments/settings", ImGuiTestOpFlags_NoError);
  if (settings.Window == nullptr) {
    return {};
  }
  ctx->SetRef(settings.Window);
  return ctx->ItemInfo(("params/" + tail).c_str(), ImGuiTestOpFlags_NoError);
}

void drag_slider(ImGuiTestContext* ctx, const std::string& tail, float part) {
  ctx->MouseMove(control(ctx, tail).ID);  // scrolls it into view
  const ImRect box = control(ctx, tail).RectFull;
  ctx->MouseMoveToPos(box.GetCenter());
  ctx->MouseDown();
  ctx->MouseMoveToPos({box.Min.x + box.GetWidth() * part, box.GetCenter().y});
  ctx->MouseUp();
  ctx->Yield(2);
}

void move_choice(ImGuiTestContext* ctx, const std::string& key, int next) {
  const ImGuiTestItemInfo button = control(ctx, text(key, "/###", next));
  if (button.ID != 0) {
    ctx->ItemClick(button.ID);
    return;
  }
  ctx->ItemClick(control(ctx, "##" + key).ID);
  ctx->KeyPress(next == 0 ? ImGuiKey_Home : ImGuiKey_End);
  ctx->KeyPress(ImGuiKey_Enter);
}

void move_control(ImGuiTestContext* ctx, const Param& param) {
  const std::string key(param.key);
  const double before = app().book.params().value(param.key);
  const ImGuiTestItemInfo dice = control(ctx, text("dice:", key, "/###button"));
  if (dice.ID != 0) {
    ctx->ItemClick(dice.ID);
  } else if (param.kind == ParamKind::boolean) {
    ctx->ItemClick(control(ctx, "###" + key).ID);
  } else if (param.kind == ParamKind::choice) {
    move_choice(ctx, key, before == 0 ? static_cast<int>(param.max) : 0);
  } else {
    drag_slider(ctx, "##" + key, 0.15F);  // near the small end, where runs are short
    if (app().book.params().value(param.key) == before) {
      drag_slider(ctx, "##" + key, 0.6F);
    }
  }
  ctx->Yield(2);
}

}  // namespace

int move_every_control(ImGuiTestContext* ctx) {
  int moved = 0;
  const std::vector<const Param*> all(app().book.params().schema().begin(),
                                      app().book.params().schema().end());
  for (const Param* param : all) {
    const double before = app().book.params().value(param->key);
    move_control(ctx, *param);
    const bool fixed = param->min == param->max;
    if (!fixed && app().book.params().value(param->key) == before) {
      ctx->LogError("control %s did not move from %g", std::string(param->key).c_str(), before);
      IM_CHECK_RETV(!"a control did not move", moved);
    }
    ++moved;
  }
  return moved;
}

}  // namespace alab::gui_test
