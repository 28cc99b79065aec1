// Is an exercise's folder complete? SPDX-License-Identifier: MIT
#include <algorithm>

#include "kernels/student/self_test.hpp"

namespace alab::student {

std::vector<std::string> file_problems(const Exercise& exercise, const Manifest& manifest) {
  std::vector<std::string> problems;
  for (const std::string_view name : {"starter.cu", "solution.cu", "launch.cu", "hints.md"}) {
    if (file_of(exercise, name).empty()) {
      problems.push_back(text(name, " is missing"));
    }
  }
  const std::string_view hints = file_of(exercise, "hints.md");
  for (const std::string_view section : {"## Question", "## Concept", "## Line", "## Nearly the answer"}) {
    if (!hints.empty() && hints.find(section) == std::string_view::npos) {
      problems.push_back(text("hints.md has no section '", section, "'"));
    }
  }
  if (file_of(exercise, "starter.cu").find("FILL") == std::string_view::npos) {
    problems.push_back("starter.cu marks nothing with FILL");
  }
  for (const WrongSpec& wrong : manifest.wrong) {
    if (file_of(exercise, "wrong/" + wrong.file).empty()) {
      problems.push_back(
          text("wrong/", wrong.file, " is listed in checks.toml, line ", wrong.line, ", and missing"));
    }
  }
  for (const ExerciseFile& file : exercise_files()) {
    const bool listed =
        std::any_of(manifest.wrong.begin(), manifest.wrong.end(),
                    [&](const WrongSpec& wrong) { return file.name == "wrong/" + wrong.file; });
    if (file.exercise == exercise.id && file.name.starts_with("wrong/") && !listed) {
      problems.push_back(text(file.name, " is not listed in checks.toml: add a [[wrong]]"));
    }
  }
  return problems;
}

}  // namespace alab::student
