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

// The faulting thread's next cell of its log; nullptr where it does not keep it in a register.
const std::uint64_t* next_cell(const void* context) {
#if defined(ALAB_INLINE_NOTES)
  return reinterpret_cast<const std::uint64_t*>(
      static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_R15]);
#else
  (void)context;
  return nullptr;
#endif
}

// The executor's memory is being read: a second fault means that the kernel wrote over it.
thread_local bool t_reading = false;

[[noreturn]] void stop(Recorder& recorder, const RawFinding& finding) {
  t_reading = false;
  recorder.stop(finding);
}

void overflow(std::uintptr_t code, const void* context) {
  Recorder& recorder = Recorder::of_this_thread();
  RawFinding f;
  f.mistake = Mistake::stack_overflow;
  f.actor.code = recorder.code_of_last_run(next_cell(context));
  f.actor.code = f.actor.code != 0 ? f.actor.code : recorder.short_code(code + 1);
  stop(recorder, f);
}

void wild_address(std::uintptr_t address, bool known, std::uintptr_t code, const void* context) {
  Recorder& recorder = Recorder::of_this_thread();
  const NotedBefore noted = noted_before(code);
  const std::uint64_t* const next = next_cell(context);
  RawFinding f;
  f.mistake = Mistake::wild_address;
  f.actor.code = recorder.short_code(code + 1);
  f.address = address;
  if (noted.access.code != 0 && recorder.in_log(next)) {
    f.kind = noted.access.kind;
    if (!known) {
      f.address = noted.last ? *(next - kLanes) : next[std::size_t{kLanes} * (noted.index + 1)];
    }
  }
  stop(recorder, f);
}

void on_fault(int, siginfo_t* info, void* context) {
  if (!t_log.running || t_reading) {
    sigaction(SIGSEGV, &g_before, nullptr);  // happens again, and is theirs
    return;
  }
  t_reading = true;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const auto low =
      reinterpret_cast<std::uintptr_t>(executor::BlockRunner::of_this_thread().running_fiber().low());
  const bool known = info->si_code != SI_KERNEL;  // of a non-canonical address the processor names none
  if (known && low - address <= kBelowStack) {
    overflow(instruction_of(context), context);
  } else {
    wild_address(address, known, instruction_of(context), context);
  }
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
