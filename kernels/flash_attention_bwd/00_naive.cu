// The chain rule as it reads: P and dS are written out as N x N matrices and multiplied by plain products.
// Teaches: dP = dO V^T, dS = P * (dP - D) with D = rowsum(dO * O), which needs no other element of the
// row.
// Limit: N^2 elements twice in global memory; and every one of the N^2 threads computes its row's D again.
// Source: Dao et al. 2022, arXiv:2205.14135, appendix B.2 and algorithm 3 (P from logsumexp, not stored).
// SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kSide = 16;  // a block makes 16 x 16 results, one per thread

// P and dS [H, T, Tk], one thread per element.
__global__ void weights_and_gradients(const float* q, const float* k, const float* v, const float* mask,
                                      const float* o, const float* logsumexp, const float* d_o, float* p,
                                      float* ds, AttentionShape shape) {
  const int key = blockIdx.x * kSide + threadIdx.x;
  const int row = blockIdx.y * kSide + threadIdx.y;
  const size_t head = blockIdx.z;
  if (row >= shape.seq_len || key >= shape.key_len) {
    return;
  }
  const size_t head_row = head * shape.seq_len + row;
  const size_t head_key = head * shape.key_len + key;
  float score = 0;
  for (int c = 0; c < shape.head_dim; ++c) {
    score += q[head_row * shape.head_dim + c] * k[head_key * shape.head_dim + c];
  }
  score = shape.scale * score + score_bias(mask, shape, row, key);
  float dp = 0;
  float row_dot = 0;  // the same for the whole row
  for (int c = 0; c < shape.head_dim_v; ++c) {
    dp += d_o[head_row * shape.head_dim_v + c] * v[head_key * shape.head_dim_v + c];
    row_dot += d_o[head_row * shape.head_dim_v + c] * o[head_row * shape.head_dim_v + c];
  }
  // A hidden key has weight 0; its row may see no key at all and then has logsumexp -inf.
  const float weight = score == -INFINITY ? 0.0f : expf(score - logsumexp[head_row]);
  p[head_row * shape.key_len + key] = weight;
  ds[head_row * shape.key_len + key] = weight * (dp - row_dot);
}

// out [H, rows, cols] = factor a b, with a [H, rows, inner], or its transpose [H, inner, rows], and b [H,
// inner, cols].
template <bool transposed>
__global__ void product(const float* a, const float* b, float* out, int rows, int inner, int cols,
                        float factor) {
  const int col = blockIdx.x * kSide + threadIdx.x;
  const int row = blockIdx.y * kSide + threadIdx.y;
  const size_t head = blockIdx.z;
  if (row >= rows || col >= cols) {
    return;
  }
  a += head * rows * inner;
  b += head * inner * cols;
  float sum = 0;
  for (int i = 0; i < inner; ++i) {
    sum += (transposed ? a[static_cast<size_t>(i) * rows + row] : a[static_cast<size_t>(row) * inner + i]) *
           b[static_cast<size_t>(i) * cols + col];
  }
  out[(head * rows + row) * cols + col] = factor * sum;
}

dim3 grid_of(int cols, int rows, int heads) {
  return dim3(ceil_div(cols, kSide), ceil_div(rows, kSide), heads);
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const AttentionProblem sizes = attention_problem(problem);
  const AttentionShape shape = shape_of(sizes);
  const int heads = static_cast<int>(sizes.heads);
  const dim3 block(kSide, kSide);
  const float* mask = sizes.masked ? buffers.f32("mask") : nullptr;
  const float* d_o = buffers.f32("do");
  const auto scores = static_cast<std::size_t>(sizes.heads * sizes.seq_len * sizes.key_len) * sizeof(float);
  auto* p = static_cast<float*>(stream.scratch("p", scores));
  auto* ds = static_cast<float*>(stream.scratch("ds", scores));

  launch(stream, weights_and_gradients, grid_of(shape.key_len, shape.seq_len, heads), block, 0,
         buffers.f32("q"), buffers.f32("k"), buffers.f32("v"), mask, buffers.f32("o"),
         buffers.f32("logsumexp"), d_o, p, ds, shape);
  launch(stream, product<true>, grid_of(shape.head_dim_v, shape.key_len, heads), block, 0, p, d_o,
         buffers.f32("dv"), shape.key_len, shape.seq_len, shape.head_dim_v, 1.0f);
  launch(stream, product<true>, grid_of(shape.head_dim, shape.key_len, heads), block, 0, ds, buffers.f32("q"),
         buffers.f32("dk"), shape.key_len, shape.seq_len, shape.head_dim, shape.scale);
  launch(stream, product<false>, grid_of(shape.head_dim, shape.seq_len, heads), block, 0, ds,
         buffers.f32("k"), buffers.f32("dq"), shape.seq_len, shape.key_len, shape.head_dim, shape.scale);
}

// Every operand of each kernel once, every result once: P and dS out, P in for dV, dS in for dK and dQ: 5
// N^2. (Algorithm 3 stores P in the forward pass and writes dP as well: 7 N^2.)
double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const AttentionProblem p = attention_problem(problem);
  const auto T = static_cast<double>(p.seq_len);
  const auto Tk = static_cast<double>(p.key_len);
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  const double first = T * (K + 2 * V) + Tk * (K + V) + T;
  const double products = (T * V + Tk * V) + 2 * (T * K + Tk * K);
  return static_cast<double>(p.heads) * (5 * T * Tk + first + products);
}

const Rung kRung{.op = "flash_attention_bwd",
                 .id = "00_naive",
                 .title = "N x N matrices",
                 .teaches = "The gradients as four products around dS = P * (dP - D).",
                 .limit = "Global memory: P and dS, N^2 elements each; D is computed again for every score.",
                 .source = "Dao et al. 2022, arXiv:2205.14135, appendix B.2 and algorithm 3",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
