// SPDX-License-Identifier: MIT
#include "app/shell/exercise/code_pane.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "ImGuiColorTextEdit/TextEditor.h"

namespace alab::shell {
namespace {

using Color = TextEditor::Color;

const TextEditor::Language& cuda() {
  static const TextEditor::Language language = [] {
    TextEditor::Language l = *TextEditor::Language::Cpp();
    l.name = "CUDA C++";
    for (const char* word : {"__global__", "__device__", "__host__", "__shared__", "__constant__",
                             "__restrict__", "__forceinline__", "__launch_bounds__"}) {
      l.keywords.insert(word);
    }
    for (const char* word : {"float2", "float4", "int2", "int4", "uint2", "uint4", "dim3", "half", "__half",
                             "__nv_bfloat16", "size_t"}) {
      l.declarations.insert(word);
    }
    for (const char* word : {"threadIdx",
                             "blockIdx",
                             "blockDim",
                             "gridDim",
                             "warpSize",
                             "__syncthreads",
                             "__syncwarp",
                             "__shfl_sync",
                             "__shfl_down_sync",
                             "__shfl_up_sync",
                             "__shfl_xor_sync",
                             "__ballot_sync",
                             "atomicAdd",
                             "atomicMax",
                             "atomicMin",
                             "expf",
                             "exp2f",
                             "expm1f",
                             "logf",
                             "sqrtf",
                             "rsqrtf",
                             "fmaxf",
                             "fminf",
                             "fmaf",
                             "cosf",
                             "sinf",
                             "INFINITY"}) {
      l.identifiers.insert(word);
    }
    return l;
  }();
  return language;
}

TextEditor::Palette palette_of(const ui::Ui& ui, bool read_only) {
  const ui::Palette& c = ui.colors();
  TextEditor::Palette palette{};
  const std::pair<Color, ImVec4> colors[] = {
      {Color::text, c.ink},
      {Color::keyword, c.blue},
      {Color::declaration, c.pink},
      {Color::number, c.amber},
      {Color::string, c.green},
      {Color::punctuation, c.ink},
      {Color::preprocessor, c.orange},
      {Color::identifier, c.ink},
      {Color::knownIdentifier, c.blue},
      {Color::comment, c.muted},
      {Color::background, read_only ? c.panel : c.raised},
      {Color::cursor, c.ink},
      {Color::selection, c.selected},
      {Color::whitespace, c.line_strong},
      {Color::matchingBracketBackground, ui::with_alpha(c.selected, 0.6F)},
      {Color::matchingBracketActive, c.blue},
      {Color::matchingBracketLevel1, c.ink},
      {Color::matchingBracketLevel2, c.ink},
      {Color::matchingBracketLevel3, c.ink},
      {Color::matchingBracketError, c.orange},
      {Color::lineNumber, c.muted},
      {Color::currentLineNumber, c.ink},
  };
  for (const auto& [slot, color] : colors) {
    palette[static_cast<std::size_t>(slot)] = ImGui::ColorConvertFloat4ToU32(color);
  }
  return palette;
}

ImVec4 ground_of(const ui::Ui& ui, MarkKind kind) {
  const ui::Palette& c = ui.colors();
  return kind == MarkKind::warning ? c.tint_amber : c.tint_orange;
}

ImVec4 ink_of(const ui::Ui& ui, MarkKind kind) {
  return kind == MarkKind::warning ? ui.colors().amber : ui.colors().orange;
}

}  // namespace

struct CodePane::Parts {
  TextEditor editor;
  std::vector<LineMark> marks;
  std::string before;  ///< as the editor gives back what was set
  ui::ThemeKind theme{};
  bool read_only = false, themed = false, changed = false, focused = false;

  void put_markers(const ui::Ui& ui) {
    editor.ClearMarkers();
    std::vector<std::size_t> lines(marks.size(), 0);
    editor.IterateUserData([&](std::size_t line, void* data) {
      if (data != nullptr) {
        lines[reinterpret_cast<std::size_t>(data) - 1] = line + 1;
      }
    });
    for (std::size_t i = 0; i < marks.size(); ++i) {
      if (lines[i] > 0) {
        editor.AddMarker(lines[i] - 1,
                         ui::u32(ui::mix(ground_of(ui, marks[i].kind), ink_of(ui, marks[i].kind), 0.35F)),
                         ui::u32(ground_of(ui, marks[i].kind)), "", "");
      }
    }
  }

  /// Of the first mark on the line of mark i, which carries the line's place.
  std::size_t leader(std::size_t i) const {
    const auto first = std::ranges::find(marks, marks[i].line, &LineMark::line);
    return static_cast<std::size_t>(first - marks.begin());
  }

