// Stacks by mmap with a guard page below each.
// SPDX-License-Identifier: MIT
#include "kernels/executor/fiber.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "reference/core/error.hpp"

namespace alab::executor {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStackBytes = 512 * 1024;  // instrumented frames are several times larger
#else
constexpr std::size_t kStackBytes = 128 * 1024;
#endif
constexpr std::size_t kColours = 13;       // odd, so that neighbours spread over all cache sets
constexpr std::size_t kColourBytes = 320;  // 5 cache lines

}  // namespace

struct Fiber::Stack {
  Stack() {
    guard = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    size = guard + kStackBytes;
    void* mapped =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(mapped != MAP_FAILED, "no memory for a simulated thread's stack of ", size, " bytes (",
            std::strerror(errno), "): use smaller blocks or free some memory");
    base = static_cast<std::byte*>(mapped);
    if (mprotect(base, guard, PROT_NONE) != 0) {
      const int reason = errno;
      munmap(base, size);
      throw Error(text("no guard page for a simulated thread's stack (", std::strerror(reason),
                       "): raise vm.max_map_count or use smaller blocks"));
    }
  }
  ~Stack() { munmap(base, size); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  std::byte* base = nullptr;
  std::size_t size = 0, guard = 0;
};

Fiber::Fiber() {
#if defined(__SANITIZE_THREAD__)
  thread_record_ = __tsan_get_current_fiber();
#endif
}

Fiber::Fiber(unsigned number) : stack_(std::make_unique<Stack>()) {
  low_ = stack_->base + stack_->guard;
  bytes_ = stack_->size - stack_->guard - (number % kColours) * kColourBytes;
#if defined(__SANITIZE_THREAD__)
  thread_record_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#if defined(__SANITIZE_THREAD__)
  if (stack_) {
    __tsan_destroy_fiber(thread_record_);
  }
#endif
}

void Fiber::reset(Entry entry, void* argument) {
  entry_ = entry;
  argument_ = argument;
  fake_stack_ = nullptr;
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(thread_record_);
  thread_record_ = __tsan_create_fiber(0);
#endif
  std::byte* const top = stack_->base + stack_->guard + bytes_;
  context_ = boost::context::detail::make_fcontext(top, bytes_, &Fiber::start);
}

void Fiber::start(boost::context::detail::transfer_t transfer) {
  Fiber& self = *static_cast<const Fiber*>(transfer.data)->next_;
  self.arrived(transfer);
  self.entry_(self, self.argument_);
}

}  // namespace alab::executor
