// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/summary.hpp"

#include <algorithm>
#include <map>

#include "kernels/executor/counted/findings.hpp"
#include "kernels/executor/counted/source_lines.hpp"
#include "kernels/executor/short_file.hpp"

namespace alab::counted {
namespace {

using executor::Meeting;

Counters counters_of(const Instruction& in) {
  Counters c;
  const Kind kind = in.kind;
  (is_read(kind) ? c.global_load : is_write(kind) ? c.global_store : c.global_atomic) = in.total[0];
  (is_read(kind) ? c.shared_load : is_write(kind) ? c.shared_store : c.shared_atomic) = in.total[1];
  c.barriers = in.control[static_cast<std::size_t>(Meeting::barrier)];
  c.warp_syncs = in.control[static_cast<std::size_t>(Meeting::warp_sync)];
  c.warp_calls = in.control[static_cast<std::size_t>(Meeting::warp_call)];
  c.control_lanes = in.control_lanes;
  return c;
}

bool ends_launch(const Finding& f) {
  return f.mistake == Mistake::array_bounds || f.mistake == Mistake::wild_address ||
         f.mistake == Mistake::too_long || f.mistake == Mistake::stack_overflow;
}

// Several OS threads may have ended the launch at the same time: the first block's reason stays.
void keep_one_end(std::vector<Finding>& findings) {
  const Finding* first = nullptr;
  for (const Finding& f : findings) {
    first = ends_launch(f) && (first == nullptr || f.block < first->block) ? &f : first;
  }
  std::vector<Finding> kept;
  for (const Finding& f : findings) {
    if (!ends_launch(f) || &f == first) {
      kept.push_back(f);
    }
  }
  findings = std::move(kept);
}

BufferProfile buffer_profile(const Buffer& buffer, std::size_t index, std::uint32_t first_stamp,
                             std::span<const std::unique_ptr<Recorder>> recorders) {
  constexpr std::size_t kSectorWords = 8;
  BufferProfile p;
  p.name = buffer.name;
  p.bytes = buffer.bytes;
  p.scratch = buffer.scratch;
  for (std::size_t sector = 0; sector < buffer.words(); sector += kSectorWords) {
    std::uint32_t in_sector = 0;
    for (std::size_t w = sector; w < std::min(sector + kSectorWords, buffer.words()); ++w) {
      std::uint32_t word = 0;
      for (const auto& r : recorders) {
        word |= seen_word::of_launch(r->global().seen()[index].words[w], first_stamp);
      }
      p.read_bytes += (word & seen_word::kRead) != 0 ? 4 : 0;
      p.written_bytes += (word & seen_word::kWritten) != 0 ? 4 : 0;
      in_sector |= word;
    }
    p.read_sectors += (in_sector & seen_word::kRead) != 0 ? 1 : 0;
    p.written_sectors += (in_sector & seen_word::kWritten) != 0 ? 1 : 0;
  }
  return p;
}

}  // namespace

std::uintptr_t code_base(const executor::Launch& launch) {
  return reinterpret_cast<std::uintptr_t>(launch.kernel) - (1u << 23);
}

LaunchProfile begin_profile(const executor::Launch& launch, bool named) {
  LaunchProfile p;
  p.kernel = named ? kernel_name(launch.kernel) : std::string();
  p.where = {std::string(executor::short_file(launch.where.file_name())),
             static_cast<int>(launch.where.line())};
  p.grid = {launch.grid.x, launch.grid.y, launch.grid.z};
  p.block = {launch.block.x, launch.block.y, launch.block.z};
  p.dynamic_shared_bytes = launch.dynamic_bytes;
  return p;
}

void summarise(const LaunchContext& context, std::span<const std::unique_ptr<Recorder>> recorders,
               LaunchProfile& profile, bool by_line) {
  const Scene scene{*context.launch, context.buffers, code_base(*context.launch), context.thread_budget};
  std::map<Line, Counters> lines;
  std::vector<Finding> findings;
  for (const auto& recorder : recorders) {
    for (Instruction& in : recorder->instructions()) {
      in.settle();
      const Counters c = counters_of(in);
      if (by_line) {
        lines[line_of_return(scene.code_base + in.code)] += c;
      }
      profile.total += c;
    }
    recorder->findings().for_each([&](const RawFinding& raw) { findings.push_back(describe(raw, scene)); });
  }
  for (const auto& [line, c] : lines) {
    profile.lines.push_back({line, c, {}});
  }
  std::vector<BufferTraffic> traffic(context.buffers.size());
  for (const auto& recorder : recorders) {
    const std::vector<BufferTraffic> own = recorder->traffic();
    for (std::size_t i = 0; i < own.size(); ++i) {
      traffic[i].load_bytes += own[i].load_bytes;
      traffic[i].store_bytes += own[i].store_bytes;
      traffic[i].atomic_bytes += own[i].atomic_bytes;
    }
  }
  for (std::size_t i = 0; i < context.buffers.size(); ++i) {
    BufferProfile p = buffer_profile(context.buffers[i], i, context.stamps.first, recorders);
    p.load_bytes = traffic[i].load_bytes;
    p.store_bytes = traffic[i].store_bytes;
    p.atomic_bytes = traffic[i].atomic_bytes;
    if (p.read_bytes + p.written_bytes > 0) {
      profile.buffers.push_back(p);
    }
  }
  profile.findings = deduplicated(std::move(findings));
  keep_one_end(profile.findings);
}

const Finding* fatal(const LaunchProfile& profile) {
  const auto at = std::find_if(profile.findings.begin(), profile.findings.end(), ends_launch);
  return at == profile.findings.end() ? nullptr : &*at;
}

}  // namespace alab::counted
