// compile() for a launch text of the caller's. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "kernels/student/run_case.hpp"

namespace alab::student {

/// What a program does beside computing: one source, two programs.
enum class Counts { accesses, operations };

/// compile() of run_case.hpp; launch is what an exercise's launch.cu holds.
Program compile_source(std::string_view source, std::string_view launch, const StudentLimits& limits,
                       const Progress& progress, Counts counts = Counts::accesses);

/// A source without the mark that some editors put before UTF-8.
std::string without_mark(std::string_view source);

}  // namespace alab::student
