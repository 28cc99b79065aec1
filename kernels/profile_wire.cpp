// SPDX-License-Identifier: MIT
#include "kernels/profile_wire.hpp"

#include <algorithm>

#include "kernels/executor/counted/request_cost.hpp"
#include "kernels/executor/wire.hpp"

namespace alab {

// Bindings and not member names, so that a member that is added and not sent does not compile.
namespace counted {

template <class Archive>
void exchange(Archive& archive, Line& x) {
  auto& [file, line] = x;
  archive(file, line);
}
template <class Archive>
void exchange(Archive& archive, LineProfile& x) {
  auto& [line, counters, flops] = x;
  archive(line, counters, flops);
}
template <class Archive>
void exchange(Archive& archive, BufferProfile& x) {
  auto& [name, bytes, scratch, read, written, read_sectors, written_sectors, load, store, atomic] = x;
  archive(name, bytes, scratch, read, written, read_sectors, written_sectors, load, store, atomic);
}
template <class Archive>
void exchange(Archive& archive, Finding& x) {
  auto& [mistake, sentence, line, other_line, block, thread, buffer, count] = x;
  archive(mistake, sentence, line, other_line, block, thread, buffer, count);
}
template <class Archive>
void exchange(Archive& archive, LaunchProfile& x) {
  auto& [kernel, where, grid, block, dynamic_shared, total, lines, buffers, blocks, flops, findings] = x;
  archive(kernel, where, grid, block, dynamic_shared, total, lines, buffers, blocks, flops, findings);
}
template <class Archive>
void exchange(Archive& archive, TraceWish& x) {
  auto& [blocks, requests, per_instruction, launches, only_global, values] = x;
  archive(blocks, requests, per_instruction, launches, only_global, values);
}
// Watched values point to names in the process that ran the kernel; profile_rung_in_child takes no wish for
// them.
template <class Archive>
void exchange(Archive& archive, RequestTrace& x) {
  auto& [requests, lines, buffers, values, cut, values_cut] = x;
  archive(requests, lines, buffers, cut, values_cut);
}

}  // namespace counted

template <class Archive>
void exchange(Archive& archive, Provenance& x) {
  auto& [kind, source] = x;
  archive(kind, source);
}
template <class Archive>
void exchange(Archive& archive, Check& x) {
  auto& [key, label, value, low, high, provenance, lamp, detail] = x;
  archive(key, label, value, low, high, provenance, lamp, detail);
}
template <class Archive>
void exchange(Archive& archive, HostArrays& x) {
  auto& [f32, i32] = x;
  archive(f32, i32);
}
template <class Archive>
void exchange(Archive& archive, Judged& x) {
  auto& [truth, plain] = x;
  archive(truth, plain);
}
// Without the rung, which the parent has, and without times, which no profile has.
template <class Archive>
void exchange(Archive& archive, RungRun& x) {
  auto& [rung, backend, unsupported, checks, passed, seconds, spread, repeats, scratch, provenance, outputs] =
      x;
  archive(unsupported, checks, passed, scratch, provenance, outputs);
}
template <class Archive>
void exchange(Archive& archive, RungRequest& x) {
  auto& [op, rung, problem, tiles, counted, options, inputs, judged, wish, flops] = x;
  archive(op, rung, problem, tiles, counted, options, inputs, judged, wish, flops);
}
template <class Archive>
void exchange(Archive& archive, RungProfile& x) {
  auto& [run, launches, findings, trace, flops_unavailable] = x;
  archive(run, launches, findings, trace, flops_unavailable);
}

namespace {

constexpr std::int64_t kFarthest = std::int64_t{1} << 48;

template <class T>
std::vector<std::byte> packed(const T& value) {
  wire::Packer packer;
  packer(value);
  return packer.bytes();
}

template <class T>
T unpacked(std::span<const std::byte> bytes) {
  wire::Unpacker unpacker(bytes);
  T value;
  unpacker(value);
  require(unpacker.left() == 0, "the answer has ", unpacker.left(), " bytes more than it should");
  return value;
}

template <class Enum>
void require_known(Enum value, Enum last, std::string_view what) {
  using Number = std::underlying_type_t<Enum>;
  require(static_cast<Number>(value) >= 0 && static_cast<Number>(value) <= static_cast<Number>(last),
          "the answer has a ", what, " of no known kind: ", static_cast<long>(value));
}

void require_sound(const std::vector<counted::Finding>& findings) {
  for (const counted::Finding& f : findings) {
    require_known(f.mistake, counted::Mistake::other, "mistake");
  }
}

void require_sound(const RungRun& run) {
  require_known(run.time_provenance.kind, Provenance::paper, "provenance");
  for (const Check& check : run.checks) {
    require_known(check.provenance.kind, Provenance::paper, "provenance");
  }
}

void require_sound(const counted::LaunchProfile& launch) {
  for (const auto& extents : {launch.grid, launch.block}) {
    require(std::all_of(extents.begin(), extents.end(), [](unsigned n) { return n > 0; }),
            "the answer has a launch of ", launch.kernel, " without blocks or threads");
  }
  require_sound(launch.findings);
}

void require_sound(const counted::RequestTrace& trace, std::size_t launches) {
  for (const counted::TracedRequest& r : trace.requests) {
    require(r.launch < launches && r.line >= 0 && static_cast<std::size_t>(r.line) < trace.lines.size() &&
                r.buffer >= -1 && r.buffer < static_cast<int>(trace.buffers.size()),
            "the answer has a memory request of no launch, line or buffer");
    require_known(r.kind, counted::RequestKind::atomic, "memory request");
    require_known(r.space, counted::RequestSpace::static_shared, "memory");
    require(std::all_of(r.offsets.begin(), r.offsets.end(),
                        [](std::int64_t at) { return -kFarthest < at && at < kFarthest; }),
            "the answer has a memory request farther than 2^48 bytes from its buffer");
    counted::cost_of(counted::shape_of(r));  // throws what is wrong with width or lanes
  }
}

const RungBuild& build_named(const RungRequest& request) {
  for (const RungBuild* build : request.counted ? counted_rungs() : executor_rungs()) {
    if (build->rung->op == request.op && build->rung->id == request.rung) {
      return *build;
    }
  }
  throw Error(
      text("the worker program has no rung ", request.op, "/", request.rung, ": build all programs again"));
}

}  // namespace

std::vector<std::byte> bytes_of(const RungRequest& request) {
  return packed(request);
}
std::vector<std::byte> bytes_of(const RungProfile& profile) {
  return packed(profile);
}
RungRequest rung_request_from(std::span<const std::byte> bytes) {
  return unpacked<RungRequest>(bytes);
}
RungProfile rung_profile_from(std::span<const std::byte> bytes) {
  RungProfile profile = unpacked<RungProfile>(bytes);
  require_sound(profile.run);
  require_sound(profile.findings);
  for (const counted::LaunchProfile& launch : profile.launches) {
    require_sound(launch);
  }
  require_sound(profile.trace, profile.launches.size());
  return profile;
}

child::Bytes answer_rung(std::span<const std::byte> request) {
  const RungRequest r = rung_request_from(request);
  const RungBuild& build = build_named(r);
  const Op* op = find_op(r.op);
  require(op != nullptr, "the worker program has no op ", r.op, ": build all programs again");
  ParamSet problem(op->params), tiles(build.rung->tiles);
  problem.assign(r.problem);
  tiles.assign(r.tiles);
  if (r.counted) {
    return bytes_of(
        profile_rung(*op, build, problem, tiles, r.inputs, r.judged, r.options, {}, r.wish, r.flops));
  }
  RungProfile plain;
  plain.run = run_rung(*op, build, Backend::simulated, problem, tiles, r.inputs, r.judged, r.options, {});
  return bytes_of(plain);
}

}  // namespace alab
