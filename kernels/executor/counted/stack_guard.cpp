// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/stack_guard.hpp"

#include <ucontext.h>

#include <mutex>

#include "kernels/executor/counted/recorder.hpp"

namespace alab::counted {
namespace {

constexpr std::size_t kHandlerStack = 64 * 1024;
constexpr std::uintptr_t kBelowStack = 64 * 1024;  // a frame may step over the guard page

std::mutex g_mutex;
int g_users = 0;
struct sigaction g_before;

std::uintptr_t instruction_of(const void* context) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.pc;
#else
  return 0;
#endif
}

void on_fault(int, siginfo_t* info, void* context) {
  if (t_log.next == nullptr) {
    sigaction(SIGSEGV, &g_before, nullptr);  // happens again, and is theirs
    return;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const auto low =
      reinterpret_cast<std::uintptr_t>(executor::BlockRunner::of_this_thread().running_fiber().low());
  RawFinding f;
  f.mistake = low - address <= kBelowStack ? Mistake::stack_overflow : Mistake::wild_address;
  f.address = address;
  f.actor.code = static_cast<std::uint32_t>(instruction_of(context) + 1 - t_log.code_base) & 0xFFFFFFu;
  Recorder::of_this_thread().stop(f);
}

}  // namespace

StackGuard::StackGuard() : memory_(std::make_unique<std::byte[]>(kHandlerStack)) {
  stack_t mine{};
  mine.ss_sp = memory_.get();
  mine.ss_size = kHandlerStack;
  sigaltstack(&mine, &before_);
  const std::lock_guard lock(g_mutex);
  if (g_users++ == 0) {
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;  // left without returning
    sigaction(SIGSEGV, &action, &g_before);
  }
}

StackGuard::~StackGuard() {
  const std::lock_guard lock(g_mutex);
  if (--g_users == 0) {
    sigaction(SIGSEGV, &g_before, nullptr);
  }
  sigaltstack(&before_, nullptr);
}

}  // namespace alab::counted
