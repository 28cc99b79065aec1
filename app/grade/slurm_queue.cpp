// SPDX-License-Identifier: MIT
#include "app/grade/slurm_queue.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <utility>
#include <vector>

#include "app/grade/tool.hpp"
#include "reference/core/error.hpp"

namespace alab::grade {
namespace {

constexpr std::size_t kUsualArraySize = 1001;  // slurm.conf(5), MaxArraySize

// States after which a task starts no more, with what to say of it; squeue(1), JOB STATE CODES.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kEnds{
    {{"COMPLETED", "ended"},
     {"FAILED", "failed"},
     {"TIMEOUT", "ran out of time"},
     {"NODE_FAIL", "lost its node"},
     {"OUT_OF_MEMORY", "ran out of memory"},
     {"CANCELLED", "was cancelled"},
     {"PREEMPTED", "was preempted"},
     {"BOOT_FAIL", "got a node that did not start"},
     {"DEADLINE", "was ended for its deadline"},
     {"LAUNCH_FAILED", "could not be started"},
     {"REVOKED", "was taken back"}}};

auto end_of(const std::string& state) {
  const std::string first = state.substr(0, state.find_first_of(" +"));  // sacct: "CANCELLED by 1000"
  return std::find_if(kEnds.begin(), kEnds.end(), [&](const auto& e) { return e.first == first; });
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, '|');) {
    fields.push_back(field == "None" || field == "None assigned" ? "" : field);
  }
  return fields;
}

std::optional<std::size_t> number_in(const std::string& words) {
  std::size_t number = 0;
  const auto [end, why] = std::from_chars(words.data(), words.data() + words.size(), number);
  const bool whole = why == std::errc() && end == words.data() + words.size();
  return whole ? std::optional(number) : std::nullopt;
}

}  // namespace

bool SlurmTask::live() const {
  return end_of(state) == kEnds.end();
}

bool SlurmTask::waits() const {
  constexpr std::array<std::string_view, 4> kWaiting{"PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT"};
  return std::find(kWaiting.begin(), kWaiting.end(), state) != kWaiting.end();
}

void require_slurm() {
  for (const char* tool : {"sbatch", "squeue"}) {
    require(
        !tool_on_path(tool).empty(), tool,
        " is not on PATH: run this on a machine from which the cluster takes jobs, or install Slurm's client "
        "programs (sudo apt-get install slurm-client) with the cluster's slurm.conf and munge key");
  }
}

std::size_t most_tasks() {
  if (tool_on_path("scontrol").empty()) {
    return kUsualArraySize;
  }
  std::istringstream lines(run_tool({"scontrol", "show", "config"}).out);
  for (std::string name, equals, value, line; std::getline(lines, line);) {
    std::istringstream words(line);
    if (words >> name >> equals >> value && name == "MaxArraySize") {
      return std::max<std::size_t>(number_in(value).value_or(kUsualArraySize), 1);
    }
  }
  return kUsualArraySize;
}

SlurmQueue queue_from(std::string_view lines) {
  SlurmQueue queue;
  std::istringstream stream{std::string(lines)};
  for (std::string line; std::getline(stream, line);) {
    std::vector<std::string> fields = fields_of(line);
    fields.resize(5);
    if (const std::optional<std::size_t> task = number_in(fields[1])) {
      queue.job = fields[0];
      queue.tasks[*task] = {fields[2], fields[3], fields[4]};
    }
  }
  return queue;
}

std::optional<SlurmQueue> ask_squeue(const std::string& name, std::string& why) {
  const ToolRan ran = run_tool(
      {"squeue", "--noheader", "--array", "--states=all", "--name=" + name, "--format=%F|%K|%T|%N|%r"});
  why = ran.ok() ? "" : ran.complaint();
  return ran.ok() ? std::optional(queue_from(ran.out)) : std::nullopt;
}

// JobID is "12_3", or "12_[0-7]" for what was never started.
SlurmQueue ask_sacct(const std::string& name) {
  if (tool_on_path("sacct").empty()) {
    return {};
  }
  std::istringstream stream(
      run_tool({"sacct", "--noheader", "--parsable2", "--allocations", "--array", "--starttime=now-30days",
                "--name=" + name, "--format=JobID,State,NodeList"})
          .out);
  std::string lines;
  for (std::string line; std::getline(stream, line);) {
    if (const std::size_t mark = line.find('_'); mark != std::string::npos) {
      line[mark] = '|';
      lines += line + "\n";
    }
  }
  return queue_from(lines);
}

std::string how_it_ended(const SlurmTask& task) {
  const auto end = end_of(task.state);
  return text(end == kEnds.end() ? "ended" : end->second, task.node.empty() ? "" : " on ", task.node);
}

}  // namespace alab::grade
