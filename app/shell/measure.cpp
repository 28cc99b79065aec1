// SPDX-License-Identifier: MIT
#include "app/shell/measure.hpp"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "app/shell/window.hpp"
#include "kernels/backend.hpp"
#include "reference/core/files.hpp"

namespace alab::shell {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kFirstScreenSeconds = 3, kSettleSeconds = 3, kIdleSeconds = 10, kPatienceSeconds = 30;
constexpr int kMoves = 8;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Since the kernel started this process; to 10 ms. Field 22 of /proc/self/stat counts ticks since boot.
double process_age() {
  const std::string stat = [] {
    std::string bytes(4096, '\0');
    FILE* file = std::fopen("/proc/self/stat", "r");
    if (file != nullptr) {
      bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
      std::fclose(file);
    }
    return bytes;
  }();
  std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 2)));
  std::string word;
  for (int field = 3; field <= 22 && fields >> word; ++field) {
  }
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  const double started = std::strtod(word.c_str(), nullptr) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) - started;
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::string milliseconds(const std::vector<double>& times) {
  std::vector<double> sorted = times;
  std::sort(sorted.begin(), sorted.end());
  char line[96];
  std::snprintf(line, sizeof line, "median %7.1f ms   slowest %7.1f ms   of %zu",
                sorted.empty() ? 0 : 1e3 * median_and_spread(sorted).median,
                sorted.empty() ? 0 : 1e3 * sorted.back(), sorted.size());
  return line;
}

/// One slider of one experiment and the step it is found on.
struct Slide {
  const Lab* lab;
  int step;
  const Experiment* experiment;
  const Param* param;
  double other;  ///< the value beside the default
};

double beside_default(const Param& p) {
  if (p.log2) {
    return p.def / 2 >= p.min ? std::max(p.min, std::floor(p.def / 2)) : std::min(p.max, 2 * p.def);
  }
  const double step = std::max((p.max - p.min) / 20, p.kind == ParamKind::integer ? 1.0 : 0.0);
  const double moved = p.def - step >= p.min ? p.def - step : std::min(p.max, p.def + step);
  return p.kind == ParamKind::integer ? std::round(moved) : moved;
}

std::vector<Slide> all_slides(std::span<const Lab* const> labs) {
  std::vector<Slide> slides;
  for (const Lab* lab : labs) {
    for (const Experiment& experiment : lab->experiments) {
      const auto step =
          std::ranges::find_if(lab->steps, [&](const Step& s) { return s.experiment == experiment.id; });
      const auto number = std::ranges::find_if(experiment.params, [](const Param* p) {
        return (p->kind == ParamKind::integer || p->kind == ParamKind::real) && p->max - p->min < 1e6;
      });
      if (step != lab->steps.end() && number != experiment.params.end()) {
        slides.push_back({lab, static_cast<int>(step - lab->steps.begin()), &experiment, *number,
                          beside_default(**number)});
      }
    }
  }
  return slides;
}

class Measure {
 public:
  void before_frame() { frame_start_ = Clock::now(); }

  void every_frame(App& app) {
    switch (phase_) {
      case Phase::first_screen:
        if (seconds_since(since_) > kFirstScreenSeconds && !app.runner.running()) {
          std::printf("a frame of the first screen     %s\n", milliseconds(frames_).c_str());
          leave_hero(app);
          const auto labs = app.book.labs();
          const Lab* only = app.options.lab.empty() ? nullptr : &lab_named(app.options.lab, labs);
          slides_ = all_slides(only == nullptr ? labs : std::span<const Lab* const>(&only, 1));
          enter(app, 0);
        }
        break;
      case Phase::opening:
        if (run_view(app).phase == RunPhase::done) {
          phase_ = Phase::sliding;
          times_.clear();
          frames_.clear();
          move(app);
        } else if (seconds_since(since_) > kPatienceSeconds) {
          finish_slide(app);
        }
        break;
      case Phase::sliding:
        if (seconds_since(since_) > kPatienceSeconds) {
          finish_slide(app);
        }
        break;
      case Phase::settling:
        if (seconds_since(since_) > kSettleSeconds) {
          phase_ = Phase::idle;
          since_ = Clock::now();
          cpu_ = cpu_seconds();
        }
        break;
      case Phase::idle:
        if (const double wall = seconds_since(since_); wall > kIdleSeconds) {
          std::printf("CPU while nothing happens       %.2f %% of a core over %.1f s\n",
                      100 * (cpu_seconds() - cpu_) / wall, wall);
          app.quit = true;
        }
        break;
    }
  }

  void after_swap(App& app) {
    frames_.push_back(seconds_since(frame_start_));
    if (!seen_first_) {
      seen_first_ = true;
      since_ = Clock::now();
      std::printf("on %s\nstart to first frame            %.2f s\n", cpu_name().c_str(), process_age());
      frames_.clear();
    }
    if (phase_ != Phase::sliding) {
      return;
    }
    const RunView now = run_view(app);
    if (now.phase == RunPhase::failed) {
      finish_slide(app);
    } else if (now.phase == RunPhase::done && now.version > version_) {
      times_.push_back(seconds_since(moved_at_));
      moves_ < kMoves ? move(app) : finish_slide(app);
    }
  }

 private:
  enum class Phase { first_screen, opening, sliding, settling, idle };

  void enter(App& app, std::size_t slide) {
    at_ = slide;
    since_ = Clock::now();
    if (at_ == slides_.size()) {
      phase_ = Phase::settling;
      app.options.measure = false;  // the hand is gone
      return;
    }
    phase_ = Phase::opening;
    moves_ = 0;
    const Slide& s = slides_[at_];
    app.book.open(s.lab->id, {PageKind::step, s.step});
    if (app.book.prediction_open()) {
      app.book.skip();
    }
    app.book.reset_params();
    run_step(app);
  }

  void move(App& app) {
    const Slide& s = slides_[at_];
    version_ = run_view(app).version;
    since_ = moved_at_ = Clock::now();
    ParamSet values = app.book.params();
    values.set(*s.param, moves_++ % 2 == 0 ? s.other : s.param->def);
    app.book.edit_params(values);
    preview_step(app);
  }

  void finish_slide(App& app) {
    const Slide& s = slides_[at_];
    std::printf("%-68s %s\n",
                text("slider to plot  ", s.lab->id, "/", s.experiment->id, "  ", s.param->key).c_str(),
                times_.empty() ? run_view(app).error.c_str() : milliseconds(times_).c_str());
    std::fflush(stdout);
    all_frames_.insert(all_frames_.end(), frames_.begin(), frames_.end());
    if (at_ + 1 == slides_.size()) {
      std::printf("a frame while sliders move      %s\n", milliseconds(all_frames_).c_str());
    }
    enter(app, at_ + 1);
  }

  Phase phase_ = Phase::first_screen;
  bool seen_first_ = false;
  Clock::time_point frame_start_ = Clock::now(), since_ = Clock::now(), moved_at_;
  std::vector<Slide> slides_;
  std::size_t at_ = 0;
  int moves_ = 0;
  std::uint64_t version_ = 0;
  double cpu_ = 0;
  std::vector<double> times_, frames_, all_frames_;
};

}  // namespace

int measure_window(const Options& options) {
  Measure measure;
  WindowHooks hooks;
  hooks.before_frame = [&] { measure.before_frame(); };
  hooks.every_frame = [&](App& app) { measure.every_frame(app); };
  hooks.after_swap = [&](App& app) { measure.after_swap(app); };
  return run_window(options, hooks);
}

}  // namespace alab::shell
