// The largest elements a thread has met, in registers, and their selection over a block.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/launch.cuh"
#include "kernels/softmax_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {

/// Larger value first, equal values by lower index; an empty slot (-inf, -1) comes after everything.
__device__ inline bool ranks_before(float value, int index, float other_value, int other_index) {
  return value > other_value ||
         (value == other_value && static_cast<unsigned>(index) < static_cast<unsigned>(other_index));
}

/// Sorted; every subscript is known at compile time, so that the arrays stay in registers.
template <int slots>
struct TopList {
  float value[slots];
  int index[slots];

  __device__ TopList() {
#pragma unroll
    for (int i = 0; i < slots; ++i) {
      value[i] = -INFINITY;
      index[i] = -1;
    }
  }

  /// Keeps the element when it is among the `slots` best so far.
  __device__ void offer(float v, int j) {
    if (!ranks_before(v, j, value[slots - 1], index[slots - 1])) {
      return;
    }
#pragma unroll
    for (int i = 0; i < slots; ++i) {
      if (ranks_before(v, j, value[i], index[i])) {
        const float old_value = value[i];
        const int old_index = index[i];
        value[i] = v;
        index[i] = j;
        v = old_value;
        j = old_index;
      }
    }
  }

  /// Drops the best element.
  __device__ void advance() {
#pragma unroll
    for (int i = 0; i + 1 < slots; ++i) {
      value[i] = value[i + 1];
      index[i] = index[i + 1];
    }
    value[slots - 1] = -INFINITY;
    index[slots - 1] = -1;
  }
};

/// Selects the block's k best in k rounds, one barrier each; thread 0 hands them to emit(slot, value, index).
/// All threads of a block of 32 * warps call it; their lists are used up.
template <int warps, int slots, class Emit>
__device__ void select_top(TopList<slots>& list, int k, Emit emit) {
  __shared__ float
      best_value[2][warps];  // alternating, so that a round need not wait for the readers of the last
  __shared__ int best_index[2][warps];
  const int tid = threadIdx.x;
  for (int slot = 0; slot < k; ++slot) {
    float value = list.value[0];
    int index = list.index[0];
#pragma unroll
    for (int bit = 16; bit > 0; bit /= 2) {
      const float other_value = __shfl_xor_sync(0xffffffffu, value, bit);
      const int other_index = __shfl_xor_sync(0xffffffffu, index, bit);
      if (ranks_before(other_value, other_index, value, index)) {
        value = other_value;
        index = other_index;
      }
    }
    if (tid % 32 == 0) {
      best_value[slot % 2][tid / 32] = value;
      best_index[slot % 2][tid / 32] = index;
    }
    __syncthreads();  // every warp's best is written
    value = best_value[slot % 2][0];
    index = best_index[slot % 2][0];
#pragma unroll
    for (int w = 1; w < warps; ++w) {
      if (ranks_before(best_value[slot % 2][w], best_index[slot % 2][w], value, index)) {
        value = best_value[slot % 2][w];
        index = best_index[slot % 2][w];
      }
    }
    if (tid == 0) {
      emit(slot, value, index);
    }
    if (index == list.index[0]) {  // an index belongs to one thread
      list.advance();
    }
  }
}

/// Calls use(integral_constant) with 4, 8 or 16 slots, the first that holds k.
template <class Use>
void with_slots(std::int64_t k, Use use) {
  if (k <= 4) {
    use(std::integral_constant<int, 4>{});
  } else if (k <= 8) {
    use(std::integral_constant<int, 8>{});
  } else {
    use(std::integral_constant<int, 16>{});
  }
}

}  // namespace alab::ALAB_BUILD_NAMESPACE
