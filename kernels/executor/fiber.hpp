// A stack of its own that can be switched to: Boost.Context's fcontext with guard pages and sanitizer notes.
// SPDX-License-Identifier: MIT
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <memory>

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
  /// Suspends from, which must be the running one, and continues to.
  static void switch_to(Fiber& from, Fiber& to);

 private:
  struct Stack;
  static void start(boost::context::detail::transfer_t transfer);
  void arrived(boost::context::detail::transfer_t transfer);

  boost::context::detail::fcontext_t context_ = nullptr;
  std::unique_ptr<Stack> stack_;
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  const void* low_ = nullptr;  ///< the stack's range; of the OS thread's own only under the address sanitizer
  std::size_t bytes_ = 0;
  void* fake_stack_ = nullptr;     ///< address sanitizer
  void* thread_record_ = nullptr;  ///< thread sanitizer
};

}  // namespace alab::executor
