// One check of the verdict: passed or not, and for a failed one what, where and how much.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/shell/exercise/parts.hpp"
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"

namespace alab::shell {
namespace {

using student::CheckVerdict;
using student::Status;

constexpr std::size_t kMostFindings = 4;

void title_line(App& app, const CheckVerdict& check) {
  const ui::Palette& c = app.ui.colors();
  const bool passed = check.status == Status::passed;
  const char* icon = passed ? ICON_FA_CIRCLE_CHECK
                            : (check.status == Status::failed ? ICON_FA_CIRCLE_XMARK : ICON_FA_CIRCLE_MINUS);
  const ImVec4 color = passed ? c.green : (check.status == Status::failed ? c.orange : c.muted);
  const float em = ui::em(1);
  const float left = ImGui::GetCursorPosX(), room = ImGui::GetContentRegionAvail().x;
  const std::string points = text(number_in_words(check.earned), " / ", number_in_words(check.points));
  const float width = ImGui::CalcTextSize(points.c_str()).x;
  ui::text_colored(color, icon);
  ImGui::SameLine(left + room - width);
  ui::text_colored(color, points);
  ImGui::SameLine(left + 1.6F * em);
  ui::paragraph(app.ui, check.title, passed ? ui::Type::body : ui::Type::bold, room - width - 2.4F * em);
}

void first_bad(App& app, const CheckVerdict& check) {
  if (!check.first_bad) {
    return;
  }
  const student::BadElement& bad = *check.first_bad;
  if (ImGui::BeginTable("bad", 3, ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_SizingStretchSame)) {
    for (const char* word : {"first wrong element", "expected", "got"}) {
      ImGui::TableNextColumn();
      ui::muted(app.ui, word, ui::Type::tiny);
    }
    ImGui::TableNextColumn();
    ui::text_as(app.ui, ui::Type::code, bad.name);
    ImGui::TableNextColumn();
    ui::text_as(app.ui, ui::Type::code, number_in_words(bad.expected));
    ImGui::TableNextColumn();
    ui::push_type(app.ui, ui::Type::code);
    ui::text_colored(app.ui.colors().orange, number_in_words(bad.got));
    ui::pop_type();
    ImGui::EndTable();
  }
}

void counters(App& app, const CheckVerdict& check) {
  for (const student::CounterBound& bound : check.counters) {
    ui::push_type(app.ui, ui::Type::code);
    ui::paragraph(app.ui, bound.expression, ui::Type::code);
    ui::pop_type();
    ui::push_type(app.ui, ui::Type::small);
    ui::text_colored(
        bound.holds ? app.ui.colors().green : app.ui.colors().orange,
        text(bound.holds ? ICON_FA_CHECK "  " : ICON_FA_XMARK "  ", bound_in_words(check, bound)));
    ui::pop_type();
  }
}

void findings(App& app, ExerciseView& view, const CheckVerdict& check) {
  for (std::size_t i = 0; i < std::min(check.findings.size(), kMostFindings); ++i) {
    const counted::Finding& finding = check.findings[i];
    ImGui::PushID(static_cast<int>(i));
    ui::push_type(app.ui, ui::Type::small);
    ui::text_colored(app.ui.colors().orange, text(ICON_FA_BUG "  ", student::in_words(finding.mistake)));
    const int line = student_line(finding);
    for (std::size_t m = 0; line > 0 && m < view.marks.size(); ++m) {
      if (view.marks[m].line == line && view.marks[m].kind == MarkKind::finding) {
        ImGui::SameLine();
        line_link(app, view, "line", std::max(1, view.code.line_of(m)));
        break;
      }
    }
    ui::pop_type();
    ui::paragraph(app.ui, told(finding), ui::Type::small);
    ImGui::PopID();
  }
  if (check.findings.size() > kMostFindings) {
    ui::muted(app.ui, text("and ", check.findings.size() - kMostFindings, " more, marked in the code"));
  }
}

/// What the thread showed that wrote the worst element, or how it can.
std::string shown_in_words(const student::ErrorMap& map) {
  if (map.shown.empty()) {
    return "To see its partial sums, put lab::watch(\"sum\", sum); into its loop.";
  }
  std::string out;
  for (const student::ShownSeries& series : map.shown) {
    out += text(out.empty() ? "" : "\n", student::in_words(series));
  }
  return out;
}

/// Opens with a click on its cell, or by its name.
void worst_element(App& app, ExerciseView& view, const CheckVerdict& check, panels::HeatmapState& state) {
  const student::ErrorMap& map = *check.error_map;
  const auto [row, col] = worst_cell(map);
  if (state.pinned_row != row || state.pinned_col != col) {
    if (ui::link_text(app.ui, "worst", text("Show the worst element, ", map.worst.name))) {
      state.pinned_row = row;
      state.pinned_col = col;
    }
    return;
  }
  ui::begin_card(app.ui, "worst_card", ui::CardKind::plain, text("The worst element, ", map.worst.name));
  ui::paragraph(
      app.ui, text("expected ", number_in_words(map.worst.expected), ", got ", number_in_words(map.worst.got),
                   "; error ", number_in_words(map.worst.got - map.worst.expected)));
  if (!map.writer.empty()) {
    ui::paragraph(app.ui, text("written by ", map.writer), ui::Type::small);
    if (const int line = line_of_writer(map); line > 0 && !is_stale(view)) {
      line_link(app, view, "writer", line);
    }
    ui::paragraph(app.ui, shown_in_words(map), ui::Type::small);
  }
  ui::end_card();
}

void error_map(App& app, ExerciseView& view, const CheckVerdict& check) {
  if (!check.error_map) {
    return;
  }
  const student::ErrorMap& map = *check.error_map;
  ui::vspace(0.3F);
  panels::HeatmapState& state = view.maps[check.id];
  panels::heatmap_panel(app.ui, heatmap_of(check, map), view.verdicts, state, {0, ui::em(19)});
  ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().muted);
  ui::paragraph(app.ui, seeing(map), ui::Type::tiny);
  ImGui::PopStyleColor();
  worst_element(app, view, check, state);
}

void details(App& app, ExerciseView& view, const CheckVerdict& check) {
  if (check.visibility != "visible") {
    ui::muted(app.ui, "What this check runs is not shown.");
    return;
  }
  if (check.diagnosis) {
    ui::begin_card(app.ui, "diagnosis", ui::CardKind::find_the_bug, "What it looks like");
    ui::paragraph(app.ui, check.diagnosis->sentence);
    ui::end_card();
    ui::vspace(0.2F);
  }
  const bool in_finding = check.rule == "finding" && !check.findings.empty();
  if (!in_finding) {
    ui::paragraph(app.ui, check.sentence);
  }
  first_bad(app, check);
  counters(app, check);
  findings(app, view, check);
  if (check.first_failure) {
    ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().muted);
    ui::paragraph(app.ui,
                  text(check.failed_runs, " of ", check.runs, " runs fail; the first with ",
                       student::to_string(*check.first_failure)),
                  ui::Type::tiny);
    ImGui::PopStyleColor();
  }
  error_map(app, view, check);
  if (!check.why.empty()) {
    ui::paragraph(app.ui, check.why, ui::Type::small);
  }
}

}  // namespace

void draw_check(App& app, ExerciseView& view, const CheckVerdict& check) {
  ImGui::PushID(check.id.c_str());
  title_line(app, check);
  const float indent = ui::em(1.6F);
  ImGui::Indent(indent);
  if (check.status == Status::failed) {
    details(app, view, check);
  } else if (check.status == Status::passed && check.visibility == "visible") {
    counters(app, check);
  }
  ImGui::Unindent(indent);
  ui::vspace(0.5F);
  ImGui::PopID();
}

}  // namespace alab::shell
