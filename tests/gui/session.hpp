// One run of the window with tests in it. Each session is a process of its own with its own data folder, so
// that a crash costs one session and a restart is a real one. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "app/shell/window.hpp"
#include "imgui_test_engine/imgui_te_context.h"

namespace alab::gui_test {

struct Test {
  std::string name;  ///< a sentence about behaviour
  std::function<void(ImGuiTestContext*)> run;
};

struct Session {
  std::string name;
  std::vector<Test> tests;
  shell::Options options = {};
  /// Before the window opens; the data folder is empty unless keeps_data names an earlier session.
  std::function<void(const std::filesystem::path& data)> prepare = {};
  std::string keeps_data = {};
};

const std::vector<Session>& all_sessions();
std::vector<Session> first_sessions();
std::vector<Session> lab_sessions();
std::vector<Session> window_sessions();
std::vector<Session> memory_sessions();
std::vector<Session> state_sessions();
std::vector<Session> exercise_sessions();

/// Runs one session in this process; prints "PASS name" or "FAIL name" per test. Returns the number of
/// failures.
int run_session(const Session& session, const std::filesystem::path& data);

/// The App under test.
shell::App& app();
/// True: every frame is drawn; false (at the start): only pictures are.
void draw_frames(bool draw);
/// Writes what the window shows into $ALAB_SCREENSHOTS/name.png; nothing without that variable.
void picture(ImGuiTestContext* ctx, const std::string& name);
std::filesystem::path data_folder();

}  // namespace alab::gui_test
