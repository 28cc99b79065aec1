// What a student does, as functions of a test: open, predict, run, slide, wait.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "tests/gui/session.hpp"

namespace alab::gui_test {

/// Yields frames until done() or seconds of wall time have passed; the value of done().
bool wait_for(ImGuiTestContext* ctx, double seconds, const std::function<bool()>& done);
/// Waits until nothing runs.
bool wait_idle(ImGuiTestContext* ctx, double seconds = 60);
/// The current step's view of its runs.
shell::RunView view();

/// The id of an item by the tail of its path below a window, whatever child windows lie between; checks it
/// exists.
ImGuiTestItemInfo item(ImGuiTestContext* ctx, const char* window, const std::string& tail);
bool exists(ImGuiTestContext* ctx, const char* window, const std::string& tail);
void click(ImGuiTestContext* ctx, const char* window, const std::string& tail);

/// Goes through the window's contents column.
void open_page(ImGuiTestContext* ctx, const Lab& lab, shell::Page page);
/// Commits some prediction of the kind that is asked for, through the card; a curve is drawn on the plot.
void predict(ImGuiTestContext* ctx);
/// Presses Run and waits for its Result.
void run_and_wait(ImGuiTestContext* ctx);
/// Moves every control of the step and checks that its value followed; returns how many there were.
int move_every_control(ImGuiTestContext* ctx);
/// Presses the button of the open export dialog with this folder, and waits for the files; false when the
/// dialog is not open or the files take a minute.
bool export_to(ImGuiTestContext* ctx, const std::filesystem::path& folder);

}  // namespace alab::gui_test
