// Independent tasks over a few threads, with progress and cancellation on the calling one.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>

namespace alab {

/// Calls work(task, worker) once for each task 0 .. tasks-1, worker in 0 .. threads-1; the calling thread is
/// worker 0 and calls between(done) at the start, after each of its own tasks and at the end, done being the
/// number of tasks handed out so far. When work or between throws (Cancelled, for one), no further task
/// starts, all workers are joined and the first exception is rethrown.
void parallel_tasks(std::int64_t tasks, int threads,
                    const std::function<void(std::int64_t task, int worker)>& work,
                    const std::function<void(std::int64_t done)>& between);

}  // namespace alab
