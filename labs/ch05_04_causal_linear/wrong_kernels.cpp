// SPDX-License-Identifier: MIT
#include "labs/ch05_04_causal_linear/wrong_kernels.hpp"

#include <algorithm>
#include <span>

namespace alab::causal_linear {
namespace {

using Problem = LinearAttentionProblem<float>;

/// One head's rows, as pointers: what a kernel is handed.
struct HeadRows {
  const float *q, *k, *v;
  float* o;
  std::int64_t n, m, dv;
};

HeadRows rows_of(const Problem& p, Tensor<float>& o, std::int64_t h, ForwardBug bug) {
  const std::int64_t n = p.value.extent(1), m = p.key.extent(2), dv = p.value.extent(2);
  const std::int64_t of_keys = bug == ForwardBug::head_leak ? 0 : h;
  return {p.query.data() + h * n * m,
          p.key.data() + of_keys * n * m,
          p.value.data() + h * n * dv,
          o.data() + h * n * dv,
          n,
          m,
          dv};
}

/// S[m][dv] += phi(k)^T v and z += phi(k).
struct State {
  std::int64_t m, dv, stride;
  float *s, *z;
  void add_outer(const float* k, const float* v) const {
    for (std::int64_t a = 0; a < m; ++a) {
      for (std::int64_t c = 0; c < dv; ++c) {
        s[a * stride + c] += k[a] * v[c];
      }
    }
  }
  void add_keys(const float* k) const {
    for (std::int64_t a = 0; a < m; ++a) {
      z[a] += k[a];
    }
  }
  /// numerator += phi(q) S, returns phi(q).z.
  float read(const float* q, float* numerator) const {
    float denominator = 0;
    for (std::int64_t a = 0; a < m; ++a) {
      denominator += q[a] * z[a];
      for (std::int64_t c = 0; c < dv; ++c) {
        numerator[c] += q[a] * s[a * stride + c];
      }
    }
    return denominator;
  }
};

void recurrent_head(const HeadRows& x, ForwardBug bug) {
  const std::int64_t stride = bug == ForwardBug::exchanged_axes ? x.m : x.dv;
  std::vector<float> s(static_cast<std::size_t>(std::max(x.m, x.dv) * std::max(x.m, x.dv))),
      z(static_cast<std::size_t>(x.m)), numerator(static_cast<std::size_t>(x.dv));
  const State state{x.m, x.dv, stride, s.data(), z.data()};
  for (std::int64_t i = 0; i < x.n; ++i) {
    std::ranges::fill(numerator, 0.0F);
    if (bug != ForwardBug::strict_mask) {
      state.add_outer(x.k + i * x.m, x.v + i * x.dv);
      if (bug != ForwardBug::late_normaliser) {
        state.add_keys(x.k + i * x.m);
      }
    }
    const float denominator = state.read(x.q + i * x.m, numerator.data()) + kKernelEps;
    for (std::int64_t c = 0; c < x.dv; ++c) {
      x.o[i * x.dv + c] = numerator[static_cast<std::size_t>(c)] / denominator;
    }
    if (bug == ForwardBug::strict_mask) {
      state.add_outer(x.k + i * x.m, x.v + i * x.dv);
    }
    if (bug == ForwardBug::strict_mask || bug == ForwardBug::late_normaliser) {
      state.add_keys(x.k + i * x.m);
    }
  }
}

/// Pass 1: [chunk][m][dv + 1] states before each chunk; the last column is z. The running state has a slot of
/// its own behind them.
void chunk_states(const HeadRows& x, std::int64_t chunk_size, std::int64_t chunks, ForwardBug bug,
                  std::span<float> memory) {
  const auto size = static_cast<std::size_t>(x.m * (x.dv + 1));
  std::vector<float> fresh(size);
  const std::span<float> left_over = memory.subspan(static_cast<std::size_t>(chunks) * size, size);
  const std::span<float> running = bug == ForwardBug::dirty_state ? left_over : std::span<float>(fresh);
  for (std::int64_t n = 0; n < chunks; ++n) {
    float* before = memory.data() + static_cast<std::size_t>(n) * size;
    if (bug != ForwardBug::double_count) {
      std::ranges::copy(running, before);
    }
    for (std::int64_t j = n * chunk_size; j < std::min(x.n, (n + 1) * chunk_size); ++j) {
      for (std::int64_t a = 0; a < x.m; ++a) {
        float* row = running.data() + a * (x.dv + 1);
        for (std::int64_t c = 0; c < x.dv; ++c) {
          row[c] += x.k[j * x.m + a] * x.v[j * x.dv + c];
        }
        row[x.dv] += x.k[j * x.m + a];
      }
    }
    if (bug == ForwardBug::double_count) {
      std::ranges::copy(running, before);
    }
  }
}

/// Pass 2, one chunk: phi(Q) S + (phi(Q) phi(K)^T * M) V, divided by the same with ones for V.
void chunk_outputs(const HeadRows& x, std::int64_t first, std::int64_t end, ForwardBug bug,
                   const float* before) {
  std::vector<float> sums(static_cast<std::size_t>(x.dv + 1));
  for (std::int64_t i = first; i < end; ++i) {
    const float* q = x.q + i * x.m;
    std::ranges::fill(sums, 0.0F);
    for (std::int64_t a = 0; a < x.m; ++a) {
      for (std::int64_t c = 0; c <= x.dv; ++c) {
        sums[static_cast<std::size_t>(c)] += q[a] * before[a * (x.dv + 1) + c];
      }
    }
    const std::int64_t last = bug == ForwardBug::strict_chunk ? i : i + 1;
    for (std::int64_t j = first; j < last; ++j) {
      float score = 0;
      for (std::int64_t a = 0; a < x.m; ++a) {
        score += q[a] * x.k[j * x.m + a];
      }
      for (std::int64_t c = 0; c < x.dv; ++c) {
        sums[static_cast<std::size_t>(c)] += score * x.v[j * x.dv + c];
      }
      sums.back() += score;
    }
    for (std::int64_t c = 0; c < x.dv; ++c) {
      x.o[i * x.dv + c] = sums[static_cast<std::size_t>(c)] / (sums.back() + kKernelEps);
    }
  }
}

}  // namespace

Tensor<float> recurrent_kernel(const Problem& p, ForwardBug bug) {
  Tensor<float> o(p.value.shape());
  for (std::int64_t h = 0; h < p.value.extent(0); ++h) {
    recurrent_head(rows_of(p, o, h, bug), bug);
  }
  return o;
}

Tensor<float> chunk_kernel(const Problem& p, std::int64_t chunk_size, ForwardBug bug,
                           std::vector<float>& state_memory) {
  Tensor<float> o(p.value.shape());
  const std::int64_t n = p.value.extent(1);
  const std::int64_t chunks =
      bug == ForwardBug::lost_tail ? n / chunk_size : (n + chunk_size - 1) / chunk_size;
  const std::int64_t size = p.key.extent(2) * (p.value.extent(2) + 1);
  state_memory.resize(static_cast<std::size_t>((chunks + 1) * size));
  for (std::int64_t h = 0; h < p.value.extent(0); ++h) {
    const HeadRows x = rows_of(p, o, h, bug);
    chunk_states(x, chunk_size, chunks, bug, state_memory);
    for (std::int64_t at = 0; at < chunks; ++at) {
      chunk_outputs(x, at * chunk_size, std::min(n, (at + 1) * chunk_size), bug,
                    state_memory.data() + at * size);
    }
  }
  return o;
}

bool is_chunked(ForwardBug bug) {
  return bug == ForwardBug::double_count || bug == ForwardBug::lost_tail || bug == ForwardBug::strict_chunk ||
         bug == ForwardBug::dirty_state;
}

Tensor<float> kernel_with(ForwardBug bug, const Problem& p, std::int64_t chunk_size,
                          std::vector<float>& state_memory) {
  return is_chunked(bug) ? chunk_kernel(p, chunk_size, bug, state_memory) : recurrent_kernel(p, bug);
}

namespace {

/// One head of the backward pass: rows of features, values and output gradients, and the three results.
struct BackwardRows {
  const float *q, *k, *v, *g;
  float *dq, *dk, *dv;
  std::int64_t n, m, width;
};

float* at(std::vector<float>& s, const BackwardRows& x, std::int64_t a, std::int64_t c, bool transposed) {
  return s.data() + (transposed ? c * x.m + a : a * x.width + c);
}

void scan_for_queries(const BackwardRows& x, BackwardBug bug, std::vector<float>& s) {
  const bool transposed = bug == BackwardBug::transposed_state;
  for (std::int64_t i = 0; i < x.n; ++i) {
    for (std::int64_t a = 0; a < x.m; ++a) {
      for (std::int64_t c = 0; c < x.width; ++c) {
        *at(s, x, a, c, false) += x.k[i * x.m + a] * x.v[i * x.width + c];
      }
    }
    for (std::int64_t a = 0; a < x.m; ++a) {
      float sum = 0;
      for (std::int64_t c = 0; c < x.width; ++c) {
        sum += x.g[i * x.width + c] * *at(s, x, a, c, transposed);
      }
      x.dq[i * x.m + a] = sum;
    }
  }
}

void add_query(const BackwardRows& x, std::int64_t i, std::vector<float>& r) {
  for (std::int64_t a = 0; a < x.m; ++a) {
    for (std::int64_t c = 0; c < x.width; ++c) {
      *at(r, x, a, c, false) += x.q[i * x.m + a] * x.g[i * x.width + c];
    }
  }
}

void write_key(const BackwardRows& x, std::int64_t i, std::vector<float>& r) {
  for (std::int64_t a = 0; a < x.m; ++a) {
    float sum = 0;
    for (std::int64_t c = 0; c < x.width; ++c) {
      sum += x.v[i * x.width + c] * *at(r, x, a, c, false);
    }
    x.dk[i * x.m + a] = sum;
  }
}

void write_value(const BackwardRows& x, std::int64_t i, std::vector<float>& r) {
  for (std::int64_t c = 0; c < x.width; ++c) {
    float sum = 0;
    for (std::int64_t a = 0; a < x.m; ++a) {
      sum += x.k[i * x.m + a] * *at(r, x, a, c, false);
    }
    x.dv[i * x.width + c] = sum;
  }
}

void scan_for_keys(const BackwardRows& x, BackwardBug bug, std::vector<float>& r) {
  for (std::int64_t step = 0; step < x.n; ++step) {
    const std::int64_t i = bug == BackwardBug::forward_scan ? step : x.n - 1 - step;
    if (bug == BackwardBug::missing_diagonal) {
      write_key(x, i, r);
    }
    add_query(x, i, r);
    if (bug != BackwardBug::missing_diagonal) {
      write_key(x, i, r);
    }
    write_value(x, i, r);
  }
}

}  // namespace

LinearAttentionGradients<float> backward_kernel(const Problem& p, const Tensor<float>& d_output,
                                                BackwardBug bug) {
  const std::int64_t n = p.value.extent(1), m = p.key.extent(2), width = p.value.extent(2);
  LinearAttentionGradients<float> out;
  out.dq = Tensor<float>(p.query.shape());
  out.dk = Tensor<float>(p.key.shape());
  out.dv = Tensor<float>(p.value.shape());
  for (std::int64_t h = 0; h < p.value.extent(0); ++h) {
    const BackwardRows x{p.query.data() + h * n * m,
                         p.key.data() + h * n * m,
                         p.value.data() + h * n * width,
                         d_output.data() + h * n * width,
                         out.dq.data() + h * n * m,
                         out.dk.data() + h * n * m,
                         out.dv.data() + h * n * width,
                         n,
                         m,
                         width};
    std::vector<float> s(static_cast<std::size_t>(m * width)), r(s);
    scan_for_queries(x, bug, s);
    scan_for_keys(x, bug, r);
  }
  return out;
}

}  // namespace alab::causal_linear
