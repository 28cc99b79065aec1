// SPDX-License-Identifier: MIT
#include "app/export/program.hpp"

#include "version.gen.hpp"

namespace alab {

std::string_view program_name() {
  return ALAB_PROGRAM;
}

}  // namespace alab
