// The student's text of one exercise: a file that other editors may change as well, saved by itself while one
// types, and its history. Files are written off the GUI thread. SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "app/shell/model/text_history.hpp"
#include "reference/core/job.hpp"

namespace alab::shell {

class ExerciseDraft {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kRest{500}, kLongest{2000}, kLook{1000}, kRetry{5000};

  /// Reads file, or starts with starter. keeps: false never writes.
  ExerciseDraft(std::filesystem::path file, std::string starter, bool keeps = true);

  const std::string& text() const { return text_; }
  /// Rises when text() was replaced by something else than edit(): the editor has to show it anew.
  std::uint64_t replaced() const { return replaced_; }
  void edit(std::string text, Clock::time_point now = Clock::now());
  /// Once a frame: saves what rests, and sees what others did to the file.
  void update(Clock::time_point now = Clock::now());
  /// Saves at the next update(); a snapshot for the history is taken now.
  void save_soon();
  /// Writes what is not on disk and waits.
  void flush();

  /// Further back or forward than the editor's own undo reaches: false when there is nothing.
  bool step_back();
  bool step_forward();
  bool can_step_back() const { return history_.can_go_back(); }
  bool can_step_forward() const;
  void reset_to_starter();

  /// The file was changed by another program while there were changes here: one of the two has to be chosen;
  /// the other stays in the history.
  bool conflict() const { return conflict_; }
  void take_theirs();
  void keep_mine();
  /// Rises when the text was read anew after a change by another program.
  std::uint64_t reloads() const { return reloads_; }

  bool is_starter() const { return text_ == starter_; }
  bool saved() const { return text_ == on_disk_ && exists_; }
  /// It is about to be saved, or is being; not while it waits for an answer or a mended disk.
  bool pending() const {
    return (dirty_ && keeps_ && !conflict_ && problem_.empty()) || job_.status().state == JobState::running;
  }
  /// "" or why it cannot be saved and what to do.
  const std::string& problem() const { return problem_; }
  const std::filesystem::path& file() const { return file_; }
  const TextHistory& history() const { return history_; }

 private:
  struct Disk {  ///< what a look at the file, or a write, found
    bool exists = false, written = false, changed = false;
    std::string text, problem;
    std::filesystem::file_time_type time{};
  };
  void replace(std::string text);
  void submit_write(Clock::time_point now, bool over_others);
  void submit_look(Clock::time_point now);
  void poll(Clock::time_point now);
  void take(const Disk& disk, Clock::time_point now);
  std::filesystem::path history_file() const;
  void load();

  std::filesystem::path file_;
  std::string starter_, text_, on_disk_, theirs_, sent_, problem_;
  std::filesystem::file_time_type time_{};
  TextHistory history_;
  bool keeps_ = true, exists_ = false, dirty_ = false, conflict_ = false;
  std::uint64_t replaced_ = 0, reloads_ = 0, ticket_ = 0, taken_ = 0;
  Clock::time_point first_change_, last_change_, looked_, retry_at_;
  LatestJob<Disk> job_;
};

}  // namespace alab::shell
