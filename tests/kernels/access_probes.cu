// Kernels whose memory requests are known one by one.
// SPDX-License-Identifier: MIT
#include <cuda_bf16.h>

#include "kernels/launch.cuh"
#include "reference/core/error.hpp"
#include "tests/kernels/access_probes.hpp"

#if defined(ALAB_BUILD_COUNTED) || defined(ALAB_BUILD_CUDA)

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

using samples::AccessProbe;
using samples::FixedProbe;
using samples::SharedPattern;

constexpr int kThreads = 128;
constexpr int kGlobalElements = 8192;
constexpr int kSharedBytes = 32768;

struct Pair {
  int offset, stride;
  AccessProbe::Place place;
  unsigned lanes;

  __device__ bool takes_part() const { return (lanes >> threadIdx.x % 32 & 1u) != 0; }
  __device__ int index() const {
    const int t = static_cast<int>(threadIdx.x);
    switch (place) {
      case AccessProbe::Place::reversed:
        return offset + stride * (t / 32 * 32 + 31 - t % 32);
      case AccessProbe::Place::pairs:
        return offset + stride * (t / 2);
      case AccessProbe::Place::one:
        return offset;
      default:
        return offset + stride * t;
    }
  }
};

template <class T>
__global__ void global_loads(const T* from, T* to, Pair where) {
  if (where.takes_part()) {
    to[threadIdx.x] = from[where.index()];
  }
}

template <class T>
__global__ void global_stores(const T* from, T* to, Pair where) {
  if (where.takes_part()) {
    to[where.index()] = from[threadIdx.x];
  }
}

template <class T>
__device__ void fill(T* tile, const T* from) {
#pragma unroll 1
  for (int i = threadIdx.x; i < static_cast<int>(kSharedBytes / sizeof(T)); i += blockDim.x) {
    tile[i] = from[i % 32];
  }
  __syncthreads();
}

template <class T>
__global__ void shared_loads(const T* from, T* to, Pair where) {
  __shared__ T tile[kSharedBytes / sizeof(T)];
  fill(tile, from);
  if (where.takes_part()) {
    to[threadIdx.x] = tile[where.index()];
  }
}

template <class T>
__global__ void shared_stores(const T* from, T* to, Pair where) {
  __shared__ T tile[kSharedBytes / sizeof(T)];
  if (where.takes_part()) {
    tile[where.index()] = from[threadIdx.x];
  }
  __syncthreads();
  if (where.takes_part()) {
    to[threadIdx.x] = tile[where.index()];
  }
}

template <class T>
__global__ void pattern_loads(const T* from, T* to, const int* index, unsigned lanes) {
  __shared__ T tile[kSharedBytes / sizeof(T)];
  fill(tile, from);
  if ((lanes >> threadIdx.x & 1u) != 0) {
    to[threadIdx.x] = tile[index[threadIdx.x]];
  }
}

template <class T>
__global__ void pattern_stores(const T* from, T* to, const int* index, unsigned lanes) {
  __shared__ T tile[kSharedBytes / sizeof(T)];
  fill(tile, from);
  if ((lanes >> threadIdx.x & 1u) != 0) {
    tile[index[threadIdx.x]] = from[threadIdx.x];
  }
  __syncthreads();
  to[threadIdx.x] = tile[threadIdx.x];
}

template <class T>
struct Arrays {
  explicit Arrays(Stream& stream)
      : in(static_cast<T*>(stream.array("in", kGlobalElements * sizeof(T)))),
        out(static_cast<T*>(stream.array("out", kGlobalElements * sizeof(T)))) {
    stream.set_zero(in, kGlobalElements * sizeof(T));
    stream.set_zero(out, kGlobalElements * sizeof(T));
  }
  T *in, *out;
};

template <class T>
void run_as(Stream& stream, const AccessProbe& p) {
  const Arrays<T> arrays(stream);
  const bool global = p.memory == AccessProbe::Memory::global;
  const auto kernel = global ? (p.store ? global_stores<T> : global_loads<T>)
                             : (p.store ? shared_stores<T> : shared_loads<T>);
  launch(stream, kernel, dim3(1), dim3(kThreads), 0, static_cast<const T*>(arrays.in), arrays.out,
         Pair{p.offset, p.stride, p.place, p.lanes});
}

