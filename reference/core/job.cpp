// SPDX-License-Identifier: MIT
#include "reference/core/job.hpp"

namespace alab {

Progress Progress::part(double from, double to) const {
  Progress inner;
  inner.stop = stop;
  if (report) {
    inner.report = [outer = report, from, to](double fraction, std::string_view what) {
      outer(from + (to - from) * fraction, what);
    };
  }
  return inner;
}

JobQueue::JobQueue() : worker_([this](const std::stop_token& stop) { loop(stop); }) {}

JobQueue::~JobQueue() {
  cancel();
  worker_.request_stop();
  changed_.notify_all();
}

std::uint64_t JobQueue::submit(Work work) {
  const std::scoped_lock lock(mutex_);
  current_.request_stop();
  pending_ = std::move(work);
  pending_ticket_ = next_ticket_++;
  status_.state = JobState::running;
  status_.fraction = 0;
  status_.what = "starting";
  status_.error.clear();
  status_.ticket = pending_ticket_;
  changed_.notify_all();
  return pending_ticket_;
}

void JobQueue::cancel() {
  const std::scoped_lock lock(mutex_);
  current_.request_stop();
  if (pending_) {
    pending_.reset();
  }
  if (status_.state == JobState::running) {
    status_.state = JobState::cancelled;
    status_.what.clear();
  }
  changed_.notify_all();
}

JobStatus JobQueue::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

std::pair<std::uint64_t, std::shared_ptr<const void>> JobQueue::result() const {
  const std::scoped_lock lock(mutex_);
  return {result_ticket_, result_};
}

void JobQueue::wait() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return status_.state != JobState::running; });
}

void JobQueue::loop(const std::stop_token& stop) {
  for (;;) {
    Work work;
    std::uint64_t ticket = 0;
    Progress progress;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return pending_.has_value(); })) {
        return;
      }
      work = std::move(*pending_);
      pending_.reset();
      ticket = pending_ticket_;
      current_ = std::stop_source();
      progress.stop = current_.get_token();
    }
    progress.report = [this, ticket](double fraction, std::string_view what) {
      const std::scoped_lock lock(mutex_);
      if (status_.ticket == ticket && status_.state == JobState::running) {
        status_.fraction = fraction;
        status_.what = what;
      }
    };
    std::shared_ptr<const void> result;
    JobState state = JobState::done;
    std::string error;
    try {
      result = work(progress);
    } catch (const Cancelled&) {
      state = JobState::cancelled;
    } catch (const std::bad_alloc&) {
      state = JobState::failed;
      error = "there is not enough memory for these settings; choose a smaller seq_len";
    } catch (const std::exception& e) {
      state = JobState::failed;
      error = e.what();
    }
    const std::scoped_lock lock(mutex_);
    if (status_.ticket == ticket && status_.state == JobState::running) {
      status_.state = state;
      status_.error = error;
      status_.fraction = state == JobState::done ? 1 : status_.fraction;
      status_.what.clear();
      if (state == JobState::done) {
        result_ = std::move(result);
        result_ticket_ = ticket;
      }
    }
    changed_.notify_all();
  }
}

}  // namespace alab
