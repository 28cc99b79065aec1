// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include "app/cli/cli.hpp"

int main(int argc, char** argv) {
  return alab::cli::run(std::vector<std::string>(argv + 1, argv + argc));
}
