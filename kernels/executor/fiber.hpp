// A stack of its own that can be switched to: Boost.Context's fcontext with guard pages and sanitizer notes.
// SPDX-License-Identifier: MIT
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace alab::executor {

/// One fiber, or (default-constructed) the OS thread's own stack seen as one.
class Fiber {
 public:
  using Entry = void (*)(Fiber& self, void* argument);

  Fiber();
  /// number staggers the first frame inside its page, so that many fibers do not fight for one cache set.
  explicit Fiber(unsigned number);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// The next switch to this fiber calls entry(self, argument), which must never return.
  /// Whatever was suspended on the stack is forgotten without unwinding.
  void reset(Entry entry, void* argument);
  /// Lowest byte of the stack; a guard page lies below.
  const void* low() const { return low_; }
  bool holds(std::uintptr_t address) const {
    return address - reinterpret_cast<std::uintptr_t>(low_) < bytes_;
  }
  /// Suspends from, which must be the running one, and continues to.
  static void switch_to(Fiber& from, Fiber& to) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&from.fake_stack_, to.low_, to.bytes_);
#endif
#if defined(__SANITIZE_THREAD__)
    __tsan_switch_to_fiber(to.thread_record_, 0);
#endif
    from.next_ = &to;
    from.arrived(boost::context::detail::jump_fcontext(to.context_, &from));
  }

 private:
  struct Stack;
  static void start(boost::context::detail::transfer_t transfer);
  // Stores where the fiber stopped from which this one was switched to.
  void arrived(boost::context::detail::transfer_t transfer) {
    Fiber& from = *static_cast<Fiber*>(transfer.data);
    from.context_ = transfer.fctx;
#if defined(__SANITIZE_ADDRESS__)
    const void* low = nullptr;
    std::size_t bytes = 0;
    __sanitizer_finish_switch_fiber(fake_stack_, &low, &bytes);
    if (!from.stack_) {
      from.low_ = low;
      from.bytes_ = bytes;
    }
#endif
  }

  boost::context::detail::fcontext_t context_ = nullptr;
  Fiber* next_ = nullptr;  ///< where the last switch from here went
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  std::unique_ptr<Stack> stack_;
  const void* low_ = nullptr;  ///< the stack's range; of the OS thread's own only under the address sanitizer
  std::size_t bytes_ = 0;
  void* fake_stack_ = nullptr;     ///< address sanitizer
  void* thread_record_ = nullptr;  ///< thread sanitizer
};

}  // namespace alab::executor
