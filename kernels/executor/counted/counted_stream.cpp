// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/counted_stream.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <utility>

#include "kernels/executor/block_queue.hpp"
#include "kernels/executor/counted/enter_kernel.hpp"
#include "kernels/executor/counted/findings.hpp"
#include "kernels/executor/counted/recorder.hpp"
#include "kernels/executor/counted/summary.hpp"
#include "kernels/executor/workers.hpp"

namespace alab::counted {
namespace {

constexpr std::size_t kReserve = std::size_t{16} << 30;
constexpr std::uint64_t kMostStamps = std::uint64_t{1} << 28;  // what a word of Seen can name
constexpr std::uint64_t kMostBlockProfiles = std::uint64_t{1} << 20;

}  // namespace

struct CountedStream::State {
  std::vector<Buffer> buffers;
  Stamps stamps;
  StripeLocks locks;
  std::vector<std::unique_ptr<Recorder>> recorders;
};

namespace {

/// Gives each OS thread of a launch a recorder of its own.
class Recorders final : public executor::LaunchWatch {
 public:
  Recorders(const LaunchContext& context, std::vector<std::unique_ptr<Recorder>>& all)
      : context_(context), all_(all) {}
  executor::LaneWatch& begin() override {
    Recorder* mine = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (used_ == all_.size()) {
        all_.push_back(std::make_unique<Recorder>());
      }
      mine = all_[used_++].get();
    }
    mine->begin(context_);
    return *mine;
  }
  void end(executor::LaneWatch& watch) override { static_cast<Recorder&>(watch).end(); }
  std::size_t used() const { return used_; }

 private:
  const LaunchContext& context_;
  std::vector<std::unique_ptr<Recorder>>& all_;
  std::mutex mutex_;
  std::size_t used_ = 0;
};

}  // namespace

CountedStream::CountedStream(const Progress& progress, const Options& options)
    : ExecutorStream(progress, kReserve), options_(options), state_(std::make_unique<State>()) {
  require(!memory_.reserved().empty(), "no address space for the counted executor (it reserves ", kReserve,
          " bytes and uses few of them): raise the limit that 'ulimit -v' shows");
  if (options_.workers == 0) {
    options_.workers = executor::Workers::instance().count();
  }
}

CountedStream::~CountedStream() = default;

void CountedStream::track() {
  for (std::size_t i = state_->buffers.size(); i < regions().size(); ++i) {
    const executor::Region& r = regions()[i];
    Buffer b;
    b.name = r.name;
    b.offset = static_cast<std::uint64_t>(r.base - memory_.reserved().data());
    b.bytes = r.bytes;
    b.scratch = r.scratch;
    b.write = LazyArray<std::uint64_t>(b.words());
    b.read = LazyArray<std::uint64_t>(b.words());
    state_->buffers.push_back(std::move(b));
  }
}

void* CountedStream::array(std::string_view name, std::size_t bytes) {
  void* const p = ExecutorStream::array(name, bytes);
  track();
  return p;
}

void* CountedStream::scratch(std::string_view name, std::size_t bytes) {
  void* const p = ExecutorStream::scratch(name, bytes);
  track();
  return p;
}

void CountedStream::mark_written(const void* from, std::size_t bytes, bool given) {
  const auto offset =
      static_cast<std::uint64_t>(static_cast<const std::byte*>(from) - memory_.reserved().data());
  for (Buffer& b : state_->buffers) {
    if (offset >= b.offset && offset < b.offset + b.bytes) {
      const std::size_t first = (offset - b.offset) / 4, last = (offset - b.offset + bytes + 3) / 4;
      std::fill(b.write.data() + first, b.write.data() + std::min(last, b.words()),
                global_cell::make(Stamps::kHost, false, 0xF, 0));
      b.given = b.given || given;
    }
  }
}

void CountedStream::upload(void* to, const void* from, std::size_t bytes) {
  ExecutorStream::upload(to, from, bytes);
  mark_written(to, bytes, true);
}

void CountedStream::upload_unwritten(void* to, const void* from, std::size_t bytes) {
  ExecutorStream::upload(to, from, bytes);
}

void CountedStream::set_zero(void* to, std::size_t bytes) {
  ExecutorStream::set_zero(to, bytes);
  mark_written(to, bytes, false);
}

void CountedStream::submit(executor::Launch launch) {
  launch.order = order_;
  launch.seed = seed_++;
  launch.progress = &progress_;
  LaunchProfile profile = begin_profile(launch, options_.by_line);
  try {
    executor::check_limits(launch);
    run(launch, profile);
  } catch (const executor::Fault& fault) {
    profile.findings.push_back(describe(fault));
    profiles_.push_back(std::move(profile));
    throw;
  }
  profiles_.push_back(std::move(profile));
  if (const Finding* last = profiles_.back().findings.empty() ? nullptr : fatal(profiles_.back())) {
    throw Error(last->sentence);
  }
}

void CountedStream::run(const executor::Launch& plain, LaunchProfile& profile) {
  State& s = *state_;
  if (plain.blocks() <= kMostBlockProfiles) {
    profile.blocks.resize(plain.blocks());
  }
  require(s.stamps.first + plain.blocks() < kMostStamps, "the launch has ", plain.blocks(),
          " blocks, more than the counted executor can tell apart: choose a smaller problem");
  LaunchContext context;
  executor::Launch launch = plain;
  const KernelEntry entry{plain.invoke, plain.call};
  if (plain.counted) {
    launch.invoke = enter_kernel;
    launch.call = &entry;
  }
  context.launch = &launch;
  context.call = plain.call;
  context.global_base = reinterpret_cast<std::uintptr_t>(memory_.reserved().data());
  context.global_bytes = memory_.reserved().size();
  context.buffers = s.buffers;
  context.stamps = s.stamps;
  context.locks = options_.workers > 1 && plain.blocks() > 1 ? &s.locks : nullptr;
  context.thread_budget = options_.thread_budget;
  context.blocks = profile.blocks;
  context.removed = options_.removed.line != 0 ? &options_.removed : nullptr;
  const TraceShare share = share_of(options_.trace, profiles_.size(), plain.blocks());
  context.trace = share.blocks.empty() ? nullptr : &share;
  Recorders recorders(context, s.recorders);
  launch.watch = &recorders;
  const auto finish = [&] {
    const std::span<const std::unique_ptr<Recorder>> used(s.recorders.data(), recorders.used());
    summarise(context, used, profile, options_.by_line);
    if (context.trace != nullptr) {
      std::vector<const Tracer*> tracers;
      for (const auto& recorder : used) {
        tracers.push_back(&recorder->tracer());
      }
      add_launch(trace_, static_cast<std::uint32_t>(profiles_.size()), tracers, s.buffers, code_base(launch));
    }
    s.stamps.first += static_cast<std::uint32_t>(launch.blocks());
  };
  try {
    executor::run_blocks(launch, options_.workers);
  } catch (const Stopped&) {
  } catch (...) {
    finish();
    throw;
  }
  finish();
}

std::vector<Finding> CountedStream::findings() const {
  std::vector<Finding> all;
  for (const LaunchProfile& p : profiles_) {
    all.insert(all.end(), p.findings.begin(), p.findings.end());
  }
  return deduplicated(std::move(all));
}

}  // namespace alab::counted
