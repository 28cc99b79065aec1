// Runs every session in a process of its own and counts. gui_tests [--session NAME] [--list]
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "reference/core/files.hpp"
#include "tests/gui/session.hpp"

namespace alab::gui_test {

const std::vector<Session>& all_sessions() {
  static const std::vector<Session> all = [] {
    std::vector<Session> sessions;
    for (auto part : {first_sessions(), state_sessions(), window_sessions(), lab_sessions()}) {
      sessions.insert(sessions.end(), part.begin(), part.end());
    }
    return sessions;
  }();
  return all;
}

namespace {

struct Count {
  int passed = 0, failed = 0;
};

/// Starts program with arguments; its stdout and stderr come through the returned descriptor.
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

/// Passes lines on, counts PASS and FAIL, and kills the child at the line READY.
Count follow(int from, pid_t pid, bool* killed) {
  Count count;
  FILE* lines = ::fdopen(from, "r");
  char line[4096];
  while (std::fgets(line, sizeof line, lines) != nullptr) {
    const std::string words(line);
    count.passed += words.starts_with("PASS ") ? 1 : 0;
    count.failed += words.starts_with("FAIL ") ? 1 : 0;
    if (words == "READY\n") {
      ::kill(pid, SIGKILL);
      *killed = true;
      continue;
    }
    std::fputs(line, stdout);
  }
  std::fclose(lines);
  return count;
}

Count report(bool passed, const std::string& name) {
  std::printf("%s %s\n", passed ? "PASS" : "FAIL", name.c_str());
  std::fflush(stdout);
  return {passed ? 1 : 0, passed ? 0 : 1};
}

Count run_child(const char* self, const Session& session, const std::filesystem::path& base) {
  const std::filesystem::path data = base / (session.keeps_data.empty() ? session.name : session.keeps_data);
  std::filesystem::create_directories(data);
  pid_t pid = 0;
  bool killed = false;
  const int from = start({self, "--session", session.name}, {{"ALAB_DATA_DIR", data.string()}}, &pid);
  Count count = follow(from, pid, &killed);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (killed) {
    return report(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
                  session.name + ": kill -9 while it runs");
  }
  const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == (count.failed > 0 ? 1 : 0);
  if (!clean || count.passed + count.failed == 0) {
    std::printf("FAIL %s: the window ended with status %d\n", session.name.c_str(), status);
    ++count.failed;
  }
  return count;
}

/// Runs the real program and compares exit code and output.
Count program(const std::string& name, std::vector<std::string> arguments,
              const std::map<std::string, std::string>& environment, int code, const char* says,
              const std::filesystem::path& makes = {}) {
  arguments.insert(arguments.begin(), ALAB_BIN_DIR "/attention_lab");
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

void add(Count& to, const Count& more) {
  to.passed += more.passed;
  to.failed += more.failed;
}

Count programs(const std::filesystem::path& base) {
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
  add(count, program("program: --help", {"--help"}, blind, 0, "--screenshot"));
  add(count, program("program: an unknown option names the nearest", {"--themes", "dark"}, data, 2,
                     "did you mean --theme?"));
  add(count,
      program("program: an unknown lab lists the labs", {"--lab", "nonsense"}, data, 2, "The labs are"));
  add(count, program("program: no display is one sentence", {}, blind, 2, "--headless DIR"));
  add(count, program("program: a display that is not there is one sentence", {}, wrong, 2, "--headless DIR"));
  add(count, program("program: a screenshot, in a locale that is not installed",
                     {"--lab", std::string(all_labs().back()->id), "--step", "1", "--answered",
                      "--screenshot", shot.string()},
                     german, 0, "", shot));
  return count;
}

int run_all(const char* self) {
  const std::filesystem::path base = std::filesystem::temp_directory_path() / text("alab-gui-", ::getpid());
  Count count;
  for (const Session& session : all_sessions()) {
    add(count, run_child(self, session, base));
  }
  add(count, programs(base));
  std::error_code ignored;
  std::filesystem::remove_all(base, ignored);
  std::printf("%d passed, %d failed\n", count.passed, count.failed);
  return count.failed == 0 ? 0 : 1;
}

int run_named(const std::string& name) {
  for (const Session& session : all_sessions()) {
    if (session.name == name) {
      const std::filesystem::path data = data_dir();
      std::filesystem::create_directories(data);
      if (session.prepare) {
        session.prepare(data);
      }
      return run_session(session, data) == 0 ? 0 : 1;
    }
  }
  std::fprintf(stderr, "gui_tests: there is no session '%s'; --list names them\n", name.c_str());
  return 2;
}

}  // namespace
}  // namespace alab::gui_test

int main(int argc, char** argv) {
  using namespace alab::gui_test;
  try {
    if (argc == 3 && std::strcmp(argv[1], "--session") == 0) {
      return run_named(argv[2]);
    }
    if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
      for (const Session& session : all_sessions()) {
        std::printf("%s\n", session.name.c_str());
      }
      return 0;
    }
    return run_all("/proc/self/exe");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "gui_tests: %s\n", e.what());
    return 1;
  }
}
