// Kernels that are wrong in one way each, marked at the line that a report must name, and right ones that
// look suspicious. SPDX-License-Identifier: MIT
#include "kernels/launch.cuh"
#include "tests/kernels/counting_samples.hpp"

#if defined(ALAB_BUILD_COUNTED) || defined(ALAB_BUILD_CUDA)

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

using counted::Mistake;
using samples::Planted;

constexpr int kThreads = 64;
constexpr int kBlocks = 4;
constexpr int kElements = kBlocks * kThreads;

__device__ int here() {
  return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
}

__global__ void read_past_end(const float* in, float* out) {
  out[here()] = in[here() + 3];  // <- read past the end
}
__global__ void write_before_start(const float* in, float* out) {
  out[here() - 1] = in[here()];  // <- write before the start
}
__global__ void far_outside(const float* in, float* out) {
  out[here() * 1000] = in[here()];  // <- write far outside
}
__device__ float fetch(const float* in, int i) {
  return in[i];  // <- inlined read
}
__global__ void inlined_outside(const float* in, float* out) {
  out[here()] = fetch(in, here() * 2);
}
__global__ void null_pointer(const float*, float* out) {
  const float* missing = out == nullptr ? out : nullptr;
  out[here()] = missing[here()];  // <- null pointer
}
__global__ void host_pointer(const float* in, float* out) {
  out[here()] = *reinterpret_cast<const float* const*>(in)[0];  // <- host pointer
}

__global__ void index_past_shared_row(const float* in, float* out) {
  __shared__ float tile[8][8];
  const int t = static_cast<int>(threadIdx.x);
  tile[t / 8][t % 8] = in[here()];
  __syncthreads();
  out[here()] = tile[t / 8][t % 8 + 1];  // <- index past a row
}
__global__ void past_dynamic_shared(const float* in, float* out) {
  extern __shared__ float tile[];
  tile[threadIdx.x] = in[here()];
  __syncthreads();
  out[here()] = tile[threadIdx.x + 1];  // <- past dynamic shared memory
}

__global__ void no_barrier(const float* in, float* out) {
  __shared__ float tile[kThreads];
  tile[threadIdx.x] = in[here()];                  // <- no barrier, other
  out[here()] = tile[kThreads - 1 - threadIdx.x];  // <- no barrier
}
__global__ void no_barrier_before_reuse(const float* in, float* out) {
  __shared__ float tile[kThreads];
  float sum = 0;
  for (int i = 0; i < 3; ++i) {
    tile[threadIdx.x] = in[here()] + i;  // <- no barrier before reuse
    __syncthreads();
    sum += tile[kThreads - 1 - threadIdx.x];  // <- no barrier before reuse, other
  }
  out[here()] = sum;
}
__global__ void no_warp_sync(const float* in, float* out) {
  __shared__ float tile[kThreads];
  tile[threadIdx.x] = in[here()];       // <- no warp sync, other
  out[here()] = tile[threadIdx.x ^ 1];  // <- no warp sync
}
__global__ void all_write_one(const float* in, float* out) {
  __shared__ float last;
  last = in[here()];  // <- all write one word
  __syncthreads();
  out[here()] = last;
}
__global__ void plain_against_atomic(const float* in, float* out) {
  __shared__ int count;
  if (threadIdx.x == 0) {
    count = 0;  // <- plain against atomic, other
  }
  atomicAdd(&count, in[here()] >= 0 ? 1 : 0);  // <- plain against atomic
  __syncthreads();
  out[here()] = static_cast<float>(count);
}

__global__ void blocks_add_plainly(const float* in, float* out) {
  if (threadIdx.x == 0) {
    out[0] = in[here()] + 1;  // <- blocks write one element
  }
}
__global__ void threads_add_plainly(const float* in, float* out) {
  if (blockIdx.x == 0) {
    out[1] = 0;
    __syncthreads();
    out[1] += in[threadIdx.x];  // <- threads add to one element
  }
}
__global__ void neighbour_without_barrier(const float* in, float* out) {
  out[here()] = in[here()];  // <- no barrier in memory, other
  out[kElements + here()] = out[here() + (threadIdx.x % 2 == 0 ? 1 : 0)] + 1;  // <- no barrier in memory
}
__global__ void neighbour_of_another_block(const float* in, float* out) {
  out[here()] = in[here()];                                     // <- reads another block's result, other
  out[kElements + here()] = out[(here() + 1) % kElements] + 1;  // <- reads another block's result
}

__global__ void unwritten_shared(const float* in, float* out) {
  __shared__ float tile[kThreads];
  if (threadIdx.x < 60) {
    tile[threadIdx.x] = in[here()];
  }
  __syncthreads();
  out[here()] = tile[kThreads - 1 - threadIdx.x];  // <- unwritten shared memory
}
__global__ void unwritten_output(const float* in, float* out) {
  out[here()] += in[here()];  // <- unwritten output
}
__global__ void misaligned_vector(const float* in, float* out) {
  const float4 v = *reinterpret_cast<const float4*>(in + here() / 2 + 1);  // <- misaligned
  out[here()] = v.x + v.y + v.z + v.w;
}

