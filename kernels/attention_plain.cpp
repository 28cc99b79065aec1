// SPDX-License-Identifier: MIT
#include "kernels/attention_plain.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace alab {
namespace {

constexpr float kMinusInf = -std::numeric_limits<float>::infinity();

// sums[j] += row[c] * columns[c][j], c after c: vectorised over j, sequential in every sum.
void add_products(const float* row, const std::vector<float>& columns, std::vector<float>& sums) {
  const std::size_t count = sums.size();
  std::fill(sums.begin(), sums.end(), 0.0F);
  for (std::size_t c = 0; c * count < columns.size(); ++c) {
    const float factor = row[c];
    const float* column = columns.data() + c * count;
    for (std::size_t j = 0; j < count; ++j) {
      sums[j] += factor * column[j];
    }
  }
}

void add_scaled(float* sum, float factor, const float* x, std::int64_t count) {
  for (std::int64_t c = 0; c < count; ++c) {
    sum[c] += factor * x[c];
  }
}

// One head's arrays, keys and values also transposed.
struct Head {
  const float *q, *k, *v;
  std::vector<float> k_columns, v_columns;  // [K, Tk], [V, Tk]
};

std::vector<float> transposed(const float* x, std::int64_t rows, std::int64_t cols) {
  std::vector<float> out(static_cast<std::size_t>(rows * cols));
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t c = 0; c < cols; ++c) {
      out[static_cast<std::size_t>(c * rows + i)] = x[i * cols + c];
    }
  }
  return out;
}

Head head_of(const AttentionProblem& p, const HostArrays& inputs, std::int64_t h) {
  Head head;
  head.q = inputs.f32.at("q").data() + h * p.seq_len * p.head_dim;
  head.k = inputs.f32.at("k").data() + h * p.key_len * p.head_dim;
  head.v = inputs.f32.at("v").data() + h * p.key_len * p.head_dim_v;
  head.k_columns = transposed(head.k, p.key_len, p.head_dim);
  head.v_columns = transposed(head.v, p.key_len, p.head_dim_v);
  return head;
}

// scale q_i k^T + mask, -inf where the query does not see the key.
void scores_of_row(const AttentionProblem& p, const HostArrays& inputs, const Head& head, std::int64_t i,
                   std::vector<float>& scores) {
  add_products(head.q + i * p.head_dim, head.k_columns, scores);
  const auto scale = static_cast<float>(p.scale);
  const float* mask = p.masked ? inputs.f32.at("mask").data() + i * p.key_len : nullptr;
  const std::int64_t visible = p.visible_keys(i);
  for (std::int64_t j = 0; j < p.key_len; ++j) {
    float& s = scores[static_cast<std::size_t>(j)];
    s = j < visible ? scale * s + (mask == nullptr ? 0.0F : mask[j]) : kMinusInf;
  }
}

}  // namespace

HostArrays plain_attention_forward(const ParamSet& problem, const HostArrays& inputs) {
  const AttentionProblem p = attention_problem(problem);
  Tensor<float> o({p.heads, p.seq_len, p.head_dim_v});
  Tensor<float> logsumexp({p.heads, p.seq_len});
  std::vector<float> s(static_cast<std::size_t>(p.key_len));
  for (std::int64_t h = 0; h < p.heads; ++h) {
    const Head head = head_of(p, inputs, h);
    for (std::int64_t i = 0; i < p.seq_len; ++i) {
      scores_of_row(p, inputs, head, i, s);
      const float largest = *std::max_element(s.begin(), s.end());
      const float shift = largest == kMinusInf ? 0.0F : largest;
      float sum = 0;
      float* o_row = o.data() + (h * p.seq_len + i) * p.head_dim_v;
      for (std::int64_t j = 0; j < p.key_len; ++j) {
        const float weight = std::exp(s[static_cast<std::size_t>(j)] - shift);
        sum += weight;
        add_scaled(o_row, weight, head.v + j * p.head_dim_v, p.head_dim_v);
      }
      for (std::int64_t c = 0; c < p.head_dim_v; ++c) {
        o_row[c] = sum > 0 ? o_row[c] / sum : 0.0F;
      }
      logsumexp(h, i) = shift + std::log(sum);
    }
  }
  HostArrays out;
  out.f32["o"] = std::move(o);
  out.f32["logsumexp"] = std::move(logsumexp);
  return out;
}

HostArrays plain_attention_backward(const ParamSet& problem, const HostArrays& inputs) {
  const AttentionProblem p = attention_problem(problem);
  Tensor<float> dq({p.heads, p.seq_len, p.head_dim});
  Tensor<float> dk({p.heads, p.key_len, p.head_dim});
  Tensor<float> dv({p.heads, p.key_len, p.head_dim_v});
  std::vector<float> s(static_cast<std::size_t>(p.key_len));
  std::vector<float> dp(s.size());
  for (std::int64_t h = 0; h < p.heads; ++h) {
    const Head head = head_of(p, inputs, h);
    for (std::int64_t i = 0; i < p.seq_len; ++i) {
      const std::int64_t row = h * p.seq_len + i;
      const float* o_row = inputs.f32.at("o").data() + row * p.head_dim_v;
      const float* do_row = inputs.f32.at("do").data() + row * p.head_dim_v;
      scores_of_row(p, inputs, head, i, s);
      add_products(do_row, head.v_columns, dp);
      float row_dot = 0;
      for (std::int64_t c = 0; c < p.head_dim_v; ++c) {
        row_dot += do_row[c] * o_row[c];
      }
      for (std::int64_t j = 0; j < p.key_len; ++j) {
        const auto at = static_cast<std::size_t>(j);
        if (s[at] == kMinusInf) {
          continue;
        }
        const float weight = std::exp(s[at] - inputs.f32.at("logsumexp")[row]);
        const float ds = weight * (dp[at] - row_dot);
        add_scaled(dv.data() + (h * p.key_len + j) * p.head_dim_v, weight, do_row, p.head_dim_v);
        add_scaled(dk.data() + (h * p.key_len + j) * p.head_dim, ds, head.q + i * p.head_dim, p.head_dim);
        add_scaled(dq.data() + row * p.head_dim, ds, head.k + j * p.head_dim, p.head_dim);
      }
    }
  }
  const auto scale = static_cast<float>(p.scale);
  for (Tensor<float>* gradient : {&dq, &dk}) {
    for (float& x : gradient->span()) {
      x *= scale;
    }
  }
  HostArrays out;
  out.f32["dq"] = std::move(dq);
  out.f32["dk"] = std::move(dk);
  out.f32["dv"] = std::move(dv);
  return out;
}

}  // namespace alab
