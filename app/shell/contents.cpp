// Chapters and labs with their progress at the left; icons only where the window is narrow.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"

namespace alab::shell {
namespace {

const char* chapter_title(int chapter) {
  switch (chapter) {
    case 5:
      return "Linear attention";
    case 6:
      return "Gated linear attention";
    case 10:
      return "Flash attention";
    default:
      return "Labs";
  }
}

/// A row as wide as the column, its ground rounded; true when clicked.
bool row(App& app, const char* id, float height, bool current) {
  const float width = ImGui::GetContentRegionAvail().x;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const bool clicked = ImGui::InvisibleButton(id, {std::max(1.0F, width), height});
  const bool hovered = ImGui::IsItemHovered() || ImGui::IsItemFocused();
  if (current && app.scroll_contents) {
    if (!ImGui::IsItemVisible() || at.y + height > ImGui::GetWindowPos().y + ImGui::GetWindowHeight()) {
      ImGui::SetScrollHereY(0.5F);
    }
    app.scroll_contents = false;
  }
  if (current || hovered) {
    ImGui::GetWindowDrawList()->AddRectFilled(
        at, {at.x + width, at.y + height},
        ui::u32(current ? app.ui.colors().selected : app.ui.colors().hover), 6);
  }
  ImGui::SetCursorScreenPos(at);
  return clicked;
}

const ExerciseCard& card_of(const App& app, const Lab& lab, const Page& page) {
  return *app.book.exercises(lab)[static_cast<std::size_t>(page.step)];
}

/// "3/10" once it was tried.
std::string points_of(const App& app, const Lab& lab, const Page& page) {
  if (page.kind != PageKind::exercise) {
    return "";
  }
  const ExerciseProgress* progress = app.book.find_exercise(card_of(app, lab, page).id);
  return progress == nullptr || progress->runs == 0
             ? ""
             : text(number_in_words(progress->earned), "/", number_in_words(progress->points));
}

std::string row_title(const App& app, const Lab& lab, const Page& page) {
  if (page.kind == PageKind::exercise) {
    const ExerciseCard& card = card_of(app, lab, page);
    return text(card.number, "  ", card.title);
  }
  const std::string number = page.kind == PageKind::step ? text(page.step + 1, "  ") : "";
  return number + app.book.page_title(lab, page);
}

void page_icon(App& app, const Lab& lab, const Page& page) {
  const ui::Palette& c = app.ui.colors();
  const char* icon = ICON_FA_BOOK_OPEN;
  ImVec4 color = c.muted;
  if (page.kind == PageKind::quiz) {
    icon = ICON_FA_CIRCLE_QUESTION;
    const LabProgress* progress = app.book.find_progress(lab);
    color = progress != nullptr && progress->quiz.size() == lab.quiz.size() ? c.green : c.muted;
  } else if (page.kind == PageKind::readings) {
    icon = ICON_FA_BOOKMARK;
  } else if (page.kind == PageKind::exercise) {
    const ExerciseProgress* progress = app.book.find_exercise(card_of(app, lab, page).id);
    const ExerciseState state = progress == nullptr ? ExerciseState::untouched : progress->state();
    icon = state == ExerciseState::passed ? ICON_FA_CIRCLE_CHECK : ICON_FA_CODE;
    color =
        state == ExerciseState::passed ? c.green : (state == ExerciseState::tried ? c.blue : c.line_strong);
  } else if (page.kind == PageKind::step) {
    const Step& step = lab.steps[static_cast<std::size_t>(page.step)];
    const StepProgress* progress = app.book.find_step(lab, step);
    icon = step.kind == StepKind::find_the_bug
               ? ICON_FA_BUG
               : (step.kind == StepKind::errata ? ICON_FA_PEN : ICON_FA_CIRCLE);
    if (app.book.step_done(lab, step)) {
      icon = ICON_FA_CIRCLE_CHECK;
      color = c.green;
    } else if (progress != nullptr && progress->visited) {
      color = c.blue;
    } else {
      color = c.line_strong;
    }
  }
  ui::push_type(app.ui, ui::Type::tiny);
  ui::text_colored(color, icon);
  ui::pop_type();
}

void page_rows(App& app, const Lab& lab) {
  const float height = std::round(1.55F * ui::em(1));
  const Page here = app.book.page();
  ImGui::PushID(std::string(lab.id).c_str());
  int index = 0;
  for (const Page& page : app.book.pages(lab)) {
    const std::string id = text("page", index++);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (row(app, id.c_str(), height, page == here)) {
      app.book.open(lab.id, page);
    }
    const float room = ImGui::GetContentRegionAvail().x;
    ImGui::SetCursorScreenPos({at.x + ui::em(1.3F), at.y + 0.25F * ui::em(1)});
    page_icon(app, lab, page);
    ImGui::SetCursorScreenPos({at.x + ui::em(2.5F), at.y + 0.22F * ui::em(1)});
    ui::push_type(app.ui, ui::Type::small);
    const std::string points = points_of(app, lab, page);
    const float width = points.empty() ? 0 : ImGui::CalcTextSize(points.c_str()).x + ui::em(0.6F);
    ui::text_fitted(app.ui, row_title(app, lab, page), room - ui::em(3.0F) - width);
    if (!points.empty()) {
      ImGui::SetCursorScreenPos({at.x + room - width, at.y + 0.22F * ui::em(1)});
      ui::text_colored(app.ui.colors().muted, points);
    }
    ui::pop_type();
    ImGui::SetCursorScreenPos({at.x, at.y + height});
    ImGui::Dummy({1, 0});
  }
  ImGui::PopID();
}

void lab_row(App& app, const Lab& lab, int number, float height) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const bool current = app.book.lab() == &lab;
  if (row(app, std::string(lab.id).c_str(), height, false)) {
    app.book.open(lab.id);
  }
  const float room = ImGui::GetContentRegionAvail().x;
  const float em = ui::em(1);
  ImGui::SetCursorScreenPos({at.x + 0.5F * em, at.y + (height - em) / 2});
  if (current) {
    ui::push_type(app.ui, ui::Type::bold);
  }
  ui::text_fitted(app.ui, text(number, "  ", lab.title), room - 2.6F * em);
  if (current) {
    ui::pop_type();
  }
  ImGui::SetCursorScreenPos({at.x + room - 1.7F * em, at.y + (height - 1.1F * em) / 2});
  ui::progress_ring(app.ui, app.book.fraction(lab), 0.5F * em);
  ImGui::SetCursorScreenPos({at.x, at.y + height});
  ImGui::Dummy({1, 0});
}

void lab_icon(App& app, const Lab& lab, int number) {
  const float em = ui::em(1);
  const float height = 2.5F * em;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const bool current = app.book.lab() == &lab;
  if (row(app, std::string(lab.id).c_str(), height, current && app.book.page().kind == PageKind::overview)) {
    app.book.open(lab.id);
  }
  ui::help(app.ui, text("Chapter ", lab.chapter, ": ", lab.title));
  const float width = ImGui::GetContentRegionAvail().x;
  const float radius = 0.92F * em;
  ImGui::SetCursorScreenPos({at.x + width / 2 - radius, at.y + height / 2 - radius});
  ui::progress_ring(app.ui, std::min(0.999, app.book.fraction(lab)), radius);
  const std::string label = text(number);
  ui::push_type(app.ui, current ? ui::Type::bold : ui::Type::small);
  const ImVec2 size = ImGui::CalcTextSize(label.c_str());
  const bool done = app.book.fraction(lab) >= 1;
  ImGui::GetWindowDrawList()->AddText({at.x + (width - size.x) / 2, at.y + (height - size.y) / 2},
                                      ui::u32(done ? app.ui.colors().green : app.ui.colors().ink),
                                      label.c_str());
  ui::pop_type();
  ImGui::SetCursorScreenPos({at.x, at.y + height});
  ImGui::Dummy({1, 0});
}

void page_dots(App& app, const Lab& lab) {
  const float em = ui::em(1);
  int index = 0;
  ImGui::PushID(std::string(lab.id).c_str());
  for (const Page& page : app.book.pages(lab)) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const std::string id = text("page", index++);
    if (row(app, id.c_str(), 1.45F * em, page == app.book.page())) {
      app.book.open(lab.id, page);
    }
    const std::string points = points_of(app, lab, page);
    ui::help(app.ui, text(page.kind == PageKind::exercise ? "Exercise " : "", row_title(app, lab, page),
                          points.empty() ? "" : text("   ", points, " points")));
    const float width = ImGui::GetContentRegionAvail().x;
    ImGui::SetCursorScreenPos({at.x + width / 2 - 0.42F * em, at.y + 0.3F * em});
    page_icon(app, lab, page);
    ImGui::SetCursorScreenPos({at.x, at.y + 1.45F * em});
    ImGui::Dummy({1, 0});
  }
  ImGui::PopID();
}

