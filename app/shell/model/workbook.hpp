// The workbook without its window: where the student is, what was predicted, answered, noted and set, and
// undo. One thread. Knows no ImGui. Every change raises revision(), which the saver watches.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/shell/model/answers.hpp"
#include "app/shell/model/exercise_progress.hpp"
#include "labs/lab.hpp"

namespace alab::shell {

enum class PageKind { overview, step, exercise, quiz, readings };
/// One screen of a lab. step is an index into Lab::steps, or among the lab's exercises.
struct Page {
  PageKind kind = PageKind::overview;
  int step = -1;
  friend bool operator==(const Page&, const Page&) = default;
};

/// A title without the number it may begin with ("2. What if ..."): the window counts steps itself.
std::string_view unnumbered(std::string_view title);

struct StepProgress {
  bool visited = false, ran = false;
  bool passed = false;  ///< the step's gating lamps have passed once; exploring on does not take that back
  Answer answer;
  ParamSet params;  ///< of the step's experiment, from its defaults and the step's settings
};

struct LabProgress {
  Page page;
  bool opened = false;
  std::map<std::string, StepProgress, std::less<>> steps;  ///< by Step::key
  std::map<std::string, int, std::less<>> quiz;            ///< by QuizItem::key: the committed option
  std::string notes;
};

/// Which Q, K, V are read; the names are those of panels::InputChoice.
struct InputSelection {
  std::string name = "normal";
  int layer = 17, head = 5;
  bool own_text = true;
  std::string text =
      "Alice met the Mad Hatter in the garden. Later that day, Alice met the Mad Hatter again.";
  int book = 0;
  std::string file;
  friend bool operator==(const InputSelection&, const InputSelection&) = default;
};

enum class BackendChoice { all, reference, simulated, cuda };
std::string_view to_string(BackendChoice choice);

struct Preferences {
  bool dark = false, motion = true, welcomed = false;
  float scale = 1;  ///< font size, kMinScale .. kMaxScale
  BackendChoice backend = BackendChoice::all;
  float contents_width = 0, lesson_width = 0;  ///< in em of the body font; 0: the default layout
  int contents = 0;                            ///< 0 by width of the window, 1 open, -1 icons
  int window_width = 0, window_height = 0;
  std::string student, export_folder, export_formats = "png,svg,csv,json,html";
  friend bool operator==(const Preferences&, const Preferences&) = default;
};
inline constexpr float kMinScale = 0.8F, kMaxScale = 2.0F, kScaleStep = 0.1F;

class Workbook {
 public:
  using FilesOf = std::function<LabFiles(const Lab&)>;
  /// labs outlive the workbook. Without labs every query still answers.
  explicit Workbook(std::span<const Lab* const> labs, FilesOf files = {},
                    std::vector<ExerciseCard> exercises = {});

  // ---- what there is
  std::span<const Lab* const> labs() const { return labs_; }
  const Lab* find(std::string_view lab_id) const;
  /// overview, the steps, then exercises, quiz and readings when there are any.
  std::vector<Page> pages(const Lab& lab) const;
  std::string page_title(const Lab& lab, const Page& page) const;
  /// Section of text.md; empty strings when the step has none. A text that does not parse gives its error as
  /// body.
  const LessonSection& section(const Lab& lab, std::string_view key) const;
  const std::vector<Preset>& presets(const Lab& lab) const;
  /// In the order of their numbers.
  std::vector<const ExerciseCard*> exercises(const Lab& lab) const;

  // ---- where the student is
  const Lab* lab() const { return lab_; }
  Page page() const;
  const Step* step() const;
  const Experiment* experiment() const;  ///< of the current step; nullptr when it runs nothing
  /// Opens a lab at a page (the last one seen without a page). False when there is no such lab or page.
  bool open(std::string_view lab_id);
  bool open(std::string_view lab_id, Page page);
  bool open_step(std::string_view lab_id, std::string_view step_key);
  bool open_exercise(std::string_view id);
  const ExerciseCard* exercise() const;  ///< of the current page; nullptr on others
  bool next();
  bool back();
  bool has_next() const;
  bool has_back() const;

