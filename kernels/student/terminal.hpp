// The verdict as a person reads it. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "kernels/student/verdict.hpp"

namespace alab::student {

/// One line per check, then what, where and why of each that failed. Details of checks that are not visible
/// are left out.
/// @param source  shown beside the compiler's words
/// @param colour  ANSI colours
std::string shown(const Verdict& verdict, std::string_view source, bool colour);

/// What, where and why of a failed check, line by line.
std::string details_of(const CheckVerdict& check);
/// Why checks were not run: it did not compile, or may not run.
std::string reason_not_run(const Verdict& verdict);
/// Each diagnostic with its source line and a caret.
std::string compiler_report(const Verdict& verdict, std::string_view source);

/// Each line six spaces to the right.
std::string indented(const std::string& lines);

}  // namespace alab::student
