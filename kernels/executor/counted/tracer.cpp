// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/tracer.hpp"

#include <algorithm>
#include <limits>

#include "kernels/executor/block_runner.hpp"
#include "kernels/executor/counted/source_lines.hpp"

namespace alab::counted {
namespace {

RequestKind request_kind(Kind kind) {
  return is_read(kind) ? RequestKind::load : is_write(kind) ? RequestKind::store : RequestKind::atomic;
}
RequestSpace request_space(Region region) {
  return region == Region::global           ? RequestSpace::global
         : region == Region::dynamic_shared ? RequestSpace::dynamic_shared
                                            : RequestSpace::static_shared;
}

void count(TracedRequest& request, Kind kind, std::uint64_t passes, std::uint64_t conflicts) {
  if (request.space == RequestSpace::global) {
    request.sectors = static_cast<std::uint32_t>(passes);
  } else if (!is_atomic(kind)) {
    request.wavefronts = static_cast<std::uint32_t>(passes);
    request.conflicts = static_cast<std::uint32_t>(conflicts);
  }
}

// Where each kind of memory starts, as offsets in its region.
class Origins {
 public:
  Origins(std::span<const Tracer* const> tracers, std::span<const Buffer> buffers) : buffers_(buffers) {
    for (const Tracer* tracer : tracers) {
      for (const RawRequest& raw : tracer->requests()) {
        if (raw.request.space == RequestSpace::static_shared) {
          lowest_ =
              std::min(lowest_, *std::min_element(raw.request.offsets.begin(), raw.request.offsets.end()));
        }
      }
    }
  }
  std::int64_t of(const TracedRequest& request) const {
    switch (request.space) {
      case RequestSpace::dynamic_shared:
        return executor::kSharedGuard;
      case RequestSpace::static_shared:
        return lowest_ - lowest_ % 4;
      default:
        return request.buffer < 0
                   ? 0
                   : static_cast<std::int64_t>(buffers_[static_cast<std::size_t>(request.buffer)].offset);
    }
  }

 private:
  std::span<const Buffer> buffers_;
  std::int64_t lowest_ = std::numeric_limits<std::int64_t>::max();
};

int index_of(std::vector<Line>& lines, const Line& line) {
  const auto at = std::find(lines.begin(), lines.end(), line);
  const auto index = static_cast<int>(at - lines.begin());
  if (at == lines.end()) {
    lines.push_back(line);
  }
  return index;
}

}  // namespace

TraceShare share_of(const TraceWish& wish, std::size_t launch, std::uint64_t blocks) {
  TraceShare share;
  std::copy_if(wish.blocks.begin(), wish.blocks.end(), std::back_inserter(share.blocks),
               [&](std::uint64_t block) { return block < blocks; });
  std::sort(share.blocks.begin(), share.blocks.end());
  share.blocks.erase(std::unique(share.blocks.begin(), share.blocks.end()), share.blocks.end());
  if (!share.blocks.empty() && launch < wish.most_launches) {
    share.most_of_block = wish.most_requests / share.blocks.size();
    share.most_values_of_block = wish.most_values / share.blocks.size();
  }
  share.only_global = wish.only_global;
  share.most_per_instruction =
      wish.most_per_instruction == 0 ? std::numeric_limits<std::size_t>::max() : wish.most_per_instruction;
  return share;
}

void Tracer::begin(const TraceShare* share) {
  share_ = share;
  requests_.clear();
  values_.clear();
  cut_ = values_cut_ = 0;
}

bool Tracer::start_block(std::uint64_t block) {
  if (share_ == nullptr || !std::binary_search(share_->blocks.begin(), share_->blocks.end(), block)) {
    return false;
  }
  block_ = block;
  room_ = share_->most_of_block;
  room_for_values_ = share_->most_values_of_block;
  taken_.clear();
  return true;
}

void Tracer::take(const Instruction& in, std::uint64_t first, unsigned warp, std::uint32_t epoch) {
  if (share_->only_global && in.region != Region::global) {
    return;
  }
  if (room_ == 0 || taken_[in.number] >= share_->most_per_instruction) {
    ++cut_;
    return;
  }
  --room_;
  ++taken_[in.number];
  TracedRequest request;
  request.block = block_;
  request.epoch = epoch;
  request.warp = static_cast<std::uint16_t>(warp);
  request.kind = request_kind(in.kind);
  request.space = request_space(in.region);
  request.bytes = static_cast<std::uint8_t>(size_of(in.kind));
  request.buffer = request.space == RequestSpace::global ? in.buffer : -1;
  request.mask = in.pattern->mask();
  for (unsigned l = 0; l < kLanes; ++l) {
    request.offsets[l] = static_cast<std::int64_t>(first + in.pattern->delta(l) - t_log.base_of(in.region));
  }
  const std::uint64_t passes = in.pattern->passes(first / 4 % 8);
  count(request, in.kind, passes, in.pattern->cost().conflicts);
  requests_.push_back({in.code, request});
}

void Tracer::take_value(WatchedValue value) {
  if (room_for_values_ == 0) {
    values_cut_ += share_->most_values_of_block > 0 ? 1 : 0;
    return;
  }
  --room_for_values_;
  value.block = block_;
  values_.push_back(value);
}

void add_launch(RequestTrace& trace, std::uint32_t launch, std::span<const Tracer* const> tracers,
                std::span<const Buffer> buffers, std::uintptr_t code_base) {
  for (std::size_t i = trace.buffers.size(); i < buffers.size(); ++i) {
    trace.buffers.push_back(buffers[i].name);
  }
  const Origins origins(tracers, buffers);
  const std::size_t before = trace.requests.size(), values_before = trace.values.size();
  for (const Tracer* tracer : tracers) {
    trace.cut += tracer->cut();
    trace.values_cut += tracer->values_cut();
    for (const WatchedValue& value : tracer->values()) {
      trace.values.emplace_back(value).launch = launch;
    }
    for (const RawRequest& raw : tracer->requests()) {
      TracedRequest& request = trace.requests.emplace_back(raw.request);
      request.launch = launch;
      request.line = index_of(trace.lines, line_of_return(code_base + raw.code));
      const std::int64_t origin = origins.of(request);
      for (std::int64_t& offset : request.offsets) {
        offset -= origin;
      }
    }
  }
  std::stable_sort(trace.requests.begin() + static_cast<std::ptrdiff_t>(before), trace.requests.end(),
                   [](const TracedRequest& a, const TracedRequest& b) { return a.block < b.block; });
  std::stable_sort(trace.values.begin() + static_cast<std::ptrdiff_t>(values_before), trace.values.end(),
                   [](const WatchedValue& a, const WatchedValue& b) { return a.block < b.block; });
}

}  // namespace alab::counted
