// A visual test of every panel from made-up Results, and where frame times are measured.
//   gui_gallery [--page NAME|all] [--theme paper|dark] [--size WxH] [--scale S] [--frames N] [--screenshot
//   FILE.png]
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gallery_pages.hpp"
#include "hello_imgui/hello_imgui.h"
#include "hello_imgui/hello_imgui_screenshot.h"
#include "implot/implot.h"
#include "stb_image_write.h"

namespace alab::gallery {
namespace {

struct Options {
  std::string page = "view", screenshot, focus;
  ui::ThemeKind theme = ui::ThemeKind::paper;
  int width = 1366, height = 768, frames = 0;
  float scale = 1;
};

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--page") {
      o.page = value;
    } else if (name == "--theme") {
      o.theme = value == "dark" ? ui::ThemeKind::dark : ui::ThemeKind::paper;
    } else if (name == "--size") {
      std::sscanf(value.c_str(), "%dx%d", &o.width, &o.height);
    } else if (name == "--scale") {
      o.scale = std::strtof(value.c_str(), nullptr);
    } else if (name == "--frames") {
      o.frames = std::atoi(value.c_str());
    } else if (name == "--screenshot") {
      o.screenshot = value;
    } else if (name == "--focus") {
      o.focus = value;
    } else {
      std::fprintf(stderr, "gui_gallery: unknown option %s\n", argv[i]);
      std::exit(2);
    }
  }
  return o;
}

/// Every text colour on every ground it is used on; names the pairs that read badly.
int check_contrast() {
  int bad = 0;
  for (const ui::ThemeKind kind : {ui::ThemeKind::paper, ui::ThemeKind::dark}) {
    const ui::Palette& p = ui::palette_of(kind);
    const std::array<ImVec4, 3> grounds{p.page, p.panel, p.raised};
    const std::array<ImVec4, 7> inks{p.ink, p.muted, p.blue, p.green, p.orange, p.pink, p.amber};
    for (std::size_t i = 0; i < inks.size(); ++i) {
      for (std::size_t j = 0; j < grounds.size(); ++j) {
        const double ratio = ui::contrast(inks[i], grounds[j]);
        if (!(ratio >= 4.5)) {
          std::fprintf(stderr, "theme %d: ink %zu on ground %zu has contrast %.2f\n", static_cast<int>(kind),
                       i, j, ratio);
          ++bad;
        }
      }
    }
    const std::array<std::pair<ImVec4, ImVec4>, 9> pairs{{{p.blue, p.tint_blue},
                                                          {p.green, p.tint_green},
                                                          {p.orange, p.tint_orange},
                                                          {p.pink, p.tint_pink},
                                                          {p.amber, p.tint_amber},
                                                          {p.on_accent, p.blue},
                                                          {p.bar_ink, p.bar},
                                                          {p.bar_muted, p.bar},
                                                          {p.ink, p.sunken}}};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const double ratio = ui::contrast(pairs[i].first, pairs[i].second);
      if (!(ratio >= 4.5)) {
        std::fprintf(stderr, "theme %d: pair %zu has contrast %.2f\n", static_cast<int>(kind), i, ratio);
        ++bad;
      }
    }
  }
  return bad;
}

int run(const Options& options) {
  Gallery gallery;
  fill(gallery);
  gallery.view.focus = options.focus;
  if (const int bad = check_contrast(); bad > 0) {
    return 1;
  }
  const auto page = std::find_if(all_pages().begin(), all_pages().end(),
                                 [&](const Page& p) { return p.name == options.page; });
  const bool all = options.page == "all";
  if (page == all_pages().end() && !all) {
    std::fprintf(stderr, "gui_gallery: no page '%s'\n", options.page.c_str());
    return 2;
  }
  const int per_page = options.frames > 0 ? options.frames : 60;  // of --page all
  int frames = 0;
  std::vector<double> times;
  auto before = std::chrono::steady_clock::now();
  HelloImGui::RunnerParams params;
  params.appWindowParams.windowTitle = "gallery";
  params.appWindowParams.windowGeometry.size = {options.width, options.height};
  params.appWindowParams.borderless = true;
  params.imGuiWindowParams.defaultImGuiWindowType = HelloImGui::DefaultImGuiWindowType::NoDefaultWindow;
  params.fpsIdling.enableIdling = false;
  params.fpsIdling.vsyncToMonitor = false;
  params.iniDisable = true;
  params.rendererBackendOptions.openGlOptions.AntiAliasingSamples = 0;  // ImGui smooths its own edges
  params.callbacks.LoadAdditionalFonts = [&] { gallery.ui.theme.fonts = ui::load_fonts(); };
  params.callbacks.SetupImGuiStyle = [&] { ui::apply_theme(gallery.ui.theme, options.theme, options.scale); };
  params.callbacks.ShowGui = [&] {
    const auto now = std::chrono::steady_clock::now();
    if (frames > 10) {
      times.push_back(std::chrono::duration<double, std::milli>(now - before).count());
    }
    before = now;
    ui::begin_frame(gallery.ui);
    const ImGuiViewport* viewport = ImGui::GetMainViewport();
    ImGui::SetNextWindowPos(viewport->Pos);
    ImGui::SetNextWindowSize(viewport->Size);
    ImGui::Begin("gallery", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
    const std::size_t shown = all ? static_cast<std::size_t>(frames / per_page) % all_pages().size() : 0;
    (all ? all_pages()[shown] : *page).draw(gallery);
    ImGui::End();
    const int once = options.frames > 0 ? options.frames : options.screenshot.empty() && !all ? 0 : 60;
    const int last = all ? per_page * static_cast<int>(all_pages().size()) : once;
    if (last > 0 && ++frames >= last) {
      HelloImGui::GetRunnerParams()->appShallExit = true;
    }
  };
  params.callbacks.BeforeExit = [&] {
    for (panels::HeatmapState& map : gallery.maps) {
      map.texture.reset();
    }
    for (panels::StepperState& stepper : gallery.steppers) {
      stepper.map.texture.reset();
    }
    gallery.view.heatmaps.clear();
    gallery.view.steppers.clear();
  };
  ImPlot::CreateContext();
  HelloImGui::Run(params);
  ImPlot::DestroyContext();
  if (!times.empty()) {
    std::sort(times.begin(), times.end());
    std::printf("%s: frame %.1f ms median, %.1f ms 95th percentile, %zu frames\n", options.page.c_str(),
                times[times.size() / 2], times[times.size() * 95 / 100], times.size());
  }
  if (!options.screenshot.empty()) {
    const HelloImGui::ImageBuffer shot = HelloImGui::FinalAppWindowScreenshotRgbBuffer();
    if (shot.bufferRgb.empty() || stbi_write_png(options.screenshot.c_str(), static_cast<int>(shot.width),
                                                 static_cast<int>(shot.height), 3, shot.bufferRgb.data(),
                                                 static_cast<int>(shot.width) * 3) == 0) {
      std::fprintf(stderr, "gui_gallery: could not write %s\n", options.screenshot.c_str());
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace alab::gallery

int main(int argc, char** argv) {
  return alab::gallery::run(alab::gallery::parse(argc, argv));
}
