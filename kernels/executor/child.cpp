// The parent's side: starts the child, moves bytes, watches the clock and the memory, ends what must end.
// SPDX-License-Identifier: MIT
#include "kernels/executor/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "kernels/executor/child_frames.hpp"
#include "reference/core/error.hpp"

extern char** environ;

namespace alab::child {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTickMs = 10;
constexpr double kWatchSeconds = 0.005;  // between looks at what the child holds
constexpr int kLastReads = 32;           // of 64 KiB: more than a socket holds
constexpr double kStartSeconds = 60;     // until it begins its task
constexpr double kGraceSeconds = 1;      // in which a child that is asked to end says where it was

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (fd_ >= 0) {
      ::close(std::exchange(fd_, -1));
    }
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Pair {
  Descriptor ours, theirs;
};
/// A socket and not a pipe, so that writing to a child that has ended raises no signal. Theirs lies above the
/// numbers that it is given in the child.
Pair socket_pair() {
  int fds[2] = {-1, -1};
  const bool made = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0;
  Pair pair{Descriptor(fds[0]),
            Descriptor(made ? fcntl(fds[1], F_DUPFD_CLOEXEC, kAnswerDescriptor + 1) : -1)};
  const Descriptor low(fds[1]);
  require(pair.theirs.get() >= 0, "no connection to a child process (", std::strerror(errno),
          "): close files or programs and try again");
  fcntl(fds[0], F_SETFL, O_NONBLOCK);
  return pair;
}

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  void give(const Descriptor& from, int as) { posix_spawn_file_actions_adddup2(&actions_, from.get(), as); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

/// A process in a group of its own, with no signal blocked and none ignored.
int spawn(std::vector<std::string> command, char* const* environment, const SpawnActions& actions,
          pid_t& pid) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> arguments;
  for (std::string& word : command) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  const int failure =
      posix_spawn(&pid, arguments.front(), actions.get(), &attributes, arguments.data(), environment);
  posix_spawnattr_destroy(&attributes);
  return failure;
}

std::size_t resident_bytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Processor time of a process that runs; 0 when it is gone.
double cpu_seconds_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string all;
  std::getline(file, all);
  std::istringstream rest(all.substr(std::min(all.rfind(')') + 1, all.size())));  // a name may hold anything
  std::string skipped;
  for (int field = 3; field < 14; ++field) {
    rest >> skipped;
  }
  double user = 0, system = 0;
  rest >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

/// The last of the processes that each started the next; pid itself where it started none.
pid_t innermost(pid_t pid) {
  for (pid_t next = pid; next > 0;) {
    pid = next;
    const std::string id = std::to_string(pid);
    std::ifstream children("/proc/" + id + "/task/" + id + "/children");
    next = 0;
    children >> next;
  }
  return pid;
}

/// What a wrapper's exit status says of the program in it.
int status_inside(int status) {
  constexpr int kSignals = 64;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return code > 128 && code <= 128 + kSignals ? code - 128 : status;  // of wait: the plain number is a signal
}

/// One running child.
class Child {
 public:
  Child(pid_t pid, bool wrapped, const ChildLimits& limits, const std::vector<std::byte>& request,
        Descriptor in, Descriptor answer, Descriptor output)
      : pid_(pid),
        worker_(pid),
        wrapped_(wrapped),
        ended_by_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))),
        limits_(limits),
        request_(request),
        in_(std::move(in)),
        answer_(std::move(answer)),
        output_(std::move(output)) {}
  ~Child() {
    if (!ended_) {
      kill(-pid_, SIGKILL);
      waitpid(pid_, &status_, 0);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void run(const Progress& progress) {
    while (!ended_) {
      if (progress.stop.stop_requested()) {
        throw Cancelled{};
      }
      move_bytes(kTickMs);
      keep_limits();
      reap();
    }
    for (int i = 0; i < kLastReads; ++i) {
      move_bytes(0);
    }
  }

  /// What is left of it after run.
  Remains remains() && {
    return {std::move(bytes_), std::move(text_), over_,      wrapped_ ? status_inside(status_) : status_,
            seconds_,          cpu_seconds_,     peak_bytes_};
  }

 private:
  void move_bytes(int wait_ms) {
    std::array<pollfd, 4> wait{{{in_.get(), POLLOUT, 0},
                                {answer_.get(), POLLIN, 0},
                                {output_.get(), POLLIN, 0},
                                {ended_by_.get(), POLLIN, 0}}};
    poll(wait.data(), wait.size(), wait_ms);
    if (wait[0].revents != 0) {
      send_request();
    }
    if (wait[1].revents != 0) {
      receive(answer_, [this](const char* from, std::size_t count) {
        const auto* const first = reinterpret_cast<const std::byte*>(from);
        bytes_.insert(bytes_.end(), first, first + std::min(count, limits_.answer_bytes - bytes_.size()));
      });
    }
    if (wait[2].revents != 0) {
      receive(output_, [this](const char* from, std::size_t count) {
        text_.append(from, std::min(count, limits_.output_bytes - text_.size()));
      });
    }
  }
  void send_request() {
    const ssize_t count = send(in_.get(), request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL);
    sent_ += count > 0 ? static_cast<std::size_t>(count) : 0;
    if (sent_ == request_.size() || (count < 0 && errno != EAGAIN && errno != EINTR)) {
      in_.close();
    }
  }
  template <class Keep>
  void receive(Descriptor& from, Keep keep) {
    std::array<char, 64 * 1024> buffer;
    const ssize_t count = recv(from.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) {
      keep(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      from.close();
    }
  }

  void keep_limits() {
    if (!started_ && bytes_.size() >= sizeof(FrameHead)) {
      started_ = true;  // whatever it is that it said first
      start_ = Clock::now();
      worker_ = wrapped_ ? innermost(pid_) : pid_;
    }
    const double now = seconds_since(start_), limit = started_ ? limits_.wall_seconds : kStartSeconds;
    if (seconds_since(looked_) < kWatchSeconds) {
      return;
    }
    looked_ = Clock::now();
    const std::size_t resident = resident_bytes(worker_);
    if (wrapped_) {
      peak_bytes_ = std::max(peak_bytes_, resident);
      cpu_seconds_ = std::max(cpu_seconds_, cpu_seconds_of(worker_));
    }
    if (over_ == ChildEnd::answered) {
      if (now > limit || resident > limits_.memory_bytes) {
        over_ = now > limit ? ChildEnd::wall_time : ChildEnd::memory;
        asked_ = now;
        kill(worker_, SIGTERM);
      }
    } else if (now > asked_ + kGraceSeconds || resident > 2 * limits_.memory_bytes) {
      kill(-pid_, SIGKILL);
    }
  }

  void reap() {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) {
      return;
    }
    kill(-pid_, SIGKILL);  // whatever it may have started; until it is waited for, the number is its own
    rusage used{};
    wait4(pid_, &status_, 0, &used);
    ended_ = true;
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    cpu_seconds_ = std::max(cpu_seconds_, seconds(used.ru_utime) + seconds(used.ru_stime));
    peak_bytes_ = std::max(peak_bytes_, static_cast<std::size_t>(used.ru_maxrss) * 1024);
    seconds_ = seconds_since(start_);
  }

  pid_t pid_;
  pid_t worker_;  ///< below pid_ once it is known
  bool wrapped_;
  Descriptor ended_by_;  ///< readable once it has ended; -1 before Linux 5.3
  const ChildLimits& limits_;
  const std::vector<std::byte>& request_;
  std::size_t sent_ = 0;
  Descriptor in_, answer_, output_;
  std::vector<std::byte> bytes_;
  std::string text_;
  Clock::time_point start_ = Clock::now(), looked_ = start_;
  ChildEnd over_ = ChildEnd::answered;  ///< the limit that was passed
  double asked_ = 0, seconds_ = 0, cpu_seconds_ = 0;
  std::size_t peak_bytes_ = 0;
  int status_ = 0;
  bool started_ = false, ended_ = false;
};

ChildVerdict run_command(const std::vector<std::string>& command, bool wrapped, const std::string& task,
                         std::span<const std::byte> request, const ChildLimits& limits,
                         const Progress& progress) {
  wire::Packer packer;
  packer(Request{limits, task, {request.begin(), request.end()}});
  Pair in = socket_pair(), answer = socket_pair(), output = socket_pair();
  SpawnActions actions;
  actions.give(in.theirs, 0);
  actions.give(output.theirs, 1);
  actions.give(output.theirs, 2);
  actions.give(answer.theirs, kAnswerDescriptor);
  pid_t pid = 0;
  char* const nothing[] = {nullptr};
  if (const int failure = spawn(command, wrapped ? nothing : environ, actions, pid); failure != 0) {
    ChildVerdict v;
    v.sentence = text("the program that runs kernels, ", command.front(), ", could not be started (",
                      std::strerror(failure), "): build all programs, or move them together");
    return v;
  }
  in.theirs.close();
  answer.theirs.close();
  output.theirs.close();
  Child child(pid, wrapped, limits, packer.bytes(), std::move(in.ours), std::move(answer.ours),
              std::move(output.ours));
  child.run(progress);
  Remains remains = std::move(child).remains();
  const bool silent = remains.answered.empty();
  ChildVerdict v = verdict_of(std::move(remains), limits);
  if (wrapped && silent && v.end == ChildEnd::exited) {
    v.end = ChildEnd::did_not_start;
    v.sentence = text("the program that runs kernels could not be started in surroundings of its own: ",
                      v.output.substr(0, v.output.find('\n')));
  }
  return v;
}

}  // namespace

std::filesystem::path worker_program() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "alab_worker";
}

ChildVerdict run(const std::filesystem::path& program, const std::string& task,
                 std::span<const std::byte> request, const ChildLimits& limits, const Progress& progress) {
  return run_command({program.string()}, false, task, request, limits, progress);
}

ChildVerdict run(const Wrapper& wrapper, const std::string& task, std::span<const std::byte> request,
                 const ChildLimits& limits, const Progress& progress) {
  return run_command(wrapper.command, true, task, request, limits, progress);
}

}  // namespace alab::child
