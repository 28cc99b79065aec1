// The functions that g++'s thread-sanitizer instrumentation calls for every memory access of a kernel, and
// the one of its bounds checks. Outside a counted launch they do nothing. SPDX-License-Identifier: MIT
#include <cstring>

#include "kernels/executor/counted/log.hpp"
#include "kernels/executor/counted/recorder.hpp"

#if defined(__SANITIZE_THREAD__)
#error "the counted build brings its own callbacks: leave it out of sanitized builds"
#endif

// With inline notes the kernels keep the log's next cell in r15, which this file leaves alone otherwise.
#if defined(ALAB_INLINE_NOTES)
register std::uint64_t* alab_log_next asm("r15");
#else
#define alab_log_next ::alab::counted::t_log.next
#endif

namespace alab::counted {

constinit thread_local Log t_log;

namespace {

constexpr std::size_t kStackWindow = 256 * 1024;

[[gnu::noinline]] void note_other(std::uintptr_t address, Kind kind, const void* code) {
  // The running thread's own frames lie above this one.
  if (address - reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) >= kStackWindow) {
    note_elsewhere(address, kind, code);
  }
}

[[gnu::noinline]] void hand_over() {
  t_log.next = alab_log_next;
  log_is_full();
  alab_log_next = t_log.next;
}

template <Kind kind>
[[gnu::always_inline]] inline void note(const void* pointer, const void* code) {
  const Log& log = t_log;
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (!log.running) {
    return;
  }
  if (address - log.global_base >= log.global_bytes && address - log.dynamic_base >= log.dynamic_bytes &&
      address - log.static_base >= log.static_bytes) {
    note_other(address, kind, code);
    return;
  }
  alab_log_next[0] = head_of_call(code, kind);
  alab_log_next[kLanes] = address;
  alab_log_next += 2 * kLanes;
  if ((reinterpret_cast<std::uintptr_t>(alab_log_next) & kFullBit) != 0) [[unlikely]] {
    hand_over();
  }
}

// An access wider or less aligned than the hardware's: in words where they are aligned, else in bytes.
template <bool write>
void note_range(const void* pointer, std::size_t bytes, const void* code) {
  const auto* at = static_cast<const std::byte*>(pointer);
  const auto* const end = at + bytes;
  while (at < end) {
    const bool word = reinterpret_cast<std::uintptr_t>(at) % 4 == 0 && end - at >= 4;
    if (word) {
      note<write ? Kind::write4 : Kind::read4>(at, code);
    } else {
      note<write ? Kind::write1 : Kind::read1>(at, code);
    }
    at += word ? 4 : 1;
  }
}

}  // namespace

void note_atomic(const void* address, std::size_t bytes) {
  const void* const code = __builtin_return_address(0);
  if (bytes == 2) {
    note<Kind::atomic2>(address, code);
  } else if (bytes == 4) {
    note<Kind::atomic4>(address, code);
  } else {
    note<Kind::atomic8>(address, code);
  }
}

}  // namespace alab::counted

using alab::counted::Kind;
using alab::counted::note;
using alab::counted::note_range;

#define ALAB_NOTE(name, kind)                               \
  void name(void* address) {                                \
    note<Kind::kind>(address, __builtin_return_address(0)); \
  }
#define ALAB_NOTE_UNALIGNED(bytes)                                  \
  void __tsan_unaligned_read##bytes(void* address) {                \
    note_range<false>(address, bytes, __builtin_return_address(0)); \
  }                                                                 \
  void __tsan_unaligned_write##bytes(void* address) {               \
    note_range<true>(address, bytes, __builtin_return_address(0));  \
  }
