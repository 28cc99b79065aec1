// The exercise page: task, verdict, hints and solution in the lesson's column, the student's code where the
// instruments are. SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/panels/heatmap_panel.hpp"
#include "app/shell/exercise/code_pane.hpp"
#include "app/shell/model/exercise_draft.hpp"
#include "app/shell/model/exercise_hints.hpp"
#include "app/shell/model/exercise_judging.hpp"
#include "kernels/student/exercise.hpp"
#include "kernels/student/profile_case.hpp"

namespace alab::shell {

enum class ExerciseTab { task, verdict, hints, solution };

/// One exercise as it is shown; lives as long as the window, so that nothing typed depends on a page.
struct ExerciseView {
  ExerciseView(const student::Exercise& shown, bool keeps);

  const student::Exercise* exercise;
  std::string statement;  ///< Markdown
  std::string broken;     ///< "" or why its checks.toml cannot be used
  std::vector<Hint> hints;
  ExerciseDraft draft;
  CodePane code, solution{true};
  std::vector<student::Case> cases;                ///< on which "Code and memory" can count it
  int shown_case = 0;                              ///< of these
  std::uint64_t shown_text = 0, reloads_seen = 0;  ///< of the draft
  ExerciseTab tab = ExerciseTab::task;
  bool scroll_top = false;
  std::shared_ptr<const ExerciseVerdict> verdict;  ///< of this session
  std::uint64_t verdicts = 0;
  std::vector<LineMark> marks;
  std::map<std::string, panels::HeatmapState> maps;  ///< by check
};

struct ExerciseDesk {
  std::map<std::string, std::unique_ptr<ExerciseView>, std::less<>> views;  ///< by id
  ExerciseJudge judge;
  bool run_soon = false;  ///< judges in the first frame that shows it
};

}  // namespace alab::shell
