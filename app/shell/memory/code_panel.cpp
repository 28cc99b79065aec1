// The source of the chosen rung, and beside each line what its warps moved and computed.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "app/shell/memory/parts.hpp"
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "reference/core/result.hpp"

namespace alab::shell {
namespace {

struct Column {
  const char* word;
  float ems;
};
constexpr Column kTraffic[] = {{"sectors", 3.6F},    {"moved", 3.9F},     {"used", 2.9F},
                               {"wavefronts", 4.8F}, {"conflicts", 3.9F}, {"FLOPs", 3.8F}};
constexpr Column kOperations[] = {{"FLOPs", 4.6F}, {"beside", 4.6F}};

std::span<const Column> columns_of(Metric metric) {
  return metric == Metric::flops ? std::span<const Column>(kOperations) : kTraffic;
}
/// Beside the code, which scrolls.
int fixed_columns(Metric metric) {
  return 2 + static_cast<int>(columns_of(metric).size());
}

std::string count_text(std::uint64_t n) {
  return n == 0 ? std::string() : format_value(static_cast<double>(n), "count");
}
std::string bytes_text(std::uint64_t n) {
  return n == 0 ? std::string() : format_value(static_cast<double>(n), "bytes");
}
std::string percent_text(double share) {
  return share <= 0 ? std::string() : share < 0.01 ? "< 1 %" : text(std::lround(100 * share), " %");
}

double share_of(const SourceLine& line, Metric metric) {
  constexpr double SourceLine::*kShares[] = {&SourceLine::global_share, &SourceLine::shared_share,
                                             &SourceLine::flop_share};
  return line.*kShares[static_cast<std::size_t>(metric)];
}

void show_launch(MemoryDesk& desk, int launch) {
  ShownSource& shown = desk.source;
  shown.launch = launch;
  shown.texts = annotated_source(*shown.rung, shown.count == nullptr ? nullptr : &shown.count->profile,
                                 launch, shown.own);
  desk.file = std::min(desk.file, static_cast<int>(shown.texts.size()) - 1);
  desk.request.at = 0;
}

void choose_launch(App& app, float width) {
  MemoryDesk& desk = app.desk;
  const auto& launches = desk.source.count->profile.launches;
  const auto title = [&](int i) {
    return i < 0 ? text("all ", launches.size(), " kernels")
                 : text(i + 1, "  ", launches[static_cast<std::size_t>(i)].kernel);
  };
  ImGui::SetNextItemWidth(width);
  if (ImGui::BeginCombo("##launch", title(desk.source.launch).c_str())) {
    for (int i = -1; i < static_cast<int>(launches.size()); ++i) {
      if (ImGui::Selectable(text(title(i), "###launch", i).c_str(), i == desk.source.launch)) {
        show_launch(desk, i);
      }
    }
    ImGui::EndCombo();
  }
  ui::help(app.ui, "A rung may launch several kernels, one after the other");
}

void choices(App& app) {
  MemoryDesk& desk = app.desk;
  std::vector<std::string_view> files;
  for (const SourceText& one : desk.source.texts) {
    files.push_back(std::string_view(one.file).substr(one.file.rfind('/') + 1));
  }
  ui::push_type(app.ui, ui::Type::small);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {ui::em(0.5F), ui::em(0.15F)});
  const float room = ImGui::GetContentRegionAvail().x;
  const bool several = desk.source.count != nullptr && desk.source.count->profile.launches.size() > 1;
  const float metric_width = ui::em(19);
  const float launch_width = several ? ui::em(11) : 0;
  ui::segmented(app.ui, "file", files, &desk.file, room - metric_width - launch_width - ui::em(1.5F));
  if (several) {
    ImGui::SameLine();
    choose_launch(app, launch_width);
  }
  ImGui::SameLine();
  align_right(metric_width);
  constexpr std::string_view kMetrics[] = {"global traffic", "shared traffic", "FLOPs"};
  int metric = static_cast<int>(desk.metric);
  if (ui::segmented(app.ui, "metric", kMetrics, &metric, metric_width)) {
    desk.metric = static_cast<Metric>(metric);
  }
  ImGui::PopStyleVar();
  ui::pop_type();
}

void heading(App& app, const char* word, const char* tip = nullptr) {
  ImGui::TableNextColumn();
  if (tip == nullptr) {
    ui::glossary_term(app.ui, word);
  } else {
    ImGui::TextUnformatted(word);
    ui::help(app.ui, tip);
  }
}

void headings(App& app) {
  const float em = ui::em(1);
  constexpr ImGuiTableColumnFlags kFixed = ImGuiTableColumnFlags_WidthFixed;
  const std::span<const Column> columns = columns_of(app.desk.metric);
  ImGui::TableSetupColumn("line", kFixed, 2.1F * em);
  ImGui::TableSetupColumn("share", kFixed, 3.0F * em);
  for (const Column& column : columns) {
    ImGui::TableSetupColumn(column.word, kFixed, column.ems * em);
  }
  ImGui::TableSetupColumn("code", kFixed, 56 * em);
  ImGui::TableSetupScrollFreeze(fixed_columns(app.desk.metric), 1);
  ImGui::TableNextRow();
  heading(app, "line", "Line of the file");
  heading(app, "share");
  for (const Column& column : columns) {
    heading(app, column.word);
  }
  heading(app, "code", "Click a line for its access pattern");
}

void right_aligned(const std::string& words, const ImVec4& color) {
  const float spare = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(words.c_str()).x;
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(0.0F, spare));
  ui::text_colored(color, words);
}

