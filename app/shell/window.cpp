// SPDX-License-Identifier: MIT
#include "app/shell/window.hpp"

#include <GLFW/glfw3.h>

#include <algorithm>
#include <cfloat>
#include <cstdlib>

#include "hello_imgui/hello_imgui.h"
#include "hello_imgui/hello_imgui_screenshot.h"
#include "implot/implot.h"
#include "reference/core/files.hpp"

extern "C" int stbi_write_png(const char* filename, int w, int h, int comp, const void* data,
                              int stride_in_bytes);

namespace alab::shell {
namespace {

constexpr float kIdleFps = 0.25F, kBusyFps = 60, kSlowJobFps = 20;
constexpr double kShortJobSeconds = 0.4;
constexpr int kDefaultWidth = 1366, kDefaultHeight = 768;
constexpr double kScreenshotRestSeconds = 1.2, kScreenshotLongestSeconds = 90;

HelloImGui::RunnerParams window_params(const App& app) {
  HelloImGui::RunnerParams params;
  const Preferences& saved = app.book.preferences();
  const Options& asked = app.options;
  params.appWindowParams.windowTitle = "Attention Lab";
  auto& geometry = params.appWindowParams.windowGeometry;
  geometry.size = {
      asked.width > 0 ? asked.width : (saved.window_width > 0 ? saved.window_width : kDefaultWidth),
      asked.height > 0 ? asked.height : (saved.window_height > 0 ? saved.window_height : kDefaultHeight)};
  geometry.windowSizeMeasureMode = HelloImGui::WindowSizeMeasureMode::ScreenCoords;
  params.imGuiWindowParams.defaultImGuiWindowType = HelloImGui::DefaultImGuiWindowType::NoDefaultWindow;
  params.imGuiWindowParams.enableViewports = false;
  params.iniDisable = true;
  params.fpsIdling.fpsIdle = kIdleFps;
  params.fpsIdling.timeActiveAfterLastEvent = 1.0F;
  params.fpsIdling.fpsMax = kBusyFps;
  params.platformBackendType = HelloImGui::PlatformBackendType::Glfw;
  params.rendererBackendType = HelloImGui::RendererBackendType::OpenGL3;
  return params;
}

/// Awake while something moves; slower once a job takes long; else asleep until the next event.
void set_idling(HelloImGui::RunnerParams& params, const App& app) {
  auto& idling = params.fpsIdling;
  if (!wants_frames(app)) {
    idling.enableIdling = true;
    idling.fpsIdle = kIdleFps;
    return;
  }
  const bool long_job = (app.runner.running() && app.runner.seconds_running() > kShortJobSeconds) ||
                        app.desk.counts.running() || app.exercises.judge.running();
  idling.enableIdling = long_job;
  idling.fpsIdle = kSlowJobFps;
}

void write_image(const std::filesystem::path& file, HelloImGui::ImageBuffer image) {
  require(!image.bufferRgb.empty(), "the window gave no picture; is OpenGL 3.2 or newer available?");
  if (image.height % 2 == 0) {  // Hello ImGui turns the picture over and swaps the two middle rows twice
    const auto row = static_cast<std::ptrdiff_t>(3 * image.width);
    const auto middle = image.bufferRgb.begin() + row * static_cast<std::ptrdiff_t>(image.height / 2);
    std::swap_ranges(middle - row, middle, middle);
  }
  write_png(file, static_cast<int>(image.width), static_cast<int>(image.height), image.bufferRgb);
}

/// Takes the picture once runs are over and nothing has moved for a moment.
class Screenshot {
 public:
  explicit Screenshot(std::filesystem::path file) : file_(std::move(file)) {}
  bool wanted() const { return !file_.empty(); }
  bool due(const App& app) {
    const double now = ImGui::GetTime();
    const bool busy = app.runner.running() || app.desk.counts.running() || app.exercises.judge.running() ||
                      app.doctor.status().state == JobState::running;
    if (busy) {
      quiet_since_ = now;
    }
    return now - quiet_since_ > kScreenshotRestSeconds || now > kScreenshotLongestSeconds;
  }
  void save() const { write_image(file_, HelloImGui::FinalAppWindowScreenshotRgbBuffer()); }

