// Palettes, fonts and the styles of ImGui and ImPlot.
// SPDX-License-Identifier: MIT
#include "app/ui/theme.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "implot/implot.h"

#ifndef ALAB_BUNDLE_ASSETS
#define ALAB_BUNDLE_ASSETS ""
#endif

namespace alab::ui {
namespace {

constexpr ImVec4 rgb(unsigned hex) {
  return {static_cast<float>((hex >> 16U) & 0xFFU) / 255.0F, static_cast<float>((hex >> 8U) & 0xFFU) / 255.0F,
          static_cast<float>(hex & 0xFFU) / 255.0F, 1.0F};
}

constexpr Palette kPaper = {
    .page = rgb(0xfbfaf7),
    .panel = rgb(0xf3f1eb),
    .sunken = rgb(0xe7e3da),
    .raised = rgb(0xfffefc),
    .ink = rgb(0x22262b),
    .muted = rgb(0x5c6066),
    .line = rgb(0xdbd7cd),
    .line_strong = rgb(0xb9b4a8),
    .hover = rgb(0xe2e9ee),
    .selected = rgb(0xd3e3ee),
    .bar = rgb(0x2a3036),
    .bar_ink = rgb(0xf2f0ea),
    .bar_muted = rgb(0xb4bac0),
    .bar_field = rgb(0x3d444c),
    .plot_grid = rgb(0xe9e6de),
    .blue = rgb(0x00639b),
    .green = rgb(0x00694c),
    .orange = rgb(0xa63f00),
    .pink = rgb(0x8f3a69),
    .amber = rgb(0x765300),
    .tint_blue = rgb(0xebf2f7),
    .tint_green = rgb(0xe8f3ee),
    .tint_orange = rgb(0xf9ebe1),
    .tint_pink = rgb(0xf6eaf1),
    .tint_amber = rgb(0xf8f0da),
    .tint_grey = rgb(0xeeebe4),
    .on_accent = rgb(0xffffff),
    .series = {rgb(0x0072b2), rgb(0xd55e00), rgb(0x009e73), rgb(0xcc79a7), rgb(0x444b54), rgb(0xe69f00),
               rgb(0x56b4e9), rgb(0x8a6d00)},
};

constexpr Palette kDark = {
    .page = rgb(0x1e2124),
    .panel = rgb(0x25292d),
    .sunken = rgb(0x383e44),
    .raised = rgb(0x1a1d20),
    .ink = rgb(0xe8e5de),
    .muted = rgb(0xb1aea6),
    .line = rgb(0x3d434a),
    .line_strong = rgb(0x5d656d),
    .hover = rgb(0x343c44),
    .selected = rgb(0x27435a),
    .bar = rgb(0x141619),
    .bar_ink = rgb(0xf2f0ea),
    .bar_muted = rgb(0xa5abb1),
    .bar_field = rgb(0x2a2f35),
    .plot_grid = rgb(0x2c3136),
    .blue = rgb(0x79c0ee),
    .green = rgb(0x5ccba6),
    .orange = rgb(0xf4a266),
    .pink = rgb(0xe6a9ca),
    .amber = rgb(0xe8c765),
    .tint_blue = rgb(0x233038),
    .tint_green = rgb(0x21322c),
    .tint_orange = rgb(0x382b22),
    .tint_pink = rgb(0x362831),
    .tint_amber = rgb(0x353022),
    .tint_grey = rgb(0x2e3338),
    .on_accent = rgb(0x0f1418),
    .series = {rgb(0x56b4e9), rgb(0xf0833a), rgb(0x2fbf94), rgb(0xd98fb8), rgb(0xc9c6be), rgb(0xe6a817),
               rgb(0x8fb7ff), rgb(0xd8cf6a)},
};

ImFont* add_face(const std::filesystem::path& fonts, const char* file) {
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  const std::filesystem::path path = fonts / file;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return atlas.AddFontDefault();
  }
  return atlas.AddFontFromFileTTF(path.string().c_str(), kBodySize);
}

void merge_face(const std::filesystem::path& fonts, const char* file, float drop) {
  const std::filesystem::path path = fonts / file;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return;
  }
  ImFontConfig config;
  config.MergeMode = true;
  config.GlyphOffset = {0, drop};
  ImGui::GetIO().Fonts->AddFontFromFileTTF(path.string().c_str(), kBodySize, &config);
}

