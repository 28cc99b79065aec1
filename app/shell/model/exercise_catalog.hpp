// The exercises of this build as the window knows them.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/shell/model/exercise_progress.hpp"

namespace alab::shell {

/// "1a_scores_naive" -> "1A"
std::string exercise_number(std::string_view id);
/// Title and points from checks.toml; an exercise whose checks.toml cannot be
/// read has its id as title.
std::vector<ExerciseCard> exercise_cards();

}  // namespace alab::shell
