// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/flop_stream.hpp"

#include <map>
#include <mutex>

#include "kernels/executor/block_queue.hpp"
#include "kernels/executor/counted/source_lines.hpp"
#include "kernels/executor/workers.hpp"

// The linker's bounds of the section; null in a program without a counting build.
extern "C" {
[[gnu::weak]] extern alab::counted::FlopSite __start_alab_flop_sites[];
[[gnu::weak]] extern alab::counted::FlopSite __stop_alab_flop_sites[];
}

namespace alab::counted {
namespace {

std::span<FlopSite> all_sites() {
  return {__start_alab_flop_sites, __stop_alab_flop_sites};
}

std::uintptr_t place_of(const FlopSite& site) {
  return reinterpret_cast<std::uintptr_t>(&site.place) +
         static_cast<std::uintptr_t>(std::intptr_t{site.place});
}

/// Adds up what the OS threads of one launch counted.
class FlopMeter final : public executor::ThreadMeter {
 public:
  void begin() override {
    t_copy.assign(all_sites().size(), {});
    t_flop_shift = static_cast<std::ptrdiff_t>(reinterpret_cast<std::uintptr_t>(t_copy.data()) -
                                               reinterpret_cast<std::uintptr_t>(all_sites().data()));
  }
  void end() override {
    t_flop_shift = 0;
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < sum_.size(); ++i) {
      sum_[i] += t_copy[i].count;
    }
  }
  void add_to(LaunchFlops& launch) const {
    std::map<Line, FlopCounts> lines;
    for (std::size_t i = 0; i < sum_.size(); ++i) {
      if (sum_[i] > 0) {
        const FlopSite& site = all_sites()[i];
        const auto kind = static_cast<FlopKind>(site.kind);
        launch.flops[kind] += sum_[i];
        lines[line_of_return(place_of(site))][kind] += sum_[i];
      }
    }
    for (const auto& [line, flops] : lines) {
      launch.lines.push_back({line, flops});
    }
  }

 private:
  static thread_local std::vector<FlopSite> t_copy;
  std::mutex mutex_;
  std::vector<std::uint64_t> sum_ = std::vector<std::uint64_t>(all_sites().size());
};
thread_local std::vector<FlopSite> FlopMeter::t_copy;

}  // namespace

FlopStream::FlopStream(const Progress& progress, unsigned workers)
    : ExecutorStream(progress), workers_(workers == 0 ? executor::Workers::instance().count() : workers) {}

void FlopStream::submit(executor::Launch launch) {
  FlopMeter meter;
  launch.order = order_;
  launch.seed = seed_++;
  launch.progress = &progress_;
  launch.meter = &meter;
  executor::check_limits(launch);
  executor::run_blocks(launch, workers_);
  LaunchFlops& counted = launches_.emplace_back();
  counted.grid = {launch.grid.x, launch.grid.y, launch.grid.z};
  counted.block = {launch.block.x, launch.block.y, launch.block.z};
  meter.add_to(counted);
}

}  // namespace alab::counted
