// SPDX-License-Identifier: MIT
#include "app/shell/model/runner.hpp"

#include <algorithm>
#include <cmath>

namespace alab::shell {
namespace {

Result run_now(const RunRequest& request, const Progress& progress) {
  const bool all = request.backend == BackendChoice::all;
  const Context context{request.input, progress, all || request.backend == BackendChoice::simulated,
                        all || request.backend == BackendChoice::cuda, request.quick};
  Result result =
      request.sweep.empty()
          ? run_experiment(*request.lab, *request.experiment, request.params, context)
          : sweep_param(*request.lab, *request.experiment, request.params, request.sweep, context);
  if (const std::string wrong = problems_of(result); !wrong.empty()) {
    throw Error(
        text("experiment '", request.experiment->id, "' gave a result that cannot be shown: ", wrong));
  }
  return result;
}

}  // namespace

RunSettings settings_of(const RunRequest& request) {
  const bool reads = request.experiment != nullptr && request.experiment->uses_input;
  return {request.params.describe(), reads ? request.input.name + " " + request.input.label : "",
          request.sweep, request.backend};
}

void Runner::submit(RunRequest request) {
  current_ = {request.lab, std::string(request.step->key)};
  current_step_ = request.step;
  current_settings_ = settings_of(request);
  current_params_ = request.params;
  title_ = std::string(request.experiment->title);
  entries_[current_].error.clear();
  submitted_at_ = Clock::now();
  ticket_ = job_.submit(
      [request = std::move(request)](const Progress& progress) { return run_now(request, progress); });
}

void Runner::cancel() {
  job_.cancel();
  ticket_ = 0;
}

bool Runner::poll(Finished* finished) {
  if (ticket_ == 0) {
    return false;
  }
  const JobStatus status = job_.status();
  if (status.ticket != ticket_ || status.state == JobState::running) {
    return false;
  }
  ticket_ = 0;
  Entry& entry = entries_[current_];
  if (status.state == JobState::failed) {
    entry.error = status.error;
    entry.failed_settings = current_settings_;
    return false;
  }
  if (status.state != JobState::done) {
    return false;
  }
  entry.result = job_.result().second;
  entry.settings = current_settings_;
  entry.params = current_params_;
  entry.version = next_version_++;
  last_latency_ = std::chrono::duration<double>(Clock::now() - submitted_at_).count();
  *finished = {current_.first, current_step_,
               entry.result->quick.empty() && lamps_passed(*current_step_, *entry.result),
               !current_settings_.sweep.empty(), !entry.result->quick.empty()};
  return true;
}

RunView Runner::view(const Lab& lab, const Step& step, const RunSettings& now) const {
  RunView view;
  const Key key{&lab, std::string(step.key)};
  const JobStatus status = job_.status();
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    const Entry& entry = found->second;
    view.result = entry.result;
    view.params = entry.params;
    view.version = entry.version;
    view.error = entry.error;
    view.sweep = !entry.settings.sweep.empty();
    RunSettings shown = entry.settings;
    shown.sweep.clear();
    view.phase =
        entry.result == nullptr ? RunPhase::empty : (shown == now ? RunPhase::done : RunPhase::stale);
    RunSettings failed = entry.failed_settings;
    failed.sweep.clear();
    if (!entry.error.empty()) {
      view.phase = failed == now || entry.result == nullptr ? RunPhase::failed : view.phase;
    }
  }
  if (ticket_ != 0 && key == current_ && status.state == JobState::running) {
    view.phase = RunPhase::running;
    view.fraction = status.fraction;
    view.what = status.what;
  }
  return view;
}

std::vector<Result> Runner::results_of(const Lab& lab) const {
  std::vector<Result> results;
  for (const Experiment& experiment : lab.experiments) {
    const Entry* newest = nullptr;
    for (const auto& [key, entry] : entries_) {
      const bool fits = key.first == &lab && entry.result != nullptr && entry.settings.sweep.empty() &&
                        entry.result->experiment == experiment.id;
      newest = fits && (newest == nullptr || entry.version > newest->version) ? &entry : newest;
    }
    if (newest != nullptr) {
      results.push_back(*newest->result);
    }
  }
  return results;
}

void Runner::forget(const Lab& lab) {
  if (current_.first == &lab) {
    cancel();
  }
  std::erase_if(entries_, [&](const auto& item) { return item.first.first == &lab; });
}

bool lamps_passed(const Step& step, const Result& result) {
  return std::ranges::all_of(step.lamps, [&](std::string_view key) {
    const Check* check = result.check(key);
    return check != nullptr && (check->lamp || check->passed());
  });
}

std::vector<double> sweep_values(const Param& param) {
  std::vector<double> values;
  if (param.kind == ParamKind::boolean || param.kind == ParamKind::choice) {
    for (double v = param.min; v <= param.max; ++v) {
      values.push_back(v);
    }
    return values;
  }
  if (param.log2 && param.max >= 1) {
    const double first = std::max(1.0, param.min);
    for (double v = std::exp2(std::ceil(std::log2(first))); v <= param.max; v *= 2) {
      values.push_back(v);
    }
    if (values.size() > static_cast<std::size_t>(kSweepPoints)) {
      values.erase(values.begin(), values.end() - kSweepPoints);
    }
    return values;
  }
  for (int i = 0; i < kSweepPoints; ++i) {
    const double v = param.min + (param.max - param.min) * i / (kSweepPoints - 1);
    const double rounded = param.kind == ParamKind::integer ? std::round(v) : v;
    if (values.empty() || values.back() < rounded) {
      values.push_back(rounded);
    }
  }
  return values;
}

}  // namespace alab::shell
