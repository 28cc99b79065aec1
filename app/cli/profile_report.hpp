// What `alab profile` prints and writes of counted rungs.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "kernels/profile_ladder.hpp"
#include "reference/core/json.hpp"

namespace alab::cli {

struct ProfileReport {
  const Op* op = nullptr;  ///< nullptr: the rung is a student's kernel
  ParamSet problem;
  std::string order;
  const RooflineDevice* gpu = nullptr;
  int registers = 0;    ///< per thread as given; 0: the recorded ones
  bool ladder = false;  ///< all rungs of the op rather than one
  std::vector<ProfiledRung> rungs;
};

/// Every counter of every launch, per source line and buffer, of the report's one rung.
std::string shown_rung(const ProfileReport& report);
/// The ladder's table, and mistakes and failed checks below it.
std::string shown_ladder(const ProfileReport& report);
/// The same as Markdown.
std::string markdown_ladder(const ProfileReport& report);
/// As the command's help documents it.
Json json_of(const ProfileReport& report);

}  // namespace alab::cli
