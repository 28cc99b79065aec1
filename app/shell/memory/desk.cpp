// SPDX-License-Identifier: MIT
#include "app/shell/memory/desk.hpp"

#include <algorithm>

#include "app/shell/memory/parts.hpp"
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "kernels/student/profile_case.hpp"

namespace alab::shell {
namespace {

constexpr Term kTerms[] = {
    {"request", "", "One memory instruction of one warp: up to 32 lanes ask at once."},
    {"sector", "",
     "32 bytes of global memory, the least that moves. A request moves every sector that one of "
     "its lanes touches."},
    {"moved", "", "Sectors times 32 bytes."},
    {"used", "", "Bytes that some lane asked for, over bytes moved in sectors; 100 % is fully coalesced."},
    {"wavefronts", "",
     "Passes over shared memory. A request needs one, or more where lanes of a group want "
     "different words of one bank."},
    {"conflicts", "", "Bank conflicts: wavefronts beyond those that the width of the access needs."},
    {"share", "", "The line's part of all sectors (or wavefronts, or FLOPs) of the kernels in view."},
    {"bank", "", "Shared memory's 32 columns of 4-byte words; word w lies in bank w mod 32."},
    {"compulsory", "",
     "Bytes of the distinct sectors that a kernel reads and writes: what still moves when no sector has to "
     "move twice."},
    {"FLOPs", "",
     "Additions and multiplications in floating point; one that multiplies and adds is two. Divisions and "
     "functions are not in."},
    {"beside", "",
     "Operations that are not in FLOPs: divisions, functions, comparisons, minima and maxima, atomic "
     "additions."},
    {"intensity", "I", "FLOPs for each byte that moves, in FLOP/B."},
    {"roof", "min(F, I W)",
     "The most FLOPs a second that a GPU with peak F and memory bandwidth W can do at an intensity I."},
    {"occupancy", "",
     "Warps that a multiprocessor has at a time, of those that it can hold; registers, shared memory and the "
     "size of a block limit it."},
    {"ridge", "F / W", "The intensity where the roof turns flat: left of it memory is the limit."},
};

constexpr std::string_view kRoofline = "roofline";

void header(App& app, const Lab& lab) {
  const bool own = app.desk.exercise != nullptr;
  if (ui::quiet_button(
          app.ui,
          text(ICON_FA_CHEVRON_LEFT "  Back to the ", own ? "exercise" : "lesson", "###back").c_str())) {
    app.desk.open = false;
  }
  ui::help(app.ui, "Ctrl+M");
  ImGui::SameLine(0, ui::em(0.9F));
  ImGui::AlignTextToFramePadding();
  ui::push_type(app.ui, ui::Type::bold);
  ui::text_fitted(app.ui,
                  text("Code and memory  ·  ", own ? app.book.exercise()->title : std::string(lab.title)),
                  ImGui::GetContentRegionAvail().x - ui::em(14));
  ui::pop_type();
  const Provenance provenance{Provenance::counted, kCountedBy};
  const std::string words = "by the CPU executor, never timed";
  ui::push_type(app.ui, ui::Type::small);
  const float width =
      ImGui::CalcTextSize(words.c_str()).x + ui::provenance_chip_width(app.ui, provenance) + ui::em(0.6F);
  ImGui::SameLine();
  align_right(width);
  ImGui::AlignTextToFramePadding();
  ImGui::BeginGroup();
  ImGui::SetCursorPosY(ImGui::GetCursorPosY() + ImGui::GetStyle().FramePadding.y);
  ui::provenance_chip(app.ui, provenance);
  ImGui::EndGroup();
  ImGui::SameLine(0, ui::em(0.5F));
  ui::text_colored(app.ui.colors().muted, words);
  ui::pop_type();
}

bool tab(const char* label, std::string& wish, std::string_view key) {
  const ImGuiTabItemFlags select = wish == key ? ImGuiTabItemFlags_SetSelected : 0;
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {ui::em(0.65F), ui::em(0.3F)});
  const bool shown = ImGui::BeginTabItem(label, nullptr, select);
  ImGui::PopStyleVar();
  if (shown && wish == key) {
    wish.clear();
  }
  return shown;
}

void code_side(App& app, const Lab& lab) {
  draw_desk_setup(app, lab);
  draw_code_panel(app);
}

void memory_side(App& app) {
  if (!ImGui::BeginTabBar("##memory")) {
    return;
  }
  if (tab(ICON_FA_TABLE_CELLS "  Requests###request", app.desk.wish.memory_tab, "request")) {
    draw_request_panel(app);
    ImGui::EndTabItem();
  }
  if (tab(ICON_FA_PAINTBRUSH "  Painter###painter", app.desk.wish.memory_tab, "painter")) {
    draw_painter(app);
    ImGui::EndTabItem();
  }
  std::string& after_count = app.desk.wish.after_count;
  if (tab(ICON_FA_CHART_LINE "  Roofline###roofline", app.desk.wish.memory_tab, kRoofline)) {
    draw_roofline(app);
    ImGui::EndTabItem();
    after_count = kRoofline;  // stays in front when a count arrives
  } else if (after_count == kRoofline) {
    after_count.clear();
  }
  ImGui::EndTabBar();
}

}  // namespace

