// SPDX-License-Identifier: MIT
#include "kernels/attention_problem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/core/eigen_view.hpp"
#include "reference/core/result.hpp"
#include "reference/core/rng.hpp"

namespace alab {

namespace params {
const Param masked = bool_param("masked", "additive mask",
                                "Adds a mask [seq_len, key_len] to the scores; -inf hides a key.", false);
const Param peak_score =
    real_param("peak_score", "peak score", "",
               "Scales the queries until the largest |score| is this; 0 leaves them as drawn.", 0, 0, 1000);
}  // namespace params

namespace {

constexpr double kHidden = 0.1;  // share of keys that a made-up mask hides

// Rows [first, first + rows) of every head.
Tensor<float> rows_of(const Tensor<float>& x, std::int64_t first, std::int64_t rows) {
  Tensor<float> out({x.extent(0), rows, x.extent(2)});
  const std::int64_t width = x.extent(2);
  for (std::int64_t h = 0; h < x.extent(0); ++h) {
    const float* from = x.data() + (h * x.extent(1) + first) * width;
    std::copy_n(from, rows * width, out.data() + h * rows * width);
  }
  return out;
}

Tensor<float> made_up_mask(const AttentionProblem& p, std::uint64_t seed) {
  Rng rng(seed ^ 0x6d61736bU);
  Tensor<float> mask({p.seq_len, p.key_len});
  for (float& x : mask.span()) {
    const double bias = rng.normal();
    x = rng.uniform() < kHidden ? -std::numeric_limits<float>::infinity() : static_cast<float>(bias);
  }
  for (std::int64_t j = 0; j < p.key_len; ++j) {
    mask(p.seq_len / 2, j) = -std::numeric_limits<float>::infinity();
  }
  return mask;
}

Tensor<float> mask_from(const AttentionInput& in, const AttentionProblem& p) {
  const std::int64_t first = in.query.extent(1) - p.seq_len;
  Tensor<float> mask({p.seq_len, p.key_len});
  for (std::int64_t i = 0; i < p.seq_len; ++i) {
    for (std::int64_t j = 0; j < p.key_len; ++j) {
      mask(i, j) = in.mask(first + i, j);
    }
  }
  return mask;
}

void scale_to_peak(Tensor<float>& q, const Tensor<float>& k, double scale, double peak) {
  double largest = 0;
  for (std::int64_t h = 0; h < q.extent(0); ++h) {
    const RowMatrix<float> scores = head(std::as_const(q), h) * head(k, h).transpose();
    largest = std::max(largest, scale * static_cast<double>(scores.cwiseAbs().maxCoeff()));
  }
  require(largest > 0, "peak_score = ", peak,
          " cannot be reached: every score of this input is 0; set peak_score=0");
  for (float& x : q.span()) {
    x = static_cast<float>(x * (peak / largest));
  }
}

}  // namespace

std::int64_t AttentionProblem::visible_keys(std::int64_t row) const {
  return causal ? std::clamp<std::int64_t>(row + 1 + key_len - seq_len, 0, key_len) : key_len;
}

AttentionProblem attention_problem(const ParamSet& problem) {
  AttentionProblem p;
  p.heads = problem.integer(params::heads);
  p.seq_len = problem.integer(params::seq_len);
  p.key_len = problem.integer(params::key_len);
  p.key_len = p.key_len == 0 ? p.seq_len : p.key_len;
  p.head_dim = problem.integer(params::head_dim);
  p.head_dim_v = problem.has(params::head_dim_v) ? problem.integer(params::head_dim_v) : 0;
  p.head_dim_v = p.head_dim_v == 0 ? p.head_dim : p.head_dim_v;
  p.scale = problem.real(params::scale);
  p.scale = p.scale == 0 ? 1 / std::sqrt(static_cast<double>(p.head_dim)) : p.scale;
  p.causal = problem.has(params::causal) && problem.flag(params::causal);
  p.masked = problem.has(params::masked) && problem.flag(params::masked);
  return p;
}

std::int64_t keys_read_per_head(const AttentionProblem& p, std::int64_t block_m, std::int64_t block_n) {
  std::int64_t keys = 0;
  for (std::int64_t first = 0; first < p.seq_len; first += block_m) {
    const std::int64_t visible = p.visible_keys(std::min(first + block_m, p.seq_len) - 1);
    keys += std::min(p.key_len, (visible + block_n - 1) / block_n * block_n);
  }
  return keys;
}

std::int64_t queries_read_per_head(const AttentionProblem& p, std::int64_t block_m, std::int64_t block_n) {
  std::int64_t queries = 0;
  for (std::int64_t key = 0; key < p.key_len; key += block_n) {
    const std::int64_t first = p.causal ? std::max<std::int64_t>(0, key - (p.key_len - p.seq_len)) : 0;
    queries += std::max<std::int64_t>(0, p.seq_len - first / block_m * block_m);
  }
  return queries;
}

AttentionInput fitting_input(const InputSource& source, const InputRequest& request,
                             const Progress& progress) {
  require(source.unavailable.empty(), "input ", source.name, " is not available: ", source.unavailable);
  AttentionInput in = source.make(request, progress);
  const Shape want{request.heads, request.seq_len, request.head_dim};
  require(in.query.shape() == want && in.key.shape() == want && in.value.extent(2) == request.head_dim_v,
          "input ", source.name, " gives queries ", to_string(in.query.shape()), " and values ",
          to_string(in.value.shape()), " where the problem asks for ", to_string(want),
          " and head_dim_v = ", request.head_dim_v,
          "; set heads, seq_len, head_dim and head_dim_v to what the input has");
  return in;
}

HostArrays attention_inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  const AttentionProblem p = attention_problem(problem);
  InputRequest request;
  request.heads = p.heads;
  request.seq_len = std::max(p.seq_len, p.key_len);
  request.head_dim = p.head_dim;
  request.head_dim_v = p.head_dim_v;
  request.seed = static_cast<std::uint64_t>(problem.integer(params::seed));
  const AttentionInput in = fitting_input(source, request, progress);
  // An op that knows no mask, as raw scores do, leaves the source's out.
  require(in.mask.empty() || p.masked || !problem.has(params::masked), "input ", source.name,
          " comes with a mask; set masked=true");