void set_imgui_colors(ImGuiStyle& style, const Palette& c, bool dark) {
  if (dark) {
    ImGui::StyleColorsDark(&style);
  } else {
    ImGui::StyleColorsLight(&style);
  }
  const ImVec4 clear = with_alpha(c.page, 0);
  const std::pair<ImGuiCol, ImVec4> colors[] = {
      {ImGuiCol_Text, c.ink},
      {ImGuiCol_TextDisabled, c.muted},
      {ImGuiCol_WindowBg, c.panel},
      {ImGuiCol_ChildBg, clear},
      {ImGuiCol_PopupBg, c.page},
      {ImGuiCol_Border, c.line},
      {ImGuiCol_BorderShadow, clear},
      {ImGuiCol_FrameBg, c.sunken},
      {ImGuiCol_FrameBgHovered, mix(c.sunken, c.blue, 0.12F)},
      {ImGuiCol_FrameBgActive, mix(c.sunken, c.blue, 0.20F)},
      {ImGuiCol_TitleBg, c.panel},
      {ImGuiCol_TitleBgActive, c.panel},
      {ImGuiCol_TitleBgCollapsed, c.panel},
      {ImGuiCol_MenuBarBg, c.bar},
      {ImGuiCol_ScrollbarBg, clear},
      {ImGuiCol_ScrollbarGrab, c.line},
      {ImGuiCol_ScrollbarGrabHovered, c.line_strong},
      {ImGuiCol_ScrollbarGrabActive, c.muted},
      {ImGuiCol_CheckMark, c.blue},
      {ImGuiCol_SliderGrab, c.blue},
      {ImGuiCol_SliderGrabActive, mix(c.blue, c.ink, 0.25F)},
      {ImGuiCol_Button, c.sunken},
      {ImGuiCol_ButtonHovered, mix(c.sunken, c.blue, 0.14F)},
      {ImGuiCol_ButtonActive, mix(c.sunken, c.blue, 0.26F)},
      {ImGuiCol_Header, c.selected},
      {ImGuiCol_HeaderHovered, c.hover},
      {ImGuiCol_HeaderActive, c.selected},
      {ImGuiCol_Separator, c.line},
      {ImGuiCol_SeparatorHovered, c.blue},
      {ImGuiCol_SeparatorActive, c.blue},
      {ImGuiCol_ResizeGrip, clear},
      {ImGuiCol_ResizeGripHovered, c.line_strong},
      {ImGuiCol_ResizeGripActive, c.blue},
      {ImGuiCol_Tab, clear},
      {ImGuiCol_TabHovered, c.hover},
      {ImGuiCol_TabSelected, c.raised},
      {ImGuiCol_TabSelectedOverline, c.blue},
      {ImGuiCol_TabDimmed, clear},
      {ImGuiCol_TabDimmedSelected, c.raised},
      {ImGuiCol_TabDimmedSelectedOverline, c.line_strong},
      {ImGuiCol_DockingPreview, with_alpha(c.blue, 0.4F)},
      {ImGuiCol_DockingEmptyBg, c.panel},
      {ImGuiCol_TableHeaderBg, c.panel},
      {ImGuiCol_TableBorderStrong, c.line_strong},
      {ImGuiCol_TableBorderLight, c.line},
      {ImGuiCol_TableRowBg, clear},
      {ImGuiCol_TableRowBgAlt, with_alpha(c.sunken, 0.35F)},
      {ImGuiCol_TextLink, c.blue},
      {ImGuiCol_TextSelectedBg, with_alpha(c.blue, 0.25F)},
      {ImGuiCol_InputTextCursor, c.ink},
      {ImGuiCol_NavCursor, c.blue},
      {ImGuiCol_NavWindowingHighlight, c.blue},
      {ImGuiCol_NavWindowingDimBg, with_alpha(c.ink, 0.15F)},
      {ImGuiCol_ModalWindowDimBg, with_alpha(c.ink, 0.25F)},
      {ImGuiCol_DragDropTarget, c.blue},
      {ImGuiCol_PlotLines, c.blue},
      {ImGuiCol_PlotHistogram, c.blue},
  };
  for (const auto& [index, color] : colors) {
    style.Colors[index] = color;
  }
}

void set_imgui_sizes(ImGuiStyle& style) {
  style.WindowPadding = {14, 12};
  style.FramePadding = {10, 5};
  style.ItemSpacing = {9, 7};
  style.ItemInnerSpacing = {7, 5};
  style.CellPadding = {8, 5};
  style.IndentSpacing = 20;
  style.ScrollbarSize = 11;
  style.GrabMinSize = 14;
  style.WindowRounding = 0;
  style.ChildRounding = 6;
  style.FrameRounding = 5;
  style.PopupRounding = 6;
  style.ScrollbarRounding = 6;
  style.GrabRounding = 5;
  style.TabRounding = 5;
  style.WindowBorderSize = 0;
  style.ChildBorderSize = 0;
  style.PopupBorderSize = 1;
  style.FrameBorderSize = 0;
  style.TabBorderSize = 0;
  style.TabBarBorderSize = 1;
  style.TabBarOverlineSize = 2;
  style.SeparatorTextBorderSize = 1;
  style.DisabledAlpha = 0.55F;
  style.HoverStationaryDelay = 0.12F;
  style.HoverDelayShort = 0.15F;
  style.HoverDelayNormal = 0.35F;
}

