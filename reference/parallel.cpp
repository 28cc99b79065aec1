// SPDX-License-Identifier: MIT
#include "reference/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace alab {

void parallel_tasks(std::int64_t tasks, int threads, const std::function<void(std::int64_t, int)>& work,
                    const std::function<void(std::int64_t)>& between) {
  if (tasks <= 0) {
    return;
  }
  std::atomic<std::int64_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto run = [&](int worker) {
    try {
      for (std::int64_t task = next++; task < tasks; task = next++) {
        work(task, worker);
        if (worker == 0) {
          between(std::min(next.load(), tasks));
        }
      }
    } catch (...) {
      next = tasks;
      const std::lock_guard lock(failure_mutex);
      failure = failure ? failure : std::current_exception();
    }
  };
  between(0);
  {
    std::vector<std::jthread> workers;
    const auto wanted = std::min<std::int64_t>(threads, tasks);
    for (int worker = 1; worker < wanted; ++worker) {
      workers.emplace_back(run, worker);
    }
    run(0);
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
  between(tasks);
}

}  // namespace alab
