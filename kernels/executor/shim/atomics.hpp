// Atomic functions on global and shared memory, relaxed as CUDA's are; blocks run on several OS threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <type_traits>

#include "kernels/executor/shim/qualifiers.hpp"

#if defined(ALAB_BUILD_COUNTED)
namespace alab::counted {
void note_atomic(const void* address, std::size_t bytes);
}
#define ALAB_NOTE_ATOMIC(address) ::alab::counted::note_atomic(address, sizeof *(address))
#else
#define ALAB_NOTE_ATOMIC(address)
#endif

namespace alab::executor {
inline namespace ALAB_BUILD_NAMESPACE {

/// Replaces *address by change(*address) and returns the old value.
template <class T, class Change>
ALAB_SHIM T atomic_update(T* address, Change change) {
  ALAB_NOTE_ATOMIC(address);
  std::atomic_ref<T> cell(*address);
  T old = cell.load(std::memory_order_relaxed);
  while (!cell.compare_exchange_weak(old, change(old), std::memory_order_relaxed)) {
  }
  return old;
}
/// The types that CUDA's atomic functions take.
template <class T>
concept AtomicInteger = std::is_integral_v<T> &&(sizeof(T) == 4 || sizeof(T) == 8);
template <class T>
concept AtomicNumber = AtomicInteger<T> || std::is_same_v<T, float> || std::is_same_v<T, double>;

}  // namespace ALAB_BUILD_NAMESPACE
}  // namespace alab::executor

#define ALAB_ATOMIC(name, Concept, expression)                                                   \
  template <::alab::executor::Concept T>                                                         \
  ALAB_SHIM T name(T* address, std::type_identity_t<T> value) {                                  \
    return ::alab::executor::atomic_update(address, [value](T old) -> T { return expression; }); \
  }
ALAB_ATOMIC(atomicSub, AtomicInteger, old - value)
ALAB_ATOMIC(atomicMin, AtomicInteger, value < old ? value : old)
ALAB_ATOMIC(atomicMax, AtomicInteger, value > old ? value : old)
ALAB_ATOMIC(atomicInc, AtomicInteger, old >= value ? 0 : old + 1)
ALAB_ATOMIC(atomicDec, AtomicInteger, old == 0 || old > value ? value : old - 1)
#undef ALAB_ATOMIC

template <::alab::executor::AtomicNumber T>
ALAB_SHIM T atomicAdd(T* address, std::type_identity_t<T> value) {
  ALAB_NOTE_ATOMIC(address);
  return std::atomic_ref<T>(*address).fetch_add(value, std::memory_order_relaxed);
}
template <::alab::executor::AtomicInteger T>
ALAB_SHIM T atomicAnd(T* address, std::type_identity_t<T> value) {
  ALAB_NOTE_ATOMIC(address);
  return std::atomic_ref<T>(*address).fetch_and(value, std::memory_order_relaxed);
}
template <::alab::executor::AtomicInteger T>
ALAB_SHIM T atomicOr(T* address, std::type_identity_t<T> value) {
  ALAB_NOTE_ATOMIC(address);
  return std::atomic_ref<T>(*address).fetch_or(value, std::memory_order_relaxed);
}
template <::alab::executor::AtomicInteger T>
ALAB_SHIM T atomicXor(T* address, std::type_identity_t<T> value) {
  ALAB_NOTE_ATOMIC(address);
  return std::atomic_ref<T>(*address).fetch_xor(value, std::memory_order_relaxed);
}
template <::alab::executor::AtomicNumber T>
ALAB_SHIM T atomicExch(T* address, std::type_identity_t<T> value) {
  ALAB_NOTE_ATOMIC(address);
  return std::atomic_ref<T>(*address).exchange(value, std::memory_order_relaxed);
}
template <::alab::executor::AtomicInteger T>
ALAB_SHIM T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> desired) {
  ALAB_NOTE_ATOMIC(address);
  std::atomic_ref<T>(*address).compare_exchange_strong(expected, desired, std::memory_order_relaxed);
  return expected;
}

#undef ALAB_NOTE_ATOMIC
