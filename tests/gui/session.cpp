// SPDX-License-Identifier: MIT
#include "tests/gui/session.hpp"

#include <GLFW/glfw3.h>

#include <cstdio>
#include <cstdlib>

#include "hello_imgui/hello_imgui.h"
#include "imgui_test_engine/imgui_te_engine.h"

namespace HelloImGui {
ImGuiTestEngine* GetImGuiTestEngine();
}

namespace alab::gui_test {
namespace {

shell::App* current = nullptr;
std::string wanted_picture;
bool drawing = false;
std::filesystem::path folder;

void add_tests(const Session& session) {
  ImGuiTestEngine* engine = HelloImGui::GetImGuiTestEngine();
  ImGuiTestEngineIO& io = ImGuiTestEngine_GetIO(engine);
  io.ConfigRunSpeed = ImGuiTestRunSpeed_Fast;
  io.ConfigVerboseLevel = ImGuiTestVerboseLevel_Error;
  io.ConfigVerboseLevelOnError = ImGuiTestVerboseLevel_Info;
  io.ConfigLogToTTY = true;
  io.ConfigNoThrottle = true;
  io.ConfigCaptureEnabled = false;
  io.ConfigWatchdogWarning = 600;
  io.ConfigWatchdogKillTest = 900;
  io.ConfigWatchdogKillApp = 1200;
  for (const Test& test : session.tests) {
    ImGuiTest* t = ImGuiTestEngine_RegisterTest(engine, session.name.c_str(), test.name.c_str());
    t->TestFunc = test.run;
    ImGuiTestEngine_QueueTest(engine, t, ImGuiTestRunFlags_RunFromCommandLine);
  }
}

/// Counts failures once the queue is empty; -1 while tests run.
int outcome(const Session& session) {
  ImGuiTestEngine* engine = HelloImGui::GetImGuiTestEngine();
  if (engine == nullptr || !ImGuiTestEngine_IsTestQueueEmpty(engine)) {
    return -1;
  }
  ImVector<ImGuiTest*> tests;
  ImGuiTestEngine_GetTestList(engine, &tests);
  int failed = 0;
  for (const ImGuiTest* test : tests) {
    const bool passed = test->Output.Status == ImGuiTestStatus_Success;
    std::printf("%s %s: %s\n", passed ? "PASS" : "FAIL", session.name.c_str(), test->Name.c_str());
    failed += passed ? 0 : 1;
  }
  std::fflush(stdout);
  return failed;
}

/// Software GL takes nine tenths of a session. Frames that nobody looks at go through everything but the
/// pixels.
void discard_pixels(bool discard) {
  constexpr unsigned kRasterizerDiscard = 0x8C89;
  const auto call =
      reinterpret_cast<void (*)(unsigned)>(glfwGetProcAddress(discard ? "glEnable" : "glDisable"));
  if (call != nullptr) {
    call(kRasterizerDiscard);
  }
}

}  // namespace

void draw_frames(bool draw) {
  drawing = draw;
}

shell::App& app() {
  return *current;
}

std::filesystem::path data_folder() {
  return folder;
}

int run_session(const Session& session, const std::filesystem::path& data) {
  folder = data;
  int failed = -1;
  int quiet_frames = 0;
  shell::WindowHooks hooks;
  hooks.started = [](shell::App& a) { current = &a; };
  hooks.register_tests = [&] { add_tests(session); };
  hooks.before_frame = [] { discard_pixels(!drawing); };
  hooks.every_frame = [&](shell::App& a) {
    if (failed < 0 && ++quiet_frames > 5) {
      failed = outcome(session);
    }
    a.quit = a.quit || failed >= 0;
  };
  hooks.after_swap = [](shell::App&) {
    if (!wanted_picture.empty()) {
      shell::save_picture(wanted_picture);
      wanted_picture.clear();
    }
  };
  shell::run_window(session.options, hooks);
  current = nullptr;
  return failed < 0 ? static_cast<int>(session.tests.size()) : failed;
}

void picture(ImGuiTestContext* ctx, const std::string& name) {
  const char* where = std::getenv("ALAB_SCREENSHOTS");
  if (where == nullptr || *where == '\0') {
    return;
  }
  const bool before = drawing;
  ctx->Yield(2);
  drawing = true;
  ctx->Yield();
  wanted_picture = (std::filesystem::path(where) / (name + ".png")).string();
  ctx->Yield(2);
  drawing = before;
  IM_CHECK(wanted_picture.empty());
}

}  // namespace alab::gui_test
