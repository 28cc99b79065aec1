// Floating-point operations by kind, as the lanes of a launch carried them out.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace alab::counted {

/// In single precision unless the name says otherwise. The first three are Nsight Compute's; a product that
/// is added to something is one ffma, as nvcc contracts it. A division or a function is one operation here,
/// where the GPU's code for it has several instructions.
enum class FlopKind : std::uint8_t {
  fadd,
  fmul,
  ffma,
  half_add,  ///< 16 bits, fp16 or bfloat16; a pair counts as two
  half_mul,
  half_fma,
  division,
  exponential,  ///< exp, exp2, exp10
  logarithm,    ///< log, log2, log10
  square_root,
  reciprocal_root,
  sine_cosine,     ///< sin, cos, tan; sincos counts as two
  other_function,  ///< pow, tanh, erf ...
  compare,         ///< ==, <, ...
  min_max,
  atomic_add,  ///< carried out by the cache, not by the thread
};
inline constexpr std::size_t kFlopKinds = 16;

/// The counter's name: Nsight Compute's for fadd, fmul and ffma.
std::string_view counter_name(FlopKind kind);

struct FlopCounts {
  std::array<std::uint64_t, kFlopKinds> of{};

  std::uint64_t& operator[](FlopKind kind) { return of[static_cast<std::size_t>(kind)]; }
  std::uint64_t operator[](FlopKind kind) const { return of[static_cast<std::size_t>(kind)]; }
  /// Additions and multiplications: fadd + fmul + 2 ffma, and the same in 16 bits. Divisions, functions and
  /// comparisons stand beside this number, not in it.
  std::uint64_t flops() const;
  /// The kinds that are not in flops(), summed.
  std::uint64_t beside_flops() const;
  FlopCounts& operator+=(const FlopCounts& other);
  friend bool operator==(const FlopCounts&, const FlopCounts&) = default;
};

/// One place in the code at which the counting build of a kernel carries out an operation: a record of the
/// program's section alab_flop_sites.
struct FlopSite {
  std::uint64_t count;  ///< in the section itself: of operations outside any launch
  std::int32_t place;   ///< a return address inside that operation, relative to this member
  std::int32_t kind;    ///< FlopKind
};

/// From the section to the running OS thread's copy of it, in bytes; 0 outside a launch.
extern constinit thread_local std::ptrdiff_t t_flop_shift;

}  // namespace alab::counted
