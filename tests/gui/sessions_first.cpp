// The first minute: an empty data folder.
// SPDX-License-Identifier: MIT
#include "tests/gui/steps.hpp"

namespace alab::gui_test {
namespace {

void hero_plays(ImGuiTestContext* ctx) {
  IM_CHECK(app().hero);
  IM_CHECK(wait_for(ctx, 60, [] { return !app().hero_view->results.steppers.empty(); }));
  auto& stepper = app().hero_view->results.steppers.begin()->second;
  const auto first = stepper.frame;
  IM_CHECK(stepper.playing);
  picture(ctx, "first_start");
  IM_CHECK(wait_for(ctx, 10, [&] { return stepper.frame > first + 2; }));
  IM_CHECK(exists(ctx, "//lesson", "###start"));
}

void start_opens_lab_one(ImGuiTestContext* ctx) {
  click(ctx, "//lesson", "###start");
  IM_CHECK(!app().hero);
  IM_CHECK(app().book.lab() == app().book.labs().front());
  IM_CHECK(app().book.page().kind == shell::PageKind::overview);
  picture(ctx, "overview");
  click(ctx, "//lesson", "###begin");
  IM_CHECK(app().book.page().kind == shell::PageKind::step);
  IM_CHECK(app().book.prediction_open());
  picture(ctx, "first_step");
}

void plot_waits_for_prediction(ImGuiTestContext* ctx) {
  ctx->KeyPress(ImGuiKey_F5);
  ctx->Yield(3);
  IM_CHECK(!app().runner.running());
  IM_CHECK(view().result == nullptr);
  predict(ctx);
  IM_CHECK(wait_for(ctx, 60, [] { return view().result != nullptr; }));
  IM_CHECK(app().book.step_progress()->ran);
  IM_CHECK(wait_for(ctx, 5, [&] { return shell::step_view(app())->explained != 0; }));
  ctx->SleepNoSkip(1.0F, 1.0F / 30);
  picture(ctx, "first_explained");
}

}  // namespace

std::vector<Session> first_sessions() {
  return {{"first_start",
           {{"a stepper plays beside the welcome", hero_plays},
            {"start with lab 1 opens its overview and first step", start_opens_lab_one},
            {"the plot is drawn only after a prediction, then the explanation follows",
             plot_waits_for_prediction}}}};
}

}  // namespace alab::gui_test
