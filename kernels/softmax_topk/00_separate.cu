// Safe softmax writes every probability; a second kernel reads them back and keeps the k largest.
// Teaches: what a library of single operations does, and its price: 4 + 1 accesses per element.
// Limit: memory bandwidth; and probabilities that underflow to 0 tie, so that k beyond them goes by index.
// Source: Milakov, Gimelshein 2018, arXiv:1805.02867, section 4 (unfused baseline).
// SPDX-License-Identifier: MIT
#include "kernels/cuda/top_list.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / 32;

// Maximum or sum over the block, known to every thread afterwards.
template <class Combine>
__device__ float reduce(float x, Combine combine) {
  __shared__ float per_warp[kWarps];
#pragma unroll
  for (int bit = 16; bit > 0; bit /= 2) {
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, bit));
  }
  if (threadIdx.x % 32 == 0) {
    per_warp[threadIdx.x / 32] = x;
  }
  __syncthreads();  // all warps have written
  x = per_warp[0];
#pragma unroll
  for (int w = 1; w < kWarps; ++w) {
    x = combine(x, per_warp[w]);
  }
  return x;
}

// y [rows, cols]; blockIdx.x is the row.
__global__ void softmax(const float* x, float* y, int cols) {
  const float* x_row = x + static_cast<size_t>(blockIdx.x) * cols;
  float* y_row = y + static_cast<size_t>(blockIdx.x) * cols;
  float m = -INFINITY;
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    m = fmaxf(m, x_row[j]);
  }
  m = reduce(m, [](float a, float b) { return fmaxf(a, b); });
  const float shift = m == -INFINITY ? 0.0f : m;  // a row of -inf: no NaN of (-inf) - (-inf)
  float d = 0;
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    d += expf(x_row[j] - shift);
  }
  d = reduce(d, [](float a, float b) { return a + b; });
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    y_row[j] = d > 0 ? expf(x_row[j] - shift) / d : 0.0f;
  }
}

// values, indices [rows, k]; blockIdx.x is the row.
template <int slots>
__global__ void top_k(const float* y, float* values, int* indices, int cols, int k) {
  const float* y_row = y + static_cast<size_t>(blockIdx.x) * cols;
  const size_t first = static_cast<size_t>(blockIdx.x) * k;
  TopList<slots> list;
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    list.offer(y_row[j], j);
  }
  select_top<kWarps>(list, k, [&](int slot, float value, int index) {
    values[first + slot] = index < 0 ? 0.0f : value;
    indices[first + slot] = index;
  });
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const SoftmaxProblem p = softmax_problem(problem);
  const int cols = static_cast<int>(p.cols);
  const int k = problem.integer32(params::top_k);
  const auto rows = static_cast<unsigned>(p.rows);
  auto* y =
      static_cast<float*>(stream.scratch("y", static_cast<std::size_t>(p.rows * p.cols) * sizeof(float)));
  launch(stream, softmax, dim3(rows), dim3(kThreads), 0, buffers.f32("x"), y, cols);
  with_slots(k, [&](auto slots) {
    launch(stream, top_k<slots()>, dim3(rows), dim3(kThreads), 0, y, buffers.f32("values"),
           buffers.i32("indices"), cols, k);
  });
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const SoftmaxProblem p = softmax_problem(problem);
  return 5.0 * static_cast<double>(p.rows * p.cols);  // the 2 k results of a row are not counted
}

const Rung kRung{
    .op = "softmax_topk",
    .id = "00_separate",
    .title = "Safe softmax, then top-k",
    .teaches = "Two operations one after the other: 4 accesses for the softmax, 1 for the selection.",
    .limit = "Memory bandwidth: 5 accesses per element for 2 k results.",
    .source = "Milakov, Gimelshein 2018, arXiv:1805.02867, section 4",
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
