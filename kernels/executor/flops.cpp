// SPDX-License-Identifier: MIT
#include "kernels/executor/flops.hpp"

#include <numeric>

namespace alab::counted {

constinit thread_local std::ptrdiff_t t_flop_shift;

std::string_view counter_name(FlopKind kind) {
  static constexpr std::array<std::string_view, kFlopKinds> kNames{
      "smsp__sass_thread_inst_executed_op_fadd_pred_on.sum",
      "smsp__sass_thread_inst_executed_op_fmul_pred_on.sum",
      "smsp__sass_thread_inst_executed_op_ffma_pred_on.sum",
      "half_additions",
      "half_multiplications",
      "half_multiply_additions",
      "divisions",
      "exponentials",
      "logarithms",
      "square_roots",
      "reciprocal_roots",
      "sines_cosines",
      "other_functions",
      "comparisons",
      "minima_maxima",
      "atomic_additions"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::uint64_t FlopCounts::flops() const {
  const FlopCounts& c = *this;
  return c[FlopKind::fadd] + c[FlopKind::fmul] + 2 * c[FlopKind::ffma] + c[FlopKind::half_add] +
         c[FlopKind::half_mul] + 2 * c[FlopKind::half_fma];
}

std::uint64_t FlopCounts::beside_flops() const {
  return std::accumulate(of.begin() + static_cast<std::ptrdiff_t>(FlopKind::division), of.end(),
                         std::uint64_t{0});
}

FlopCounts& FlopCounts::operator+=(const FlopCounts& other) {
  for (std::size_t i = 0; i < kFlopKinds; ++i) {
    of[i] += other.of[i];
  }
  return *this;
}

}  // namespace alab::counted
