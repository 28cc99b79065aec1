// Opens the window and runs it: GLFW, OpenGL 3, fonts, theme, idling, screenshots.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "app/shell/app.hpp"

namespace alab::shell {

struct WindowHooks {
  std::function<void()> register_tests;  ///< set: the test engine runs, idling is off
  std::function<void()> before_frame;
  std::function<void(App&)> every_frame;
  std::function<void(App&)> after_swap;  ///< picture() may be called here
  std::function<void(App&)> started;     ///< before the first frame
};

/// Returns the exit code. @throws Error when no window can be opened
int run_window(const Options& options, const WindowHooks& hooks = {});

/// Error unless a display can be reached; says what to do instead.
void require_display();

/// What the window shows, as PNG; only from after_swap. @throws Error when it cannot be written
void save_picture(const std::filesystem::path& file);

/// RGB bytes, bottom row last, to a PNG file. @throws Error when the file cannot be written
void write_png(const std::filesystem::path& file, int width, int height,
               const std::vector<unsigned char>& rgb);

}  // namespace alab::shell
