// One query against a cache of t keys, cut into splits that are attended apart and then combined.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/student/attention_inputs.hpp"
#include "kernels/student/exercise.hpp"

namespace alab::student {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

constexpr Param kHeads = int_param("heads", "heads", "", "Heads, one row of blocks each.", 2, 1, 64);
constexpr Param kKeys =
    int_param("t", "keys", "tokens", "Rows of the cache in use; 0: none yet.", 50, 0, 8192);
constexpr Param kCapacity =
    int_param("tmax", "capacity", "tokens", "Rows of the cache; those from t on hold NaN.", 64, 1, 8192);
constexpr Param kDim = int_param("d", "head dimension", "", "Columns of q, Kc, Vc and o.", 32, 1, 256);
constexpr Param kSplits = int_param("splits", "splits", "", "Key ranges; may exceed t.", 4, 1, 64);
constexpr Param kScale =
    real_param("scale", "softmax scale", "", "Factor on the dot products.", 0.25, 1e-6, 16);
constexpr const Param* kParams[] = {&kHeads, &kKeys, &kCapacity, &kDim, &kSplits, &kScale};

constexpr std::string_view kKinds[] = {"random",     "zeros", "constant", "ascending",
                                       "descending", "spike", "large"};

struct Sizes {
  std::int64_t heads, keys, capacity, dim, splits, chunk;
  double scale;  // what the kernel is given
};

Sizes sizes_of(const ParamSet& shape) {
  const std::int64_t keys = shape.integer(kKeys);
  const std::int64_t capacity = shape.integer(kCapacity);
  const std::int64_t splits = shape.integer(kSplits);
  require(keys <= capacity, "t = ", keys, " keys do not fit a cache of tmax = ", capacity,
          " rows: take t <= tmax");
  return {shape.integer(kHeads),
          keys,
          capacity,
          shape.integer(kDim),
          splits,
          (keys + splits - 1) / splits,
          static_cast<float>(shape.real(kScale))};
}

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const Sizes n = sizes_of(shape);
  return {{"q", {n.heads, n.dim}},
          {"Kc", {n.heads, n.capacity, n.dim}},
          {"Vc", {n.heads, n.capacity, n.dim}},
          {"o_part", {n.heads, n.splits, n.dim}, BufferRole::output},
          {"lse", {n.heads, n.splits}, BufferRole::output},
          {"o", {n.heads, n.dim}, BufferRole::output}};
}

// x [heads, rows, d] at the head of [heads, capacity, d], NaN behind it.
Tensor<float> cache(const Tensor<float>& x, std::int64_t capacity) {
  Tensor<float> out({x.extent(0), capacity, x.extent(2)});
  std::fill(out.span().begin(), out.span().end(), std::numeric_limits<float>::quiet_NaN());
  const std::int64_t used = x.extent(1) * x.extent(2);
  for (std::int64_t h = 0; h < x.extent(0); ++h) {
    std::copy_n(x.data() + h * used, used, out.data() + h * capacity * x.extent(2));
  }
  return out;
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const Sizes n = sizes_of(shape);
  const QueryKeyValue x = attention_of_kind(kind, n.heads, 1, n.keys, n.dim, n.scale, seed);
  HostArrays out;
  out.f32["q"] = Tensor<float>({n.heads, n.dim}, {x.q.span().begin(), x.q.span().end()});
  out.f32["Kc"] = cache(x.k, n.capacity);
  out.f32["Vc"] = cache(x.v, n.capacity);
  return out;
}

// Softmax over the keys [first, last) of a head: writes the output, returns the logsumexp. absolute: the same
// with |v|, and scale sum |q_c k_c| plus the log of the number of keys instead of the logsumexp.
double attend(const Sizes& n, const HostArrays& in, std::int64_t h, std::int64_t first, std::int64_t last,
              bool absolute, double* output) {
  const Tensor<float>& q = in.f32.at("q");
  const Tensor<float>& k = in.f32.at("Kc");
  const Tensor<float>& v = in.f32.at("Vc");
  std::vector<double> scores;
  double size = 0;
  for (std::int64_t j = first; j < last; ++j) {
    double score = 0;
    double terms = 0;
    for (std::int64_t c = 0; c < n.dim; ++c) {
      const double product = n.scale * static_cast<double>(q(h, c)) * static_cast<double>(k(h, j, c));
      score += product;
      terms += std::abs(product);
    }
    scores.push_back(score);
    size = std::max(size, terms);
  }
  std::fill_n(output, n.dim, 0.0);
  if (scores.empty()) {
    return absolute ? 0 : kMinusInfinity;
  }
  const double top = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const double score : scores) {
    sum += std::exp(score - top);
  }
  for (std::int64_t j = first; j < last; ++j) {
    const double p = std::exp(scores[static_cast<std::size_t>(j - first)] - top) / sum;
    for (std::int64_t c = 0; c < n.dim; ++c) {
      const auto value = static_cast<double>(v(h, j, c));
      output[c] += p * (absolute ? std::abs(value) : value);
    }
  }
  return absolute ? size + std::log(static_cast<double>(scores.size())) : top + std::log(sum);
}

TruthArrays decode(const ParamSet& shape, const HostArrays& in, bool absolute) {
  const Sizes n = sizes_of(shape);
  Tensor<double> parts({n.heads, n.splits, n.dim});
  Tensor<double> lse({n.heads, n.splits});
  Tensor<double> o({n.heads, n.dim});
  for (std::int64_t h = 0; h < n.heads; ++h) {
    for (std::int64_t s = 0; s < n.splits; ++s) {
      lse(h, s) =
          attend(n, in, h, s * n.chunk, std::min(n.keys, (s + 1) * n.chunk), absolute, &parts(h, s, 0));
    }
    attend(n, in, h, 0, n.keys, absolute, &o(h, 0));
  }
  TruthArrays out;
  out["o_part"] = std::move(parts);
  out["lse"] = std::move(lse);
  out["o"] = std::move(o);
  return out;
}

TruthArrays reference(const ParamSet& shape, const HostArrays& in) {
  return decode(shape, in, false);
}

// Without cancellation: lse and o of few keys can be anything near 0.
TruthArrays magnitude(const ParamSet& shape, const HostArrays& in) {
  return decode(shape, in, true);
}

}  // namespace

extern const Exercise exercise_7c_split_kv_decode;
const Exercise exercise_7c_split_kv_decode{.id = "7c_split_kv_decode",
                                           .params = kParams,
                                           .input_kinds = kKinds,
                                           .buffers = buffers,
                                           .inputs = inputs,
                                           .reference = reference,
                                           .magnitude = magnitude,
                                           .op = "decode_step_softmax"};

}  // namespace alab::student
