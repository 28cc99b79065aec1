// SPDX-License-Identifier: MIT
#include "app/grade/slurm_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <random>
#include <sstream>
#include <system_error>
#include <vector>

#include "app/grade/record.hpp"
#include "app/grade/slurm_queue.hpp"
#include "app/grade/texts.hpp"
#include "app/grade/tool.hpp"
#include "reference/core/error.hpp"
#include "reference/core/files.hpp"

namespace alab::grade {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLastWords = 300;  // bytes of a task's log that a sentence quotes

fs::path made(const fs::path& folder) {
  std::error_code why;
  fs::create_directories(folder, why);
  require(!why, "cannot write into ", folder.string(), ": ", why.message());
  return folder;
}

std::string fresh_name() {
  std::random_device random;
  return "alab-grade-" + fingerprint(text(random(), ":", random(), ":", ::getpid())).substr(0, 10);
}

// "" when Slurm knows no array of this name; nothing, and why, when it does not answer.
std::optional<std::string> number_of(const std::string& name, std::string& why) {
  const std::optional<SlurmQueue> queue = ask_squeue(name, why);
  if (!queue) {
    return std::nullopt;
  }
  return queue->job.empty() ? ask_sacct(name).job : queue->job;
}

// "--parsable": NUMBER or NUMBER;CLUSTER, below whatever the site's plugins say.
std::string number_in(const std::string& told) {
  std::istringstream lines(told);
  std::string number;
  for (std::string line; std::getline(lines, line);) {
    const std::string first = line.substr(0, line.find(';'));
    const bool digits = !first.empty() && first.find_first_not_of("0123456789") == std::string::npos;
    number = digits ? first : number;
  }
  return number;
}

}  // namespace

SlurmFolder::SlurmFolder(const fs::path& out)
    : folder_(made(fs::absolute(out).lexically_normal() / "slurm")), lock_(folder_) {
  std::error_code none;
  if (fs::exists(folder_ / "run.json", none)) {
    state_ = slurm_state_from_json(read_json(folder_ / "run.json"));
  }
  if (state_.rounds.empty() || !state_.rounds.back().job.empty()) {
    return;
  }
  SlurmRound& round = state_.rounds.back();
  std::string why;
  const std::optional<std::string> job = number_of(round.name, why);
  require(job.has_value(), "an earlier run ended while it submitted the array ", round.name,
          ", and squeue does not tell whether Slurm has it (", why, "); run this again when it answers");
  round.job = *job;
  if (job->empty()) {
    state_.rounds.pop_back();
  }
  save();
}

SlurmFolder::Lock::Lock(const fs::path& folder)
    : file_(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  require(file_ >= 0, "cannot write into ", folder.string(), ": ", std::strerror(errno));
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(file_);
    throw Error(text("another 'alab grade --slurm' is at work on ", folder.parent_path().string(),
                     "; wait for it, or choose another folder for --out"));
  }
}

SlurmFolder::Lock::~Lock() {
  ::close(file_);
}

void SlurmFolder::save() const {
  write_file_atomic(folder_ / "run.json", dumped(to_json(state_)));
}

const SlurmRound& SlurmFolder::submit(const SlurmRequest& slurm, ArrayTasks tasks) {
  const SlurmRound round{state_.next_number++, fresh_name(), "", std::move(tasks)};
  made(log_file(folder_, round, 0).parent_path());
  write_file_atomic(list_file(folder_, round), dumped(Json(round.tasks)));
  write_file_atomic(script_file(folder_, round), script_of(slurm, list_file(folder_, round)));
  state_.rounds.push_back(round);
  save();
  const ToolRan ran = run_tool(sbatch_words(slurm, round, folder_));
  std::string why;
  const std::string told = ran.ok() ? number_in(ran.out) : "";
  const std::optional<std::string> job = told.empty() ? number_of(round.name, why) : std::optional(told);
  require(job.has_value(), "sbatch failed (", ran.complaint(),
          ") and squeue does not tell whether Slurm has the array (", why,
          "); run this again when it answers");
  if (job->empty()) {
    state_.rounds.pop_back();
    save();
    throw Error(text("Slurm does not take the array: ", ran.complaint(),
                     "; --partition, --time, --slurm-tasks and --slurm-options say what is asked of it"));
  }
  state_.rounds.back().job = *job;
  save();
  return state_.rounds.back();
}

std::string SlurmFolder::last_words(const SlurmRound& round, std::size_t task) const {
  const fs::path log = log_file(folder_, round, task);
  std::error_code none;
  if (!fs::exists(log, none)) {
    return "";
  }
  std::string words = read_file(log);
  words.erase(words.find_last_not_of(" \r\n") + 1);
  words = words.substr(words.rfind('\n') + 1);
  return one_line(as_utf8(words.substr(0, kLastWords)));
}

void SlurmFolder::finish() {
  state_.rounds.clear();
  save();
}

void remove_unfinished_files(const fs::path& out) {
  std::vector<fs::path> unfinished;
  std::error_code why;
  for (fs::recursive_directory_iterator at(out, why), end; !why && at != end; at.increment(why)) {
    const std::string name = at->path().filename().string();
    const bool temporary =
        name.find(".json.tmp-") != std::string::npos || name.find(".xml.tmp-") != std::string::npos;
    if (temporary && !name.ends_with(".json") && !name.ends_with(".xml")) {
      unfinished.push_back(at->path());
    }
  }
  for (const fs::path& file : unfinished) {
    fs::remove(file, why);
  }
}

}  // namespace alab::grade
