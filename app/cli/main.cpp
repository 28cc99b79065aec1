// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "app/cli/cli.hpp"

int main(int argc, char** argv) {
  const int code = alab::cli::run(std::vector<std::string>(argv + 1, argv + argc));
  if (code == alab::cli::kInterrupted) {
    std::cout.flush();
    std::_Exit(code);  // abandoned work may still be running: nothing it reads may be destroyed
  }
  return code;
}
