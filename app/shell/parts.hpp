// Small things that the window's parts share.
// SPDX-License-Identifier: MIT
#pragma once

#include "app/shell/app.hpp"

namespace alab::shell {

/// One of the window's fixed columns or bars. Pair with end_region.
struct Region {
  const char* id;
  ImVec2 pos, size, padding;
  ImVec4 ground;
  bool scroll = false, scrollbar = true;
};
bool begin_region(const Region& region);
void end_region();

/// A floating sheet (palette, export, help): not modal, closes by Esc or its cross. Pair with end_sheet when
/// true.
bool begin_sheet(App& app, const char* id, const char* title, bool* open, ImVec2 size_em, bool top = false);
void end_sheet();

/// Moves the cursor so that width fits at the right edge of the current line.
void align_right(float width);
/// 1 for paper over ink: the height of a framed line.
float line_height();

}  // namespace alab::shell
