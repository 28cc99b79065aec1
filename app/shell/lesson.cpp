// The lesson column: one page of the current lab, in the rhythm predict, run, explain.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/panels/checks_panel.hpp"
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"

namespace alab::shell {
namespace {

constexpr float kReadingWidth = 38;  ///< em: about 75 characters

ui::CardKind card_of(StepKind kind) {
  return kind == StepKind::find_the_bug
             ? ui::CardKind::find_the_bug
             : (kind == StepKind::errata ? ui::CardKind::errata : ui::CardKind::plain);
}

void step_heading(App& app, const Step& step, int number) {
  if (step.kind != StepKind::lesson) {
    const ui::CardLook look = ui::look_of(app.ui, card_of(step.kind));
    ui::push_type(app.ui, ui::Type::small);
    ui::text_colored(look.accent, text(look.icon, "  ", look.title));
    ui::pop_type();
  }
  ui::paragraph(app.ui, text(number, "  ", unnumbered(step.title)), ui::Type::heading2);
  ui::vspace(0.15F);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddRectFilled(at, {at.x + ImGui::GetContentRegionAvail().x, at.y + 1},
                                            ui::u32(app.ui.colors().line_strong));
  ui::vspace(0.55F);
}

void run_line(App& app, const RunView& run) {
  const bool running = run.phase == RunPhase::running;
  const bool ran = app.book.step_progress()->ran;
  if (running) {
    if (ui::quiet_button(app.ui, ICON_FA_STOP "  Cancel###cancel")) {
      do_action(app, "cancel");
    }
    ImGui::SameLine();
    ImGui::AlignTextToFramePadding();
    ui::text_fitted(app.ui, run.what, ImGui::GetContentRegionAvail().x);
    return;
  }
  const bool pressed = ran ? ui::quiet_button(app.ui, ICON_FA_PLAY "  Run again###run")
                           : ui::primary_button(app.ui, ICON_FA_PLAY "  Run###run");
  ImGui::SameLine();
  ImGui::AlignTextToFramePadding();
  ui::muted(app.ui, run.sweep                      ? "F5   leaves the sweep"
                    : run.phase == RunPhase::stale ? "F5   the settings have changed"
                                                   : "F5");
  if (pressed) {
    run_step(app);
  }
}

/// The step's text with {param:...} filled in; as it is written when it asks for what only a run can give.
std::string body_of(const App& app, const LessonSection& section) {
  try {
    return fill_placeholders(section.body, {}, app.book.params(), "");
  } catch (const Error&) {
    return section.body;
  }
}

void draw_step(App& app, const Lab& lab, const Step& step) {
  StepView& view = *step_view(app);
  step_heading(app, step, app.book.page().step + 1);
  const LessonSection& section = app.book.section(lab, step.key);
  const bool errata = step.kind == StepKind::errata;
  if (errata) {
    ui::begin_card(app.ui, "errata", ui::CardKind::errata);
  }
  app.markdown.draw(app.ui, "text", body_of(app, section));
  if (errata) {
    ui::end_card();
  }
  ui::vspace(0.7F);
  if (step.prediction.kind != PredictionKind::none) {
    draw_predict_card(app, step, view);
    ui::vspace(0.6F);
  }
  const bool open = app.book.prediction_open();
  const RunView run = run_view(app);
  if (app.book.experiment() != nullptr && !open) {
    run_line(app, run);
    ui::vspace(0.6F);
  }
  draw_explain_card(app, step, view, run);
}

}  // namespace

void draw_navigation(App& app) {
  ui::vspace(0.8F);
  const float half = (ImGui::GetContentRegionAvail().x - ui::em(1)) / 2;
  const auto all = app.book.pages(*app.book.lab());
  const auto here = std::ranges::find(all, app.book.page());
  const auto name = [&](const Page& page) {
    const std::string number = page.kind == PageKind::step ? text(page.step + 1, "  ") : "";
    return number + app.book.page_title(*app.book.lab(), page);
  };
  const auto fit = [&](std::string words) {
    const float room = half - ui::em(3);
    while (words.size() > 4 && ImGui::CalcTextSize(words.c_str()).x > room) {
      words.erase(words.size() - 4);
      while (!words.empty() && (static_cast<unsigned char>(words.back()) & 0xC0U) == 0x80U) {
        words.pop_back();
      }
      words += "…";
    }
    return words;
  };
  const bool has_back = app.book.has_back();
  const std::string back =
      has_back ? text(ICON_FA_CHEVRON_LEFT "  ", fit(name(*std::prev(here))), "###back") : "";
  if (has_back && ui::quiet_button(app.ui, back.c_str())) {
    app.book.back();
    return;
  }
  if (app.book.has_next()) {
    const std::string words = fit(name(*std::next(here)));
    const std::string next = text(words, "  " ICON_FA_CHEVRON_RIGHT "###next");
    const float width = ImGui::CalcTextSize((words + "  " ICON_FA_CHEVRON_RIGHT).c_str()).x +
                        2 * ImGui::GetStyle().FramePadding.x;
    if (has_back) {
      ImGui::SameLine();
    }
    align_right(width);
    const Step* step = app.book.step();
    const bool done = step == nullptr || app.book.step_done(*app.book.lab(), *step);
    if (done ? ui::primary_button(app.ui, next.c_str()) : ui::quiet_button(app.ui, next.c_str())) {
      app.book.next();
      return;
    }
  }
  if (here->kind == PageKind::step) {
    ui::vspace(0.2F);
    ui::muted(app.ui, text("step ", here->step + 1, " of ", app.book.lab()->steps.size()));
  }
  ui::vspace(1.0F);
}

namespace {

void draw_page(App& app) {
  const Lab& lab = *app.book.lab();
  const Page page = app.book.page();
  switch (page.kind) {
    case PageKind::overview:
      draw_overview(app, lab);
      break;
    case PageKind::step:
      draw_step(app, lab, *app.book.step());
      break;
    case PageKind::exercise:
      break;  // its column scrolls in part: draw_lesson
    case PageKind::quiz:
      draw_quiz(app, lab);
      break;
    case PageKind::readings:
      draw_readings(app, lab);
      break;
  }
  draw_navigation(app);
}

void page_keys(App& app) {
  if (!ImGui::IsWindowFocused() || ImGui::GetIO().WantTextInput || ImGui::GetIO().KeyCtrl) {
    return;
  }
  const float step = 0.9F * ImGui::GetWindowHeight();
  if (ImGui::IsKeyPressed(ImGuiKey_PageDown)) {
    ImGui::GetScrollY() >= ImGui::GetScrollMaxY() - 1 ? do_action(app, "next")
                                                      : ImGui::SetScrollY(ImGui::GetScrollY() + step);
  }
  if (ImGui::IsKeyPressed(ImGuiKey_PageUp)) {
    ImGui::GetScrollY() <= 1 ? do_action(app, "back") : ImGui::SetScrollY(ImGui::GetScrollY() - step);
  }
}

}  // namespace

void draw_lesson(App& app) {
  const Layout& c = app.columns;
  const float height = ImGui::GetMainViewport()->Size.y - c.top - c.bottom;
  const float em = ui::kBodySize * ImGui::GetStyle().FontScaleMain;
  const float margin = std::max(1.3F * em, (c.lesson - kReadingWidth * em) / 2);
  if (exercise_view(app) != nullptr) {
    if (begin_region(
            {"lesson", {c.contents, c.top}, {c.lesson, height}, {margin, 0.8F * em}, app.ui.colors().page})) {
      draw_exercise_task(app);
    }
    end_region();
    return;
  }
  if (begin_region({"lesson",
                    {c.contents, c.top},
                    {c.lesson, height},
                    {margin, 1.2F * em},
                    app.ui.colors().page,
                    true})) {
    if (app.scroll_lesson_top) {
      ImGui::SetScrollY(0);
      app.scroll_lesson_top = false;
    }
    page_keys(app);
    if (app.hero) {
      draw_welcome(app);
    } else if (app.book.lab() == nullptr) {
      draw_welcome(app);
    } else {
      draw_page(app);
    }
  }
  end_region();
}

}  // namespace alab::shell
