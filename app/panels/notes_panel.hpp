// The student's own notes beside the notes of the Result.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "app/ui/widgets.hpp"

namespace alab::panels {

/// Edits text in place; true when it changed. Item ids inside "notes": ##text.
bool notes_panel(ui::Ui& ui, std::string& text, ImVec2 size);
/// Sentences of the Result that must be read beside its numbers.
void result_notes(ui::Ui& ui, const Result& result);

}  // namespace alab::panels
