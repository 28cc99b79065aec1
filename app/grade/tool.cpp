// SPDX-License-Identifier: MIT
#include "app/grade/tool.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "app/grade/texts.hpp"
#include "reference/core/error.hpp"

extern char** environ;

namespace alab::grade {
namespace {

constexpr std::size_t kMostOutput = std::size_t{64} << 20;

class Pipe {
 public:
  explicit Pipe(const std::string& program) {
    require(::pipe2(ends_.data(), O_CLOEXEC) == 0, "no pipe to ", program, " (", std::strerror(errno),
            "): close files or programs and try again");
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void close_end(std::size_t i) {
    if (ends_[i] >= 0) {
      ::close(ends_[i]);
      ends_[i] = -1;
    }
  }
  /// False at its end.
  bool read_into(std::string& text) const {
    std::array<char, 64 * 1024> buffer;
    const ssize_t count = ::read(ends_[0], buffer.data(), buffer.size());
    if (count > 0 && text.size() < kMostOutput) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return count > 0 || (count < 0 && errno == EINTR);
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

pid_t start(const std::vector<std::string>& words, const Pipe& out, const Pipe& err) {
  std::vector<std::string> copy = words;
  std::vector<char*> argv;
  for (std::string& word : copy) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out.writing(), 1);
  posix_spawn_file_actions_adddup2(&files, err.writing(), 2);
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&how, &signals);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  posix_spawnattr_setsigdefault(&how, &signals);
  posix_spawnattr_setpgroup(&how, 0);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int why = ::posix_spawnp(&pid, argv.front(), &files, &how, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&how);
  require(why == 0, words.front(), " could not be started (", std::strerror(why), ")");
  return pid;
}

// Until both ends are closed; false when nothing came for so long that it was given up.
bool read_both(const Pipe& out, const Pipe& err, ToolRan& ran, double patience_seconds) {
  std::array<pollfd, 2> waits{{{out.reading(), POLLIN, 0}, {err.reading(), POLLIN, 0}}};
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(1000 * patience_seconds));
    if (ready == 0) {
      return false;
    }
    for (std::size_t i = 0; ready > 0 && i < waits.size(); ++i) {
      const bool told = waits[i].fd >= 0 && waits[i].revents != 0;
      if (told && !(i == 0 ? out.read_into(ran.out) : err.read_into(ran.err))) {
        waits[i].fd = -1;
      }
    }
  }
  return true;
}

}  // namespace

std::string ToolRan::complaint() const {
  std::string words = one_line(err.empty() ? out : err);
  while (!words.empty() && (words.back() == ' ' || words.back() == '.')) {
    words.pop_back();
  }
  return words.empty() ? text("it ended with code ", code) : words;
}

std::string tool_on_path(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::filesystem::path candidate = std::filesystem::path(rest.substr(0, colon)) / name;
    if (::access(candidate.c_str(), X_OK) == 0) {
      return candidate.string();
    }
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  return "";
}

ToolRan run_tool(const std::vector<std::string>& words, double patience_seconds) {
  Pipe out(words.front()), err(words.front());
  const pid_t pid = start(words, out, err);
  out.close_end(1);
  err.close_end(1);
  ToolRan ran;
  if (!read_both(out, err, ran, patience_seconds)) {
    ::kill(-pid, SIGKILL);
    ran.err += text(words.front(), " said nothing for ", patience_seconds, " s and was ended");
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

}  // namespace alab::grade
