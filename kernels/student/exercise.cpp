// SPDX-License-Identifier: MIT
#include "kernels/student/exercise.hpp"

namespace alab::student {

const Exercise* find_exercise(std::string_view id) {
  const Exercise* found = nullptr;
  for (const Exercise* const exercise : all_exercises()) {
    if (exercise->id == id) {
      return exercise;
    }
    if (!id.empty() && exercise->id.starts_with(id)) {
      if (found != nullptr) {
        return nullptr;
      }
      found = exercise;
    }
  }
  return found;
}

std::string_view file_of(const Exercise& exercise, std::string_view name) {
  for (const ExerciseFile& file : exercise_files()) {
    if (file.exercise == exercise.id && file.name == name) {
      return file.text;
    }
  }
  return {};
}

std::string_view lab_of(const Exercise& exercise) {
  for (const ExerciseFile& file : exercise_files()) {
    if (file.exercise == exercise.id) {
      return file.lab;
    }
  }
  return {};
}

}  // namespace alab::student
