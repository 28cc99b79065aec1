// The window of the attention lab workbook.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "app/shell/measure.hpp"
#include "app/shell/model/options.hpp"
#include "app/shell/window.hpp"

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const alab::shell::Options options = alab::shell::parse_options(arguments);
    if (options.help) {
      std::fputs(alab::shell::options_help().c_str(), stdout);
      return 0;
    }
    return options.measure ? alab::shell::measure_window(options) : alab::shell::run_window(options);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "attention_lab: %s\n", e.what());
    return 2;
  }
}
