// Runs every session in a process of its own, as many at a time as there are cores, and counts.
// gui_tests [--session NAME] [--list] [--jobs N]
// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "reference/core/files.hpp"
#include "tests/gui/programs.hpp"
#include "tests/gui/session.hpp"

namespace alab::gui_test {

const std::vector<Session>& all_sessions() {
  static const std::vector<Session> all = [] {
    std::vector<Session> sessions;
    for (auto part : {first_sessions(), state_sessions(), window_sessions(), memory_sessions(),
                      exercise_sessions(), lab_sessions()}) {
      sessions.insert(sessions.end(), part.begin(), part.end());
    }
    return sessions;
  }();
  return all;
}

namespace {

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

/// Sessions that share a data folder run one after the other.
using Chain = std::vector<const Session*>;

std::vector<Chain> all_chains() {
  std::vector<Chain> chains;
  for (const Session& session : all_sessions()) {
    const auto same = std::ranges::find_if(
        chains, [&](const Chain& chain) { return chain.front()->name == session.keeps_data; });
    if (same != chains.end()) {
      same->push_back(&session);
    } else {
      chains.push_back({&session});
    }
  }
  return chains;
}

Count run_chains(const char* self, const std::filesystem::path& base, int jobs) {
  const std::vector<Chain> chains = all_chains();
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  Count count;
  const auto work = [&] {
    for (std::size_t at = next++; at < chains.size(); at = next++) {
      for (const Session* session : chains[at]) {
        const auto start = std::chrono::steady_clock::now();
        const Count one = run_child(self, *session, base);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        const std::lock_guard lock(mutex);
        count.add(one);
        std::printf("INFO %s: %.0f s\n", session->name.c_str(), took.count());
        std::fflush(stdout);
      }
    }
  };
  std::vector<std::jthread> workers;
  for (int i = 0; i < jobs; ++i) {
    workers.emplace_back(work);
  }
  workers.clear();
  return count;
}

int run_all(const char* self, int jobs) {
  const std::filesystem::path base = std::filesystem::temp_directory_path() / text("alab-gui-", ::getpid());
  Count count = run_chains(self, base, jobs);
  count.add(test_programs(base));
  std::error_code ignored;
  std::filesystem::remove_all(base, ignored);
  std::printf("%d passed, %d failed\n", count.passed, count.failed);
  return count.failed == 0 ? 0 : 1;
}

constexpr unsigned kLongestSeconds = 600;  // a window that hangs is ended by SIGALRM, and that is a failure

int run_named(const std::string& name) {
  ::alarm(kLongestSeconds);
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
    const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const bool jobs = argc == 3 && std::strcmp(argv[1], "--jobs") == 0;
    return run_all("/proc/self/exe", jobs ? std::clamp(std::atoi(argv[2]), 1, 64) : std::min(cores, 4));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "gui_tests: %s\n", e.what());
    return 1;
  }
}
