// One small kernel per primitive, with the values it must give.
// SPDX-License-Identifier: MIT
#include <cmath>

#include "kernels/launch.cuh"
#include "tests/kernels/samples.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

using samples::Probe;
using Values = std::vector<double>;
constexpr unsigned kFull = 0xffffffffu;

// Allocates count doubles, runs use(out), returns them.
template <class Use>
Values collect(Stream& stream, std::size_t count, Use use) {
  auto* out = static_cast<double*>(stream.scratch("out", count * sizeof(double)));
  use(out);
  Values values(count);
  stream.download(values.data(), out, count * sizeof(double));
  return values;
}
template <class Function>
Values each_lane(int lanes, Function function) {
  Values values;
  for (int i = 0; i < lanes; ++i) {
    values.push_back(static_cast<double>(function(i)));
  }
  return values;
}

template <class T>
__global__ void shuffles(double* out) {
  const int lane = threadIdx.x;
  const T value = static_cast<T>(100 + lane);
  out[lane] = static_cast<double>(__shfl_sync(kFull, value, lane + 3, 8));
  out[32 + lane] = static_cast<double>(__shfl_up_sync(kFull, value, 5));
  out[64 + lane] = static_cast<double>(__shfl_down_sync(kFull, value, 3, 16));
  out[96 + lane] = static_cast<double>(__shfl_xor_sync(kFull, value, 9));
  out[128 + lane] = static_cast<double>(__shfl_xor_sync(kFull, value, 9, 8));
}
template <class T>
Values run_shuffles(Stream& stream) {
  return collect(stream, 160, [&](double* out) { launch(stream, shuffles<T>, dim3(1), dim3(32), 0, out); });
}
Values expect_shuffles() {
  Values all = each_lane(32, [](int i) { return 100 + (i / 8 * 8 + (i + 3) % 8); });
  const auto add = [&](auto f) {
    const Values more = each_lane(32, f);
    all.insert(all.end(), more.begin(), more.end());
  };
  add([](int i) { return 100 + (i >= 5 ? i - 5 : i); });
  add([](int i) { return 100 + (i % 16 + 3 < 16 ? i + 3 : i); });
  add([](int i) { return 100 + (i ^ 9); });
  add([](int i) { return 100 + ((i ^ 9) <= (i | 7) ? i ^ 9 : i); });
  return all;
}

// Two groups of one warp shuffle on their own, one of them in a loop; the last six lanes leave at once.
__global__ void partial_masks(double* out) {
  const int lane = threadIdx.x;
  if (lane >= 26) {
    return;
  }
  int value = lane;
  if (lane < 12) {
    for (int i = 0; i < 3; ++i) {
      value += __shfl_sync(0xfffu, value, (lane + 1) % 12);
    }
  } else {
    value = __shfl_xor_sync(0x03fff000u, value, 1);
  }
  out[lane] = value;
}
Values run_partial_masks(Stream& stream) {
  return collect(stream, 26, [&](double* out) { launch(stream, partial_masks, dim3(1), dim3(32), 0, out); });
}
Values expect_partial_masks() {
  Values v = each_lane(26, [](int i) { return i < 12 ? i : i ^ 1; });
  for (int round = 0; round < 3; ++round) {
    const Values old = v;
    for (int i = 0; i < 12; ++i) {
      v[i] += old[(i + 1) % 12];
    }
  }
  return v;
}

__global__ void votes(double* out) {
  const int lane = threadIdx.x;
  out[lane] = __all_sync(kFull, lane < 32) * 8 + __all_sync(kFull, lane < 31) * 4 +
              __any_sync(kFull, lane == 7) * 2 + __any_sync(kFull, lane > 40);
  out[32 + lane] = __ballot_sync(kFull, lane % 3 == 0);
  if (lane % 2 == 0) {
    out[64 + lane] = __ballot_sync(0x55555555u, lane >= 16);
  } else {
    out[64 + lane] = __popc(__ballot_sync(0xaaaaaaaau, 1));
  }
  out[96 + lane] = __match_any_sync(kFull, lane % 4);
  int same = -1;
  out[128 + lane] = __match_all_sync(kFull, 3.5f, &same);
  out[160 + lane] = same;
}
Values run_votes(Stream& stream) {
  return collect(stream, 192, [&](double* out) { launch(stream, votes, dim3(1), dim3(32), 0, out); });
}
Values expect_votes() {
  Values all = each_lane(32, [](int) { return 8 + 2; });
  const auto add = [&](auto f) {
    const Values more = each_lane(32, f);
    all.insert(all.end(), more.begin(), more.end());
  };
  add([](int) { return 0x49249249u; });
  add([](int i) { return i % 2 == 0 ? 0x55550000u : 16u; });
  add([](int i) { return 0x11111111u << i % 4; });
  add([](int) { return 0xffffffffu; });
  add([](int) { return 1; });
  return all;
}