  void hover(const ui::Ui& ui) const {
    if (marks.empty() || !ImGui::IsItemHovered()) {
      return;
    }
    const std::size_t line = editor.GetDocPosAtMousePos(ImGui::GetMousePos()).line;
    void* data = line < editor.GetLineCount() ? editor.GetUserData(line) : nullptr;
    if (data == nullptr) {
      return;
    }
    const int judged = marks[reinterpret_cast<std::size_t>(data) - 1].line;
    std::string words;
    for (const LineMark& mark : marks) {
      words += mark.line != judged ? "" : alab::text(words.empty() ? "" : "\n", mark.sentence);
    }
    ui::tooltip(ui, words);
  }
};

CodePane::CodePane(bool read_only) : parts_(std::make_unique<Parts>()) {
  Parts& p = *parts_;
  p.read_only = read_only;
  p.editor.SetLanguage(&cuda());
  p.editor.SetReadOnlyEnabled(read_only);
  p.editor.SetTabSize(2);
  p.editor.SetInsertSpacesOnTabs(true);
  p.editor.SetShowWhitespacesEnabled(false);
  p.editor.SetShowScrollbarMiniMapEnabled(false);
  p.editor.SetShowMiniMapEnabled(false);
  p.editor.SetCompletePairedGlyphs(false);
  p.editor.SetCaretsVisible(!read_only);
  p.editor.SetChangeCallback([&p] { p.changed = true; });
}

CodePane::~CodePane() = default;

void CodePane::set_text(std::string_view text) {
  parts_->editor.SetText(text);
  parts_->marks.clear();
  parts_->before = parts_->editor.GetText();
}

std::string CodePane::text() const {
  return parts_->editor.GetText();
}

bool CodePane::take_change(std::string* text) {
  if (!parts_->changed) {
    return false;
  }
  parts_->changed = false;
  *text = parts_->editor.GetText();
  return std::exchange(parts_->before, *text) != *text;
}

void CodePane::draw(const ui::Ui& ui, const char* id, ImVec2 size) {
  Parts& p = *parts_;
  if (!p.themed || p.theme != ui.theme.kind) {
    p.editor.SetPalette(palette_of(ui, p.read_only));
    p.put_markers(ui);
    p.theme = ui.theme.kind;
    p.themed = true;
  }
  ui::push_type(ui, ui::Type::code);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, ui::em(0.18F)});  // air between lines
  bool& wants_text = ImGui::GetIO().WantTextInput;  // what the editor sets while it has the keyboard
  const bool others = std::exchange(wants_text, false);
  p.editor.Render(id, size, true);
  p.focused = wants_text;
  wants_text = others || p.focused;
  ImGui::PopStyleVar();
  ui::pop_type();
  p.hover(ui);
}

void CodePane::set_marks(const ui::Ui& ui, std::span<const LineMark> marks) {
  Parts& p = *parts_;
  for (std::size_t line = 0; line < p.editor.GetLineCount(); ++line) {
    p.editor.SetUserData(line, nullptr);
  }
  p.marks.assign(marks.begin(), marks.end());
  for (std::size_t i = 0; i < p.marks.size(); ++i) {
    const int line = p.marks[i].line;
    if (line > 0 && static_cast<std::size_t>(line) <= p.editor.GetLineCount() && p.leader(i) == i) {
      p.editor.SetUserData(static_cast<std::size_t>(line) - 1, reinterpret_cast<void*>(i + 1));
    }
  }
  p.put_markers(ui);
}

int CodePane::line_of(std::size_t mark) const {
  const Parts& p = *parts_;
  int found = 0;
  if (mark < p.marks.size() && p.marks[mark].line > 0) {
    const std::size_t leader = p.leader(mark) + 1;
    p.editor.IterateUserData([&](std::size_t line, void* data) {
      found = reinterpret_cast<std::size_t>(data) == leader ? static_cast<int>(line) + 1 : found;
    });
  }
  return found;
}

void CodePane::go_to_line(int line) {
  const auto last = static_cast<int>(parts_->editor.GetLineCount());
  const auto to = static_cast<std::size_t>(std::clamp(line, 1, std::max(1, last)) - 1);
  parts_->editor.SetCursor({to, 0});
  parts_->editor.ScrollToLine(to, TextEditor::Scroll::alignMiddle);
  parts_->editor.SetFocus();
}

int CodePane::cursor_line() const {
  return static_cast<int>(parts_->editor.GetMainCursorPosition().line) + 1;
}

bool CodePane::can_undo() const {
  return parts_->editor.CanUndo();
}
bool CodePane::can_redo() const {
  return parts_->editor.CanRedo();
}
void CodePane::undo() {
  parts_->editor.Undo();
}
void CodePane::redo() {
  parts_->editor.Redo();
}
bool CodePane::focused() const {
  return parts_->focused;
}
void CodePane::focus() {
  parts_->editor.SetFocus();
}

}  // namespace alab::shell
