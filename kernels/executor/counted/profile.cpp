// Sums and names of counters.
// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/profile.hpp"

namespace alab::counted {
namespace {

double number(std::uint64_t n) {
  return static_cast<double>(n);
}

constexpr Access Counters::*kMemory[] = {&Counters::global_load,   &Counters::global_store,
                                         &Counters::global_atomic, &Counters::shared_load,
                                         &Counters::shared_store,  &Counters::shared_atomic};

void add_global(std::vector<Counter>& out, const std::string& direction, const Access& a) {
  out.push_back({"smsp__inst_executed_op_global_" + direction + ".sum", "inst", number(a.requests)});
  out.push_back(
      {"l1tex__t_sectors_pipe_lsu_mem_global_op_" + direction + ".sum", "sector", number(a.passes)});
  out.push_back({"global_" + direction + "_bytes_requested", "byte", number(a.bytes)});
  out.push_back({"global_" + direction + "_bytes_used", "byte", number(a.used_bytes)});
  out.push_back({"global_" + direction + "_bytes_moved", "byte", 32 * number(a.passes)});
  out.push_back({"global_" + direction + "_coalescing_efficiency", "ratio", coalescing_efficiency(a)});
}

void add_shared(std::vector<Counter>& out, const std::string& direction, const Access& a) {
  out.push_back({"smsp__inst_executed_op_shared_" + direction + ".sum", "inst", number(a.requests)});
  out.push_back(
      {"l1tex__data_pipe_lsu_wavefronts_mem_shared_op_" + direction + ".sum", "wavefront", number(a.passes)});
  out.push_back({"l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_" + direction + ".sum", "conflict",
                 number(a.conflicts)});
  out.push_back({"shared_" + direction + "_bytes_requested", "byte", number(a.bytes)});
  out.push_back({"shared_" + direction + "_bytes_used", "byte", number(a.used_bytes)});
}

}  // namespace

Access& Access::operator+=(const Access& o) {
  requests += o.requests;
  lanes += o.lanes;
  bytes += o.bytes;
  used_bytes += o.used_bytes;
  passes += o.passes;
  conflicts += o.conflicts;
  return *this;
}

Counters& Counters::operator+=(const Counters& o) {
  for (const auto member : kMemory) {
    this->*member += o.*member;
  }
  barriers += o.barriers;
  warp_syncs += o.warp_syncs;
  warp_calls += o.warp_calls;
  control_lanes += o.control_lanes;
  return *this;
}

std::string_view to_string(Mistake mistake) {
  static constexpr std::string_view kNames[] = {"global_bounds",
                                                "shared_bounds",
                                                "array_bounds",
                                                "wild_address",
                                                "misaligned",
                                                "uninitialised_shared",
                                                "uninitialised_global",
                                                "shared_race",
                                                "block_race",
                                                "thread_race",
                                                "divergent_barrier",
                                                "warp_call",
                                                "launch_limits",
                                                "stack_overflow",
                                                "too_long",
                                                "other"};
  return kNames[static_cast<std::size_t>(mistake)];
}

double coalescing_efficiency(const Access& global) {
  return global.passes == 0 ? 0 : number(global.used_bytes) / (32 * number(global.passes));
}

double active_lanes_per_instruction(const Counters& c) {
  std::uint64_t instructions = c.barriers + c.warp_syncs + c.warp_calls, lanes = c.control_lanes;
  for (const auto member : kMemory) {
    instructions += (c.*member).requests;
    lanes += (c.*member).lanes;
  }
  return instructions == 0 ? 0 : number(lanes) / number(instructions);
}

std::vector<Counter> counters(const Counters& c) {
  std::vector<Counter> out;
  add_global(out, "ld", c.global_load);
  add_global(out, "st", c.global_store);
  add_shared(out, "ld", c.shared_load);
  add_shared(out, "st", c.shared_store);
  out.push_back({"global_atomic_instructions", "inst", number(c.global_atomic.requests)});
  out.push_back({"global_atomic_lanes", "thread", number(c.global_atomic.lanes)});
  out.push_back({"global_atomic_sectors", "sector", number(c.global_atomic.passes)});
  out.push_back({"shared_atomic_instructions", "inst", number(c.shared_atomic.requests)});
  out.push_back({"shared_atomic_lanes", "thread", number(c.shared_atomic.lanes)});
  out.push_back({"barrier_instructions", "inst", number(c.barriers)});
  out.push_back({"warp_sync_instructions", "inst", number(c.warp_syncs)});
  out.push_back({"warp_call_instructions", "inst", number(c.warp_calls)});
  out.push_back({"active_lanes_per_instruction", "thread/inst", active_lanes_per_instruction(c)});
  return out;
}

std::vector<Counter> counters(const FlopCounts& flops) {
  std::vector<Counter> out{{"flops", "flop", number(flops.flops())}};
  for (std::size_t i = 0; i < kFlopKinds; ++i) {
    const auto kind = static_cast<FlopKind>(i);
    out.push_back({std::string(counter_name(kind)), i < 3 ? "inst" : "operation", number(flops[kind])});
  }
  return out;
}

std::vector<Counter> counters(const LaunchProfile& launch) {
  std::vector<Counter> out = counters(launch.total);
  BufferProfile all;
  for (const BufferProfile& b : launch.buffers) {
    all.read_sectors += b.read_sectors;
    all.written_sectors += b.written_sectors;
  }
  std::uint64_t loads = 0, distinct = 0;
  for (const BlockProfile& b : launch.blocks) {
    loads += b.load_bytes;
    distinct += b.distinct_load_bytes;
  }
  out.push_back({"compulsory_read_bytes", "byte", 32 * number(all.read_sectors)});
  out.push_back({"compulsory_write_bytes", "byte", 32 * number(all.written_sectors)});
  out.push_back({"block_load_bytes", "byte", number(loads)});
  out.push_back({"block_distinct_load_bytes", "byte", number(distinct)});
  if (launch.flops) {
    const std::vector<Counter> operations = counters(*launch.flops);
    out.insert(out.end(), operations.begin(), operations.end());
  }
  return out;
}

}  // namespace alab::counted
