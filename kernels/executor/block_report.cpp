// The sentences about a block that cannot go on.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>

#include "kernels/executor/block_runner.hpp"
#include "reference/core/error.hpp"

namespace alab::executor {
namespace {

std::string name_of(const uint3& thread) {
  return text("thread (", thread.x, ", ", thread.y, ", ", thread.z, ")");
}

}  // namespace

bool same_line(const Site& a, const Site& b) {
  return a.line() == b.line() &&
         (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

std::string BlockRunner::block_name() const {
  const uint3 b = t_view.block_idx;
  return text("launch in ", describe(launch_->where), ", block (", b.x, ", ", b.y, ", ", b.z, "): ");
}

std::string BlockRunner::state_of(std::size_t thread) const {
  const Warp& warp = warps_[thread / 32];
  const std::uint32_t bit = 1u << thread % 32;
  if ((warp.alive & bit) == 0) {
    return "has left the kernel";
  }
  const std::string where = describe(lanes_[thread].site);
  return (warp.arrived & bit) != 0
             ? "waits at the barrier in " + where
             : text("waits for the lanes of mask 0x", std::hex, warp.calls.mask[thread % 32], " in ", where);
}

Fault BlockRunner::divergence() const {
  // The clearest pair: the first thread that waits, and the first that does something else than it.
  std::size_t one = 0;
  while ((warps_[one / 32].alive >> one % 32 & 1u) == 0) {
    ++one;
  }
  const std::string state = state_of(one);
  std::size_t other = 0;
  while (other < lanes_.size() && state_of(other) == state) {
    ++other;
  }
  std::string what = block_name() + name_of(lanes_[one].idx) + " " + state;
  if (other < lanes_.size()) {
    what += " but " + name_of(lanes_[other].idx) + " " + state_of(other);
  }
  const bool at_barrier = (warps_[one / 32].arrived >> one % 32 & 1u) != 0;
  what += at_barrier
              ? ": every thread of a block must reach the same barrier, so move it out of the branch or loop"
              : ": every lane that a mask names must make the same call with the same mask";
  Fault fault(at_barrier ? FaultKind::divergent_barrier : FaultKind::warp_call, what, lanes_[one].site);
  fault.block = t_view.block_idx;
  fault.thread = lanes_[one].idx;
  return fault;
}

void BlockRunner::refuse(std::uint32_t mask, std::int32_t width, Site where) const {
  const std::string who = block_name() + name_of(current_->idx);
  const bool unnamed = (mask >> current_->number & 1u) == 0;
  Fault fault(FaultKind::warp_call,
              unnamed
                  ? text(who, " (lane ", int{current_->number}, ") makes a warp call in ", describe(where),
                         " with mask 0x", std::hex, mask,
                         " that does not name it: name every lane that makes the call, the caller included")
                  : text(who, " shuffles in ", describe(where), " with width ", width,
                         ": the width is 1, 2, 4, 8, 16 or 32"),
              where);
  fault.block = t_view.block_idx;
  fault.thread = current_->idx;
  throw fault;
}

}  // namespace alab::executor