std::span<const Term> memory_terms() {
  return kTerms;
}

std::vector<const RungBuild*> desk_rungs(std::string_view op) {
  return rungs_of(op, counted_rungs().empty() ? executor_rungs() : counted_rungs());
}

void open_desk(App& app, std::string_view op, std::string_view rung) {
  if (const ExerciseView* view = op.empty() ? exercise_view(app) : nullptr;
      view != nullptr && !view->cases.empty()) {
    open_own_kernel(app, *view);
    return;
  }
  const Lab* lab = app.book.lab();
  if (lab == nullptr || ops_of_lab(lab->id).empty()) {
    say(app, "This lab has no kernels; open one that has, for example flash tiling");
    return;
  }
  MemoryDesk& desk = app.desk;
  desk.exercise = nullptr;
  const auto has = [&](std::string_view id) { return std::ranges::count(ops_of_lab(lab->id), id) > 0; };
  if (!op.empty() && has(op)) {
    desk.op = std::string(op);
    desk.rung = std::string(rung);
  }
  if (!has(desk.op)) {
    desk.op = std::string(ops_of_lab(lab->id).front());
  }
  const auto rungs = desk_rungs(desk.op);
  const auto same = [&](const RungBuild* b) { return b->rung->id == desk.rung; };
  if (std::ranges::none_of(rungs, same) && !rungs.empty()) {
    desk.rung = std::string(rungs.front()->rung->id);
  }
  if (app.hero) {
    leave_hero(app);
  }
  desk.open = !rungs.empty();
  app.show_notes = false;
}

void count_desk(App& app) {
  const CountRequest request = desk_request(app);
  if (request.build == nullptr) {
    say(app, counted_unavailable());
    return;
  }
  const std::string why = why_not(request);
  if (!why.empty()) {
    say(app, text("Not this problem: ", why));
    return;
  }
  app.desk.setup_open = false;
  app.desk.counts.submit(request);
}

void count_ladder(App& app) {
  std::vector<CountRequest> requests = uncounted_ladder(app.desk);
  if (requests.empty()) {
    say(app, counted_rungs().empty() ? counted_unavailable() : "Every rung is counted on this problem", 3);
    return;
  }
  app.desk.setup_open = false;
  app.desk.counts.submit_all(std::move(requests));
}

void take_count(App& app) {
  if (app.desk.counts.poll()) {
    if (const Rung* rung = desk_rung(app)) {
      refresh_source(app, *rung);
    }
    if (!app.desk.wish.after_count.empty()) {
      app.desk.wish.memory_tab = std::exchange(app.desk.wish.after_count, "");
    }
  }
}

void draw_desk(App& app, const Lab& lab) {
  if (app.desk.exercise != nullptr &&
      (exercise_view(app) == nullptr || exercise_view(app)->exercise != app.desk.exercise)) {
    app.desk.exercise = nullptr;
    app.desk.open = false;
    return;
  }
  const Layout& c = app.columns;
  const ImVec2 screen = ImGui::GetMainViewport()->Size;
  const float em = ui::kBodySize * ImGui::GetStyle().FontScaleMain;
  const ImVec2 size{std::max(1.0F, screen.x - c.contents), screen.y - c.top - c.bottom};
  if (begin_region({"desk", {c.contents, c.top}, size, {1.0F * em, 0.6F * em}, app.ui.colors().panel})) {
    header(app, lab);
    ui::vspace(0.2F);
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float gap = 1.2F * em;
    const float memory = std::clamp(0.40F * room.x, std::min(27 * em, 0.5F * room.x), 46 * em);
    ImGui::BeginChild("code_side", {room.x - memory - gap, room.y}, ImGuiChildFlags_NavFlattened);
    code_side(app, lab);
    ImGui::EndChild();
    ImGui::SameLine(0, gap);
    ImGui::BeginChild("memory_side", {memory, room.y}, ImGuiChildFlags_NavFlattened);
    memory_side(app);
    ImGui::EndChild();
  }
  end_region();
}

