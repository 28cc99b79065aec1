// A code editor for CUDA with marks on its lines. Colours follow the window's theme.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "app/shell/model/exercise_report.hpp"
#include "app/ui/widgets.hpp"

namespace alab::shell {

class CodePane {
 public:
  explicit CodePane(bool read_only = false);
  ~CodePane();
  CodePane(const CodePane&) = delete;
  CodePane& operator=(const CodePane&) = delete;

  /// Replaces all of it; cursor and marks are lost, and so is what undo() reaches.
  void set_text(std::string_view text);
  std::string text() const;
  /// The text when it was changed by hand since the last call.
  bool take_change(std::string* text);
  void draw(const ui::Ui& ui, const char* id, ImVec2 size);

  /// In place of earlier marks; each stays with its line while one types.
  void set_marks(const ui::Ui& ui, std::span<const LineMark> marks);
  /// Where the mark's line is now, from 1; 0 when it was deleted or the mark has none.
  int line_of(std::size_t mark) const;
  void go_to_line(int line);
  int cursor_line() const;

  bool can_undo() const;
  bool can_redo() const;
  void undo();
  void redo();
  bool focused() const;
  void focus();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace alab::shell