void share_cell(const App& app, double share) {
  ImGui::TableNextColumn();
  if (share <= 0) {
    return;
  }
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, height = ImGui::GetTextLineHeight();
  const float bar = std::max(2.0F, width * static_cast<float>(std::min(1.0, share)));
  ImGui::GetWindowDrawList()->AddRectFilled({pos.x, pos.y + height - 3}, {pos.x + bar, pos.y + height},
                                            ui::u32(app.ui.colors().blue), 1);
  right_aligned(percent_text(share), app.ui.colors().ink);
}

void traffic_cells(const App& app, const counted::Counters& c) {
  const std::uint64_t sectors = sectors_of(c), conflicts = conflicts_of(c);
  const ImVec4 ink = app.ui.colors().ink;
  ImGui::TableNextColumn();
  right_aligned(count_text(sectors), ink);
  ImGui::TableNextColumn();
  right_aligned(bytes_text(32 * sectors), ink);
  ImGui::TableNextColumn();
  if (sectors > 0) {
    const double used = static_cast<double>(used_bytes_of(c)) / (32 * static_cast<double>(sectors));
    right_aligned(percent_text(used), used < 0.5 ? app.ui.colors().orange : ink);
  }
  ImGui::TableNextColumn();
  right_aligned(count_text(wavefronts_of(c)), ink);
  ImGui::TableNextColumn();
  right_aligned(count_text(conflicts), conflicts > 0 ? app.ui.colors().orange : ink);
}

void operations_cell(const App& app, const counted::FlopCounts& flops, std::uint64_t operations) {
  ImGui::TableNextColumn();
  if (operations > 0) {
    right_aligned(count_text(operations), app.ui.colors().ink);
    ui::help(app.ui, operations_in_words(flops));
  }
}

void numbers(const App& app, const SourceLine& line) {
  const bool only_operations = app.desk.metric == Metric::flops;
  if (!only_operations) {
    traffic_cells(app, line.counters);
  }
  operations_cell(app, line.flops, line.flops.flops());
  if (only_operations) {
    operations_cell(app, line.flops, line.flops.beside_flops());
  }
}

void source_row(App& app, const SourceText& file, int number) {
  MemoryDesk& desk = app.desk;
  const SourceLine& line = *file.line(number);
  const double share = share_of(line, desk.metric);
  const ui::Palette& c = app.ui.colors();
  ImGui::TableNextRow();
  if (share > 0) {
    ImGui::TableSetBgColor(ImGuiTableBgTarget_RowBg0,
                           ui::u32(ui::mix(c.raised, c.blue, 0.05F + 0.30F * static_cast<float>(share))));
  }
  ImGui::TableNextColumn();
  const counted::Line here{file.file, number};
  const bool chosen = desk.line == here;
  if (ImGui::Selectable(text("###line", number).c_str(), chosen,
                        ImGuiSelectableFlags_SpanAllColumns | ImGuiSelectableFlags_AllowOverlap)) {
    choose_line(app, here);
    desk.scroll_frames = 0;
  }
  if (!line.findings.empty() && ImGui::IsItemHovered()) {
    ui::tooltip(app.ui, desk.source.count->profile.findings[line.findings.front()].sentence);
  }
  const bool in_view = ImGui::IsItemVisible();
  if (!in_view) {
    return;
  }
  ImGui::SameLine(0, 0);
  if (line.findings.empty()) {
    right_aligned(std::to_string(number), line.executed ? c.ink : c.muted);
  } else {
    right_aligned(text(ICON_FA_TRIANGLE_EXCLAMATION " ", number), c.orange);
  }
  share_cell(app, share);
  numbers(app, line);
  ImGui::TableNextColumn();
  ui::push_type(app.ui, ui::Type::code);
  ImGui::PushFont(nullptr, ui::kTinySize);
  const bool prose = line.text.find_first_not_of(" \t") != std::string_view::npos &&
                     line.text.substr(line.text.find_first_not_of(" \t")).starts_with("//");
  ui::text_colored(prose ? c.muted : c.ink, line.text);
  ImGui::PopFont();
  ui::pop_type();
}