const Rung* desk_rung(const App& app) {
  if (app.desk.exercise != nullptr) {
    return student::student_rung(*app.desk.exercise).rung;
  }
  for (const RungBuild* build : desk_rungs(app.desk.op)) {
    if (build->rung->id == app.desk.rung) {
      return build->rung;
    }
  }
  return nullptr;
}

namespace {

CountRequest request_of(const MemoryDesk& desk, const RungBuild* build, std::string_view rung) {
  CountRequest request{find_op(desk.op), build, {}, {}};
  if (const auto found = desk.problems.find(desk.op); found != desk.problems.end()) {
    request.problem = found->second;
  } else if (request.op != nullptr) {
    request.problem = small_problem(*request.op);
  }
  if (const auto found = desk.tiles.find(text(desk.op, "/", rung)); found != desk.tiles.end()) {
    request.tiles = found->second;
  } else if (build != nullptr) {
    request.tiles = ParamSet(build->rung->tiles);
  }
  return request;
}

}  // namespace

CountRequest desk_request(const App& app) {
  if (app.desk.exercise != nullptr) {
    return own_request(app);
  }
  const RungBuild* chosen = nullptr;
  for (const RungBuild* build : rungs_of(app.desk.op, counted_rungs())) {
    chosen = build->rung->id == app.desk.rung ? build : chosen;
  }
  return request_of(app.desk, chosen, app.desk.rung);
}

std::vector<CountRequest> uncounted_ladder(const MemoryDesk& desk) {
  std::vector<CountRequest> requests;
  for (const RungBuild* build : rungs_of(desk.op, counted_rungs())) {
    CountRequest request = request_of(desk, build, build->rung->id);
    if (!desk.counts.has(request) && why_not(request).empty()) {
      requests.push_back(std::move(request));
    }
  }
  return requests;
}

namespace {

/// The first one on the memory that the code is coloured by.
std::size_t first_request(const MemoryDesk& desk, const counted::Line& at) {
  for (const SourceText& text : desk.source.texts) {
    const SourceLine* line = text.file == at.file ? text.line(at.line) : nullptr;
    for (std::size_t i = 0; line != nullptr && i < line->requests.size(); ++i) {
      const auto& request = desk.source.count->profile.trace.requests[line->requests[i]];
      if ((request.space != counted::RequestSpace::global) == (desk.metric == Metric::shared)) {
        return i;
      }
    }
  }
  return 0;
}

}  // namespace

void choose_line(App& app, const counted::Line& line) {
  MemoryDesk& desk = app.desk;
  desk.line = line;
  desk.request.at = first_request(desk, line);
  desk.scroll_frames = 3;
  desk.wish.memory_tab = "request";
  for (std::size_t i = 0; i < desk.source.texts.size(); ++i) {
    desk.file = desk.source.texts[i].file == line.file ? static_cast<int>(i) : desk.file;
  }
}

void refresh_source(App& app, const Rung& rung) {
  MemoryDesk& desk = app.desk;
  ShownSource& shown = desk.source;
  auto count = desk.counts.of(rung);
  if (shown.rung == &rung && shown.count == count && !shown.texts.empty()) {
    return;
  }
  desk.file = 0;
  shown = {&rung, std::move(count), -1, {}, {}};
  if (desk.exercise != nullptr) {
    shown.own = shown.count != nullptr ? shown.count->request.own.source : desk_request(app).own.source;
  }
  shown.texts =
      annotated_source(rung, shown.count == nullptr ? nullptr : &shown.count->profile, -1, shown.own);
  if (shown.count == nullptr) {
    return;
  }
  const bool kept = std::ranges::any_of(shown.texts, [&](const SourceText& t) {
    const SourceLine* line = t.file == desk.line.file ? t.line(desk.line.line) : nullptr;
    return line != nullptr && !line->requests.empty();
  });
  choose_line(app, kept ? desk.line : busiest_line(shown.texts));
  if (desk.wish.after_count == kRoofline) {
    desk.wish.memory_tab = kRoofline;
  }
}

void seeing(const App& app, std::string_view words) {
  ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().muted);
  ui::paragraph(app.ui, words, ui::Type::tiny);
  ImGui::PopStyleColor();
}

}  // namespace alab::shell
