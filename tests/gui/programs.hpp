// Child processes of the GUI tests: sessions, and the real program on its command line.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace alab::gui_test {

struct Count {
  int passed = 0, failed = 0;
  void add(const Count& more) {
    passed += more.passed;
    failed += more.failed;
  }
};

/// Prints "PASS name" or "FAIL name".
Count report(bool passed, const std::string& name);
/// Starts words with environment (an empty value removes a variable); its stdout and stderr come through the
/// returned descriptor.
int start(const std::vector<std::string>& words, const std::map<std::string, std::string>& environment,
          pid_t* pid);
/// The command line of attention_lab.
Count test_programs(const std::filesystem::path& base);

}  // namespace alab::gui_test
