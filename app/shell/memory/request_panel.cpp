// The requests of the clicked line, one at a time.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/shell/memory/parts.hpp"
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "imgui_internal.h"

namespace alab::shell {
namespace {

using counted::TracedRequest;

const SourceLine* chosen_line(const MemoryDesk& desk) {
  for (const SourceText& file : desk.source.texts) {
    if (file.file == desk.line.file) {
      return file.line(desk.line.line);
    }
  }
  return nullptr;
}

void go_to(MemoryDesk& desk, const SourceLine& line, std::int64_t at) {
  desk.request.at = static_cast<std::size_t>(
      std::clamp<std::int64_t>(at, 0, static_cast<std::int64_t>(line.requests.size()) - 1));
}

void keyboard(MemoryDesk& desk, const SourceLine& line) {
  if (!ImGui::IsWindowFocused(ImGuiFocusedFlags_ChildWindows) || ImGui::GetIO().WantTextInput) {
    return;
  }
  const auto at = static_cast<std::int64_t>(desk.request.at);
  const ImGuiID owner = ImGui::GetID("keys");
  const std::pair<ImGuiKey, std::int64_t> keys[] = {
      {ImGuiKey_LeftArrow, at - 1},
      {ImGuiKey_RightArrow, at + 1},
      {ImGuiKey_Home, 0},
      {ImGuiKey_End, static_cast<std::int64_t>(line.requests.size())}};
  for (const auto& [key, wanted] : keys) {
    ImGui::SetKeyOwner(key, owner);  // or the arrows would walk to the next item
    if (ImGui::IsKeyPressed(key)) {
      go_to(desk, line, wanted);
    }
  }
}

void step_buttons(App& app, const SourceLine& line) {
  MemoryDesk& desk = app.desk;
  const auto at = static_cast<std::int64_t>(desk.request.at);
  const auto last = static_cast<std::int64_t>(line.requests.size()) - 1;
  const struct {
    const char* id;
    const char* icon;
    const char* tip;
    std::int64_t to;
  } buttons[] = {{"##first", ICON_FA_BACKWARD_FAST, "First request (Home)", 0},
                 {"##previous", ICON_FA_BACKWARD_STEP, "Previous request (left arrow)", at - 1},
                 {"##next", ICON_FA_FORWARD_STEP, "Next request (right arrow)", at + 1},
                 {"##last", ICON_FA_FORWARD_FAST, "Last request kept (End)", last}};
  for (const auto& b : buttons) {
    if (ui::icon_button(app.ui, b.id, b.icon, b.tip, b.to <= at ? at > 0 : at < last)) {
      go_to(desk, line, b.to);
    }
    ImGui::SameLine(0, 0);
  }
  const std::string count = text(at + 1, " of ", last + 1);
  ImGui::SameLine(0, ui::em(0.5F));
  ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x -
                          ImGui::CalcTextSize(text(last + 1, " of ", last + 1).c_str()).x - ui::em(1));
  std::int64_t value = at;
  const std::int64_t zero = 0;
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {ui::em(0.3F), ui::em(0.1F)});
  if (ImGui::SliderScalar("##request", ImGuiDataType_S64, &value, &zero, &last, "",
                          ImGuiSliderFlags_AlwaysClamp)) {
    go_to(desk, line, value);
  }
  ImGui::PopStyleVar();
  ui::help(app.ui, "Drag to any request of this line; Ctrl+click types one");
  ImGui::SameLine(0, ui::em(0.5F));
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted(count.c_str());
}

void take_picture(MemoryDesk& desk, const TracedRequest& request) {
  RequestState& state = desk.request;
  if (state.pictured == &request && state.of == desk.source.count) {
    return;
  }
  state.pictured = &request;
  state.of = desk.source.count;
  state.picture = picture_of(counted::shape_of(request));
}

std::string buffer_of(const counted::RequestTrace& trace, const TracedRequest& r) {
  return r.space != counted::RequestSpace::global ? std::string("shared memory")
         : r.buffer < 0                           ? std::string()
                        : text("'", trace.buffers[static_cast<std::size_t>(r.buffer)], "'");
}

void sentences(const App& app, const RequestPicture& picture) {
  ui::paragraph(app.ui, cost_in_words(picture), ui::Type::bold);
  if (const std::string conflict = conflict_in_words(picture); !conflict.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().orange);
    ui::paragraph(app.ui, conflict, ui::Type::small);
    ImGui::PopStyleColor();
  }
}

}  // namespace

void draw_request_panel(App& app) {
  MemoryDesk& desk = app.desk;
  const auto& count = desk.source.count;
  if (count == nullptr) {
    ui::vspace(0.4F);
    seeing(app,
           "Count the kernel, then click one of its lines: here its requests are drawn one by one. The "
           "painter beside this needs no kernel.");
    return;
  }
  const SourceLine* line = chosen_line(desk);
  if (line == nullptr || line->requests.empty()) {
    ui::vspace(0.4F);
    seeing(app,
           line == nullptr ? "Click a line of the code that moves something."
           : line->executed && sectors_of(line->counters) + wavefronts_of(line->counters) > 0
               ? text("Line ", desk.line.line,
                      " moves memory, but none of its requests was kept: only those of blocks 0 and 1 are.")
               : text("Line ", desk.line.line,
                      " moves nothing between its threads and memory. Click one with a number beside it."));
    return;
  }
  desk.request.at = std::min(desk.request.at, line->requests.size() - 1);
  keyboard(desk, *line);
  const counted::RequestTrace& trace = count->profile.trace;
  const TracedRequest& request = trace.requests[line->requests[desk.request.at]];
  take_picture(desk, request);
  ui::push_type(app.ui, ui::Type::bold);
  ui::text_fitted(app.ui, text("Line ", desk.line.line, ": ", access_in_words(trace, request)),
                  ImGui::GetContentRegionAvail().x);
  ui::pop_type();
  ui::push_type(app.ui, ui::Type::small);
  ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().muted);
  ui::text_fitted(app.ui, place_in_words(count->profile, request), ImGui::GetContentRegionAvail().x);
  ImGui::PopStyleColor();
  step_buttons(app, *line);
  ui::pop_type();
  sentences(app, desk.request.picture);
  ui::vspace(0.2F);
  const float below = ui::em(5.2F);
  const GridLook look{{}, -1, false, buffer_of(trace, request)};
  draw_request_grid(app.ui, desk.request.picture, look,
                    {0, std::max(ui::em(8), ImGui::GetContentRegionAvail().y - below)});
  ui::vspace(0.2F);
  seeing(app, desk.request.picture.shared()
                  ? "One instruction of one warp. A row is 128 bytes of shared memory, a column a bank. "
                    "Words of one bank come one after the other."
                  : "One instruction of one warp. A row is 128 bytes, four sectors; the number in a word is "
                    "the lane that asked for it, a tinted word moved for nobody.");
  seeing(app, "Kept: the first 64 requests of each instruction in blocks 0 and 1.");
}

}  // namespace alab::shell
