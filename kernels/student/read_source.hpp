// What is read in a student's source before a compiler sees it. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/student/run_case.hpp"

namespace alab::student {

constexpr std::size_t kMostSource = std::size_t{256} << 10;

struct SourceReading {
  std::vector<Diagnostic> refusals;  ///< each a sentence; empty: it may be compiled
  std::string compilable;            ///< the source without its includes, whose contents are there anyway
  std::vector<std::string> macros;   ///< that it defines
  Diagnostic unclosed;               ///< a brace that is never closed, as far as one can tell; line 0: none
};

/// Refuses what no kernel needs and what would reach past the kernel: assembly, other headers, attributes and
/// pragmas that change how the file is compiled, names of the workbook's own.
SourceReading read_source(std::string_view source);

}  // namespace alab::student
