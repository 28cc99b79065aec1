// How many blocks of a kernel a multiprocessor holds at a time, from what a block takes and what there is.
// Source: CUDA C++ Programming Guide, "Technical Specifications per Compute Capability", and NVIDIA's
// occupancy calculator for how registers and shared memory are given out.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/executor/counted/profile.hpp"
#include "kernels/rung.hpp"
#include "reference/core/result.hpp"

namespace alab {

/// What one multiprocessor shares out. Registers go to warps, 256 at a time, each quarter of them serving a
/// quarter of the warps.
struct SmLimits {
  int sm = 0;  ///< compute capability: 90 is 9.0
  int warps = 0, blocks = 0;
  int shared_bytes = 0;            ///< of all blocks together
  int shared_bytes_per_block = 0;  ///< at most, when the kernel asks for more than 48 KiB
  int shared_reserved_bytes = 0;   ///< that every block takes for the system
  int shared_unit = 0;             ///< bytes by which shared memory is given out
  int registers = 65536;
  int registers_per_thread = 255;  ///< at most
};
std::span<const SmLimits> all_sm_limits();
const SmLimits* find_sm_limits(int sm);  ///< nullptr when unknown

/// What a block takes.
struct BlockNeeds {
  int threads = 0;                ///< 1 to 1024
  int registers = 0;              ///< per thread; 0: not known, taken as no limit
  std::int64_t shared_bytes = 0;  ///< static and dynamic
};

/// Blocks that each resource alone would allow, and what follows.
struct Occupancy {
  int by_warps = 0, by_blocks = 0, by_registers = 0, by_shared = 0;
  int blocks = 0;              ///< per multiprocessor
  int warps = 0;               ///< resident
  double share = 0;            ///< of the warps it can hold, 0 to 1
  std::string limited_by;      ///< "warps", "blocks", "registers", "shared memory", or several of them
  std::string not_launchable;  ///< empty, or why not one block fits
  bool registers_known = false;
};
/// @throws Error when threads is outside 1 to 1024, or another number is negative
Occupancy occupancy(const SmLimits& sm, const BlockNeeds& block);

/// What the compiler gave a kernel.
struct KernelResources {
  int registers = 0;            ///< per thread
  int static_shared_bytes = 0;  ///< per block
  Provenance provenance;        ///< recorded
};
/// From assets/recorded/registers.json: the code that a device of capability sm runs.
/// @param kernel  as a profile names it: "flash_fwd<32, 32>"
std::optional<KernelResources> recorded_resources(std::string_view op, std::string_view rung,
                                                  std::string_view kernel, int sm);

/// A counted launch on a multiprocessor.
struct LaunchOccupancy {
  Occupancy occupancy;
  KernelResources resources;
  bool recorded = false;  ///< false: static shared memory is taken as 0, registers as given or unknown
};
/// @param registers  per thread, instead of the recorded ones; 0: those
LaunchOccupancy launch_occupancy(const Rung& rung, const counted::LaunchProfile& launch, const SmLimits& sm,
                                 int registers = 0);

}  // namespace alab
