// The running thread's built-in variables as calls.
// SPDX-License-Identifier: MIT
#include "kernels/executor/view.hpp"

namespace alab::executor {
namespace {

std::uint64_t pack(const uint3& v) {
  return v.x | std::uint64_t{v.y} << 32 | std::uint64_t{v.z} << 48;
}

}  // namespace

std::uint64_t packed_thread_idx() noexcept {
  return pack(t_view.thread_idx);
}
std::uint64_t packed_block_idx() noexcept {
  return pack(t_view.block_idx);
}
std::uint64_t packed_block_dim() noexcept {
  return pack(t_view.block_dim);
}
std::uint64_t packed_grid_dim() noexcept {
  return pack(t_view.grid_dim);
}
std::byte* dynamic_shared() noexcept {
  return t_view.dynamic_shared;
}

}  // namespace alab::executor