void draw_icons(App& app) {
  int chapter = -1;
  int number = 0;
  for (const Lab* lab : app.book.labs()) {
    if (lab->chapter != chapter) {
      chapter = lab->chapter;
      number = 0;
      ui::vspace(0.25F);
      const std::string label = text("Ch ", chapter);
      ui::push_type(app.ui, ui::Type::tiny);
      const float width = ImGui::CalcTextSize(label.c_str()).x;
      ImGui::SetCursorPosX(ImGui::GetCursorPosX() + (ImGui::GetContentRegionAvail().x - width) / 2);
      ui::text_colored(app.ui.colors().muted, label);
      ui::pop_type();
    }
    lab_icon(app, *lab, ++number);
    if (app.book.lab() == lab) {
      page_dots(app, *lab);
    }
  }
}

void draw_list(App& app) {
  int chapter = -1;
  int number = 0;
  for (const Lab* lab : app.book.labs()) {
    if (lab->chapter != chapter) {
      ui::vspace(chapter == -1 ? 0.1F : 0.7F);
      chapter = lab->chapter;
      number = 0;
      ImGui::SetCursorPosX(ImGui::GetCursorPosX() + ui::em(0.5F));
      ui::muted(app.ui, text("Chapter ", chapter, "  ·  ", chapter_title(chapter)), ui::Type::small);
      ui::vspace(0.15F);
    }
    lab_row(app, *lab, ++number, std::round(1.9F * ui::em(1)));
    if (app.book.lab() == lab) {
      page_rows(app, *lab);
      ui::vspace(0.2F);
    }
  }
}

}  // namespace

void draw_contents(App& app) {
  const Layout& c = app.columns;
  const float height = ImGui::GetMainViewport()->Size.y - c.top - c.bottom;
  const float em = ui::kBodySize * ImGui::GetStyle().FontScaleMain;
  const ImVec2 padding = c.icons_only ? ImVec2{0.3F * em, 0.5F * em} : ImVec2{0.6F * em, 0.8F * em};
  if (begin_region({"contents",
                    {0, c.top},
                    {c.contents, height},
                    padding,
                    app.ui.colors().panel,
                    true,
                    !c.icons_only})) {
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {ImGui::GetStyle().ItemSpacing.x, 1});
    if (app.book.labs().empty()) {
      ui::paragraph(app.ui, "This build holds no labs.", ui::Type::small);
    } else if (c.icons_only) {
      draw_icons(app);
    } else {
      draw_list(app);
    }
    ImGui::PopStyleVar();
  }
  end_region();
}

}  // namespace alab::shell
