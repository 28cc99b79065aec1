// SPDX-License-Identifier: MIT
#include "app/shell/model/kernel_counts.hpp"

#include <algorithm>
#include <functional>

#include "kernels/profile_in_child.hpp"
#include "kernels/student/profile_case.hpp"
#include "reference/model/input_sources.hpp"

namespace alab::shell {
namespace {

constexpr double kLongest = 128;

using Profiled = std::function<RungProfile(const HostArrays& inputs, const Judged& judged)>;

KernelCount count_by(const CountRequest& request, const Progress& progress, const Profiled& profiled) {
  const Op& op = *request.op;
  const std::string why = why_not(request);
  require(why.empty(), request.build->rung->title, " cannot take this problem: ", why);
  progress.step(0, "making the inputs");
  const HostArrays inputs = op.inputs(request.problem, resolve_input("normal"), progress);
  progress.step(0.1, "computing the truth");
  const Judged judged = judge(op, request.problem, inputs);
  progress.step(0.3, "running the kernel on the CPU executor");
  KernelCount count{request, profiled(inputs, judged)};
  count.profile.run.outputs = {};
  return count;
}

KernelCount count_student(const CountRequest& request, const Progress& progress) {
  const StudentKernel& own = request.own;
  student::StudentLimits limits = student::student_limits();
  limits.allow_without_bubblewrap = limits.allow_without_bubblewrap || own.without_bubblewrap;
  const student::Case c{request.problem, own.input, own.seed};
  return {request, student::profile_case(*own.exercise, student::manifest_of(*own.exercise), own.source, c,
                                         limits, progress, shown_requests())};
}

// A kernel that crashes or never ends leaves the window alone.
KernelCount count_in_child(const CountRequest& request, const Progress& progress) {
  if (request.own.exercise != nullptr) {
    return count_student(request, progress);
  }
  return count_by(request, progress, [&](const HostArrays& inputs, const Judged& judged) {
    return profile_rung_in_child(*request.op, *request.build, request.problem, request.tiles, inputs, judged,
                                 {}, profile_limits(), progress, shown_requests(), CountFlops::yes)
        .profile;
  });
}

}  // namespace

counted::TraceWish shown_requests() {
  counted::TraceWish wish;
  wish.blocks = {0, 1};
  wish.most_per_instruction = 64;
  return wish;
}

ParamSet small_problem(const Op& op) {
  ParamSet problem(op.params);
  for (const Param* p : op.params) {
    if (p->kind == ParamKind::integer && p->log2 && problem.value(p->key) > kLongest) {
      problem.set(*p, std::max(kLongest, p->min));
    }
  }
  return problem;
}

std::string why_not(const CountRequest& request) {
  const Rung& rung = *request.build->rung;
  return rung.unsupported != nullptr ? rung.unsupported(request.problem, request.tiles) : "";
}

KernelCount count_kernel(const CountRequest& request, const Progress& progress) {
  return count_by(request, progress, [&](const HostArrays& inputs, const Judged& judged) {
    return profile_rung(*request.op, *request.build, request.problem, request.tiles, inputs, judged, {},
                        progress, shown_requests(), CountFlops::yes);
  });
}

void KernelCounts::submit_all(std::vector<CountRequest> requests) {
  error_.clear();
  queue_ = std::move(requests);
  next_ = 0;
  if (!queue_.empty()) {
    start_next();
  }
}

void KernelCounts::start_next() {
  current_ = queue_[next_++];
  ticket_ = job_.submit(
      [request = current_](const Progress& progress) { return count_in_child(request, progress); });
}

void KernelCounts::cancel() {
  next_ = queue_.size();
  job_.cancel();
}

JobStatus KernelCounts::status() const {
  JobStatus status = job_.status();
  if (queue_.size() > 1 && status.state == JobState::running) {
    const auto done = static_cast<double>(next_ - 1);
    status.fraction = (done + status.fraction) / static_cast<double>(queue_.size());
    status.what = text(next_, " of ", queue_.size(), ", ", status.what);
  }
  return status;
}

bool KernelCounts::poll() {
  const JobStatus status = job_.status();
  if (ticket_ == 0 || status.ticket != ticket_ || status.state == JobState::running) {
    return false;
  }
  ticket_ = 0;
  error_ = status.state == JobState::failed ? status.error : "";
  if (status.state != JobState::done) {
    next_ = queue_.size();
    return false;
  }
  keep(job_.result().second);
  if (next_ < queue_.size()) {
    start_next();
  }
  return true;
}

void KernelCounts::keep(std::shared_ptr<const KernelCount> count) {
  const Rung& rung = *count->request.build->rung;
  counts_[{rung.op, rung.id}] = std::move(count);
  ++version_;
}

std::shared_ptr<const KernelCount> KernelCounts::of(const Rung& rung) const {
  const auto found = counts_.find({rung.op, rung.id});
  return found == counts_.end() ? nullptr : found->second;
}

bool KernelCounts::has(const CountRequest& request) const {
  const auto count = of(*request.build->rung);
  return count != nullptr && count->request == request;
}

std::vector<std::shared_ptr<const KernelCount>> KernelCounts::ladder(std::string_view op) const {
  std::vector<std::shared_ptr<const KernelCount>> counts;
  for (const auto& [key, count] : counts_) {
    if (key.first == op) {
      counts.push_back(count);
    }
  }
  return counts;
}

}  // namespace alab::shell
