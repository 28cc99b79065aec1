// SPDX-License-Identifier: MIT
#include "app/grade/slurm_array.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>

#include "reference/core/error.hpp"

namespace alab::grade {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSchema = "attention-lab/slurm/v1";

// In a file name, sbatch takes % for the beginning of a field.
std::string sbatch_file(const fs::path& file) {
  std::string out;
  for (const char c : file.string()) {
    out += c == '%' ? "%%" : std::string(1, c);
  }
  return out;
}

fs::path named(const fs::path& folder, const SlurmRound& round, std::string_view ending) {
  return folder / text("round_", round.number, ending);
}

}  // namespace

ArrayTasks split(const std::vector<std::string>& students, std::size_t count) {
  const std::size_t parts = std::min(std::max<std::size_t>(count, 1), students.size());
  ArrayTasks tasks(parts);
  for (std::size_t i = 0; i < parts; ++i) {
    const auto at = [&](std::size_t part) {
      return students.begin() + static_cast<std::ptrdiff_t>(students.size() * part / parts);
    };
    tasks[i].assign(at(i), at(i + 1));
  }
  return tasks;
}

unsigned SlurmState::tries_of(const std::string& student) const {
  unsigned tries = 0;
  for (const SlurmRound& round : rounds) {
    for (const std::vector<std::string>& task : round.tasks) {
      tries += std::find(task.begin(), task.end(), student) != task.end() ? 1 : 0;
    }
  }
  return tries;
}

Json to_json(const SlurmState& state) {
  Json rounds = Json::array();
  for (const SlurmRound& round : state.rounds) {
    rounds.push_back(
        {{"number", round.number}, {"name", round.name}, {"job", round.job}, {"tasks", round.tasks}});
  }
  return {{"schema", kSchema}, {"next_number", state.next_number}, {"rounds", rounds}};
}

SlurmState slurm_state_from_json(const Json& j) try {
  require(j.at("schema") == kSchema, "the schema is not ", kSchema);
  SlurmState state;
  state.next_number = j.at("next_number");
  for (const Json& r : j.at("rounds")) {
    state.rounds.push_back({r.at("number"), r.at("name"), r.at("job"), r.at("tasks").get<ArrayTasks>()});
  }
  return state;
} catch (const nlohmann::json::exception& error) {
  throw Error(text("this is no state of 'alab grade --slurm': ", error.what()));
}

std::string shell_quoted(std::string_view words) {
  std::string out = "'";
  for (const char c : words) {
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return out + "'";
}

std::string script_of(const SlurmRequest& slurm, const fs::path& list) {
  std::string out = "#!/bin/bash\n# One task of the array that 'alab grade --slurm' submitted.\n";
  if (!slurm.setup.empty()) {
    out += slurm.setup + "\n";
  }
  out += text("exec ", shell_quoted(slurm.program.string()), " grade");
  for (const std::string& word : slurm.words) {
    out += " " + shell_quoted(word);
  }
  return out + text(" --slurm-part ", shell_quoted(list.string()), "\n");
}

// --requeue: a task whose node is lost starts again elsewhere, and keeps what is judged.
std::vector<std::string> sbatch_words(const SlurmRequest& slurm, const SlurmRound& round,
                                      const fs::path& folder) {
  std::vector<std::string> words{"sbatch"};
  words.insert(words.end(), slurm.options.begin(), slurm.options.end());
  if (!slurm.partition.empty()) {
    words.push_back("--partition=" + slurm.partition);
  }
  if (!slurm.time.empty()) {
    words.push_back("--time=" + slurm.time);
  }
  for (std::string word :
       {std::string("--parsable"), "--job-name=" + round.name, text("--array=0-", round.tasks.size() - 1),
        std::string("--nodes=1"), std::string("--ntasks=1"), text("--cpus-per-task=", slurm.cores),
        std::string("--requeue"), std::string("--open-mode=append"),
        text("--output=", sbatch_file(named(folder, round, "")), "/%a.log"),
        script_file(folder, round).string()}) {
    words.push_back(std::move(word));
  }
  return words;
}

std::vector<std::string> site_options(const std::string& words) {
  constexpr std::array<std::string_view, 14> kOurs{
      "--array", "-a", "--job-name", "-J", "--output", "-o", "--error",
      "-e",      "-W", "--wait",     "-M", "--wrap",   "-h", "--clusters"};
  std::istringstream stream(words);
  std::vector<std::string> out;
  for (std::string word; stream >> word;) {
    const std::string name = word.substr(0, word.find('='));
    require(std::find(kOurs.begin(), kOurs.end(), name) == kOurs.end(), "--slurm-options has ", name,
            ", which 'alab grade' sets itself or cannot do with; leave it out");
    out.push_back(word);
  }
  return out;
}

fs::path script_file(const fs::path& folder, const SlurmRound& round) {
  return named(folder, round, ".sh");
}
fs::path list_file(const fs::path& folder, const SlurmRound& round) {
  return named(folder, round, ".json");
}
fs::path log_file(const fs::path& folder, const SlurmRound& round, std::size_t task) {
  return named(folder, round, "") / text(task, ".log");
}

std::vector<std::string> students_of_this_task(const fs::path& list) try {
  const char* const task = std::getenv("SLURM_ARRAY_TASK_ID");
  require(task != nullptr, "--slurm-part is for the tasks of an array; use 'alab grade --slurm'");
  return read_json(list).get<ArrayTasks>().at(std::stoul(task));
} catch (const std::exception& error) {
  throw Error(text("the part of this task in ", list.string(), " cannot be read: ", error.what()));
}

}  // namespace alab::grade
