// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/summary.hpp"

#include <algorithm>
#include <map>

#include "kernels/executor/counted/findings.hpp"
#include "kernels/executor/counted/source_lines.hpp"

namespace alab::counted {
namespace {

using executor::Meeting;

Counters counters_of(const Instruction& in) {
  Counters c;
  const Kind kind = in.kind();
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

// Adds up the bits that any of the OS threads has set.
template <class Bits>
BufferProfile buffer_profile(const Buffer& buffer, std::size_t index,
                             std::span<const std::unique_ptr<Recorder>> recorders, Bits bits_of) {
  BufferProfile p;
  p.name = buffer.name;
  p.bytes = buffer.bytes;
  p.scratch = buffer.scratch;
  for (std::size_t at = 0; at < buffer.words() / 8 + 1; ++at) {
    unsigned read = 0, written = 0;
    for (const auto& r : recorders) {
      const auto [r_bits, w_bits] = bits_of(r->global().seen()[index], at);
      read |= r_bits;
      written |= w_bits;
    }
    p.read_bytes += 4 * static_cast<unsigned>(__builtin_popcount(read));
    p.written_bytes += 4 * static_cast<unsigned>(__builtin_popcount(written));
    p.read_sectors += read != 0 ? 1 : 0;  // eight words
    p.written_sectors += written != 0 ? 1 : 0;
  }
  return p;
}

}  // namespace

std::uintptr_t code_base(const executor::Launch& launch) {
  return reinterpret_cast<std::uintptr_t>(launch.kernel) - (1u << 23);
}

LaunchProfile begin_profile(const executor::Launch& launch) {
  LaunchProfile p;
  p.kernel = kernel_name(launch.kernel);
  p.where = {short_file(launch.where.file_name()), static_cast<int>(launch.where.line())};
  p.grid = {launch.grid.x, launch.grid.y, launch.grid.z};
  p.block = {launch.block.x, launch.block.y, launch.block.z};
  p.dynamic_shared_bytes = launch.dynamic_bytes;
  return p;
}

void summarise(const LaunchContext& context, std::span<const std::unique_ptr<Recorder>> recorders,
               LaunchProfile& profile) {
  const Scene scene{*context.launch, context.buffers, code_base(*context.launch), context.thread_budget};
  std::map<Line, Counters> lines;
  std::vector<Finding> findings;
  for (const auto& recorder : recorders) {
    for (const Instruction& in : recorder->instructions()) {
      const Counters c = counters_of(in);
      lines[line_of_return(scene.code_base + in.code())] += c;
      profile.total += c;
    }
    recorder->findings().for_each([&](const RawFinding& raw) { findings.push_back(describe(raw, scene)); });
  }
  for (const auto& [line, c] : lines) {
    profile.lines.push_back({line, c});
  }
  for (std::size_t i = 0; i < context.buffers.size(); ++i) {
    const BufferProfile p =
        buffer_profile(context.buffers[i], i, recorders, [](const Seen& seen, std::size_t at) {
          return std::pair<unsigned, unsigned>(seen.read[at], seen.written[at]);
        });
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
