// The painter: draw an access pattern, see what it costs. No kernel is needed.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/shell/memory/parts.hpp"

namespace alab::shell {
namespace {

void place_lane(PainterState& painter, const RequestPicture& picture, std::int64_t offset) {
  if (!by_hand(painter.knobs)) {
    painter.placed = picture.shape.offsets;
    set_by_hand(painter.knobs);
  }
  painter.placed[painter.lane] = offset;
  painter.lane = (painter.lane + 1) % kLanes;
}

std::string best_in_words(const RequestPicture& picture) {
  const std::uint64_t best = (picture.cost.bytes + 31) / 32;
  if (picture.shared()) {
    return "The same rule counts the kernels: it gives Nsight Compute's wavefronts for 966 patterns measured "
           "on an H200.";
  }
  return best >= picture.cost.passes ? std::string("No pattern moves less for so many bytes.")
                                     : text("Side by side from a sector's start, the same lanes need ", best,
                                            best == 1 ? " sector." : " sectors.");
}

}  // namespace

void draw_painter(App& app) {
  PainterState& painter = app.desk.painter;
  seeing(app,
         "What am I seeing? One request of a warp that you draw. Set the pattern, or click a lane and then "
         "the word that it takes.");
  panels::ParamsOptions options;
  options.hidden = hidden_painter_params(painter.knobs);
  options.columns = 2;
  ImGui::PushID("painter");
  panels::params_panel(app.ui, painter.knobs, painter.params, options);
  ImGui::PopID();
  const RequestPicture picture = picture_of(painted(painter.knobs, painter.placed));
  ui::push_type(app.ui, ui::Type::code);
  ui::text_fitted(app.ui, painted_code(painter.knobs), ImGui::GetContentRegionAvail().x);
  ui::pop_type();
  ui::paragraph(app.ui, cost_in_words(picture), ui::Type::bold);
  if (const std::string conflict = conflict_in_words(picture); !conflict.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().orange);
    ui::paragraph(app.ui, conflict, ui::Type::small);
    ImGui::PopStyleColor();
  }
  seeing(app, best_in_words(picture));
  ui::vspace(0.2F);
  GridLook look{{}, static_cast<int>(painter.lane), true, ""};
  for (std::int64_t row = 0; row < kPainterBytes && (by_hand(painter.knobs) || row < 4 * 128); row += 128) {
    look.rows.push_back(row);
  }
  const GridEvents events =
      draw_request_grid(app.ui, picture, look, {0, std::max(ui::em(8), ImGui::GetContentRegionAvail().y)});
  if (events.lane >= 0) {
    painter.lane = static_cast<unsigned>(events.lane);
  }
  if (events.word_clicked) {
    place_lane(painter, picture, events.offset);
  }
}

}  // namespace alab::shell
