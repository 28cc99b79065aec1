// The parts of "Code and memory", each a file.
// SPDX-License-Identifier: MIT
#pragma once

#include "app/shell/app.hpp"

namespace alab::shell {

/// Op, rung, problem, Count.
void draw_desk_setup(App& app, const Lab& lab);
/// Which of its sizes an exercise's own kernel is counted on.
void draw_own_kernel_choice(App& app, float width);
void draw_code_panel(App& app);
void draw_request_panel(App& app);
void draw_painter(App& app);
void draw_roofline(App& app);

/// The chosen rung with its problem and tiles; build is nullptr where nothing can be counted.
CountRequest desk_request(const App& app);
/// Each rung of the op that can take the problem and was not counted on it yet, with the tiles chosen for it.
std::vector<CountRequest> uncounted_ladder(const MemoryDesk& desk);
/// Counts them in the background.
void count_ladder(App& app);
const Rung* desk_rung(const App& app);
/// The student's text of the exercise on the chosen sizes.
CountRequest own_request(const App& app);
/// Shows it in place of a rung, and counts it unless that was done.
void open_own_kernel(App& app, const ExerciseView& view);
/// Shows a line's requests, the first one first.
void choose_line(App& app, const counted::Line& line);
/// Brings ShownSource up to date; a rung or count that is new shows its busiest line.
void refresh_source(App& app, const Rung& rung);
/// "what am I seeing": one muted line.
void seeing(const App& app, std::string_view words);

/// Lanes along the top, one row for each 128 bytes: four sectors, or the 32 banks.
struct GridLook {
  std::vector<std::int64_t> rows;  ///< byte offsets that are shown though nothing is touched
  int chosen_lane = -1;
  bool clickable = false;
  std::string buffer;  ///< named in the hover
};
struct GridEvents {
  int lane = -1;  ///< clicked in the strip
  bool word_clicked = false;
  std::int64_t offset = 0;  ///< bytes, of the clicked word
};
/// Item ids: lanes, words. size.y 0: as high as needed.
GridEvents draw_request_grid(const ui::Ui& ui, const RequestPicture& picture, const GridLook& look,
                             ImVec2 size);

}  // namespace alab::shell
