// What the workbook keeps of an exercise beside the student's text, which is a file of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/core/json.hpp"

namespace alab::shell {

/// One exercise of a lab, as the contents show it.
struct ExerciseCard {
  std::string id;      ///< its folder: 1a_scores_naive
  std::string lab;     ///< the lab's folder
  std::string number;  ///< 1A
  std::string title;
  double points = 0;
};

struct HintOpened {
  int section = 0;        ///< 0: the question
  std::int64_t time = 0;  ///< seconds since 1970, UTC
  friend bool operator==(const HintOpened&, const HintOpened&) = default;
};

enum class ExerciseState { untouched, tried, passed };

struct ExerciseProgress {
  int runs = 0;
  bool passed = false;            ///< once is enough: exploring on does not take it back
  double earned = 0, points = 0;  ///< of the best run
  std::vector<HintOpened> hints;  ///< in the order they were opened
  ExerciseState state() const {
    return passed ? ExerciseState::passed : (runs > 0 ? ExerciseState::tried : ExerciseState::untouched);
  }
  bool hint_open(int section) const;
  friend bool operator==(const ExerciseProgress&, const ExerciseProgress&) = default;
};

Json to_json(const ExerciseProgress& progress);
/// @throws Error or Json's own: a value of a wrong type or out of range
ExerciseProgress exercise_progress_from(const Json& json);

}  // namespace alab::shell
