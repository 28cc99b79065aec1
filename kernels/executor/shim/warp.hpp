// Barriers, fences and warp-wide operations. Each call carries its source line to the scheduler.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstring>
#include <type_traits>

#include "kernels/executor/shim/qualifiers.hpp"

#define ALAB_SITE ::alab::executor::Site alab_site = ::alab::executor::Site::current()

ALAB_SHIM void __syncthreads(ALAB_SITE) {
  ::alab::executor::sync_threads(alab_site);
}
ALAB_SHIM int __syncthreads_count(int predicate, ALAB_SITE) {
  return ::alab::executor::sync_threads(::alab::executor::BarrierKind::count, predicate != 0, alab_site);
}
ALAB_SHIM int __syncthreads_and(int predicate, ALAB_SITE) {
  return ::alab::executor::sync_threads(::alab::executor::BarrierKind::all, predicate != 0, alab_site);
}
ALAB_SHIM int __syncthreads_or(int predicate, ALAB_SITE) {
  return ::alab::executor::sync_threads(::alab::executor::BarrierKind::any, predicate != 0, alab_site);
}
ALAB_SHIM void __threadfence() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}
ALAB_SHIM void __threadfence_block() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}
ALAB_SHIM void __threadfence_system() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}
ALAB_SHIM void __nanosleep(unsigned) {}
[[noreturn]] ALAB_SHIM void __trap(ALAB_SITE) {
  ::alab::executor::trap(alab_site);
}

namespace alab::executor {
inline namespace ALAB_BUILD_NAMESPACE {

template <class T>
ALAB_SHIM std::uint64_t to_bits(T value) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8, "a lane can pass up to 8 bytes");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}
template <class T>
using passed_t = typename Passed<T>::type;

template <class T>
ALAB_SHIM T shuffle(WarpKind kind, unsigned mask, T value, int arg, int width, Site where) {
  const std::uint64_t bits = warp_call(kind, mask, to_bits(value), arg, width, where);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace ALAB_BUILD_NAMESPACE
}  // namespace alab::executor

ALAB_SHIM void __syncwarp(unsigned mask = 0xFFFFFFFFu, ALAB_SITE) {
  ::alab::executor::warp_call(::alab::executor::WarpKind::sync, mask, 0, 0, 32, alab_site);
}
ALAB_SHIM unsigned __activemask(ALAB_SITE) {
  return ::alab::executor::active_mask(alab_site);
}

template <class T>
ALAB_SHIM alab::executor::passed_t<T> __shfl_sync(unsigned mask, T value, int source, int width = 32,
                                                  ALAB_SITE) {
  return ::alab::executor::shuffle<::alab::executor::passed_t<T>>(::alab::executor::WarpKind::shfl, mask,
                                                                  value, source, width, alab_site);
}
template <class T>
ALAB_SHIM alab::executor::passed_t<T> __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                                                     ALAB_SITE) {
  return ::alab::executor::shuffle<::alab::executor::passed_t<T>>(
      ::alab::executor::WarpKind::shfl_up, mask, value, static_cast<int>(delta), width, alab_site);
}
template <class T>
ALAB_SHIM alab::executor::passed_t<T> __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                                                       ALAB_SITE) {
  return ::alab::executor::shuffle<::alab::executor::passed_t<T>>(
      ::alab::executor::WarpKind::shfl_down, mask, value, static_cast<int>(delta), width, alab_site);
}
template <class T>
ALAB_SHIM alab::executor::passed_t<T> __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                                                      ALAB_SITE) {
  return ::alab::executor::shuffle<::alab::executor::passed_t<T>>(::alab::executor::WarpKind::shfl_xor, mask,
                                                                  value, lane_mask, width, alab_site);
}

#define ALAB_VOTE(name, kind, Type)                                                                         \
  ALAB_SHIM Type name(unsigned mask, int predicate, ALAB_SITE) {                                            \
    return static_cast<Type>(::alab::executor::warp_call(::alab::executor::WarpKind::kind, mask,            \
                                                         static_cast<std::uint64_t>(predicate != 0), 0, 32, \
                                                         alab_site));                                       \
  }
ALAB_VOTE(__all_sync, all, int)
ALAB_VOTE(__any_sync, any, int)
ALAB_VOTE(__uni_sync, uni, int)
ALAB_VOTE(__ballot_sync, ballot, unsigned)
#undef ALAB_VOTE

template <class T>
ALAB_SHIM unsigned __match_any_sync(unsigned mask, T value, ALAB_SITE) {
  return static_cast<unsigned>(::alab::executor::warp_call(
      ::alab::executor::WarpKind::match_any, mask, ::alab::executor::to_bits(value), 0, 32, alab_site));
}
template <class T>
ALAB_SHIM unsigned __match_all_sync(unsigned mask, T value, int* predicate, ALAB_SITE) {
  const auto same = static_cast<unsigned>(::alab::executor::warp_call(
      ::alab::executor::WarpKind::match_all, mask, ::alab::executor::to_bits(value), 0, 32, alab_site));
  *predicate = same != 0;
  return same;
}

#define ALAB_REDUCE(name, kind, Type)                                                                  \
  ALAB_SHIM Type name(unsigned mask, Type value, ALAB_SITE) {                                          \
    return static_cast<Type>(::alab::executor::warp_call(                                              \
        ::alab::executor::WarpKind::kind, mask, static_cast<std::uint32_t>(value), 0, 32, alab_site)); \
  }
ALAB_REDUCE(__reduce_add_sync, add_s32, int)
ALAB_REDUCE(__reduce_min_sync, min_s32, int)
ALAB_REDUCE(__reduce_max_sync, max_s32, int)
ALAB_REDUCE(__reduce_add_sync, add_u32, unsigned)
ALAB_REDUCE(__reduce_min_sync, min_u32, unsigned)
ALAB_REDUCE(__reduce_max_sync, max_u32, unsigned)
ALAB_REDUCE(__reduce_and_sync, and_u32, unsigned)
ALAB_REDUCE(__reduce_or_sync, or_u32, unsigned)
ALAB_REDUCE(__reduce_xor_sync, xor_u32, unsigned)
#undef ALAB_REDUCE