__global__ void reductions(double* out) {
  const int lane = threadIdx.x;
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  out[0 + lane * 9] = __reduce_add_sync(kFull, lane - 20);
  out[1 + lane * 9] = __reduce_min_sync(kFull, lane - 20);
  out[2 + lane * 9] = __reduce_max_sync(kFull, -lane - 2);
  const unsigned bits = 1u << lane % 8;
  out[3 + lane * 9] = __reduce_add_sync(kFull, bits);
  out[4 + lane * 9] = __reduce_min_sync(kFull, bits);
  out[5 + lane * 9] = __reduce_max_sync(kFull, bits);
  out[6 + lane * 9] = __reduce_and_sync(kFull, bits | 256u);
  out[7 + lane * 9] = __reduce_or_sync(kFull, bits);
  out[8 + lane * 9] = __reduce_xor_sync(kFull, static_cast<unsigned>(lane) | 64u);
#endif
}
Values run_reductions(Stream& stream) {
  return collect(stream, 288, [&](double* out) { launch(stream, reductions, dim3(1), dim3(32), 0, out); });
}
Values expect_reductions() {
  const double one[] = {496 - 640, -20, -2, 4 * 255, 1, 128, 256, 255, 0};
  return each_lane(288, [&](int i) { return one[i % 9]; });
}

__global__ void block_votes(double* out) {
  const int t = threadIdx.x;
  const int count = __syncthreads_count(t % 3 == 0);
  const int all = __syncthreads_and(t < 100);
  const int none = __syncthreads_and(t != 63);
  const int any = __syncthreads_or(t == 99);
  out[t] = count * 1000 + all * 100 + none * 10 + any;
}
Values run_block_votes(Stream& stream) {
  return collect(stream, 100, [&](double* out) { launch(stream, block_votes, dim3(1), dim3(100), 0, out); });
}

struct Pair {
  float sum;
  int count;
};
// Static shared memory of two shapes, dynamic shared memory cut in two and seen as float4.
template <class T>
__global__ void shared_arrays(double* out) {
  extern __shared__ __align__(16) T dynamic[];
  __shared__ float tile[4][33];
  __shared__ Pair pairs[64];
  const int t = threadIdx.x;
  T* first = dynamic;
  T* second = dynamic + 64;
  first[t] = static_cast<T>(t);
  second[63 - t] = static_cast<T>(2 * t);
  tile[t / 32][t % 32] = t + 0.5f;
  tile[t / 32 + 2][t % 32] = -t;
  pairs[t] = {1.0f * t, t};
  __syncthreads();
  const float4 four = reinterpret_cast<const float4*>(dynamic)[t / 4 + 16];
  out[blockIdx.x * 64 + t] = static_cast<double>(first[63 - t]) + four.y + tile[1 - t / 32][31 - t % 32] +
                             tile[3 - t / 32][0] + pairs[t ^ 1].sum + pairs[t ^ 2].count;
}
Values run_shared_arrays(Stream& stream) {
  return collect(stream, 192, [&](double* out) {
    launch(stream, shared_arrays<float>, dim3(3), dim3(64), 128 * sizeof(float), out);
  });
}
Values expect_shared_arrays() {
  return each_lane(192, [](int i) {
    const int t = i % 64;
    const double four_y = 2.0 * (63 - (t / 4 * 4 + 1));
    const double mirrored = (1 - t / 32) * 32 + (31 - t % 32) + 0.5;
    const double column = -(1 - t / 32) * 32.0;
    return 63 - t + four_y + mirrored + column + (t ^ 1) + (t ^ 2);
  });
}

