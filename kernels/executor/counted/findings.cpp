// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/findings.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "kernels/executor/counted/source_lines.hpp"
#include "kernels/executor/short_file.hpp"

namespace alab::counted {
namespace {

using Triple = std::array<unsigned, 3>;

Triple triple(const executor::uint3& v) {
  return {v.x, v.y, v.z};
}
std::string shown(const Triple& v) {
  return text("(", v[0], ", ", v[1], ", ", v[2], ")");
}
std::string shown(const Line& line) {
  return line.line == 0 ? std::string("an unknown line") : text(line.file, ":", line.line);
}

Triple coordinates(std::uint64_t index, const executor::dim3& extent) {
  return {static_cast<unsigned>(index % extent.x), static_cast<unsigned>(index / extent.x % extent.y),
          static_cast<unsigned>(index / (std::uint64_t{extent.x} * extent.y))};
}

std::string_view verb(Kind kind) {
  return is_read(kind) ? "reads" : is_write(kind) ? "writes" : "updates atomically";
}

bool is_race(Mistake mistake) {
  return mistake == Mistake::shared_race || mistake == Mistake::block_race || mistake == Mistake::thread_race;
}

struct Speaker {
  const RawFinding& raw;
  const Scene& scene;
  const Finding& f;

  std::string who() const {
    return text(shown(f.line), ": thread ", shown(f.thread), " of block ", shown(f.block), " ");
  }
  unsigned element() const { return std::min(4u, size_of(raw.kind)); }
  // "element 5 of 'x'"
  std::string what() const {
    if (raw.region != Region::global) {
      const bool dynamic = raw.region == Region::dynamic_shared;
      return dynamic
                 ? text("byte ", static_cast<std::int64_t>(raw.offset) - std::int64_t{executor::kSharedGuard},
                        " of dynamic shared memory")
                 : "a __shared__ array";
    }
    const Buffer& b = scene.buffers[static_cast<std::size_t>(raw.buffer)];
    const auto apart = static_cast<std::int64_t>(raw.offset) - static_cast<std::int64_t>(b.offset);
    const std::int64_t size = element();
    return text("element ", apart >= 0 ? apart / size : -((-apart + size - 1) / size), " of '", b.name, "'");
  }
  std::string outside() const {
    const Buffer& b = scene.buffers[static_cast<std::size_t>(raw.buffer)];
    return text(who(), verb(raw.kind), " ", what(), ", which has ", b.bytes / element(), " elements of ",
                element(), " bytes: compare the index with the size before the access");
  }
  std::string outside_shared() const {
    return text(who(), verb(raw.kind), " ", what(), ", of which the launch gave ", scene.launch.dynamic_bytes,
                " bytes: ask for more in the launch or mend the index");
  }
  std::string outside_array() const {
    return text(who(), "uses index ", raw.index, " on an array of type ", raw.array_type,
                ": keep every index below its own extent");
  }
  std::string wild() const {
    return raw.address < 4096
               ? text(who(), verb(raw.kind), " through a null pointer: was the buffer given to the launch?")
               : text(who(), verb(raw.kind), " ", size_of(raw.kind), " bytes at 0x", std::hex, raw.address,
                      ", which is in no buffer: a host pointer, or an index that is far off");
  }
  std::string misaligned() const {
    return text(who(), verb(raw.kind), " ", size_of(raw.kind), " bytes at once at ",
                "an address that is no multiple of ", size_of(raw.kind),
                ": start vector accesses at a multiple of their size or use narrower ones");
  }
  std::string uninitialised() const {
    const bool shared = raw.region != Region::global;
    return text(who(), "reads ", what(), ", which ",
                shared ? "no thread of the block has written: fill it before it is read"
                       : "nothing has written: fill it before the kernel or write it before it is read");
  }
  std::string unordered() const {
    const std::string other = raw.other_thread_known
                                  ? text("thread ", shown(coordinates(raw.other.thread, scene.launch.block)))
                                  : std::string("another thread");
    return text(who(), verb(raw.kind), " ", what(), " that ", other, " ", verb(raw.other_kind), " in ",
                shown(f.other_line), " with nothing between that orders the two: ");
  }
  std::string shared_race() const {
    const bool warp = raw.other_thread_known && raw.other.thread / 32 == raw.actor.thread / 32;
    return text(unordered(), "put ", warp ? "__syncwarp() or __syncthreads()" : "__syncthreads()",
                " between these lines");
  }
  std::string thread_race() const {
    return unordered() +
           "give each thread its own elements, use an atomic, or put __syncthreads() between these lines";
  }
  std::string block_race() const {
    return text(
        who(), verb(raw.kind), " ", what(), " that block ",
        shown(coordinates(raw.other.block, scene.launch.grid)), " uses in ", shown(f.other_line),
        ": blocks run in any order and at the same time, so give each its own elements, use an atomic, "
        "or split the kernel in two");
  }
  std::string too_long() const {
    return text(
        who(), "has made more than ", scene.thread_budget,
        " memory accesses: its loop does not end, or it waits for a thread that cannot run meanwhile");
  }
  std::string stack() const {
    return text(
        who(),
        "needs more stack than a simulated thread has: it recurses without end, or its local arrays are "
        "too large");
  }
  std::string sentence() const {
    switch (raw.mistake) {
      case Mistake::global_bounds:
        return outside();
      case Mistake::shared_bounds:
        return outside_shared();
      case Mistake::array_bounds:
        return outside_array();
      case Mistake::wild_address:
        return wild();
      case Mistake::misaligned:
        return misaligned();
      case Mistake::uninitialised_shared:
      case Mistake::uninitialised_global:
        return uninitialised();
      case Mistake::shared_race:
        return shared_race();
      case Mistake::block_race:
        return block_race();
      case Mistake::thread_race:
        return thread_race();
      case Mistake::too_long:
        return too_long();
      case Mistake::stack_overflow:
        return stack();
      default:
        return who() + "makes a mistake";
    }
  }
};

Mistake mistake_of(executor::FaultKind kind) {
  switch (kind) {
    case executor::FaultKind::divergent_barrier:
      return Mistake::divergent_barrier;
    case executor::FaultKind::warp_call:
      return Mistake::warp_call;
    case executor::FaultKind::launch_limits:
      return Mistake::launch_limits;
    default:
      return Mistake::shared_bounds;
  }
}

}  // namespace

Finding describe(const RawFinding& raw, const Scene& scene) {
  Finding f;
  f.mistake = raw.mistake;
  f.count = raw.count;
  f.block = coordinates(raw.actor.block, scene.launch.grid);
  f.thread = coordinates(raw.actor.thread, scene.launch.block);
  f.line = raw.file != nullptr ? Line{std::string(executor::short_file(raw.file)), raw.line}
                               : line_of_return(scene.code_base + raw.actor.code);
  if (is_race(raw.mistake)) {
    f.other_line = line_of_return(scene.code_base + raw.other.code);
  }
  if (raw.buffer >= 0) {
    f.buffer = scene.buffers[static_cast<std::size_t>(raw.buffer)].name;
  } else if (raw.region == Region::dynamic_shared || raw.region == Region::static_shared) {
    f.buffer = "shared memory";
  }
  f.sentence = Speaker{raw, scene, f}.sentence();
  return f;
}

Finding describe(const executor::Fault& fault) {
  Finding f;
  f.mistake = mistake_of(fault.kind);
  f.sentence = fault.what();
  if (fault.where.line() != 0) {
    f.line = {std::string(executor::short_file(fault.where.file_name())),
              static_cast<int>(fault.where.line())};
  }
  f.block = triple(fault.block);
  f.thread = triple(fault.thread);
  return f;
}

namespace {

bool at_its_lines(const Finding& f, const Finding& race) {
  return race.buffer == f.buffer && (race.line == f.line || race.other_line == f.line);
}

// A value that comes too late: the race that lets it is the mistake, not the read of what is not there yet.
// Threads that race across blocks do so within a block as well.
bool follows_from_a_race(const Finding& f, const std::vector<Finding>& all) {
  const auto follows_from = [&](Mistake race) {
    return std::any_of(all.begin(), all.end(),
                       [&](const Finding& r) { return r.mistake == race && at_its_lines(f, r); });
  };
  switch (f.mistake) {
    case Mistake::uninitialised_shared:
      return follows_from(Mistake::shared_race);
    case Mistake::uninitialised_global:
      return follows_from(Mistake::block_race) || follows_from(Mistake::thread_race);
    case Mistake::thread_race:
      return follows_from(Mistake::block_race);
    default:
      return false;
  }
}

}  // namespace

std::vector<Finding> deduplicated(std::vector<Finding> findings) {
  std::vector<Finding> causes;
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(causes),
               [&](const Finding& f) { return !follows_from_a_race(f, findings); });
  findings = std::move(causes);
  std::map<std::tuple<Line, Line, Mistake, std::string>, Finding> kept;
  for (Finding& f : findings) {
    const bool race = is_race(f.mistake);
    const Line& low = race ? std::min(f.line, f.other_line) : f.line;
    const Line& high = race ? std::max(f.line, f.other_line) : f.other_line;
    const auto [at, fresh] = kept.try_emplace({low, high, f.mistake, f.buffer}, f);
    if (!fresh) {
      const std::uint64_t count = at->second.count + f.count;
      if (std::tie(f.block, f.thread) < std::tie(at->second.block, at->second.thread)) {
        at->second = f;
      }
      at->second.count = count;
    }
  }
  findings.clear();
  for (auto& [key, f] : kept) {
    findings.push_back(std::move(f));
  }
  return findings;
}

}  // namespace alab::counted