 private:
  std::filesystem::path file_;
  double quiet_since_ = 0;
};

struct PlotContext {
  PlotContext() { ImPlot::CreateContext(); }
  PlotContext(const PlotContext&) = delete;
  PlotContext& operator=(const PlotContext&) = delete;
  ~PlotContext() { ImPlot::DestroyContext(); }
};

/// The App of the open window, for GLFW's callback.
App*& dropped_into() {
  static App* app = nullptr;
  return app;
}

void fill_callbacks(HelloImGui::RunnerParams& params, App& app, const WindowHooks& hooks,
                    Screenshot& screenshot) {
  auto& callbacks = params.callbacks;
  callbacks.SetupImGuiConfig = [] {
    ImGuiIO& io = ImGui::GetIO();
    io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
    io.ConfigWindowsMoveFromTitleBarOnly = true;
    io.ConfigDpiScaleFonts = false;
    io.IniFilename = nullptr;
  };
  callbacks.LoadAdditionalFonts = [&app] { app.ui.theme.fonts = ui::load_fonts(ALAB_BUNDLE_ASSETS); };
  callbacks.SetupImGuiStyle = [&app] { refresh_theme(app, HelloImGui::DpiWindowSizeFactor()); };
  callbacks.PostInit = [&app, &hooks] {
    auto* window = static_cast<GLFWwindow*>(HelloImGui::GetRunnerParams()->backendPointers.glfwWindow);
    dropped_into() = &app;
    glfwSetDropCallback(window, [](GLFWwindow*, int count, const char** paths) {
      for (int i = 0; i < count; ++i) {
        take_drop(*dropped_into(), paths[i]);
      }
    });
    if (hooks.started) {
      hooks.started(app);
    }
  };
  callbacks.PreNewFrame = [&app, &params, &hooks] {
    if (hooks.before_frame) {
      hooks.before_frame();
    }
    if (app.theme_dirty) {
      refresh_theme(app, HelloImGui::DpiWindowSizeFactor());
    }
    set_idling(params, app);
    if (!app.options.screenshot.empty()) {
      ImGui::GetIO().AddMousePosEvent(-FLT_MAX, -FLT_MAX);  // the picture shows no hover
    }
  };
  callbacks.ShowGui = [&app, &params, &hooks, &screenshot] {
    if (hooks.every_frame) {
      hooks.every_frame(app);
    }
    draw_app(app);
    params.appShallExit = params.appShallExit || app.quit || (screenshot.wanted() && screenshot.due(app));
  };
  callbacks.BeforeExit = [&app] {
    app.runner.cancel();
    app.exporter.cancel();
    app.desk.counts.cancel();
    close_exercises(app);
    app.views.clear();
    app.markdown.clear();
    release_formulas();
    app.saver.flush(app.book);
  };
  if (hooks.after_swap) {
    callbacks.AfterSwap = [&app, &hooks] { hooks.after_swap(app); };
  }
  if (hooks.register_tests) {
    params.useImGuiTestEngine = true;
    callbacks.RegisterTests = hooks.register_tests;
  }
}

}  // namespace

void require_display() {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  static std::string reason;
  glfwSetErrorCallback([](int, const char* words) { reason = words; });
  const bool found = (set("DISPLAY") || set("WAYLAND_DISPLAY")) && glfwInit() == GLFW_TRUE;
  require(found, "there is no display to open a window on",
          set("DISPLAY") ? text(" (DISPLAY=", std::getenv("DISPLAY"), ": ", reason, ")")
                         : std::string(" (DISPLAY is not set)"),
          "; run every lab without one: ./app/run.sh --headless DIR");
}

void write_png(const std::filesystem::path& file, int width, int height,
               const std::vector<unsigned char>& rgb) {
  if (file.has_parent_path()) {
    std::filesystem::create_directories(file.parent_path());
  }
  require(stbi_write_png(file.string().c_str(), width, height, 3, rgb.data(), width * 3) != 0,
          "cannot write ", file.string(), "; check the folder and its permissions");
}

void save_picture(const std::filesystem::path& file) {
  write_image(file, HelloImGui::AppWindowScreenshotRgbBuffer());
}

int run_window(const Options& options, const WindowHooks& hooks) {
  if (!options.lab.empty()) {
    lab_named(options.lab, all_labs());
  }
  require_display();
  HelloImGui::SetAssetsFolder(ALAB_BUNDLE_ASSETS);
  set_formula_assets(ALAB_BUNDLE_ASSETS);
  const bool picture = !options.screenshot.empty();
  Screenshot screenshot(options.screenshot);
  const PlotContext plots;
  App app(all_labs(), options, data_dir() / "state.json");
  app.saver.set_enabled(options.keeps_progress());
  HelloImGui::RunnerParams params = window_params(app);
  fill_callbacks(params, app, hooks, screenshot);
  HelloImGui::Run(params);
  if (picture) {
    screenshot.save();
  }
  return 0;
}

}  // namespace alab::shell