struct Cells {
  int added, largest, smallest, swapped, flags;
  unsigned wrapped;
  unsigned long long wide;
  float sum;
  double fine;
  int raised;
};
__global__ void atomics(Cells* cells) {
  __shared__ int in_block;
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (threadIdx.x == 0) {
    in_block = 0;
  }
  __syncthreads();
  atomicAdd(&in_block, 1);
  __syncthreads();
  if (threadIdx.x == 0) {
    atomicAdd(&cells->added, in_block);
  }
  atomicMax(&cells->largest, i);
  atomicMin(&cells->smallest, -i);
  atomicAdd(&cells->sum, 0.25f);
  atomicAdd(&cells->fine, 0.5);
  atomicAdd(&cells->wide, 1ull << 33);
  atomicOr(&cells->flags, 1 << i % 30);
  atomicInc(&cells->wrapped, 9u);
  if (i == 77) {
    atomicExch(&cells->swapped, 7);
  }
  // The largest square below 10^6, by compare and swap.
  int seen = atomicAdd(&cells->raised, 0);
  while (i * i > seen) {
    const int old = atomicCAS(&cells->raised, seen, i * i);
    if (old == seen) {
      break;
    }
    seen = old;
  }
}
Values run_atomics(Stream& stream) {
  auto* cells = static_cast<Cells*>(stream.scratch("cells", sizeof(Cells)));
  stream.set_zero(cells, sizeof(Cells));
  launch(stream, atomics, dim3(50), dim3(20), 0, cells);
  Cells c;
  stream.download(&c, cells, sizeof c);
  return {1.0 * c.added, 1.0 * c.largest, 1.0 * c.smallest, 1.0 * c.sum,     c.fine,
          1.0 * c.wide,  1.0 * c.flags,   1.0 * c.wrapped,  1.0 * c.swapped, 1.0 * c.raised};
}
Values expect_atomics() {
  return {1000, 999, -999, 250, 500, 1000 * 8589934592.0, 1073741823.0, 1000 % 10, 7, 999.0 * 999};
}

__global__ void three_dimensions(double* out) {
  const int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  const int threads = blockDim.x * blockDim.y * blockDim.z;
  const unsigned lane_sum = __reduce_add_sync(__activemask(), 1u);
  out[block * threads + thread] = 1e6 * lane_sum + 1000 * block + thread;
}
Values run_three_dimensions(Stream& stream) {
  return collect(stream, 24 * 30, [&](double* out) {
    launch(stream, three_dimensions, dim3(2, 3, 4), dim3(5, 3, 2), 0, out);
  });
}
Values expect_three_dimensions() {
  return each_lane(24 * 30, [](int i) { return 30e6 + i / 30 * 1000 + i % 30; });
}

__global__ void loops(double* out) {
  float v[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    v[i] = threadIdx.x + i;
  }
  float sum = 0;
#pragma unroll 4
  for (int i = 0; i < 8; ++i) {
    sum += v[i];
  }
#pragma unroll(2)
  for (int i = 0; i < static_cast<int>(threadIdx.x); ++i) {
    sum += 1;
  }
  _Pragma("unroll") for (int i = 0; i < 8; ++i) {
    sum += v[7 - i] * i;
  }
#pragma unroll 1
  for (int i = 0; i < 3; ++i) {
    sum -= 1;
  }
  out[threadIdx.x] = sum;
}
Values run_loops(Stream& stream) {
  return collect(stream, 40, [&](double* out) { launch(stream, loops, dim3(1), dim3(40), 0, out); });
}
Values expect_loops() {
  return each_lane(40, [](int t) {
    double sum = 8 * t + 28 + t - 3;
    for (int i = 0; i < 8; ++i) {
      sum += (t + 7 - i) * i;
    }
    return sum;
  });
}

