// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/stack_guard.hpp"

#include <ucontext.h>

#include <mutex>

#include "kernels/executor/counted/recorder.hpp"
#include "kernels/executor/counted/sites.hpp"

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

// What the running thread has noted just before it faulted; nullptr where it keeps no inline notes.
const std::uint64_t* noted_address(const NotedBefore& noted, const void* context) {
#if defined(ALAB_INLINE_NOTES)
  if (noted.access.code != 0) {
    const auto* next = reinterpret_cast<const std::uint64_t*>(
        static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_R15]);
    return noted.last ? next - kLanes : next + std::size_t{kLanes} * (noted.index + 1);
  }
#endif
  (void)noted, (void)context;
  return nullptr;
}

void on_fault(int, siginfo_t* info, void* context) {
  if (!t_log.running) {
    sigaction(SIGSEGV, &g_before, nullptr);  // happens again, and is theirs
    return;
  }
  auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const auto low =
      reinterpret_cast<std::uintptr_t>(executor::BlockRunner::of_this_thread().running_fiber().low());
  const bool overflow = info->si_code != SI_KERNEL && low - address <= kBelowStack;
  RawFinding f;
  f.mistake = overflow ? Mistake::stack_overflow : Mistake::wild_address;
  const NotedBefore noted = overflow ? NotedBefore{} : noted_before(instruction_of(context));
  if (const std::uint64_t* const cell = noted_address(noted, context)) {
    f.kind = noted.access.kind;
    address = info->si_code == SI_KERNEL ? *cell : address;  // the processor names no non-canonical address
  }
  f.address = address;
  f.actor.code = Recorder::of_this_thread().short_code(instruction_of(context) + 1);
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
