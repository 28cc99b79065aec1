// Kernels small enough to count by hand, and what was counted.
// SPDX-License-Identifier: MIT
#include "kernels/launch.cuh"
#include "kernels/watch.cuh"
#include "tests/kernels/counting_samples.hpp"

#if defined(ALAB_BUILD_COUNTED) || defined(ALAB_BUILD_CUDA)

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

using samples::Counting;

__device__ int here() {
  return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
}

__global__ void copy(const float* in, float* out) {
  out[here()] = in[here()];
}
__global__ void strided(const float* in, float* out) {
  out[here()] = in[here() * 8];
}
__global__ void shifted(const float* in, float* out) {
  out[here()] = in[here() + 1];
}
__global__ void broadcast(const float* in, float* out) {
  out[here()] = in[5];
}
__global__ void vectors(const float* in, float* out) {
  reinterpret_cast<float4*>(out)[here()] = reinterpret_cast<const float4*>(in)[here()];
}
__global__ void vector_sum(const float* in, float* out) {
  const float4 v = reinterpret_cast<const float4*>(in)[here()];
  out[here()] = v.x + v.y + v.z + v.w;
}
__global__ void half_of_the_lanes(const float* in, float* out) {
  if (threadIdx.x % 2 == 0) {
    out[here()] = in[here()];
  }
}

// Lane l makes l % 4 + 1 trips: 32, 24, 16 and 8 lanes load.
__global__ void loop_of_own_length(const float* in, float* out) {
  float sum = 0;
#pragma unroll 1
  for (unsigned i = 0; i <= threadIdx.x % 4; ++i) {
    sum += in[i];
  }
  out[here()] = sum;
}

// Nearly every trip has a shape of its own, more than are remembered.
__global__ void shape_after_shape(const float* in, float* out) {
  float sum = 0;
#pragma unroll 1
  for (unsigned i = 0; i < 3000; ++i) {
    sum += in[(threadIdx.x * (2 * i + 1) ^ (threadIdx.x >> 2) * (i >> 4)) % 1024];
  }
  out[here()] = sum;
}

// Both branches load; what follows is one instruction again.
__global__ void two_branches(const float* in, float* out) {
  float x;
  if (threadIdx.x < 8) {
    x = in[threadIdx.x] * 2;
  } else {
    x = in[threadIdx.x + 64];
  }
  out[here()] = sqrtf(x);
}

template <int stride>
__global__ void transposed(const float* in, float* out) {
  __shared__ float tile[32 * stride];
  const int lane = static_cast<int>(threadIdx.x);
  tile[lane] = in[lane];
  __syncthreads();
  for (int i = 1; i < 32; ++i) {
    tile[i * stride + lane] = in[lane];
  }
  __syncthreads();
  float sum = 0;
#pragma unroll 1
  for (int c = 0; c < 4; ++c) {
    sum += tile[lane * stride + c];
  }
  out[lane] = sum;
}

__global__ void dynamic_vectors(const float* in, float* out) {
  extern __shared__ float4 quads[];
  quads[threadIdx.x] = reinterpret_cast<const float4*>(in)[threadIdx.x];
  __syncthreads();
  const float4 v = quads[31 - threadIdx.x];
  out[threadIdx.x] = v.x + v.w;
}

__global__ void atomics(const float* in, float* out) {
  __shared__ int total;
  if (threadIdx.x == 0) {
    total = 0;
  }
  __syncthreads();
  atomicAdd(&total, 1);
  atomicAdd(out, in[threadIdx.x]);
  __syncthreads();
  if (threadIdx.x == 0) {
    out[1] = static_cast<float>(total);
  }
}

__global__ void warp_sum(const float* in, float* out) {
  float x = in[here()];
#pragma unroll
  for (int bit = 16; bit > 0; bit /= 2) {
    x += __shfl_xor_sync(0xffffffffu, x, bit);
  }
  __syncwarp();
  if (threadIdx.x % 32 == 0) {
    out[here() / 32] = x;
  }
}

__global__ void twice(const float* in, float* out) {
  const float first = in[threadIdx.x];
  __syncthreads();
  out[here()] = first + in[threadIdx.x];
}

// One load that goes to one buffer and to the other, each element for two lanes.
__global__ void back_and_forth(const float* in, float* out) {
  float sum = 0;
#pragma unroll 1
  for (int i = 0; i < 5; ++i) {
    sum += (i % 2 == 0 ? in : out)[threadIdx.x / 2] + 1;
    watch("sum", i, here(), sum);
    __syncthreads();
  }
  out[512 + here()] = sum;
}

// A lane's log holds far fewer entries than this loop makes.
__global__ void long_loop(const float* in, float* out) {
  float sum = 0;
#pragma unroll 1
  for (int i = 0; i < 1000; ++i) {
    sum += in[i % 8 * 32 + threadIdx.x % 32];
  }
  out[here()] = sum;
}

constexpr std::size_t kFloats = 1024;

template <auto kernel, unsigned blocks, unsigned threads, std::size_t dynamic_bytes = 0>
void run(Stream& stream) {
  auto* in = static_cast<float*>(stream.array("in", kFloats * sizeof(float)));
  auto* out = static_cast<float*>(stream.array("out", kFloats * sizeof(float)));
  stream.set_zero(in, kFloats * sizeof(float));
  stream.set_zero(out, kFloats * sizeof(float));
  launch(stream, kernel, dim3(blocks), dim3(threads), dynamic_bytes, in, out);
}

