// Colours, fonts and sizes of the window: a light "paper" theme and a dark one.
// Everything that draws takes its colours from a Palette and its sizes in em, so both scale and switch at
// once. SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "imgui.h"

namespace alab::ui {

enum class ThemeKind { paper, dark };

/// Every pair (text on its ground) has a contrast of at least 4.5:1; contrast() and the gallery check it.
struct Palette {
  ImVec4 page, panel, sunken, raised;  ///< reading column, instruments, slots and fields, cards and plots
  ImVec4 ink, muted, line, line_strong;
  ImVec4 hover, selected;
  ImVec4 bar, bar_ink, bar_muted, bar_field;  ///< the strip along the top
  ImVec4 plot_grid;
  ImVec4 blue, green, orange, pink,
      amber;  ///< text-safe accents: predict, explain and passed, trouble, recorded, now
  ImVec4 tint_blue, tint_green, tint_orange, tint_pink, tint_amber,
      tint_grey;                 ///< grounds of cards and chips
  ImVec4 on_accent;              ///< text on a filled accent
  std::array<ImVec4, 8> series;  ///< Okabe-Ito, ordered by contrast on this theme's plot ground
};

/// Icons (Font Awesome 6) are merged into body and bold. Sizes are given at draw time.
struct Fonts {
  ImFont* body = nullptr;
  ImFont* bold = nullptr;
  ImFont* italic = nullptr;
  ImFont* bold_italic = nullptr;
  ImFont* code = nullptr;
};

/// Sizes before scaling; PushFont multiplies them by the style's scale.
inline constexpr float kBodySize = 17, kSmallSize = 15, kTinySize = 13.5F;
inline constexpr float kHeading1Size = 26, kHeading2Size = 21.5F, kHeading3Size = 18.5F;

struct Theme {
  ThemeKind kind = ThemeKind::paper;
  float scale = 1;  ///< font size as the student set it; 0.8 .. 2.5
  Palette colors;
  Fonts fonts;
};

const Palette& palette_of(ThemeKind kind);
/// The window must be opened with openGlOptions.AntiAliasingSamples = 0: multisampling changes nothing that
/// is drawn here (ImGui smooths its own edges) and triples the time of a frame under software GL. Adds the
/// five faces of assets_dir (Roboto, Inconsolata, Font Awesome 6) to ImGui's atlas; faces that are missing
/// fall back to ImGui's own font. Call once, before the first frame (LoadAdditionalFonts). The first face
/// added becomes the default font. An empty assets_dir means the bundle's own.
Fonts load_fonts(std::string_view assets_dir = {});
/// Fills ImGui's and ImPlot's styles from theme.kind and theme.scale; may be called between any two frames.
/// dpi_scale multiplies sizes (not fonts, which ImGui scales by FontScaleDpi itself).
void apply_theme(Theme& theme, ThemeKind kind, float scale, float dpi_scale = 1);

/// WCAG 2 contrast ratio of two opaque colours, 1 .. 21.
double contrast(const ImVec4& a, const ImVec4& b);
ImVec4 with_alpha(ImVec4 color, float alpha);
ImVec4 mix(const ImVec4& a, const ImVec4& b, float t);
ImU32 u32(const ImVec4& color, float alpha = 1);
/// n times the current font size.
float em(float n);

}  // namespace alab::ui
