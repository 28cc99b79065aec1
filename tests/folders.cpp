// The one file that knows paths, so that a compiler cache serves every checkout. SPDX-License-Identifier: MIT
#include "tests/folders.hpp"

namespace alab::tests {

std::string source_folder() {
  return ALAB_SOURCE_DIR;
}
std::string bin_folder() {
  return ALAB_BIN_DIR;
}

}  // namespace alab::tests
