// The log of the simulated thread that runs on this OS thread, and how its heads are read.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/executor/counted/log_layout.hpp"

namespace alab::counted {

/// Where an address lies. elsewhere: local arrays, parameters, constants; not counted.
enum class Region : std::uint8_t { global, dynamic_shared, static_shared, elsewhere };

extern "C" const char alab_log_anchor[];

constexpr std::uint64_t kCallHead = 256;
inline std::uint64_t head_of_call(const void* code, Kind kind) {
  const auto distance = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(alab_log_anchor) -
                                                   reinterpret_cast<std::uintptr_t>(code));
  return (kCallHead + static_cast<std::uint64_t>(kind)) << 32 | distance;
}
constexpr bool is_call_head(std::uint64_t head) {
  return (head >> 40) == 1;
}
constexpr Kind kind_of_call(std::uint64_t head) {
  return static_cast<Kind>(head >> 32 & 0xFFu);
}
inline std::uintptr_t code_of_head(std::uint64_t head) {
  const auto distance = static_cast<std::int32_t>(static_cast<std::uint32_t>(head));
  return reinterpret_cast<std::uintptr_t>(alab_log_anchor) -
         static_cast<std::uintptr_t>(static_cast<std::intptr_t>(distance));
}

/// Of the lane that runs on this OS thread now.
struct Log {
  /// The lane's next cell. With inline notes a kernel keeps it in a register; this holds while a function
  /// that may move it runs.
  std::uint64_t* next = nullptr;
  bool running = false;  ///< a lane runs; false outside a counted launch
  std::uintptr_t global_base = 0, dynamic_base = 0, static_base = 0;
  std::size_t global_bytes = 0, dynamic_bytes = 0, static_bytes = 0;

  std::uintptr_t base_of(Region region) const {
    return region == Region::global           ? global_base
           : region == Region::dynamic_shared ? dynamic_base
           : region == Region::static_shared  ? static_base
                                              : 0;
  }
};
extern constinit thread_local Log t_log;

}  // namespace alab::counted
