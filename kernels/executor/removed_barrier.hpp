// For tests: a launch in which one barrier is not there. SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "kernels/executor/view.hpp"

namespace alab::executor {

/// The barriers of one source line, taken out: every thread passes them as if they were not there. For tests
/// that show what each barrier is for.
struct RemovedBarrier {
  std::string_view file;  ///< the end of its path
  unsigned line = 0;      ///< 0: none
  bool is(Site where) const {
    return where.line() == line && std::string_view(where.file_name()).ends_with(file);
  }
};

}  // namespace alab::executor
