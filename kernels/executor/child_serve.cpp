// SPDX-License-Identifier: MIT
#include "kernels/executor/child_serve.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "kernels/executor/child_confine.hpp"
#include "kernels/executor/child_frames.hpp"
#include "reference/core/error.hpp"

namespace alab::child {
namespace {

// Stack of the handlers. Working out a source line takes some.
constexpr std::size_t kHandlerStack = 512 * 1024;
// Address space beyond the memory limit: what executors reserve and never fill.
constexpr std::size_t kReserved = std::size_t{24} << 30;
constexpr int kAsk = SIGUSR2;
constexpr int kAskedMs = 400;  // in which another thread says where it is

WhereAmI g_where = nullptr;
std::atomic<bool> g_told{false};
std::atomic<int> g_reason{0};
std::uintptr_t g_main_stack = 0;  ///< an address near the upper end of the first thread's stack
std::uintptr_t g_main_stack_bytes = 0;

/// Nothing is destroyed and nothing called: what a kernel left behind is not to be touched.
[[noreturn]] void end_process(int status) {
  for (;;) {
    syscall(SYS_exit_group, status);
  }
}

bool write_all(int fd, const void* from, std::size_t count) {
  const auto* at = static_cast<const char*>(from);
  while (count > 0) {
    const ssize_t n = write(fd, at, count);
    if (n < 0 && errno != EINTR) {
      return false;
    }
    at += std::max<ssize_t>(n, 0);
    count -= static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  }
  return true;
}

void send_frame(FrameKind kind, const void* content, std::size_t bytes) {
  const FrameHead head{kMagic, kind, bytes};
  write_all(kAnswerDescriptor, &head, sizeof head);
  write_all(kAnswerDescriptor, content, bytes);
}

counted::FixedLine where() {
  return g_where != nullptr ? g_where() : counted::FixedLine{};
}

/// Tells once why and where the process ends.
void tell(int signal, int exit_code, const counted::FixedLine& line) {
  if (!g_told.exchange(true)) {
    const EarlyEnd end{signal, exit_code, line};
    send_frame(FrameKind::early_end, &end, sizeof end);
  }
}

/// Asks every other thread where it is, and waits a little. Without the C library's opendir, which allocates.
void ask_others() {
  const int folder = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const auto self = static_cast<long>(syscall(SYS_gettid));
  alignas(dirent64) std::array<char, 4096> buffer;
  for (long got; folder >= 0 && (got = syscall(SYS_getdents64, folder, buffer.data(), buffer.size())) > 0;) {
    for (long at = 0; at < got;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      const long thread = std::strtol(entry->d_name, nullptr, 10);
      if (thread > 0 && thread != self) {
        syscall(SYS_tgkill, getpid(), thread, kAsk);
      }
      at += entry->d_reclen;
    }
  }
  for (int ms = 0; ms < kAskedMs && !g_told; ms += 10) {
    usleep(10000);
  }
}

/// Whether a signal came to the first thread on its own stack: there runs the host's code, which waits for
/// kernels; these run on stacks of their own.
bool in_host_code(const void* context) {
#if defined(__x86_64__)
  const auto at =
      static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  const auto at = static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.sp);
#else
  const std::uintptr_t at = 0;
#endif
  return g_main_stack - at < g_main_stack_bytes;
}

void on_signal(int signal, siginfo_t*, void* context) {
  const bool is_limit = signal == SIGTERM || signal == SIGXCPU;
  if (signal != kAsk) {
    g_reason = signal;
  }
  const counted::FixedLine line = where();
  if (is_limit && (line.line == 0 || in_host_code(context))) {
    ask_others();
  }
  if (line.line != 0 || signal != kAsk) {
    tell(g_reason, 0, line);
    end_process(128 + g_reason);
  }
}

void listen_to_signals() {
  static std::array<std::byte, kHandlerStack> memory;
  stack_t stack{};
  stack.ss_sp = memory.data();
  stack.ss_size = memory.size();
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  for (const int signal :
       {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGXCPU, SIGXFSZ, SIGSYS, SIGTRAP, SIGALRM}) {
    sigaction(signal, &action, nullptr);
  }
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(kAsk, &action, nullptr);
}

void limit(int resource, std::size_t soft, std::size_t hard) {
  rlimit now{};
  getrlimit(static_cast<__rlimit_resource>(resource), &now);
  const rlimit wanted{std::min<rlim_t>(soft, now.rlim_max), std::min<rlim_t>(hard, now.rlim_max)};
  setrlimit(static_cast<__rlimit_resource>(resource), &wanted);
}

// RLIMIT_NPROC counts what all programs of the user run, and threads: processes are confine()'s business.
void limit_resources(const ChildLimits& limits, bool confined) {
  const auto seconds = static_cast<std::size_t>(std::ceil(std::max(1.0, limits.cpu_seconds)));
  limit(RLIMIT_CPU, seconds, seconds + 2);
  limit(RLIMIT_CORE, 0, 0);
  if (!confined) {
    return;
  }
  limit(RLIMIT_FSIZE, 0, 0);
  limit(RLIMIT_NOFILE, limits.open_files, limits.open_files);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  limit(RLIMIT_AS, kReserved + limits.memory_bytes, kReserved + limits.memory_bytes);
#endif
}

/// Of this program's parent only standard streams and the answer's descriptor stay open.
void close_inherited() {
#if defined(SYS_close_range)
  syscall(SYS_close_range, kAnswerDescriptor + 1, ~0u, 0);
#endif
}

Bytes read_all(int fd) {
  Bytes bytes;
  std::array<std::byte, 64 * 1024> buffer;
  for (;;) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n > 0) {
      bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + n);
    } else if (n == 0 || errno != EINTR) {
      return bytes;
    }
  }
}

const Task& task_named(const std::string& name, std::span<const Task> tasks) {
  const auto at = std::find_if(tasks.begin(), tasks.end(), [&](const Task& t) { return t.name == name; });
  require(at != tasks.end(), "the worker program knows no task '", name, "': build all programs again");
  return *at;
}

void refuse(const std::string& sentence) {
  send_frame(FrameKind::refusal, sentence.data(), sentence.size());
}

}  // namespace

void serve(std::span<const Task> tasks, WhereAmI where_am_i) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close_inherited();
  g_main_stack = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  rlimit stack{};
  getrlimit(RLIMIT_STACK, &stack);
  g_main_stack_bytes = std::min<std::uintptr_t>(stack.rlim_cur, std::uintptr_t{1} << 30);
  try {
    const Bytes bytes = read_all(STDIN_FILENO);
    wire::Unpacker unpacker(bytes);
    Request request;
    unpacker(request);
    const Task& task = task_named(request.task, tasks);
    g_where = task.has_lines ? where_am_i : nullptr;
    where();  // reads the tables: from now on it is safe in signal handlers
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    listen_to_signals();
    limit_resources(request.limits, task.confined);
    if (task.confined) {
      confine();
    }
    send_frame(FrameKind::started, nullptr, 0);
    const Bytes answer = task.answer(request.bytes);
    std::fflush(nullptr);
    send_frame(FrameKind::answer, answer.data(), answer.size());
  } catch (const std::exception& e) {
    refuse(e.what());
  } catch (const Cancelled&) {
    refuse("the work was cancelled");
  } catch (...) {
    refuse("the kernel threw something that is no std::exception: kernels cannot throw");
  }
  end_process(0);
}

void leave_early(int status) {
  tell(0, status, where());
  end_process(status);
}

}  // namespace alab::child
