// SPDX-License-Identifier: MIT
#include "tests/gui/steps.hpp"

#include <chrono>
#include <thread>

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
    std::this_thread::sleep_for(std::chrono::milliseconds(4));  // leaves the processor to what is waited for
  }
  return true;
}

bool wait_idle(ImGuiTestContext* ctx, double seconds) {
  // A quick look is followed by the full run, some frames later.
  const auto idle = [] { return !app().runner.running() && app().quick.seen == app().quick.completed; };
  return wait_for(ctx, seconds, [&] { return idle() && (ctx->Yield(2), idle()); });
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

bool export_to(ImGuiTestContext* ctx, const std::filesystem::path& folder) {
  if (!app().exports.open) {
    return false;
  }
  app().exports.folder = folder.string();
  ctx->Yield(2);
  click(ctx, "//export", "###go");
  return wait_for(ctx, 60, [] { return !app().exporter.running(); });
}

}  // namespace alab::gui_test