  // ---- progress
  LabProgress& progress(const Lab& lab);
  const LabProgress* find_progress(const Lab& lab) const;
  StepProgress* step_progress();  ///< of the current step
  const StepProgress* find_step(const Lab& lab, const Step& step) const;
  /// A prediction is asked for and neither committed nor skipped: plots stay hidden.
  bool prediction_open() const;
  /// True for an answer that fits the step's prediction; false (and no change) otherwise or when answered
  /// already.
  bool commit(Answer answer);
  bool skip();
  void mark_ran(const Lab& lab, const Step& step, bool passed);
  bool step_done(const Lab& lab, const Step& step) const;
  bool answer_quiz(std::string_view key, int option);
  /// 0 .. 1 over steps and quiz questions; -1 before the lab was opened.
  double fraction(const Lab& lab) const;
  void set_notes(const Lab& lab, std::string notes);
  /// Forgets predictions, answers, runs and settings of a lab; notes and exercises stay.
  void reset_lab(const Lab& lab);

  // ---- exercises
  const ExerciseProgress* find_exercise(std::string_view id) const;
  /// Counts a run and keeps the best points.
  void record_exercise(std::string_view id, double earned, double points, bool passed);
  /// Hints open one after the other; false when this one is open already or not yet to be opened.
  bool open_hint(std::string_view id, int section, std::int64_t time);

  // ---- parameters, with undo
  /// Parameters of the current step's experiment; an empty set when it runs nothing.
  const ParamSet& params() const;
  /// Sets the parameters; several calls up to end_edit() are one step of undo.
  void edit_params(const ParamSet& params);
  void end_edit();
  /// One undo step each. assignments as in Param::assign.
  void set_params(std::string_view assignments);
  void reset_params();
  /// Opens a step that runs the preset's experiment (the current one when it does) and sets its values. The
  /// preset's input is the caller's to set (input_catalog.hpp).
  bool apply_preset(const Lab& lab, const Preset& preset);
  bool can_undo() const { return !undo_.empty() || editing_; }
  bool can_redo() const { return !redo_.empty(); }
  /// Returns to the step where the change was made. False when there is nothing to undo.
  bool undo();
  bool redo();

  // ---- everything else that is kept
  const InputSelection& input() const { return input_; }
  void set_input(InputSelection input);
  const Preferences& preferences() const { return preferences_; }
  void set_preferences(const Preferences& preferences);

  std::uint64_t revision() const { return revision_; }
  Json to_json() const;
  /// Takes what is valid and returns one sentence per value that was left out. Throws Error when json is no
  /// state.
  std::vector<std::string> from_json(const Json& json);

 private:
  struct Edit {
    const Lab* lab = nullptr;
    const Step* step = nullptr;
    ParamSet before, after;
  };
  struct Texts {
    std::map<std::string, LessonSection, std::less<>> sections;
    std::vector<Preset> presets;
    std::string error;
  };
  const Texts& texts(const Lab& lab) const;
  ParamSet initial_params(const Lab& lab, const Step& step) const;
  StepProgress& ensure_step(const Lab& lab, const Step& step);
  void enter(const Lab& lab, Page page);
  void push(Edit edit);
  void apply(const Edit& edit, const ParamSet& params);
  void changed() { ++revision_; }
  void read_lab(const Lab& lab, const Json& json, std::vector<std::string>& left_out);
  ExerciseProgress& ensure_exercise(std::string_view id);

  std::vector<const Lab*> labs_;
  FilesOf files_;
  std::vector<ExerciseCard> exercises_;
  mutable std::map<const Lab*, Texts> texts_;
  std::map<const Lab*, LabProgress> progress_;
  std::map<std::string, ExerciseProgress, std::less<>> exercise_progress_;  ///< by id
  Json other_labs_ = Json::object();  ///< of labs that this build does not have; written back unchanged
  const Lab* lab_ = nullptr;
  std::vector<Edit> undo_, redo_;
  bool editing_ = false;
  Edit open_edit_;
  InputSelection input_;
  Preferences preferences_;
  std::uint64_t revision_ = 0;
};

inline constexpr int kStateVersion = 1;
inline constexpr std::size_t kMaxUndo = 500;

}  // namespace alab::shell