// Reached through an atomic shim, which has told note_atomic already: only the operation is left to do.
#define ALAB_ATOMICS(bits, Type)                                                                          \
  Type __tsan_atomic##bits##_load(const volatile Type* a, int) {                                          \
    return __atomic_load_n(a, __ATOMIC_RELAXED);                                                          \
  }                                                                                                       \
  void __tsan_atomic##bits##_store(volatile Type* a, Type v, int) {                                       \
    __atomic_store_n(a, v, __ATOMIC_RELAXED);                                                             \
  }                                                                                                       \
  Type __tsan_atomic##bits##_exchange(volatile Type* a, Type v, int) {                                    \
    return __atomic_exchange_n(a, v, __ATOMIC_RELAXED);                                                   \
  }                                                                                                       \
  Type __tsan_atomic##bits##_fetch_add(volatile Type* a, Type v, int) {                                   \
    return __atomic_fetch_add(a, v, __ATOMIC_RELAXED);                                                    \
  }                                                                                                       \
  Type __tsan_atomic##bits##_fetch_sub(volatile Type* a, Type v, int) {                                   \
    return __atomic_fetch_sub(a, v, __ATOMIC_RELAXED);                                                    \
  }                                                                                                       \
  Type __tsan_atomic##bits##_fetch_and(volatile Type* a, Type v, int) {                                   \
    return __atomic_fetch_and(a, v, __ATOMIC_RELAXED);                                                    \
  }                                                                                                       \
  Type __tsan_atomic##bits##_fetch_or(volatile Type* a, Type v, int) {                                    \
    return __atomic_fetch_or(a, v, __ATOMIC_RELAXED);                                                     \
  }                                                                                                       \
  Type __tsan_atomic##bits##_fetch_xor(volatile Type* a, Type v, int) {                                   \
    return __atomic_fetch_xor(a, v, __ATOMIC_RELAXED);                                                    \
  }                                                                                                       \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile Type* a, Type* expected, Type v, int, int) { \
    return __atomic_compare_exchange_n(a, expected, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);        \
  }                                                                                                       \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile Type* a, Type* expected, Type v, int, int) {   \
    return __atomic_compare_exchange_n(a, expected, v, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED);         \
  }                                                                                                       \
  Type __tsan_atomic##bits##_compare_exchange_val(volatile Type* a, Type expected, Type v, int, int) {    \
    __atomic_compare_exchange_n(a, &expected, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);              \
    return expected;                                                                                      \
  }

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void*, void*) {}
void __tsan_vptr_read(void*) {}

ALAB_NOTE(__tsan_read1, read1)
ALAB_NOTE(__tsan_read2, read2)
ALAB_NOTE(__tsan_read4, read4)
ALAB_NOTE(__tsan_read8, read8)
ALAB_NOTE(__tsan_read16, read16)
ALAB_NOTE(__tsan_write1, write1)
ALAB_NOTE(__tsan_write2, write2)
ALAB_NOTE(__tsan_write4, write4)
ALAB_NOTE(__tsan_write8, write8)
ALAB_NOTE(__tsan_write16, write16)
ALAB_NOTE_UNALIGNED(2)
ALAB_NOTE_UNALIGNED(4)
ALAB_NOTE_UNALIGNED(8)
ALAB_NOTE_UNALIGNED(16)
void __tsan_read_range(void* address, unsigned long bytes) {
  note_range<false>(address, bytes, __builtin_return_address(0));
}
void __tsan_write_range(void* address, unsigned long bytes) {
  note_range<true>(address, bytes, __builtin_return_address(0));
}

ALAB_ATOMICS(8, std::uint8_t)
ALAB_ATOMICS(16, std::uint16_t)
ALAB_ATOMICS(32, std::uint32_t)
ALAB_ATOMICS(64, std::uint64_t)
void __tsan_atomic_thread_fence(int) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void __tsan_atomic_signal_fence(int) {}

/// What the compiler hands over for an index that is not inside an array.
struct AlabIndexCheck {
  const char* file;
  std::uint32_t line, column;
  const struct AlabType* array;
  const struct AlabType* index;
};
struct AlabType {
  std::uint16_t kind, info;
  char name[1];
};
void __ubsan_handle_out_of_bounds(AlabIndexCheck* check, std::uintptr_t index) {
  const unsigned bits = 1u << (check->index->info >> 1);
  const bool is_signed = (check->index->info & 1u) != 0;
  auto value = static_cast<std::int64_t>(index);
  if (bits < 64) {
    value = is_signed ? static_cast<std::int64_t>(index << (64 - bits)) >> (64 - bits)
                      : static_cast<std::int64_t>(index & ((std::uint64_t{1} << bits) - 1));
  }
  alab::counted::array_index_outside(check->file, static_cast<int>(check->line), check->array->name, value);
}
}
