// SPDX-License-Identifier: MIT
#include "app/cli/grade_slurm.hpp"

#include <charconv>
#include <filesystem>

#include "reference/core/error.hpp"

namespace alab::cli {
namespace {

namespace fs = std::filesystem;

// As it was called, not resolved: an automounted folder has its name on every machine, not its target.
std::string shared_name(const fs::path& path) {
  return fs::absolute(path).lexically_normal().string();
}

std::vector<std::string> words_of_a_task(const Arguments& arguments, const grade::GradeRequest& request) {
  std::vector<std::string> words{shared_name(request.submissions),
                                 "--out",
                                 shared_name(request.out),
                                 "--student-from",
                                 arguments.value("--student-from", "folder"),
                                 "--jobs",
                                 text(request.jobs)};
  if (arguments.has("--format")) {
    words.insert(words.end(), {"--format", arguments.value("--format", "")});
  }
  if (arguments.has("--without-sandbox")) {
    words.emplace_back("--without-sandbox");
  }
  return words;
}

double seconds_of(const std::string& words) {
  double seconds = 0;
  const auto [end, why] = std::from_chars(words.data(), words.data() + words.size(), seconds);
  require(why == std::errc() && end == words.data() + words.size() && seconds >= 0.05 && seconds <= 3600,
          "--slurm-ask is '", words, "'; it is a number of seconds from 0.05 to 3600");
  return seconds;
}

}  // namespace

unsigned count_of(const Arguments& arguments, std::string_view option, unsigned fallback, unsigned most) {
  if (!arguments.has(option)) {
    return fallback;
  }
  const std::string words = arguments.value(option, "");
  unsigned number = 0;
  const auto [end, why] = std::from_chars(words.data(), words.data() + words.size(), number);
  require(why == std::errc() && end == words.data() + words.size() && number >= 1 && number <= most, option,
          " is '", words, "'; it is a number from 1 to ", most);
  return number;
}

grade::SlurmRequest slurm_request(const Arguments& arguments, const grade::GradeRequest& request) {
  grade::SlurmRequest slurm;
  slurm.program = fs::read_symlink("/proc/self/exe");
  slurm.words = words_of_a_task(arguments, request);
  slurm.tasks = count_of(arguments, "--slurm-tasks", 0, 1'000'000);
  slurm.tries = count_of(arguments, "--slurm-tries", 3, 100);
  slurm.cores = request.jobs;
  slurm.partition = arguments.value("--partition", "");
  slurm.time = arguments.value("--time", "");
  slurm.setup = arguments.value("--slurm-setup", "");
  slurm.ask_seconds = seconds_of(arguments.value("--slurm-ask", "10"));
  for (const std::string& words : arguments.values("--slurm-options")) {
    const std::vector<std::string> options = grade::site_options(words);
    slurm.options.insert(slurm.options.end(), options.begin(), options.end());
  }
  return slurm;
}

}  // namespace alab::cli
