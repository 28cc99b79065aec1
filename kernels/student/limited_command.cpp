// SPDX-License-Identifier: MIT
#include "kernels/student/limited_command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>

#include "reference/core/error.hpp"

namespace alab::student {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTickMs = 20;

void limit(__rlimit_resource resource, std::size_t value) {
  rlimit now{};
  getrlimit(resource, &now);
  const rlimit wanted{std::min<rlim_t>(value, now.rlim_max), std::min<rlim_t>(value, now.rlim_max)};
  setrlimit(resource, &wanted);
}

/// All that the new process needs, made before it exists: between fork and exec nothing may allocate.
struct Start {
  std::vector<char*> words;
  std::array<char*, 5> environment{};
  const char* folder;
  int output;
  CommandLimits limits;

  [[noreturn]] void become() const {
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, 0);
    dup2(output, 1);
    dup2(output, 2);
    for (int fd = 3; fd < 1024; ++fd) {
      close(fd);
    }
    const auto cpu = static_cast<std::size_t>(std::ceil(2 * limits.wall_seconds));
    limit(RLIMIT_CPU, cpu);
    limit(RLIMIT_AS, limits.memory_bytes);
    limit(RLIMIT_FSIZE, limits.file_bytes);
    limit(RLIMIT_CORE, 0);
    if (chdir(folder) == 0) {
      execve(words.front(), words.data(), environment.data());
    }
    _exit(127);
  }
};

class Running {
 public:
  Running(pid_t pid, int output) : pid_(pid), output_(output) {}
  ~Running() {
    end();
    close(output_);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// True once it has ended by itself.
  bool over() {
    if (!reaped_) {
      siginfo_t info{};
      const bool ended =
          waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
      if (ended) {
        end();
      }
    }
    return reaped_;
  }
  void end() {
    if (!reaped_) {
      kill(-pid_, SIGKILL);
      kill(pid_, SIGKILL);
      while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
      }
      reaped_ = true;
    }
  }
  /// Waits a little for output. False when there is no more.
  bool read_some(std::string& text, std::size_t most, int wait_ms) const {
    pollfd wait{output_, POLLIN, 0};
    if (poll(&wait, 1, wait_ms) <= 0) {
      return false;
    }
    std::array<char, 16 * 1024> buffer;
    const ssize_t count = read(output_, buffer.data(), buffer.size());
    if (count <= 0) {
      return false;
    }
    text.append(buffer.data(), std::min(static_cast<std::size_t>(count), most - text.size()));
    return true;
  }
  int status() const { return status_; }

 private:
  pid_t pid_;
  int output_, status_ = 0;
  bool reaped_ = false;
};

}  // namespace

Finished run_limited(const std::vector<std::string>& command, const std::filesystem::path& folder,
                     const CommandLimits& limits, const Progress& progress) {
  std::vector<std::string> words = command;
  std::array<std::string, 4> variables{"PATH=/usr/bin:/bin", "LC_ALL=C", "TMPDIR=/tmp", "CCACHE_DISABLE=1"};
  Start start{{}, {}, folder.c_str(), -1, limits};
  for (std::string& word : words) {
    start.words.push_back(word.data());
  }
  start.words.push_back(nullptr);
  std::transform(variables.begin(), variables.end(), start.environment.begin(),
                 [](std::string& v) { return v.data(); });
  int ends[2] = {-1, -1};
  require(pipe2(ends, O_CLOEXEC) == 0, "no pipe to ", command.front(), " (", std::strerror(errno),
          "): close files or programs and try again");
  start.output = ends[1];
  const auto began = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  const pid_t pid = fork();
  if (pid == 0) {
    start.become();
  }
  const std::string why = std::strerror(errno);
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    throw Error(text(command.front(), " could not be started (", why, "): close programs and try again"));
  }
  Running running(pid, ends[0]);
  Finished finished;
  bool silent = false;
  while (!running.over()) {
    if (progress.stop.stop_requested()) {
      throw Cancelled{};
    }
    if (seconds() > limits.wall_seconds) {
      finished.too_late = true;
      running.end();
      break;
    }
    silent = !running.read_some(finished.output, limits.output_bytes, silent ? 0 : kTickMs);
    if (silent) {
      usleep(2000);
    }
  }
  while (running.read_some(finished.output, limits.output_bytes, 0)) {
  }
  finished.seconds = seconds();
  finished.ended = WIFEXITED(running.status()) && !finished.too_late;
  finished.exit_code = finished.ended ? WEXITSTATUS(running.status()) : 0;
  finished.signal = WIFSIGNALED(running.status()) ? WTERMSIG(running.status()) : 0;
  return finished;
}

}  // namespace alab::student
