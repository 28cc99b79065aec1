// SPDX-License-Identifier: MIT
#include "app/shell/model/exercise_draft.hpp"

#include <algorithm>
#include <ctime>

#include "reference/core/files.hpp"

namespace alab::shell {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20, kMaxHistoryBytes = std::size_t{8} << 20;

std::int64_t seconds_now() {
  return static_cast<std::int64_t>(std::time(nullptr));
}

/// Lines end in one way, whatever editor wrote them.
std::string read_text(const fs::path& file) {
  std::string text = read_file(file, kMaxTextBytes);
  require(text.find('\0') == std::string::npos, file.string(), " is no text; move it away to start anew");
  std::erase(text, '\r');
  return text;
}

fs::file_time_type time_of(const fs::path& file) {
  std::error_code error;
  const auto time = fs::last_write_time(file, error);
  return error ? fs::file_time_type{} : time;
}

}  // namespace

ExerciseDraft::ExerciseDraft(fs::path file, std::string starter, bool keeps)
    : file_(std::move(file)), starter_(std::move(starter)), text_(starter_), keeps_(keeps) {
  load();
}

fs::path ExerciseDraft::history_file() const {
  return fs::path(file_).replace_extension(".history.json");
}

void ExerciseDraft::load() {
  std::error_code ignored;
  try {
    history_ = TextHistory::from_json(parse_json(read_file(history_file(), kMaxHistoryBytes), "the history"));
  } catch (const std::exception&) {
    history_ = {};  // none yet, or damaged: the text itself is what counts
  }
  exists_ = fs::exists(file_, ignored);
  if (exists_) {
    try {
      time_ = time_of(file_);
      on_disk_ = text_ = read_text(file_);
    } catch (const std::exception& e) {
      problem_ = e.what();
      keeps_ = false;  // what cannot be read is not written over
    }
  }
  if (history_.empty() && text_ != starter_) {
    history_.add(starter_, 0);
  }
  history_.add_and_stand(text_, seconds_now());
}

void ExerciseDraft::edit(std::string text, Clock::time_point now) {
  if (text == text_) {
    return;
  }
  first_change_ = dirty_ ? first_change_ : now;
  last_change_ = now;
  dirty_ = true;
  text_ = std::move(text);
}

void ExerciseDraft::replace(std::string text) {
  text_ = std::move(text);
  dirty_ = text_ != on_disk_;
  first_change_ = last_change_ = Clock::time_point{};
  ++replaced_;
}

void ExerciseDraft::save_soon() {
  history_.add(text_, seconds_now());
  if (text_ != on_disk_ || !exists_) {
    dirty_ = true;
    first_change_ = last_change_ = retry_at_ = Clock::time_point{};
  }
}

void ExerciseDraft::poll(Clock::time_point now) {
  const auto [ticket, disk] = job_.result();
  if (disk != nullptr && ticket != taken_) {
    taken_ = ticket;
    take(*disk, now);
  }
}

void ExerciseDraft::update(Clock::time_point now) {
  poll(now);
  const bool busy = ticket_ != taken_;
  if (busy || conflict_ || !keeps_) {
    return;
  }
  const bool rests = now - last_change_ >= kRest || now - first_change_ >= kLongest;
  if (dirty_ && rests && now >= retry_at_) {
    submit_write(now, false);
  } else if (!dirty_ && now - looked_ >= kLook) {
    submit_look(now);
  }
}

void ExerciseDraft::submit_write(Clock::time_point now, bool over_others) {
  dirty_ = false;
  looked_ = now;
  sent_ = text_;
  history_.add(text_, seconds_now());
  const auto work = [file = file_, history = history_file(), text = text_, known = on_disk_,
                     existed = exists_, over_others, json = history_.to_json()](const Progress&) {
    Disk disk;
    try {
      std::error_code ignored;
      if (!over_others && fs::exists(file, ignored)) {
        disk.text = read_text(file);
        disk.changed = disk.text != text && (!existed || disk.text != known);
      }
      if (!disk.changed) {
        fs::create_directories(file.parent_path());
        write_file_atomic(file, text);
        disk.written = true;
      }
      write_file_atomic(history, json.dump() + "\n");
    } catch (const std::exception& e) {
      disk.problem = e.what();
    }
    disk.exists = true;
    disk.time = time_of(file);
    return disk;
  };
  ticket_ = job_.submit(work);
}

void ExerciseDraft::submit_look(Clock::time_point now) {
  looked_ = now;
  sent_ = text_;
  ticket_ = job_.submit([file = file_, known = on_disk_, time = time_, existed = exists_](const Progress&) {
    Disk disk;
    std::error_code ignored;
    disk.exists = fs::exists(file, ignored);
    disk.time = time_of(file);
    if (disk.exists && (!existed || disk.time != time)) {
      try {
        disk.text = read_text(file);
        disk.changed = !existed || disk.text != known;
      } catch (const std::exception& e) {
        disk.problem = e.what();
      }
    }
    return disk;
  });
}

void ExerciseDraft::take(const Disk& disk, Clock::time_point now) {
  const bool lost = exists_ && !disk.exists;
  exists_ = disk.exists;
  time_ = disk.time;
  problem_ = disk.problem;
  if (!disk.problem.empty()) {
    dirty_ = dirty_ || sent_ != on_disk_;
    retry_at_ = now + kRetry;
  } else if (disk.written) {
    on_disk_ = sent_;
  } else if (lost) {
    dirty_ = true;  // somebody removed it: what is here is written again
  } else if (disk.changed) {
    const bool changed_here = text_ != on_disk_;
    theirs_ = disk.text;
    conflict_ = changed_here && theirs_ != text_;
    if (!conflict_) {
      on_disk_ = theirs_;
      ++reloads_;
      history_.add_and_stand(theirs_, seconds_now());
      replace(theirs_);
    }
  }
}

void ExerciseDraft::take_theirs() {
  if (!conflict_) {
    return;
  }
  conflict_ = false;
  history_.add(text_, seconds_now());
  history_.add_and_stand(theirs_, seconds_now());
  on_disk_ = theirs_;
  exists_ = true;
  replace(theirs_);
}

void ExerciseDraft::keep_mine() {
  if (!conflict_) {
    return;
  }
  conflict_ = false;
  history_.add(theirs_, seconds_now());
  history_.add(text_, seconds_now());
  on_disk_ = theirs_;
  submit_write(Clock::now(), true);
}

bool ExerciseDraft::step_back() {
  if (!history_.can_go_back()) {
    return false;
  }
  history_.go_back();
  replace(history_.current().text);
  return true;
}

bool ExerciseDraft::can_step_forward() const {
  return history_.can_go_forward() && history_.current().text == text_;
}

bool ExerciseDraft::step_forward() {
  if (!can_step_forward()) {
    return false;
  }
  history_.go_forward();
  replace(history_.current().text);
  return true;
}

void ExerciseDraft::reset_to_starter() {
  history_.add(text_, seconds_now());
  history_.add_and_stand(starter_, seconds_now());
  replace(starter_);
}

void ExerciseDraft::flush() {
  job_.wait();
  poll(Clock::now());
  if (keeps_ && !conflict_ && dirty_) {
    submit_write(Clock::now(), false);
    job_.wait();
    poll(Clock::now());
  }
}

}  // namespace alab::shell