  HostArrays out;
  Tensor<float> q = rows_of(in.query, request.seq_len - p.seq_len, p.seq_len);
  Tensor<float> k = rows_of(in.key, 0, p.key_len);
  if (problem.has(params::peak_score) && problem.real(params::peak_score) > 0) {
    scale_to_peak(q, k, p.scale, problem.real(params::peak_score));
  }
  out.f32["q"] = std::move(q);
  out.f32["k"] = std::move(k);
  out.f32["v"] = rows_of(in.value, 0, p.key_len);
  if (p.masked) {
    out.f32["mask"] = in.mask.empty() ? made_up_mask(p, request.seed) : mask_from(in, p);
  }
  return out;
}

std::vector<BufferSpec> attention_input_buffers(const AttentionProblem& p) {
  std::vector<BufferSpec> out{{"q", {p.heads, p.seq_len, p.head_dim}},
                              {"k", {p.heads, p.key_len, p.head_dim}},
                              {"v", {p.heads, p.key_len, p.head_dim_v}}};
  if (p.masked) {
    out.push_back({"mask", {p.seq_len, p.key_len}});
  }
  return out;
}

std::string built_sizes(const ParamSet& tiles, const Param& tile, std::initializer_list<std::int64_t> sizes) {
  const std::int64_t value = tiles.integer(tile);
  if (std::find(sizes.begin(), sizes.end(), value) != sizes.end()) {
    return "";
  }
  std::string list;
  for (const std::int64_t size : sizes) {
    list += text(list.empty() ? "" : ", ", size);
  }
  return text(tile.key, " = ", value, " is not built; choose one of ", list);
}

std::string shared_memory_limit(std::int64_t floats, std::string_view lower_this) {
  if (floats <= kMaxSharedFloats) {
    return "";
  }
  return text("needs ", format_value(4.0 * static_cast<double>(floats), "bytes"),
              " of shared memory per block and sm_90 has ",
              format_value(4.0 * static_cast<double>(kMaxSharedFloats), "bytes"), "; lower ", lower_this);
}

}  // namespace alab
