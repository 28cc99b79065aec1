// What g++ printed about a student's file. SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

#include "kernels/student/run_case.hpp"

namespace alab::student {

/// Names under which the compiler sees the two files, as #line gives them.
constexpr std::string_view kStudentFile = "alab_student/student.cu";
constexpr std::string_view kLaunchFile = "alab_student/launch.cu";

/// Errors and the warnings of the student's file, each once, with the notes that belong to it; none names a
/// path of this machine.
std::vector<Diagnostic> diagnostics_of(std::string_view printed);

}  // namespace alab::student
