// OS threads that stay: blocks of one launch are spread over them and the caller.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace alab::executor {

class Workers {
 public:
  static Workers& instance();
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// OS threads of a launch, the caller included; at least 1.
  unsigned count() const { return count_; }
  /// Runs job on the caller and on up to helpers others at the same time, and returns when all are done.
  /// A second caller at the same time runs alone. job must not throw.
  void run(unsigned helpers, const std::function<void()>& job);

 private:
  Workers();
  void loop(unsigned number);
  void start(unsigned helpers);

  unsigned count_ = 1;
  std::mutex busy_;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  const std::function<void()>* job_ = nullptr;
  std::uint64_t round_ = 0;
  unsigned wanted_ = 0, active_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace alab::executor
