// The command line of attention_lab.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "labs/lab.hpp"

namespace alab::shell {

struct Options {
  std::string lab;            ///< id, or a part of it that names one lab
  int step = 0;               ///< 1-based; 0: where the student left off
  std::string page;           ///< overview, quiz or readings
  std::string exercise;       ///< id or a beginning of it ("1a"): opens its page
  std::string kernel;         ///< "op/rung": opens Code and memory there and counts it
  std::string panel;          ///< request, painter or roofline: the tab in front there
  std::string theme;          ///< paper, dark, or "" as saved
  int width = 0, height = 0;  ///< 0: as saved, else 1366x768
  std::filesystem::path screenshot;
  bool answered = false;  ///< with a screenshot: predictions count as skipped, so that plots show
  bool measure = false;   ///< take the window's times, print them, exit
  bool help = false;
  /// False: the student's progress is neither read nor written.
  bool keeps_progress() const { return screenshot.empty() && !measure; }
};

/// Throws Error on an unknown option or a bad value (one sentence, with the nearest known option).
Options parse_options(std::span<const std::string> arguments);
std::string options_help();
/// The lab that id names: the id itself, a unique part of it ("flash"), or an Error that lists what there is.
const Lab& lab_named(std::string_view id, std::span<const Lab* const> labs);

}  // namespace alab::shell
