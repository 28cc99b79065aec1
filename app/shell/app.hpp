// The window's parts and what they share. One App per window; everything here runs on the GUI thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/doctor/doctor.hpp"
#include "app/panels/input_panel.hpp"
#include "app/panels/params_panel.hpp"
#include "app/panels/result_view.hpp"
#include "app/shell/exercise/desk.hpp"
#include "app/shell/markdown.hpp"
#include "app/shell/memory/desk.hpp"
#include "app/shell/model/exporting.hpp"
#include "app/shell/model/input_catalog.hpp"
#include "app/shell/model/options.hpp"
#include "app/shell/model/runner.hpp"
#include "app/shell/model/search.hpp"
#include "app/shell/model/state_file.hpp"
#include "app/shell/model/workbook.hpp"
#include "app/ui/widgets.hpp"

namespace alab::shell {

/// An answer being made, before it is committed; one per step, not kept over a restart.
struct Draft {
  int choice = -1;
  std::string number, error;
  Stroke curve;
};

/// What the window shows of one step.
struct StepView {
  panels::ResultViewState results;
  panels::ParamsState params;
  Draft draft;
  double revealed_at = -1;  ///< when the first Result after a commit arrived; the explanation waits a moment
  std::uint64_t explained = 0;  ///< version of the Result that explain was filled from
  std::string explain;
  Judgement judgement;
  std::uint64_t axes_version = 0;
  std::shared_ptr<const Result> axes;  ///< the plot a curve is drawn on, alone
};

struct Palette {
  bool open = false, focus = false;
  std::string query;
  int selected = 0;
  SearchIndex index;
  std::uint64_t indexed = 0;
};

struct ExportDialog {
  bool open = false, whole_lab = false, started = false;
  ExportFormats formats;
  std::string folder, student;
  std::string only;                     ///< key of one plot, map, table or stepper; "" for all
  std::shared_ptr<const Result> given;  ///< written instead of a step's: the roofline of counted kernels
};

struct Help {
  bool open = false;
  int page = 0;
  std::vector<std::pair<std::string, std::string>> documents;  ///< title, Markdown
};

struct Notice {
  std::string words;
  double until = 0;  ///< < 0: stays until dismissed
};

/// Versions of the quick look that was shown last and of the one that a full run followed.
struct QuickLook {
  std::uint64_t seen = 0, completed = 0;
  double since = 0;
};

/// Places of the window's columns, in pixels.
struct Layout {
  float top = 0, bottom = 0, contents = 0, lesson = 0;
  bool icons_only = false;
};

struct App {
  App(std::span<const Lab* const> labs, const Options& options, std::filesystem::path state_file);

  Options options;
  Workbook book;
  Runner runner;
  StateSaver saver;
  Exporter exporter;
  LatestJob<std::vector<Finding>> doctor;
  InputCatalog catalog;
  MemoryDesk desk;
  ExerciseDesk exercises;

  ui::Ui ui;
  MarkdownView markdown;
  std::map<std::string, StepView> views;  ///< by lab and step
  panels::InputState input_state;
  panels::InputChoice input_choice;
  std::vector<panels::InputEntry> input_entries;
  panels::ModelRange model_range;
  Palette palette;
  ExportDialog exports;
  Help help;
  Notice notice;
  QuickLook quick;
  std::vector<Finding> findings;
  bool doctor_open = false, show_notes = false, glossary_open = false;
  std::string glossary_word;
  std::string focus;  ///< "lesson", "instruments" or "contents": takes the keyboard next frame
  Page shown_page;    ///< of the last frame, to notice a change of page
  const Lab* shown_lab = nullptr;
  bool scroll_lesson_top = false, scroll_contents = false;
  bool hero = false;  ///< first start: a stepper plays beside the welcome
  const Lab* hero_lab = nullptr;
  const Step* hero_step = nullptr;
  std::shared_ptr<StepView> hero_view;
  Layout columns;
  float params_height = 0;
  ImVec2 popup_at;  ///< below the button of the top bar that opened one
  bool theme_dirty = true, quit = false;
  double started_at = 0;
};

/// Everything of one frame, between ImGui's NewFrame and Render.
void draw_app(App& app);
/// False: nothing moves, the window may sleep until the next event.
bool wants_frames(const App& app);
/// Puts theme and font size of the preferences into force; between frames.
void refresh_theme(App& app, float dpi_scale);

// ---- what the parts call
// -------------------------------------------------------------------------------------
/// Runs the current step's experiment with the settings in force. sweep: key of a parameter, or "".
void run_step(App& app, const std::string& sweep = "");
/// The same while a setting moves: an experiment that takes long shows a quick look first, then the full run.
void preview_step(App& app);
StepView* step_view(App& app);
RunView run_view(const App& app);
void say(App& app, std::string words, double seconds = 6);
void change_preferences(App& app, const std::function<void(Preferences&)>& change);
void commit_answer(App& app, Answer answer);
void skip_prediction(App& app);
/// Sets a preset's values and input and runs it.
void use_preset(App& app, const Lab& lab, const Preset& preset);
/// Makes selection the input; the step is run again when it reads one.
void use_input(App& app, const InputSelection& selection);
/// Copies the catalog into the input panel's list.
void refresh_inputs(App& app);
/// A file or folder was dropped onto the window.
void take_drop(App& app, const std::string& path);
/// Leaves the first screen.
void leave_hero(App& app);
void open_link(App& app, const std::string& target);
/// Opens "Code and memory" on the current lab; op and rung may be empty.
void open_desk(App& app, std::string_view op, std::string_view rung);
/// Counts what is chosen there.
void count_desk(App& app);
/// The exercise of the current page, made when it is seen first; nullptr on other pages.
ExerciseView* exercise_view(App& app);
/// Saves and judges it.
void run_exercise(App& app);
/// Back to the given text, with undo.
void reset_exercise(App& app);
/// The editor's own undo first, then the history.
void undo_exercise(ExerciseView& view, bool redo);
/// Once a frame: verdicts that arrived, texts to be saved or changed by others.
void update_exercises(App& app);
/// Saves what is not on disk, while the GL context lives.
void close_exercises(App& app);
/// Something is judged or waits to be saved.
bool exercises_move(const App& app);
void do_action(App& app, std::string_view id);
std::vector<SearchEntry> action_entries();

// ---- the parts, each a file
// -----------------------------------------------------------------------------------
void draw_top_bar(App& app);
void draw_contents(App& app);
void draw_lesson(App& app);
void draw_instruments(App& app);
void draw_status_bar(App& app);
void draw_desk(App& app, const Lab& lab);
void draw_exercise_task(App& app);
void draw_exercise_code(App& app);
/// Back and next, at the end of a page.
void draw_navigation(App& app);
/// Once a frame: a count that arrived.
void take_count(App& app);
void draw_welcome(App& app);
void draw_predict_card(App& app, const Step& step, StepView& view);
void draw_explain_card(App& app, const Step& step, StepView& view, const RunView& run);
void draw_quiz(App& app, const Lab& lab);
void draw_readings(App& app, const Lab& lab);
void draw_overview(App& app, const Lab& lab);
void draw_palette(App& app);
void draw_export(App& app);
void draw_doctor(App& app);
void draw_help(App& app);
void draw_glossary(App& app);
void handle_keys(App& app);

}  // namespace alab::shell