template <class T>
void run_as(Stream& stream, const SharedPattern& p) {
  const Arrays<T> arrays(stream);
  auto* const index = static_cast<int*>(stream.array("index", sizeof p.index));
  stream.upload(index, p.index.data(), sizeof p.index);
  const auto kernel = p.store ? pattern_stores<T> : pattern_loads<T>;
  launch(stream, kernel, dim3(1), dim3(32), 0, static_cast<const T*>(arrays.in), arrays.out,
         static_cast<const int*>(index), p.lanes);
}

template <class What>
void run_by_width(Stream& stream, const What& what) {
  switch (what.bytes) {
    case 2:
      run_as<unsigned short>(stream, what);
      break;
    case 4:
      run_as<float>(stream, what);
      break;
    case 8:
      run_as<float2>(stream, what);
      break;
    case 16:
      run_as<float4>(stream, what);
      break;
    default:
      throw Error(text("no probe has elements of ", what.bytes, " bytes: choose 2, 4, 8 or 16"));
  }
}

constexpr int kSide = 64;  // of the matrices that are transposed
constexpr int kTile = 32;
constexpr int kRows = 8;  // threads of a block: kTile x kRows

__global__ void transpose_by_stores(const float* in, float* out) {
  const int col = blockIdx.x * kTile + threadIdx.x, row = blockIdx.y * kTile + threadIdx.y;
#pragma unroll
  for (int i = 0; i < kTile; i += kRows) {
    out[col * kSide + row + i] = in[(row + i) * kSide + col];
  }
}

// padded: a row of the tile is 33 floats. swizzled: column c of row r stands at c ^ r.
template <int stride, bool swizzled>
__global__ void transpose_by_tile(const float* in, float* out) {
  __shared__ float tile[kTile * stride];
  const int x = threadIdx.x;
  const int col = blockIdx.x * kTile + x, other = blockIdx.y * kTile + x;
#pragma unroll
  for (int r = threadIdx.y; r < kTile; r += kRows) {
    tile[r * stride + (swizzled ? x ^ r : x)] = in[(blockIdx.y * kTile + r) * kSide + col];
  }
  __syncthreads();
#pragma unroll
  for (int r = threadIdx.y; r < kTile; r += kRows) {
    out[(blockIdx.x * kTile + r) * kSide + other] = tile[x * stride + (swizzled ? r ^ x : r)];
  }
}

template <auto kernel>
void run_transpose(Stream& stream) {
  const Arrays<float> arrays(stream);
  launch(stream, kernel, dim3(kSide / kTile, kSide / kTile), dim3(kTile, kRows), 0,
         static_cast<const float*>(arrays.in), arrays.out);
}

__global__ void bf16_sums(const __nv_bfloat16* in, float* out) {
  __shared__ __nv_bfloat16 tile[kThreads];
  tile[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = __bfloat162float(tile[kThreads - 1 - threadIdx.x]);
}
__global__ void bf16_pairs(const __nv_bfloat162* in, float* out) {
  __shared__ __nv_bfloat162 tile[kThreads];
  tile[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = __bfloat162float(tile[kThreads - 1 - threadIdx.x].x);
}
template <class T, auto kernel>
void run_bf16(Stream& stream) {
  const Arrays<float> arrays(stream);
  launch(stream, kernel, dim3(1), dim3(kThreads), 0, reinterpret_cast<const T*>(arrays.in), arrays.out);
}

const FixedProbe kFixed[] = {
    {"transpose 64 x 64, strided stores", run_transpose<transpose_by_stores>},
    {"transpose 64 x 64, tile of 32 x 32", run_transpose<transpose_by_tile<32, false>>},
    {"transpose 64 x 64, tile of 32 x 33", run_transpose<transpose_by_tile<33, false>>},
    {"transpose 64 x 64, swizzled tile", run_transpose<transpose_by_tile<32, true>>},
    {"bf16, one each", run_bf16<__nv_bfloat16, bf16_sums>},
    {"bf16, pairs", run_bf16<__nv_bfloat162, bf16_pairs>},
};

}  // namespace

void run_probe(Stream& stream, const AccessProbe& probe) {
  run_by_width(stream, probe);
}
void run_pattern(Stream& stream, const SharedPattern& pattern) {
  run_by_width(stream, pattern);
}
std::span<const FixedProbe> fixed_probes() {
  return kFixed;
}

}  // namespace alab::ALAB_BUILD_NAMESPACE

#endif
