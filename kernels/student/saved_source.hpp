// Where a student's own text of an exercise lies. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "kernels/student/exercise.hpp"

namespace alab::student {

/// exercises/<id>.cu in the program's data folder: what the window's editor saves and `alab check` reads.
std::filesystem::path saved_source(const Exercise& exercise);

}  // namespace alab::student
