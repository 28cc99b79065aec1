// The small things every panel is built from: cards, buttons, chips, rings, lamps, popovers, state notices.
// All state is the caller's. ImGui ids are the str_id arguments, stable between versions: tests address them.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/ui/theme.hpp"
#include "reference/core/result.hpp"

namespace alab::ui {

/// What copy and export corners of plots, maps and tables do. Unset export hides its button.
struct Hooks {
  /// key of the Plot, Heatmap, Table or Stepper to be written; the shell opens its export dialog.
  std::function<void(std::string_view key)> export_item;
  /// Copied text went to the clipboard; the shell may say so in the status bar.
  std::function<void(std::string_view what)> copied;
  /// A word of the glossary was clicked.
  std::function<void(std::string_view word)> open_glossary;
};

/// A term, its slider and its line share a colour and light up together. Keys are Param, Series or Term
/// names.
struct Links {
  std::map<std::string, int, std::less<>> colors;  ///< key -> index into Palette::series
  std::string hovered;                             ///< set while drawing, read in the next frame
  std::string next_hovered;
};

struct GlossaryEntry {
  std::string word, symbol, meaning;
};

/// Handed into every panel and widget; one per window, owned by the shell.
struct Ui {
  Theme theme;
  Links links;
  Hooks hooks;
  std::vector<GlossaryEntry> glossary;
  bool motion = true;  ///< false: nothing moves by itself, steppers jump

  const Palette& colors() const { return theme.colors; }
};

/// Once per frame before anything is drawn: moves the hover of the last frame into place.
void begin_frame(Ui& ui);
/// Gives each key the next colour of the series palette, in order; keys beyond eight share the last one's
/// ink.
void set_links(Ui& ui, std::span<const std::string_view> keys);
bool link_hovered(const Ui& ui, std::string_view key);
void hover_link(Ui& ui, std::string_view key);
/// The linked colour of key, or fallback.
ImVec4 link_color(const Ui& ui, std::string_view key, const ImVec4& fallback);

// ---- type
// ---------------------------------------------------------------------------------------------------
enum class Type { body, small, tiny, heading1, heading2, heading3, bold, italic, code };
void push_type(const Ui& ui, Type type);
void pop_type();
void text_as(const Ui& ui, Type type, std::string_view text);
void text_colored(const ImVec4& color, std::string_view text);
/// Wrapped lines with air between them; draw = nullptr measures. Returns the size.
ImVec2 wrapped_text(ImDrawList* draw, ImVec2 pos, ImU32 color, std::string_view text, float width);
/// Wrapped at the content region (or width when > 0).
void paragraph(const Ui& ui, std::string_view text, Type type = Type::body, float width = 0);
void muted(const Ui& ui, std::string_view text, Type type = Type::small);
/// One line, shortened with an ellipsis to width; hovering shows all of it. Never clips.
void text_fitted(const Ui& ui, std::string_view text, float width);
void vspace(float lines);

// ---- cards and callouts
// -------------------------------------------------------------------------------------
enum class CardKind { predict, run, explain, find_the_bug, errata, plain };
struct CardLook {
  const char* title;
  const char* icon;
  ImVec4 accent, ground;
};
CardLook look_of(const Ui& ui, CardKind kind);
/// A rounded ground with a coloured rule at the left, an icon and a title. Grows with its content.
/// title empty: the kind's own name. Returns true always; pair with end_card.
bool begin_card(const Ui& ui, const char* str_id, CardKind kind, std::string_view title = {},
                float width = 0);
void end_card();

// ---- buttons
// ------------------------------------------------------------------------------------------------
bool primary_button(const Ui& ui, const char* label, bool enabled = true, float width = 0);
bool quiet_button(const Ui& ui, const char* label, bool enabled = true, float width = 0);
/// No ground until hovered. tooltip says what it does; it is also what a screen test reads.
bool icon_button(const Ui& ui, const char* str_id, const char* icon, std::string_view tooltip,
                 bool enabled = true);
bool link_text(const Ui& ui, const char* str_id, std::string_view text);
/// One option of a question, wrapped text, whole row clickable. Item id: str_id.
/// mark: 0 none, +1 right, -1 wrong (shown after commit).
bool radio_option(const Ui& ui, const char* str_id, std::string_view text, bool selected, bool enabled = true,
                  int mark = 0);
/// Joined buttons, one pressed; labels that do not fit become a combo. Item ids: str_id/<index>, or ##str_id.
bool segmented(const Ui& ui, const char* str_id, std::span<const std::string_view> labels, int* index,
               float width = 0);
bool toggle(const Ui& ui, const char* label, bool* value);

// ---- numbers
// ------------------------------------------------------------------------------------------------
ImVec4 provenance_color(const Ui& ui, Provenance::Kind kind);
/// "counted" on a quiet tint; hovering shows the source.
void provenance_chip(const Ui& ui, const Provenance& provenance);
float provenance_chip_width(const Ui& ui, const Provenance& provenance);
void chip(const Ui& ui, std::string_view text, const ImVec4& color, const ImVec4& ground,
          std::string_view tooltip = {});
/// Filled by fraction; 1 shows a check mark; < 0 an empty ring.
void progress_ring(const Ui& ui, double fraction, float radius = 0);
/// A lamp: passed or not, the criterion in words, the value, and a gauge with the band. Wraps at width.
void lamp(Ui& ui, const Check& check, float width = 0);
/// A label, the number formatted by its hint, its chip.
void scalar_line(Ui& ui, const Scalar& scalar);
void sparkline(const ImVec4& color, std::span<const double> values, ImVec2 size);

// ---- help
// ---------------------------------------------------------------------------------------------------
/// The word underlined with dots; hover or focus opens a small popover with symbol and meaning.
void glossary_term(Ui& ui, std::string_view word);
void tooltip(const Ui& ui, std::string_view text);
/// tooltip when the last item is hovered for a moment.
void help(const Ui& ui, std::string_view text);
/// A button in the corner; copies text() and reports to the hook.
void copy_button(const Ui& ui, const char* str_id, std::string_view what,
                 const std::function<std::string()>& text);

// ---- states
// -------------------------------------------------------------------------------------------------
enum class Phase { empty, running, done, stale, failed, unavailable };
/// What a panel says about its job. message: one sentence; command: what mends it (shown as code, with copy).
struct PanelStatus {
  Phase phase = Phase::empty;
  std::string message, command;
  double fraction = 0;
};
struct StatusAction {
  bool run = false, cancel = false;
};
/// Fills the region with a calm notice: icon, sentence, next step. For empty, failed, unavailable, running.
StatusAction state_panel(const Ui& ui, const char* str_id, const PanelStatus& status, ImVec2 size);
/// One line above content that is shown anyway: running (with what, how far, cancel) or stale (with run).
StatusAction state_strip(const Ui& ui, const char* str_id, const PanelStatus& status);

}  // namespace alab::ui
