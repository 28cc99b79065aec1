// Kernels that are wrong in one way each, and two for timing and cancelling.
// SPDX-License-Identifier: MIT
#include <stdexcept>

#include "kernels/launch.cuh"
#include "tests/kernels/samples.hpp"

#if !defined(ALAB_BUILD_CUDA)

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

using samples::Fault;

/// One element for each thread of the grid.
__device__ unsigned here() {
  return blockIdx.x * blockDim.x + threadIdx.x;
}

__global__ void leaves_before_barrier(float* out) {
  if (threadIdx.x == 5) {
    return;
  }
  __syncthreads();
  out[here()] = 1;
}

__global__ void two_barriers(float* out) {
  if (threadIdx.x < 32) {
    out[here()] = 1;
    __syncthreads();
  } else {
    out[here()] = 2;
    __syncthreads();
  }
}

__global__ void loop_of_own_length(float* out) {
  for (unsigned i = 0; i < threadIdx.x; ++i) {
    __syncthreads();
  }
  out[here()] = 1;
}

__global__ void barrier_against_shuffle(float* out) {
  if (threadIdx.x % 32 == 3) {
    __syncthreads();
  } else {
    out[here()] = __shfl_xor_sync(0xffffffffu, 1.0f, 1);
  }
}

__global__ void mask_without_caller(float* out) {
  out[here()] = __shfl_sync(0x0000fffeu, 1.0f, 1);
}
__global__ void bad_width(float* out) {
  out[here()] = __shfl_sync(0xffffffffu, 1.0f, 1, 12);
}

__global__ void masks_that_disagree(float* out) {
  out[here()] = __shfl_sync(threadIdx.x == 0 ? 0x3u : 0xffffffffu, 1.0f, 0);
}

__global__ void traps(float* out) {
  if (threadIdx.x == 9) {
    __trap();
  }
  __syncthreads();
  out[here()] = 1;
}

__global__ void throws(float* out) {
  __syncthreads();
  if (threadIdx.x == 9) {
    throw Error("thread 9 has had enough");
  }
  out[here()] = 1;
}

__global__ void past_dynamic_shared(float* out) {
  extern __shared__ float tile[];
  tile[threadIdx.x + 2] = 1;
  out[here()] = tile[threadIdx.x + 2];
}

__global__ void nothing(float* out) {
  out[here()] = 1;
}

template <auto kernel>
void run(Stream& stream) {
  launch(stream, kernel, dim3(4), dim3(64), 64 * sizeof(float),
         static_cast<float*>(stream.scratch("out", 4 * 64 * sizeof(float))));
}
template <unsigned gx, unsigned gz, unsigned bx, unsigned bz, std::size_t bytes>
void run_shape(Stream& stream) {
  launch(stream, nothing, dim3(gx, 1, gz), dim3(bx, 1, bz), bytes, static_cast<float*>(nullptr));
}

const Fault kFaults[] = {
    {"a thread leaves before a barrier",
     run<leaves_before_barrier>,
     {"block (", "waits at the barrier in tests/kernels/faults.cu:", "thread (5, 0, 0) has left the kernel"}},
    {"two barriers in two branches",
     run<two_barriers>,
     {"thread (0, 0, 0) waits at the barrier", "but thread (32, 0, 0) waits at the barrier",
      "every thread of a block"}},
    {"a barrier in a loop whose length differs",
     run<loop_of_own_length>,
     {"thread (0, 0, 0) has left the kernel"}},
    {"a barrier against a shuffle",
     run<barrier_against_shuffle>,
     {"thread (3, 0, 0) waits at the barrier", "waits for the lanes of mask 0xffffffff"}},
    {"a mask that does not name its caller", run<mask_without_caller>, {"mask 0xfffe", "does not name it"}},
    {"a shuffle width that is no power of two", run<bad_width>, {"width 12", "1, 2, 4, 8, 16 or 32"}},
    {"masks that disagree", run<masks_that_disagree>, {"waits for the lanes of mask", "same mask"}},
    {"a kernel that traps", run<traps>, {"__trap()", "tests/kernels/faults.cu:"}},
    {"a kernel that throws", run<throws>, {"thread 9 has had enough"}},
    {"a write past dynamic shared memory",
     run<past_dynamic_shared>,
     {"past the end of dynamic shared memory", "256 bytes"}},
    {"an empty grid", run_shape<0, 1, 32, 1, 0>, {"grid (0, 1, 1) is empty"}},
    {"a grid too long in z", run_shape<1, 70000, 32, 1, 0>, {"(1, 1, 70000)", "65535"}},
    {"a block of too many threads", run_shape<1, 1, 1025, 1, 0>, {"(1025, 1, 1)", "1024"}},
    {"a block too deep in z", run_shape<1, 1, 1, 65, 0>, {"(1, 1, 65)", "64"}},
    {"more dynamic shared memory than a block can have",
     run_shape<1, 1, 32, 1, 232449>,
     {"232449 bytes", "232448"}},
};

__global__ void slow(float* out) {
  float x = threadIdx.x;
  for (int i = 0; i < 30000; ++i) {
    x = sinf(x) + 1.0f;
  }
  out[here()] = x;
}

__global__ void barriers(int count) {
  for (int i = 0; i < count; ++i) {
    __syncthreads();
  }
}

}  // namespace

std::span<const Fault> faults() {
  return kFaults;
}
void run_slow_grid(Stream& stream, unsigned blocks) {
  auto* out = static_cast<float*>(stream.scratch("out", blocks * 4 * sizeof(float)));
  launch(stream, slow, dim3(blocks), dim3(4), 0, out);
}
void run_barriers(Stream& stream, unsigned blocks, unsigned threads, int count) {
  launch(stream, barriers, dim3(blocks), dim3(threads), 0, count);
}

}  // namespace alab::ALAB_BUILD_NAMESPACE

#endif
