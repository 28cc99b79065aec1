// Programs that were made of students' sources, so that the same text costs nothing. SPDX-License-Identifier:
// MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "kernels/student/run_case.hpp"

namespace alab::student {

constexpr std::size_t kMostPrograms = 200;

/// A folder for one compilation, removed with what is left in it.
class WorkFolder {
 public:
  WorkFolder();
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What names a program: all that it was made of.
struct ProgramKey {
  std::string source, launch, kit;
};

/// The program and its warnings, or the errors of a source that does not compile.
std::optional<Program> find_program(const ProgramKey& key);
/// Moves the program's file into the cache; of several that do so at once one stays. Beyond kMostPrograms the
/// ones that were not asked for longest go, except those of the last ten minutes. @throws Error: the folder
/// cannot be written
Program keep_program(const ProgramKey& key, Program program);

}  // namespace alab::student
