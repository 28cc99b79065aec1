// SPDX-License-Identifier: MIT
#include "tests/gui/programs.hpp"
#include "tests/folders.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "labs/lab.hpp"

namespace alab::gui_test {

Count report(bool passed, const std::string& name) {
  std::printf("%s %s\n", passed ? "PASS" : "FAIL", name.c_str());
  std::fflush(stdout);
  return {passed ? 1 : 0, passed ? 0 : 1};
}

int start(const std::vector<std::string>& words, const std::map<std::string, std::string>& environment,
          pid_t* pid) {
  int ends[2];
  if (::pipe(ends) != 0) {
    return -1;
  }
  *pid = ::fork();
  if (*pid == 0) {
    ::dup2(ends[1], 1);
    ::dup2(ends[1], 2);
    ::close(ends[0]);
    ::close(ends[1]);
    for (const auto& [name, value] : environment) {
      value.empty() ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<char*> argv;
    for (const std::string& word : words) {
      argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  return ends[0];
}

namespace {

/// Runs the real program and compares exit code and output.
Count program(const std::string& name, std::vector<std::string> arguments,
              const std::map<std::string, std::string>& environment, int code, const char* says,
              const std::filesystem::path& makes = {}) {
  arguments.insert(arguments.begin(), alab::tests::bin_folder() + "/attention_lab");
  pid_t pid = 0;
  const int from = start(arguments, environment, &pid);
  std::string output;
  char bytes[4096];
  for (ssize_t n = 0; (n = ::read(from, bytes, sizeof bytes)) > 0;) {
    output.append(bytes, static_cast<std::size_t>(n));
  }
  ::close(from);
  int status = 0;
  ::waitpid(pid, &status, 0);
  const bool right = WIFEXITED(status) && WEXITSTATUS(status) == code &&
                     output.find(says) != std::string::npos &&
                     (makes.empty() || std::filesystem::exists(makes));
  if (!right) {
    std::printf("%s: status %d, said: %s\n", name.c_str(), status, output.c_str());
  }
  return report(right, name);
}

}  // namespace

Count test_programs(const std::filesystem::path& base) {
  Count count;
  const std::map<std::string, std::string> data = {{"ALAB_DATA_DIR", (base / "program").string()}};
  std::map<std::string, std::string> blind = data;
  blind["DISPLAY"] = "";
  blind["WAYLAND_DISPLAY"] = "";
  std::map<std::string, std::string> wrong = data;
  wrong["DISPLAY"] = ":97531";
  std::map<std::string, std::string> german = data;
  german["LANG"] = german["LC_ALL"] = "de_DE.UTF-8";
  const std::filesystem::path shot = base / "a folder" / "shot.png";
  count.add(program("program: --help", {"--help"}, blind, 0, "--screenshot"));
  count.add(program("program: an unknown option names the nearest", {"--themes", "dark"}, data, 2,
                    "did you mean --theme?"));
  count.add(
      program("program: an unknown lab lists the labs", {"--lab", "nonsense"}, data, 2, "The labs are"));
  count.add(program("program: no display is one sentence", {}, blind, 2, "--headless DIR"));
  count.add(program("program: a display that is not there is one sentence", {}, wrong, 2, "--headless DIR"));
  count.add(program("program: a screenshot, in a locale that is not installed",
                    {"--lab", std::string(all_labs().back()->id), "--step", "1", "--answered", "--screenshot",
                     shot.string()},
                    german, 0, "", shot));
  return count;
}

}  // namespace alab::gui_test