__global__ void intrinsics(double* out, float one, int minus) {
  const double values[] = {1.0 * __popc(0xf0f0u),
                           1.0 * __clz(1),
                           1.0 * __clz(0),
                           1.0 * __ffs(8),
                           1.0 * __ffs(0),
                           1.0 * __brev(6u),
                           1.0 * __umulhi(0x80000000u, 6u),
                           1.0 * __mulhi(minus, 5),
                           1.0 * __float_as_int(one),
                           1.0 * __int_as_float(0x40490fdb),
                           1.0 * __popcll(~0ull),
                           1.0 * __clzll(1ll << 40),
                           1.0 * __float2int_rn(2.5f),
                           1.0 * __float2int_rz(-2.7f),
                           1.0 * __float2int_rd(-2.5f),
                           1.0 * __float2int_ru(2.1f),
                           1.0 * min(3, minus),
                           1.0 * max(2.5f, one),
                           1.0 * min(7u, 3u),
                           1.0 * fmaxf(NAN, one),
                           1.0 * __fmaf_rn(3.0f, 4.0f, one),
                           1.0 * __fadd_rn(one, 0x1p-30f),
                           1.0 * __saturatef(1.5f),
                           1.0 * __saturatef(-one),
                           1.0 * isinf(-INFINITY),
                           1.0 * exp2f(3.0f),
                           1.0 * rsqrtf(0.25f),
                           1.0 * __longlong_as_double(0x3ff8000000000000ll)};
  for (unsigned i = 0; i < sizeof values / sizeof *values; ++i) {
    out[i] = values[i];
  }
  out[28] = fabsf(__expf(one) - 2.7182818f) < 1e-6f;
  out[29] = fabsf(__logf(2.7182818f * one) - one) < 1e-6f;
  out[30] = fabsf(__fdividef(one, 3.0f) - 0.33333333f) < 1e-6f;
  out[31] = fabsf(__sinf(one) - 0.84147098f) < 1e-6f;
}
Values run_intrinsics(Stream& stream) {
  return collect(stream, 32,
                 [&](double* out) { launch(stream, intrinsics, dim3(1), dim3(1), 0, out, 1.0f, -1); });
}
Values expect_intrinsics() {
  return {8,          31,
          32,         4,
          0,          1610612736.0,
          3,          -1,
          1065353216, 3.1415927410125732,
          64,         23,
          2,          -2,
          -3,         3,
          -1,         2.5,
          3,          1,
          13,         1,
          1,          0,
          1,          8,
          2,          1.5,
          1,          1,
          1,          1};
}

// Lanes of one branch learn who is beside them.
__global__ void active(double* out) {
  const int lane = threadIdx.x;
  out[lane] = lane % 4 == 1 ? __activemask() : 0u;
}
Values run_active(Stream& stream) {
  return collect(stream, 32, [&](double* out) { launch(stream, active, dim3(1), dim3(32), 0, out); });
}

const Probe kProbes[] = {
    {"shuffles of int", run_shuffles<int>, expect_shuffles},
    {"shuffles of unsigned", run_shuffles<unsigned>, expect_shuffles},
    {"shuffles of float", run_shuffles<float>, expect_shuffles},
    {"shuffles of double", run_shuffles<double>, expect_shuffles},
    {"shuffles of long long", run_shuffles<long long>, expect_shuffles},
    {"shuffles under partial masks", run_partial_masks, expect_partial_masks},
    {"votes and matches", run_votes, expect_votes},
    {"warp reductions", run_reductions, expect_reductions},
    {"barriers that count", run_block_votes, [] { return each_lane(100, [](int) { return 34101; }); }},
    {"static and dynamic shared memory", run_shared_arrays, expect_shared_arrays},
    {"atomics across blocks", run_atomics, expect_atomics},
    {"three-dimensional grids and blocks", run_three_dimensions, expect_three_dimensions, true},
    {"unrolled loops", run_loops, expect_loops},
    {"intrinsics", run_intrinsics, expect_intrinsics},
    {"active mask in a branch", run_active,
     [] { return each_lane(32, [](int i) { return i % 4 == 1 ? 0x22222222u : 0u; }); }, true},
};

}  // namespace

std::span<const Probe> primitive_probes() {
  return kProbes;
}

}  // namespace alab::ALAB_BUILD_NAMESPACE