constexpr const char* kLoads = "smsp__inst_executed_op_global_ld.sum";
constexpr const char* kStores = "smsp__inst_executed_op_global_st.sum";
constexpr const char* kLoadSectors = "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum";
constexpr const char* kStoreSectors = "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum";
constexpr const char* kLoadEfficiency = "global_ld_coalescing_efficiency";
constexpr const char* kRequested = "global_ld_bytes_requested";
constexpr const char* kUsed = "global_ld_bytes_used";
constexpr const char* kLanes = "active_lanes_per_instruction";
constexpr const char* kSharedLoads = "smsp__inst_executed_op_shared_ld.sum";
constexpr const char* kSharedStores = "smsp__inst_executed_op_shared_st.sum";
constexpr const char* kLoadWavefronts = "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum";
constexpr const char* kStoreWavefronts = "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum";
constexpr const char* kLoadConflicts = "l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_ld.sum";

const Counting kCounting[] = {
    {"copy of two warps",
     run<copy, 1, 64>,
     {{kLoads, 2},
      {kStores, 2},
      {kLoadSectors, 8},
      {kStoreSectors, 8},
      {kLoadEfficiency, 1},
      {kLanes, 32},
      {"compulsory_read_bytes", 256},
      {"compulsory_write_bytes", 256}}},
    {"copy of a warp and a half",
     run<copy, 1, 48>,
     {{kLoads, 2}, {kStores, 2}, {kLoadSectors, 6}, {kRequested, 192}, {kLanes, 24}}},
    {"stride of 32 bytes",
     run<strided, 1, 32>,
     {{kLoads, 1},
      {kLoadSectors, 32},
      {kUsed, 128},
      {"global_ld_bytes_moved", 1024},
      {kLoadEfficiency, 0.125}}},
    {"one element past a sector's start",
     run<shifted, 1, 32>,
     {{kLoads, 1}, {kLoadSectors, 5}, {kUsed, 128}}},
    {"broadcast", run<broadcast, 1, 32>, {{kLoads, 1}, {kLoadSectors, 1}, {kRequested, 128}, {kUsed, 4}}},
    {"copy of float4",
     run<vectors, 1, 32>,
     {{kLoads, 1}, {kStores, 1}, {kLoadSectors, 16}, {kStoreSectors, 16}, {kRequested, 512}, {kUsed, 512}}},
    {"members of a float4 come by one load", run<vector_sum, 1, 32>, {{kLoads, 1}, {kLoadSectors, 16}}},
    {"every second lane",
     run<half_of_the_lanes, 1, 32>,
     {{kLoads, 1}, {kStores, 1}, {kLoadSectors, 4}, {kUsed, 64}, {kLoadEfficiency, 0.5}, {kLanes, 16}}},
    {"loops of different length meet again behind them",
     run<loop_of_own_length, 1, 32>,
     {{kLoads, 4}, {kStores, 1}, {kRequested, 320}, {kLoadSectors, 4}, {kLanes, 112.0 / 5}}},
    {"more shapes than are remembered",
     run<shape_after_shape, 1, 32>,
     {{kLoads, 3000}, {kStores, 1}, {kRequested, 3000 * 128}, {kLanes, 32}}},
    {"two branches meet again behind them",
     run<two_branches, 1, 32>,
     {{kLoads, 2}, {kStores, 1}, {kRequested, 128}, {kLanes, 64.0 / 3}}},
    {"columns of a tile of 32 x 32",
     run<transposed<32>, 1, 32>,
     {{kSharedLoads, 4},
      {kSharedStores, 32},
      {kLoadWavefronts, 128},
      {kLoadConflicts, 124},
      {kStoreWavefronts, 32}}},
    {"columns of a padded tile", run<transposed<33>, 1, 32>, {{kLoadWavefronts, 4}, {kLoadConflicts, 0}}},
    {"float4 in dynamic shared memory",
     run<dynamic_vectors, 1, 32, 512>,
     {{kSharedLoads, 1},
      {kSharedStores, 1},
      {kLoadWavefronts, 4},
      {kStoreWavefronts, 4},
      {kLoadConflicts, 0}}},
    {"atomics on both memories",
     run<atomics, 1, 64>,
     {{"shared_atomic_instructions", 2},
      {"shared_atomic_lanes", 64},
      {"global_atomic_instructions", 2},
      {"global_atomic_lanes", 64},
      {"global_atomic_sectors", 2},
      {"barrier_instructions", 4},
      {kStores, 1}}},
    {"a sum over each of two warps",
     run<warp_sum, 1, 64>,
     {{"warp_call_instructions", 10},
      {"warp_sync_instructions", 2},
      {"barrier_instructions", 0},
      {kStores, 2},
      {kStoreSectors, 2}}},
    {"two blocks that load the same twice",
     run<twice, 2, 32>,
     {{kLoads, 4},
      {kUsed, 512},
      {"block_load_bytes", 512},
      {"block_distinct_load_bytes", 256},
      {"compulsory_read_bytes", 128}}},
    {"a load that goes to two buffers in turn",
     run<back_and_forth, 2, 32>,
     {{kLoads, 10}, {kUsed, 640}, {kStores, 2}, {"barrier_instructions", 10}, {kLanes, 32}}},
    {"a loop longer than the log",
     run<long_loop, 2, 64>,
     {{kLoads, 4000}, {kLoadSectors, 16000}, {kStores, 4}, {kLanes, 32}, {"compulsory_read_bytes", 1024}}},
};

}  // namespace

std::span<const Counting> counting_samples() {
  return kCounting;
}

}  // namespace alab::ALAB_BUILD_NAMESPACE

#endif
