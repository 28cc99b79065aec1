// Runs experiments in the background, the newest request first, and keeps the last Result of every step.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "app/shell/model/workbook.hpp"
#include "reference/core/job.hpp"

namespace alab::shell {

struct RunRequest {
  const Lab* lab = nullptr;
  const Step* step = nullptr;
  const Experiment* experiment = nullptr;
  ParamSet params;
  InputSource input;
  BackendChoice backend = BackendChoice::all;
  std::string sweep;   ///< key of a parameter: run over its range instead of once
  bool quick = false;  ///< a setting moves: less is computed where the whole takes long
};

/// What a Result was made from; a view whose settings differ from it is stale.
struct RunSettings {
  std::string params, input, sweep;
  BackendChoice backend = BackendChoice::all;
  friend bool operator==(const RunSettings&, const RunSettings&) = default;
};
RunSettings settings_of(const RunRequest& request);

enum class RunPhase { empty, running, done, stale, failed };

struct RunView {
  RunPhase phase = RunPhase::empty;
  std::shared_ptr<const Result> result;  ///< the last one, also while running, stale or failed
  ParamSet params;                       ///< that result was made with
  std::uint64_t version = 0;             ///< changes with each new Result
  double fraction = 0;
  std::string what, error;
  bool sweep = false;  ///< result is a sweep
  bool quick() const { return result != nullptr && !result->quick.empty(); }
};

class Runner {
 public:
  using Clock = std::chrono::steady_clock;
  struct Finished {
    const Lab* lab;
    const Step* step;
    bool passed;
    bool sweep;
    bool quick;  ///< a full run is still to follow
  };

  /// Cancels what runs and starts this.
  void submit(RunRequest request);
  void cancel();
  bool running() const { return job_.status().state == JobState::running; }
  JobStatus status() const { return job_.status(); }
  double seconds_running() const {
    return std::chrono::duration<double>(Clock::now() - submitted_at_).count();
  }
  /// Title of what runs: "Traffic over M".
  const std::string& title() const { return title_; }
  /// Call once per frame: takes a finished Result over. True (and finished filled) when one arrived.
  bool poll(Finished* finished);
  /// now: the settings in force, to tell done from stale.
  RunView view(const Lab& lab, const Step& step, const RunSettings& now) const;
  /// All Results of a lab, newest per experiment, in the order of its experiments; sweeps left out.
  std::vector<Result> results_of(const Lab& lab) const;
  void forget(const Lab& lab);
  /// From submit to the Result being taken over, of the last finished job; seconds.
  double last_latency() const { return last_latency_; }

 private:
  struct Entry {
    std::shared_ptr<const Result> result;
    RunSettings settings;
    ParamSet params;
    std::uint64_t version = 0;
    std::string error;
    RunSettings failed_settings;
  };
  using Key = std::pair<const Lab*, std::string>;

  LatestJob<Result> job_;
  std::map<Key, Entry> entries_;
  Key current_;
  const Step* current_step_ = nullptr;
  RunSettings current_settings_;
  ParamSet current_params_;
  std::string title_;
  std::uint64_t ticket_ = 0, next_version_ = 1;
  Clock::time_point submitted_at_;
  double last_latency_ = 0;
};

/// The gating lamps of a step in a Result: all pass (missing ones fail); lamps that only shine are left out.
bool lamps_passed(const Step& step, const Result& result);

/// One Result with a plot per kind of Scalar over the values of one parameter (at most kSweepPoints).
/// @throws Error when the parameter cannot be swept
Result sweep_param(const Lab& lab, const Experiment& experiment, const ParamSet& params, std::string_view key,
                   const Context& context);
/// The values that are swept: doublings for log2, all options, both states, or an even grid.
std::vector<double> sweep_values(const Param& param);
inline constexpr int kSweepPoints = 8;

}  // namespace alab::shell