__global__ void barrier_in_branch(const float* in, float* out) {
  if (threadIdx.x < 32) {
    __syncthreads();  // <- barrier in a branch
  }
  out[here()] = in[here()];
}
__global__ void shuffle_of_gone_lane(const float* in, float* out) {
  if (threadIdx.x % 32 < 16) {
    out[here()] = __shfl_sync(0xffff0000u, in[here()], 0);  // <- mask without the caller
  }
}
__device__ __noinline__ float deeper(const float* in, int level) {
  return level < 0 ? 0.0f : in[0] + 0.5f * deeper(in, level + 1);
}
__global__ void recursion(const float* in, float* out) {
  out[here()] = deeper(in, 0);
}
__global__ void endless(const float* in, float* out) {
  const volatile float* flag = in;
  while (flag[0] == 0) {  // <- endless loop
  }
  out[here()] = 1;
}

// ---- right kernels
// ---------------------------------------------------------------------------------------------

__global__ void warp_exchange(const float* in, float* out) {
  __shared__ float tile[kThreads];
  tile[threadIdx.x] = in[here()];
  __syncwarp();
  const float other = tile[threadIdx.x ^ 1];
  __syncwarp();
  tile[threadIdx.x] = other + 1;
  __syncwarp();
  out[here()] = tile[threadIdx.x ^ 2];
}
// Also: several warps write one value to one element.
__global__ void exchange_in_memory(const float* in, float* out) {
  float* const mine = out + blockIdx.x * kThreads;
  mine[threadIdx.x] = in[here()];
  __syncthreads();
  const float next = mine[(threadIdx.x + 1) % kThreads];
  __syncthreads();
  mine[threadIdx.x ^ 1] = next;
  __syncwarp();
  const float neighbour = mine[threadIdx.x];
  __syncthreads();
  mine[0] = 1;
  out[kElements + here()] = neighbour;
}
__global__ void atomics_everywhere(const float* in, float* out) {
  __shared__ int count;
  if (threadIdx.x == 0) {
    count = 0;
  }
  __syncthreads();
  atomicAdd(&count, 1);
  atomicMax(&count, 2);
  __syncthreads();
  if (threadIdx.x == 0) {
    atomicAdd(out + 2 * kElements - 1, in[here()] + static_cast<float>(count));
  }
}
__global__ void half_words(const float* in, float* out) {
  __shared__ unsigned short halves[2 * kThreads];
  halves[threadIdx.x] = static_cast<unsigned short>(in[here()]);
  halves[kThreads + threadIdx.x] = static_cast<unsigned short>(threadIdx.x);
  __syncthreads();
  out[here()] = static_cast<float>(halves[threadIdx.x] + halves[2 * kThreads - 1 - threadIdx.x]);
}
// Partial sums, a fence, a counter: the last block to come adds them up.
__global__ void last_block(const float* in, float* out) {
  auto* const done = reinterpret_cast<unsigned*>(out + 2 * kElements - 1);
  __shared__ bool last;
  if (threadIdx.x == 0) {
    out[blockIdx.x] = in[here()];
    __threadfence();
    last = atomicAdd(done, 1u) == gridDim.x - 1;
  }
  __syncthreads();
  if (last && threadIdx.x == 0) {
    float sum = 0;
    for (unsigned b = 0; b < gridDim.x; ++b) {
      sum += out[b];
    }
    out[kElements] = sum;
  }
}
__global__ void own_element_again_and_again(const float* in, float* out) {
  __shared__ float own[kThreads];
  own[threadIdx.x] = 0;
  for (int i = 0; i < 200; ++i) {
    own[threadIdx.x] += in[here()];
  }
  out[here()] = own[threadIdx.x];
}
__global__ void divergent_loops(const float* in, float* out) {
  float local[8];
  for (int i = 0; i < 8; ++i) {
    local[i] = in[here()] * i;
  }
  float sum = 0;
  for (int i = 0; i < static_cast<int>(threadIdx.x % 7); ++i) {
    sum += local[(threadIdx.x + i) % 8];
    if (i % 2 == static_cast<int>(threadIdx.x % 2)) {
      __syncwarp(__activemask());
    }
  }
  out[here()] = sum;
}

