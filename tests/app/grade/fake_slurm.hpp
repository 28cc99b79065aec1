// Slurm as 'alab grade --slurm' sees it, played by the test: sbatch, squeue and scontrol as scripts that keep
// their words in files, and a thread that does what the nodes would. SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "app/grade/slurm.hpp"
#include "reference/core/files.hpp"
#include "tests/app/program.hpp"

namespace alab::grade {

/// One submitted array, as the nodes see it.
struct FakeArray {
  int number = 0;     ///< 1, 2, ...; Slurm's number is 100 more
  std::string words;  ///< that sbatch was given, one a line
  std::filesystem::path script, list;
  ArrayTasks tasks;
};

class FakeSlurm {
 public:
  /// @param nodes  what happens to an array; at its end all of its tasks are over
  FakeSlurm(const std::filesystem::path& folder, std::function<void(const FakeArray&)> nodes)
      : folder_(folder), nodes_(std::move(nodes)) {
    std::filesystem::create_directories(folder_);
    tool("sbatch",
         "n=1; while [ -e \"$here/sbatch.$n\" ]; do n=$((n+1)); done\n"
         "if [ -e \"$here/refuse\" ]; then echo 'sbatch: error: invalid partition specified: short' >&2; "
         "exit 1; fi\n"
         ": > \"$here/queue.new\"\n"
         "for word; do case \"$word\" in --array=0-*) for i in $(seq 0 ${word#--array=0-}); do\n"
         "  echo \"$((100+n))|$i|PENDING||Priority\" >> \"$here/queue.new\"; done ;; esac; done\n"
         "mv \"$here/queue.new\" \"$here/queue\"\n"
         "printf '%s\\n' \"$@\" > \"$here/words\"; mv \"$here/words\" \"$here/sbatch.$n\"\n"
         "if [ -e \"$here/mute\" ]; then echo 'sbatch: error: Socket timed out' >&2; exit 1; fi\n"
         "echo 'a greeting of the site'; echo \"$((100+n));cluster\"\n");
    tool("squeue",
         "if [ -e \"$here/down\" ]; then echo 'slurm_load_jobs error: Unable to contact slurm controller' "
         ">&2; exit "
         "1; fi\ncat \"$here/queue\" 2>/dev/null; exit 0\n");
    tool("scontrol", "echo 'MaxArraySize            = '$(cat \"$here/most\" 2>/dev/null || echo 1001)\n");
    tool("sacct", "echo 'Slurm accounting storage is disabled' >&2; exit 1\n");
    const char* const path = std::getenv("PATH");
    path_ = path == nullptr ? "" : path;
    ::setenv("PATH", folder_.c_str(), 1);  // and not a real Slurm's
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  }
  ~FakeSlurm() { ::setenv("PATH", path_.c_str(), 1); }
  FakeSlurm(const FakeSlurm&) = delete;
  FakeSlurm& operator=(const FakeSlurm&) = delete;

  int arrays() const { return arrays_; }
  /// "1|TIMEOUT|n1|TimeLimit": a task's line in squeue from now on.
  void queue(const FakeArray& array, const std::vector<std::string>& lines) const {
    std::string all;
    for (const std::string& line : lines) {
      all += text(100 + array.number, "|", line, "\n");
    }
    write_file_atomic(folder_ / "queue", all);
  }
  void flag(const std::string& name, const std::string& words = "") const {
    write_file_atomic(folder_ / name, words);
  }
  void no_flag(const std::string& name) const { std::filesystem::remove(folder_ / name); }

 private:
  void tool(const std::string& name, const std::string& script) const {
    write_file_atomic(folder_ / name,
                      "#!/bin/bash\nPATH=/usr/bin:/bin\nhere=\"$(dirname \"$0\")\"\n" + script);
    std::filesystem::permissions(folder_ / name, std::filesystem::perms::owner_all);
  }
  void work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const std::filesystem::path next = folder_ / text("sbatch.", arrays_ + 1);
      if (!std::filesystem::exists(next)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        continue;
      }
      FakeArray array{arrays_ + 1, read_file(next), {}, {}, {}};
      std::istringstream lines(array.words);
      for (std::string line; std::getline(lines, line);) {
        array.script = line;
      }
      array.list = std::filesystem::path(array.script).replace_extension(".json");
      array.tasks = read_json(array.list).get<ArrayTasks>();
      ++arrays_;
      nodes_(array);
    }
  }

  std::filesystem::path folder_;
  std::function<void(const FakeArray&)> nodes_;
  std::string path_;
  std::atomic<int> arrays_ = 0;
  std::jthread thread_;
};

}  // namespace alab::grade