void set_implot(const Palette& c, float scale) {
  if (ImPlot::GetCurrentContext() == nullptr) {
    return;
  }
  ImPlotStyle& style = ImPlot::GetStyle();
  style = ImPlotStyle();
  const std::pair<ImPlotCol, ImVec4> colors[] = {
      {ImPlotCol_FrameBg, with_alpha(c.panel, 0)},
      {ImPlotCol_PlotBg, c.raised},
      {ImPlotCol_PlotBorder, c.line},
      {ImPlotCol_LegendBg, with_alpha(c.raised, 0.9F)},
      {ImPlotCol_LegendBorder, c.line},
      {ImPlotCol_LegendText, c.ink},
      {ImPlotCol_TitleText, c.ink},
      {ImPlotCol_InlayText, c.ink},
      {ImPlotCol_AxisText, c.muted},
      {ImPlotCol_AxisGrid, c.plot_grid},
      {ImPlotCol_AxisTick, c.line_strong},
      {ImPlotCol_AxisBg, with_alpha(c.panel, 0)},
      {ImPlotCol_AxisBgHovered, c.hover},
      {ImPlotCol_AxisBgActive, c.selected},
      {ImPlotCol_Selection, c.blue},
      {ImPlotCol_Crosshairs, c.muted},
  };
  for (const auto& [index, color] : colors) {
    style.Colors[index] = color;
  }
  style.PlotPadding = {10 * scale, 6 * scale};
  style.LabelPadding = {6 * scale, 5 * scale};
  style.PlotBorderSize = 1;
  style.MinorAlpha = 0.5F;
  style.MajorTickLen = {5 * scale, 5 * scale};
  style.MinorTickLen = {3 * scale, 3 * scale};
  style.PlotMinSize = {120 * scale, 90 * scale};
  style.FitPadding = {0.04F, 0.08F};
  style.MousePosPadding = {8 * scale, 6 * scale};
}

double linear_channel(double c) {
  return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

double luminance(const ImVec4& c) {
  return 0.2126 * linear_channel(c.x) + 0.7152 * linear_channel(c.y) + 0.0722 * linear_channel(c.z);
}

}  // namespace

const Palette& palette_of(ThemeKind kind) {
  return kind == ThemeKind::dark ? kDark : kPaper;
}

Fonts load_fonts(std::string_view assets_dir) {
  const std::filesystem::path fonts =
      std::filesystem::path(assets_dir.empty() ? std::string_view(ALAB_BUNDLE_ASSETS) : assets_dir) / "fonts";
  constexpr const char* kIcons = "Font_Awesome_6_Free-Solid-900.otf";
  constexpr const char* kMath = "latex/latinmodern-math.otf";
  constexpr const char* kCode = "Inconsolata-Medium.ttf";
  const auto face = [&](const char* file, bool icons) {
    ImFont* font = add_face(fonts, file);
    merge_face(fonts, kMath, 0);
    merge_face(fonts, kCode, 0);  // superscripts, which neither Roboto nor Latin Modern has
    if (icons) {
      merge_face(fonts, kIcons, 1);
    }
    return font;
  };
  Fonts faces;
  faces.body = face("Roboto/Roboto-Regular.ttf", true);
  faces.bold = face("Roboto/Roboto-Bold.ttf", true);
  faces.italic = face("Roboto/Roboto-RegularItalic.ttf", false);
  faces.bold_italic = face("Roboto/Roboto-BoldItalic.ttf", false);
  faces.code = add_face(fonts, kCode);
  merge_face(fonts, kMath, 0);
  return faces;
}

void apply_theme(Theme& theme, ThemeKind kind, float scale, float dpi_scale) {
  theme.kind = kind;
  theme.scale = std::clamp(scale, 0.8F, 2.5F);
  theme.colors = palette_of(kind);
  ImGuiStyle& style = ImGui::GetStyle();
  const float dpi_fonts = style.FontScaleDpi;
  style = ImGuiStyle();
  set_imgui_sizes(style);
  set_imgui_colors(style, theme.colors, kind == ThemeKind::dark);
  style.ScaleAllSizes(theme.scale * dpi_scale);
  style.FontSizeBase = kBodySize;
  style._NextFrameFontSizeBase = kBodySize;
  style.FontScaleMain = theme.scale;
  style.FontScaleDpi = dpi_fonts;
  set_implot(theme.colors, theme.scale * dpi_scale);
}

double contrast(const ImVec4& a, const ImVec4& b) {
  const double la = luminance(a);
  const double lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

ImVec4 with_alpha(ImVec4 color, float alpha) {
  color.w = alpha;
  return color;
}

ImVec4 mix(const ImVec4& a, const ImVec4& b, float t) {
  return {a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t, a.z + (b.z - a.z) * t, a.w + (b.w - a.w) * t};
}

ImU32 u32(const ImVec4& color, float alpha) {
  return ImGui::GetColorU32(ImVec4(color.x, color.y, color.z, color.w * alpha));
}

float em(float n) {
  return n * ImGui::GetFontSize();
}

}  // namespace alab::ui
