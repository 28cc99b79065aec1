// Where Q, K and V come from: a named synthetic input, a head of the model on a sentence or a book, a file.
// Knows no model: the shell hands in what there is. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/ui/widgets.hpp"

namespace alab::panels {

/// One entry of the list, greyed out with the reason when it cannot be used.
struct InputEntry {
  std::string name, label, doc;
  std::string unavailable;  ///< "" or one sentence
  std::string command;      ///< that mends it, or ""
  bool model = false;       ///< has layers, heads and a text
};

struct ModelRange {
  int layers = 30, heads = 9;
  std::vector<std::string> books;  ///< labels of passages; index 0 is drawn first
};

/// What the student chose; the shell turns it into an InputSource.
struct InputChoice {
  std::string name;
  int layer = 17, head = 5;
  bool own_text = true;
  std::string text = "The quick brown fox jumps over the lazy dog. The quick brown fox";
  int book = 0;
  std::string file;
  friend bool operator==(const InputChoice&, const InputChoice&) = default;
};

struct InputState {
  InputChoice draft;  ///< while a text is being typed
  bool started = false;
};

/// True when choice changed (typed text counts when Enter or Use is pressed or the field loses focus).
/// Item ids inside "input": ##source, ##layer, ##head, text_kind, ##text, use, ##book.
bool input_panel(ui::Ui& ui, std::span<const InputEntry> entries, const ModelRange& model,
                 InputChoice& choice, InputState& state);
/// "SmolLM2 L17 H5" or the entry's label: for the bar along the top.
std::string short_label(std::span<const InputEntry> entries, const InputChoice& choice);

}  // namespace alab::panels
