// Moving the controls of a step by mouse, as a student does.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "imgui_internal.h"
#include "tests/gui/steps.hpp"

namespace alab::gui_test {
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

/// Scrolls the control into view and puts the mouse on it; checks that the whole of it can be seen.
ImRect reach(ImGuiTestContext* ctx, const std::string& tail) {
  const ImGuiTestItemInfo found = control(ctx, tail);
  if (found.ID == 0) {
    ctx->LogError("there is no control %s", tail.c_str());
    IM_CHECK_RETV(found.ID != 0, ImRect());
  }
  ctx->MouseMove(found.ID);
  const ImGuiTestItemInfo now = control(ctx, tail);
  const float hidden = now.RectFull.GetArea() - now.RectClipped.GetArea();
  if (hidden > 0.15F * now.RectFull.GetArea()) {
    ctx->LogError("control %s is cut off: %.0f of %.0f px in height are seen", tail.c_str(),
                  now.RectClipped.GetHeight(), now.RectFull.GetHeight());
    IM_CHECK_RETV(!"a control is cut off", ImRect());
  }
  return now.RectFull;
}

void click_control(ImGuiTestContext* ctx, const std::string& tail) {
  reach(ctx, tail);
  ctx->MouseClick(ImGuiMouseButton_Left);
  ctx->Yield();
}

void drag_slider(ImGuiTestContext* ctx, const std::string& key, float part) {
  const ImRect box = reach(ctx, "##" + key);
  if (box.GetWidth() <= 0) {
    return;
  }
  ctx->MouseDown(ImGuiMouseButton_Left);
  ctx->MouseMoveToPos({box.Min.x + box.GetWidth() * part, box.GetCenter().y});
  ctx->MouseUp(ImGuiMouseButton_Left);
  ctx->Yield(2);
}

void move_slider(ImGuiTestContext* ctx, const Param& param) {
  const std::string key(param.key);
  const double before = app().book.params().value(param.key);
  for (const float part : {0.15F, 0.6F, 0.98F}) {  // first near the small end, where runs are short
    drag_slider(ctx, key, part);
    if (ctx->IsError() || app().book.params().value(param.key) != before) {
      return;
    }
  }
}

void choose(ImGuiTestContext* ctx, const Param& param, int next) {
  const std::string key(param.key);
  const std::string button = text(key, "/###", next);
  if (control(ctx, button).ID != 0) {
    click_control(ctx, button);
    return;
  }
  click_control(ctx, "##" + key);  // a long list of options is a combo
  ctx->Yield();
  ctx->ItemClick(text("//$FOCUSED/", param.options[static_cast<std::size_t>(next)]).c_str());
}

void move_control(ImGuiTestContext* ctx, const Param& param) {
  const std::string key(param.key);
  const std::string dice = text("dice:", key, "/###button");
  if (control(ctx, dice).ID != 0) {
    click_control(ctx, dice);
  } else if (param.kind == ParamKind::boolean) {
    click_control(ctx, "###" + key);
  } else if (param.kind == ParamKind::choice) {
    choose(ctx, param, app().book.params().value(param.key) == 0 ? static_cast<int>(param.max) : 0);
  } else {
    move_slider(ctx, param);
  }
  ctx->Yield(2);
}

}  // namespace

int move_every_control(ImGuiTestContext* ctx) {
  int moved = 0;
  const auto schema = app().book.params().schema();
  const std::vector<const Param*> all(schema.begin(), schema.end());
  for (const Param* param : all) {
    const double before = app().book.params().value(param->key);
    if (param->min == param->max) {
      ++moved;
      continue;
    }
    move_control(ctx, *param);
    if (ctx->IsError()) {
      return moved;
    }
    if (app().book.params().value(param->key) == before) {
      ctx->LogError("control %s did not move from %g", std::string(param->key).c_str(), before);
      IM_CHECK_RETV(!"a control did not move", moved);
    }
    ++moved;
  }
  return moved;
}

}  // namespace alab::gui_test
