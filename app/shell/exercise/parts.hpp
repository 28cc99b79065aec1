// The parts of the exercise page, each a file.
// SPDX-License-Identifier: MIT
#pragma once

#include "app/shell/app.hpp"

namespace alab::shell {

void draw_verdict(App& app, ExerciseView& view);
void draw_check(App& app, ExerciseView& view, const student::CheckVerdict& check);
void draw_hints(App& app, ExerciseView& view);
void draw_solution(App& app, ExerciseView& view);
/// "line 12", which leads there.
void line_link(App& app, ExerciseView& view, const char* id, int line);
/// The text differs from what the verdict is about.
bool is_stale(const ExerciseView& view);
/// Opens the exercise after this one, whichever lab it belongs to.
const ExerciseCard* next_exercise(const App& app);

}  // namespace alab::shell