/// A few frames long: what is above the table may still change its height.
void scroll_to_line(App& app, const SourceText& file) {
  MemoryDesk& desk = app.desk;
  if (desk.scroll_frames == 0 || desk.line.file != file.file) {
    return;
  }
  --desk.scroll_frames;
  const float row = ImGui::GetTextLineHeight() + 2;
  ImGui::SetScrollY(
      std::max(0.0F, row * static_cast<float>(desk.line.line) - 0.4F * ImGui::GetWindowHeight()));
}

void source_table(App& app, float height) {
  const MemoryDesk& desk = app.desk;
  const SourceText& file = desk.source.texts[static_cast<std::size_t>(desk.file)];
  ui::push_type(app.ui, ui::Type::tiny);
  ImGui::PushStyleVar(ImGuiStyleVar_CellPadding, {ui::em(0.2F), 1});
  ImGui::PushStyleColor(ImGuiCol_TableRowBg, app.ui.colors().raised);
  ImGui::PushStyleColor(ImGuiCol_TableRowBgAlt, app.ui.colors().raised);
  constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_ScrollX | ImGuiTableFlags_ScrollY |
                                     ImGuiTableFlags_RowBg | ImGuiTableFlags_NoBordersInBody |
                                     ImGuiTableFlags_NoSavedSettings;
  if (ImGui::BeginTable("source", fixed_columns(desk.metric) + 1, kFlags, {0, height})) {
    scroll_to_line(app, file);
    headings(app);
    for (int number = 1; number <= static_cast<int>(file.lines.size()); ++number) {
      source_row(app, file, number);
    }
    ImGui::EndTable();
  }
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar();
  ui::pop_type();
}

void finding_row(App& app, const counted::Finding& finding, std::size_t index) {
  ImGui::PushID(static_cast<int>(index));
  ui::text_colored(app.ui.colors().orange, ICON_FA_TRIANGLE_EXCLAMATION);
  ImGui::SameLine(0, ui::em(0.5F));
  const bool known = finding.line.line > 0;
  if (known && ui::link_text(app.ui, "finding", text("line ", finding.line.line))) {
    choose_line(app, finding.line);
  }
  if (known) {
    ImGui::SameLine(0, ui::em(0.5F));
  }
  ui::paragraph(app.ui,
                text(finding.sentence, finding.count > 1 ? text("  (", finding.count, " times)") : ""),
                ui::Type::small);
  ImGui::PopID();
}

void verdict(App& app, float height) {
  const RungProfile& profile = app.desk.source.count->profile;
  ImGui::BeginChild("findings", {0, height}, ImGuiChildFlags_NavFlattened);
  if (profile.run.passed && profile.findings.empty()) {
    ui::text_colored(app.ui.colors().green, ICON_FA_CIRCLE_CHECK);
    ImGui::SameLine(0, ui::em(0.5F));
    ui::text_as(app.ui, ui::Type::small, "The result is right, and no mistake was found.");
  }
  for (const Check& check : profile.run.checks) {
    if (!check.passed()) {
      ui::text_colored(app.ui.colors().orange, ICON_FA_CIRCLE_XMARK);
      ImGui::SameLine(0, ui::em(0.5F));
      ui::paragraph(app.ui, text("Wrong: ", check.label, check.detail.empty() ? "" : ": ", check.detail),
                    ui::Type::small);
    }
  }
  for (std::size_t i = 0; i < profile.findings.size(); ++i) {
    finding_row(app, profile.findings[i], i);
  }
  ImGui::EndChild();
}

}  // namespace

void draw_code_panel(App& app) {
  const Rung* rung = desk_rung(app);
  if (rung == nullptr) {
    return;
  }
  MemoryDesk& desk = app.desk;
  refresh_source(app, *rung);
  if (desk.source.texts.empty()) {
    ui::state_panel(
        app.ui, "no_source",
        {ui::Phase::unavailable, text("The source of ", rung->id, " is not in this build."), "", 0}, {});
    return;
  }
  choices(app);
  const bool counted = desk.source.count != nullptr;
  seeing(
      app,
      counted ? "Each line with what its warps moved and computed, over all blocks; the darker the row, the "
                "larger "
                "its share. Click a line for its requests."
      : counted_rungs().empty()
          ? text("Nothing can be counted here: ", counted_unavailable())
          : std::string(
                "The kernel's source. Press Count (F5): each line gets what its warps moved and computed."));
  const float room = ImGui::GetContentRegionAvail().y;
  const std::size_t trouble =
      counted ? desk.source.count->profile.findings.size() + (desk.source.count->profile.run.passed ? 0 : 1)
              : 0;
  const float below =
      !counted ? 0
               : std::min(0.35F * room,
                          trouble == 0 ? ui::em(1.7F) : ui::em(1.2F + 2.6F * static_cast<float>(trouble)));
  source_table(app, room - below - (counted ? ImGui::GetStyle().ItemSpacing.y : 0));
  if (counted) {
    verdict(app, below);
  }
}

}  // namespace alab::shell
