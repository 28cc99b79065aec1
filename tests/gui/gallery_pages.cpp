// Every panel in every state.
// SPDX-License-Identifier: MIT
#include "gallery_pages.hpp"

#include <array>
#include <cmath>

#include "app/panels/checks_panel.hpp"
#include "app/panels/notes_panel.hpp"
#include "app/ui/widgets.hpp"

namespace alab::gallery {
namespace {

using panels::Curve;
using ui::em;

ImVec2 split(int columns, int rows) {
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const ImVec2 gap = ImGui::GetStyle().ItemSpacing;
  return {(room.x - static_cast<float>(columns - 1) * gap.x) / static_cast<float>(columns),
          (room.y - static_cast<float>(rows - 1) * gap.y) / static_cast<float>(rows)};
}

bool cell(const char* id, ImVec2 size) {
  return ImGui::BeginChild(id, size, ImGuiChildFlags_NavFlattened);
}

void page_blank(Gallery&) {}

void page_plots(Gallery& g) {
  const ImVec2 size = split(2, 2);
  panels::PlotOptions predicted;
  predicted.prediction = &g.guess;
  cell("a", size);
  panels::plot_panel(g.ui, g.result.plots[0], 1, g.plots[0], {}, predicted);
  ImGui::EndChild();
  ImGui::SameLine();
  cell("b", size);
  panels::plot_panel(g.ui, g.odd, 1, g.plots[1], {});
  ImGui::EndChild();
  cell("c", size);
  panels::plot_panel(g.ui, g.lengthy, 1, g.plots[2], {});
  ImGui::EndChild();
  ImGui::SameLine();
  cell("d", size);
  panels::plot_panel(g.ui, g.bars, 1, g.plots[3], {});
  ImGui::EndChild();
}

void page_draw(Gallery& g) {
  const ImVec2 size = split(2, 2);
  cell("a", size);
  panels::draw_curve_panel(g.ui, g.result.plots[0], 1, g.plots[4], {});
  ImGui::EndChild();
  ImGui::SameLine();
  cell("b", size);
  panels::PlotOptions hidden;
  hidden.hide_truth = true;
  panels::plot_panel(g.ui, g.result.plots[1], 1, g.plots[5], {}, hidden);
  ImGui::EndChild();
  cell("c", size);
  panels::plot_panel(g.ui, g.signs, 1, g.plots[6], {});
  ImGui::EndChild();
  ImGui::SameLine();
  cell("d", size);
  panels::PlotOptions stale;
  stale.dimmed = true;
  panels::plot_panel(g.ui, g.result.plots[1], 1, g.plots[7], {}, stale);
  ImGui::EndChild();
}

void page_maps(Gallery& g) {
  const ImVec2 size = split(2, 1);
  cell("a", size);
  panels::heatmap_panel(g.ui, g.result.heatmaps[0], 1, g.maps[0], {});
  ImGui::EndChild();
  ImGui::SameLine();
  cell("b", size);
  const ImVec2 half = split(1, 2);
  panels::heatmap_panel(g.ui, g.scores, 1, g.maps[1], half);
  ImGui::SetCursorPosY(half.y + ImGui::GetStyle().ItemSpacing.y);
  panels::heatmap_panel(g.ui, g.large, 1, g.maps[2], half);
  ImGui::EndChild();
}

void page_steppers(Gallery& g) {
  const ImVec2 size = split(2, 1);
  cell("a", size);
  panels::stepper_panel(g.ui, g.result.steppers[0], 1, g.steppers[0], {});
  ImGui::EndChild();
  ImGui::SameLine();
  cell("b", size);
  panels::stepper_panel(g.ui, g.row, 1, g.steppers[1], {});
  ImGui::EndChild();
}

void page_film(Gallery& g) {
  const ImVec2 size = split(2, 1);
  cell("a", size);
  panels::stepper_panel(g.ui, g.film, 1, g.steppers[2], {});
  ImGui::EndChild();
  ImGui::SameLine();
  cell("b", {size.x * 0.6F, size.y});
  panels::stepper_panel(g.ui, g.film, 1, g.steppers[3], {});
  ImGui::EndChild();
}

void page_tables(Gallery& g) {
  const ImVec2 room = ImGui::GetContentRegionAvail();
  cell("a", {room.x * 0.6F, room.y});
  panels::table_panel(g.ui, g.result.tables[0], 1, g.tables[0], {});
  ui::vspace(0.5F);
  panels::table_panel(g.ui, g.wide, 1, g.tables[1], {});
  ImGui::EndChild();
  ImGui::SameLine();
  cell("b", {0, room.y});
  panels::table_panel(g.ui, g.wide, 1, g.tables[2], {ImGui::GetContentRegionAvail().x * 0.7F, 0});
  ImGui::EndChild();
}

void page_controls(Gallery& g) {
  const ImVec2 size = split(2, 1);
  cell("a", size);
  ui::text_as(g.ui, ui::Type::heading2, "Parameters");
  panels::params_panel(g.ui, g.params, g.params_state);
  ui::vspace(0.5F);
  ui::text_as(g.ui, ui::Type::heading2, "Input");
  panels::input_panel(g.ui, g.inputs, {30, 9, {"Alice in Wonderland", "Moby Dick", "Emma"}}, g.choice,
                      g.input);
  ui::vspace(0.5F);
  panels::InputChoice missing;
  missing.name = "file";
  panels::InputState nothing;
  ImGui::PushID("missing");
  panels::input_panel(g.ui, g.inputs, {}, missing, nothing);
  ImGui::PopID();
  ImGui::EndChild();
  ImGui::SameLine();
  cell("b", size);
  ui::text_as(g.ui, ui::Type::heading2, "Lamps");
  panels::checks_panel(g.ui, g.result);
  ui::text_as(g.ui, ui::Type::heading2, "Numbers");
  panels::scalars_panel(g.ui, g.result);
  ImGui::EndChild();
}

void cards(Gallery& g) {
  using ui::CardKind;
  ui::begin_card(g.ui, "predict", CardKind::predict);
  ui::paragraph(g.ui, "N doubles from 1,024 to 2,048. The HBM traffic of the tiled kernel grows by");
  constexpr std::array<const char*, 4> kOptions{
      "2x", "4x", "8x",
      "not at all: the tiles have the same size, and what does not fit on the chip is never written"};
  for (int i = 0; i < 4; ++i) {
    if (ui::radio_option(g.ui, kOptions[static_cast<std::size_t>(i)], kOptions[static_cast<std::size_t>(i)],
                         g.radio == i)) {
      g.radio = i;
    }
  }
  ui::primary_button(g.ui, "Commit and run");
  ImGui::SameLine();
  ui::quiet_button(g.ui, "Skip");
  ImGui::SameLine();
  ui::muted(g.ui, "Enter");
  ui::end_card();
  ui::begin_card(g.ui, "explain", CardKind::explain);
  ui::paragraph(g.ui,
                "You said 4x. It was 3.97x: the number of query tiles doubles, and each streams twice as "
                "many keys. What tiling saves is the factor in front, not the exponent.");
  ui::radio_option(g.ui, "right", "4x", true, false, 1);
  ui::radio_option(g.ui, "wrong", "8x", false, false, -1);
  ui::end_card();
  ui::begin_card(g.ui, "bug", CardKind::find_the_bug);
  ui::paragraph(g.ui, "One line of this kernel is wrong. The lamp shows by how much.");
  ui::end_card();
  ui::begin_card(g.ui, "errata", CardKind::errata);
  ui::paragraph(g.ui,
                "The preprint prints the inverse of the rescale factor; with it, row 17 is off by 0.7.");
  ui::end_card();
}

void page_widgets(Gallery& g) {
  const ImVec2 size = split(2, 1);
  cell("a", size);
  cards(g);
  ImGui::EndChild();
  ImGui::SameLine();
  cell("b", size);
  ui::text_as(g.ui, ui::Type::heading1, "Heading one");
  ui::text_as(g.ui, ui::Type::heading2, "Heading two");
  ui::text_as(g.ui, ui::Type::heading3, "Heading three");
  ui::paragraph(g.ui,
                "Body text in Roboto with air between its lines, so that a paragraph of three or four lines "
                "reads like a page of a book and not like a log file. Symbols: \u03b1 \u03b2 \u2264 \u2265 "
                "\u00d7 \u2192 \u221e \u2211 \u2295 N\u00b2 10\u207b\u2076.");
  ui::text_as(g.ui, ui::Type::italic, "Italic is for terms when they are introduced.");
  ui::text_as(g.ui, ui::Type::code, "float m = fmaxf(m_old, s);  // Inconsolata");
  ui::glossary_term(g.ui, "logsumexp");
  ImGui::SameLine();
  ui::link_text(g.ui, "link", "a link to a lab");
  for (const double f : {-1.0, 0.0, 0.2, 0.6, 1.0}) {
    ui::progress_ring(g.ui, f);
    ImGui::SameLine();
  }
  ImGui::NewLine();
  for (const Provenance::Kind kind : {Provenance::measured, Provenance::counted, Provenance::modelled,
                                      Provenance::recorded, Provenance::paper}) {
    ui::provenance_chip(g.ui, {kind, "here"});
    ImGui::SameLine();
  }
  ImGui::NewLine();
  ui::toggle(g.ui, "causal", &g.flag);
  ImGui::SameLine(0, em(1));
  ui::primary_button(g.ui, "Run");
  ImGui::SameLine();
  ui::primary_button(g.ui, "Run ", false);
  ImGui::SameLine();
  ui::quiet_button(g.ui, "Reset");
  panels::notes_panel(g.ui, g.notes, {0, em(6)});
  ImGui::EndChild();
}

void page_states(Gallery& g) {
  using ui::Phase;
  const ImVec2 size = split(2, 3);
  const std::array<ui::PanelStatus, 4> states{{
      {Phase::empty, "Set the parameters and press Run, or F5.", "", 0},
      {Phase::running, "counting flash_attention_fwd, tile 28 of 64", "", 0.43},
      {Phase::failed, "block_m = 300 is outside 1 .. 256; set a smaller tile and run again.", "", 0},
      {Phase::unavailable,
       "The weights of SmolLM2 are not here; this fetches them (93 MB):", "./app/run.sh --build-only", 0},
  }};
  for (std::size_t i = 0; i < states.size(); ++i) {
    ui::state_panel(g.ui, std::to_string(i).c_str(), states[i], size);
    if (i % 2 == 0) {
      ImGui::SameLine();
    }
  }
  ui::state_strip(g.ui, "stale",
                  {Phase::stale, "Parameters changed: the plots still show seq_len = 512.", "", 0});
  ui::state_strip(g.ui, "running",
                  {Phase::running, "counting flash_attention_fwd 64 x 64, tile 28 of 64", "", 0.43});
  ui::state_strip(g.ui, "failed",
                  {Phase::failed, "head 12 is outside this input, which has heads 0 .. 8", "", 0});
}

/// The instruments as the window holds them: 636 px wide at 1366x768.
void page_view(Gallery& g) {
  ImGui::PushStyleColor(ImGuiCol_ChildBg, g.ui.colors().page);
  ImGui::BeginChild("lesson", {ImGui::GetContentRegionAvail().x * 0.48F, 0},
                    ImGuiChildFlags_AlwaysUseWindowPadding);
  ImGui::PopStyleColor();
  ui::text_as(g.ui, ui::Type::heading2, "3  How much traffic does a tile save?");
  ui::paragraph(g.ui,
                "Dense attention writes the scores to memory and reads them back: about 4N\u00b2 accesses. "
                "Tiling keeps a block of queries on chip and streams the keys past it, so every key and "
                "value is read once per block of queries.");
  cards(g);
  ImGui::EndChild();
  ImGui::SameLine();
  ImGui::BeginChild("instruments", {0, 0});
  panels::ResultViewOptions options;
  options.prediction_plot = "traffic";
  options.prediction = &g.guess;
  ImGui::BeginChild("view", {0, ImGui::GetContentRegionAvail().y - em(10.5F)});
  panels::result_view(g.ui, &g.result, 1, {ui::Phase::done, "", "", 1}, g.view, options);
  ImGui::EndChild();
  panels::params_panel(g.ui, g.params, g.params_state);
  ImGui::EndChild();
}

constexpr std::array<Page, 11> kPages{{{"blank", page_blank},
                                       {"plots", page_plots},
                                       {"draw", page_draw},
                                       {"maps", page_maps},
                                       {"steppers", page_steppers},
                                       {"film", page_film},
                                       {"tables", page_tables},
                                       {"controls", page_controls},
                                       {"widgets", page_widgets},
                                       {"states", page_states},
                                       {"view", page_view}}};

}  // namespace

void fill(Gallery& g) {
  for (double n = 128; n <= 16384; n *= 1.3) {
    g.guess.xs.push_back(n);
    g.guess.ys.push_back(40 * n * std::sqrt(n));
  }
  constexpr std::array<std::string_view, 3> kLinked{"seq_len", "block_m", "dense"};
  ui::set_links(g.ui, kLinked);
  g.ui.glossary = {{"logsumexp", "L = m + log l",
                    "The logarithm of the sum of exponentials of a row: all that the backward pass needs of "
                    "the forward pass."}};
  g.inputs = {
      {"normal", "normal", "Independent standard normal numbers.", "", "", false},
      {"smollm2", "SmolLM2, a head on a text", "Q, K and V of a trained head.", "", "", true},
      {"file", "a .npy case", "Your own arrays.", "No case folder has been opened; drop one on the window.",
       "alab run flash_tiling --input case:DIR", false}};
  g.choice.name = "smollm2";
  g.steppers[0].frame = 47;
  g.steppers[1].frame = 30;
  g.steppers[2].frame = 25;
  g.maps[0].pinned_row = 20;
  g.maps[0].pinned_col = 9;
}

std::span<const Page> all_pages() {
  return kPages;
}

}  // namespace alab::gallery
