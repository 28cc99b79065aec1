// SPDX-License-Identifier: MIT
#include "kernels/student/saved_source.hpp"

#include "reference/core/files.hpp"

namespace alab::student {

std::filesystem::path saved_source(const Exercise& exercise) {
  return data_dir() / "exercises" / text(exercise.id, ".cu");
}

}  // namespace alab::student
