// A filter of system calls by seccomp. SPDX-License-Identifier: MIT
#include "kernels/executor/child_confine.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace alab::child {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kUnknown = SECCOMP_RET_ERRNO | ENOSYS;  // the C library then takes an older call

constexpr long kAllowed[] = {
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_close,
    SYS_lseek,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_faccessat,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_getcwd,
    SYS_mmap,
    SYS_munmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_madvise,
    SYS_mincore,
    SYS_brk,
    SYS_futex,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigpending,
    SYS_rt_sigsuspend,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    SYS_getpid,
    SYS_gettid,
    SYS_getppid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_set_robust_list,
    SYS_set_tid_address,
    SYS_rseq,
    SYS_exit,
    SYS_exit_group,
    SYS_restart_syscall,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_times,
    SYS_getrusage,
    SYS_sysinfo,
    SYS_uname,
    SYS_getrandom,
    SYS_ppoll,
    SYS_membarrier,
#if defined(__x86_64__)
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_poll,
    SYS_pause,
    SYS_time,
    SYS_getrlimit,
#endif
};

// The lower half of an argument; both architectures are little-endian.
std::uint32_t low_half(std::size_t argument) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t));
}

class Filter {
 public:
  void load(std::uint32_t offset) { add({BPF_LD | BPF_W | BPF_ABS, 0, 0, offset}); }
  void give(std::uint32_t verdict) { add({BPF_RET | BPF_K, 0, 0, verdict}); }
  void if_equal_skip(std::uint32_t value, std::uint8_t skip) {
    add({BPF_JMP | BPF_JEQ | BPF_K, skip, 0, value});
  }
  void unless_equal_skip(std::uint32_t value, std::uint8_t skip) {
    add({BPF_JMP | BPF_JEQ | BPF_K, 0, skip, value});
  }
  /// Gives a verdict on the call with this number.
  void on(long number, std::uint32_t verdict) {
    unless_equal_skip(static_cast<std::uint32_t>(number), 1);
    give(verdict);
  }
  /// Allows the call when the lower half of an argument is value.
  void on_equal(long number, std::size_t argument, std::uint32_t value) {
    unless_equal_skip(static_cast<std::uint32_t>(number), 4);
    load(low_half(argument));
    unless_equal_skip(value, 1);
    give(kAllow);
    give(kRefuse);
  }
  void on_null(long number, std::size_t argument) {
    unless_equal_skip(static_cast<std::uint32_t>(number), 6);
    load(low_half(argument));
    unless_equal_skip(0, 3);
    load(low_half(argument) + 4);
    unless_equal_skip(0, 1);
    give(kAllow);
    give(kRefuse);
  }
  /// Allows the call when the lower half of an argument has (has = true) or has not one of these bits.
  void on_bits(long number, std::size_t argument, std::uint32_t bits, bool has) {
    unless_equal_skip(static_cast<std::uint32_t>(number), 4);
    load(low_half(argument));
    add({BPF_JMP | BPF_JSET | BPF_K, 0, 1, bits});
    give(has ? kAllow : kRefuse);
    give(has ? kRefuse : kAllow);
  }
  bool install() {
    sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
  }

 private:
  void add(const sock_filter& instruction) { code_.push_back(instruction); }
  std::vector<sock_filter> code_;
};

// Files are opened for reading only: none is created, cut or written.
constexpr std::uint32_t kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;

}  // namespace

bool confine() {
  if (kArchitecture == 0) {
    return false;
  }
  Filter f;
  f.load(offsetof(seccomp_data, arch));
  f.if_equal_skip(kArchitecture, 1);
  f.give(SECCOMP_RET_KILL_PROCESS);
  f.load(offsetof(seccomp_data, nr));
  for (const long number : kAllowed) {
    f.on(number, kAllow);
  }
  f.on_bits(SYS_openat, 2, kWriting, false);
#if defined(__x86_64__)
  f.on_bits(SYS_open, 1, kWriting, false);
#endif
  f.on_bits(SYS_clone, 0, CLONE_THREAD, true);  // a thread, not a process
  for (const long number : {SYS_clone3, SYS_openat2, SYS_faccessat2}) {
    f.on(number, kUnknown);
  }
  const auto self = static_cast<std::uint32_t>(getpid());
  f.on_equal(SYS_kill, 0, self);
  f.on_equal(SYS_tgkill, 0, self);
  f.on_null(SYS_prlimit64, 2);  // asks, sets nothing
  f.give(kRefuse);
  return f.install();
}

}  // namespace alab::child