template <auto kernel>
void run(Stream& stream) {
  auto* in = static_cast<float*>(stream.array("in", kElements * sizeof(float)));
  auto* out = static_cast<float*>(stream.array("out", 2 * kElements * sizeof(float)));
  stream.set_zero(in, kElements * sizeof(float));
  stream.set_zero(out + 2 * kElements - 1, sizeof(float));
  launch(stream, kernel, dim3(kBlocks), dim3(kThreads), kThreads * sizeof(float), in, out);
}
void run_host_pointer(Stream& stream) {
  static const float value = 1;
  const float* const address = new float(value);
  auto* in = static_cast<const float**>(stream.array("in", sizeof address));
  auto* out = static_cast<float*>(stream.array("out", kThreads * sizeof(float)));
  stream.upload(in, &address, sizeof address);
  try {
    launch(stream, host_pointer, dim3(1), dim3(kThreads), 0, reinterpret_cast<const float*>(in), out);
  } catch (...) {
    delete address;
    throw;
  }
  delete address;
}
void run_too_many_threads(Stream& stream) {
  launch(stream, endless, dim3(1), dim3(2048), 0, static_cast<const float*>(nullptr),
         static_cast<float*>(nullptr));
}

const Planted kPlanted[] = {
    {"read past the end",
     run<read_past_end>,
     Mistake::global_bounds,
     {"reads element 256 of 'in'", "256 elements", "thread (61, 0, 0) of block (3, 0, 0)"}},
    {"write before the start",
     run<write_before_start>,
     Mistake::global_bounds,
     {"writes element -1 of 'out'", "thread (0, 0, 0) of block (0, 0, 0)"}},
    {"write far outside", run<far_outside>, Mistake::global_bounds, {"writes element", "of 'out'"}},
    {"inlined read", run<inlined_outside>, Mistake::global_bounds, {"reads element 256 of 'in'"}},
    {"null pointer", run<null_pointer>, Mistake::wild_address, {"null pointer"}},
    {"host pointer", run_host_pointer, Mistake::wild_address, {"in no buffer"}},
    {"index past a row", run<index_past_shared_row>, Mistake::array_bounds, {"index 8", "float"}},
    {"past dynamic shared memory",
     run<past_dynamic_shared>,
     Mistake::shared_bounds,
     {"byte 256 of dynamic shared memory", "gave 256 bytes", "thread (63, 0, 0)"}},
    {"no barrier", run<no_barrier>, Mistake::shared_race, {"thread (", "__syncthreads()"}},
    {"no barrier before reuse", run<no_barrier_before_reuse>, Mistake::shared_race, {"__syncthreads()"}},
    {"no warp sync", run<no_warp_sync>, Mistake::shared_race, {"__syncwarp()"}},
    {"all write one word", run<all_write_one>, Mistake::shared_race, {"writes a __shared__ array"}},
    {"plain against atomic", run<plain_against_atomic>, Mistake::shared_race, {"updates atomically"}},
    {"blocks write one element", run<blocks_add_plainly>, Mistake::block_race, {"element 0 of 'out'"}},
    {"threads add to one element",
     run<threads_add_plainly>,
     Mistake::thread_race,
     {"element 1 of 'out'", "use an atomic"}},
    {"no barrier in memory",
     run<neighbour_without_barrier>,
     Mistake::thread_race,
     {"of 'out' that thread (", "__syncthreads()"}},
    {"reads another block's result",
     run<neighbour_of_another_block>,
     Mistake::block_race,
     {"of 'out'", "any order"}},
    {"unwritten shared memory",
     run<unwritten_shared>,
     Mistake::uninitialised_shared,
     {"no thread of the block"}},
    {"unwritten output", run<unwritten_output>, Mistake::uninitialised_global, {"element 0 of 'out'"}},
    {"misaligned", run<misaligned_vector>, Mistake::misaligned, {"16 bytes"}},
    {"barrier in a branch", run<barrier_in_branch>, Mistake::divergent_barrier, {"has left the kernel"}},
    {"mask without the caller", run<shuffle_of_gone_lane>, Mistake::warp_call, {"does not name it"}},
    {"endless recursion", run<recursion>, Mistake::stack_overflow, {"stack", "mistakes.cu:"}},
    {"endless loop", run<endless>, Mistake::too_long, {"memory accesses"}},
    {"too many threads", run_too_many_threads, Mistake::launch_limits, {"2048", "1024"}},
};

const Planted kIntact[] = {
    {"exchange within a warp", run<warp_exchange>, Mistake::other, {}},
    {"exchange in global memory", run<exchange_in_memory>, Mistake::other, {}},
    {"atomics on both memories", run<atomics_everywhere>, Mistake::other, {}},
    {"two threads share a word", run<half_words>, Mistake::other, {}},
    {"the last block adds up", run<last_block>, Mistake::other, {}},
    {"a thread's own element", run<own_element_again_and_again>, Mistake::other, {}},
    {"loops of different length", run<divergent_loops>, Mistake::other, {}},
};

}  // namespace

std::span<const Planted> planted_mistakes() {
  return kPlanted;
}
std::span<const Planted> intact_kernels() {
  return kIntact;
}

}  // namespace alab::ALAB_BUILD_NAMESPACE

#endif
