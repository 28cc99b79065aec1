// Exercise 1C: one query against a cache of keys and values, one block per head.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/student/exercise.hpp"
#include "reference/core/rng.hpp"

namespace alab::student {
namespace {

constexpr Param kContext = int_param("t", "context", "tokens", "Tokens in the cache.", 129, 1, 4096);
constexpr Param kCapacity =
    int_param("tmax", "capacity", "tokens", "Rows that the cache has room for, at least t.", 160, 1, 4096);
constexpr Param kWidth =
    int_param("d", "head dimension", "elements", "Width of a query, a key and a value.", 20, 1, 1024);
constexpr Param kHeads = int_param("heads", "heads", "", "Blocks of the launch.", 1, 1, 256);
constexpr Param kScale = real_param("scale", "scale", "", "Factor on every score.", 0.3, 1e-4, 16);
constexpr const Param* kParams[] = {&kContext, &kCapacity, &kWidth, &kHeads, &kScale};

/// ascending, descending, spike: scores that rise from 0 to 8, fall, or are 0 but for an 8 at the last key.
/// large: whole numbers, so that scores of about 1e4 are exact in single precision.
constexpr std::array<std::string_view, 7> kKinds{"random",     "zeros", "constant", "ascending",
                                                 "descending", "spike", "large"};
constexpr double kHighest = 8;
constexpr int kLargest = 160;  // 160 * 160 * d stays below 2^24 up to d = 655

struct Sizes {
  std::int64_t t, tmax, d, heads;
};

Sizes sizes(const ParamSet& shape) {
  const Sizes s{shape.integer(kContext), shape.integer(kCapacity), shape.integer(kWidth),
                shape.integer(kHeads)};
  require(s.t <= s.tmax, "t is ", s.t, ", but the cache has room for tmax = ", s.tmax,
          " tokens: make tmax larger");
  return s;
}

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const Sizes s = sizes(shape);
  return {{"q", {s.heads, s.d}},
          {"Kc", {s.heads, s.tmax, s.d}},
          {"Vc", {s.heads, s.tmax, s.d}},
          {"o", {s.heads, s.d}, BufferRole::output}};
}

double wanted_score(std::string_view kind, std::int64_t key, std::int64_t t) {
  const double place = t == 1 ? 1 : static_cast<double>(key) / static_cast<double>(t - 1);
  return kind == "ascending"    ? kHighest * place
         : kind == "descending" ? kHighest * (1 - place)
         : key == t - 1         ? kHighest
                                : 0;
}

struct Head {
  std::span<float> q, keys, values;  ///< the first t rows
};

// Keys along the query, as long as the wanted score asks for.
void fill_steered(const Head& head, std::string_view kind, double scale, std::int64_t t) {
  double square = 0;
  for (const float x : head.q) {
    square += static_cast<double>(x) * static_cast<double>(x);
  }
  const std::size_t d = head.q.size();
  for (std::size_t e = 0; e < head.keys.size(); ++e) {
    const double score = wanted_score(kind, static_cast<std::int64_t>(e / d), t);
    head.keys[e] = static_cast<float>(score / (scale * square) * static_cast<double>(head.q[e % d]));
  }
}

void fill_head(const Head& head, std::string_view kind, double scale, std::int64_t t, Rng& rng) {
  const auto normal = [&rng] { return static_cast<float>(rng.normal()); };
  const auto whole = [&rng] {
    return static_cast<float>(static_cast<int>(rng.below(2 * kLargest + 1)) - kLargest);
  };
  const auto fill = [](std::span<float> x, const auto& next) { std::generate(x.begin(), x.end(), next); };
  fill(head.q, normal);
  fill(head.values, normal);
  if (kind == "random") {
    fill(head.keys, normal);
  } else if (kind == "large") {
    fill(head.q, whole);
    fill(head.keys, whole);
  } else if (kind == "constant") {
    fill(head.keys.first(head.q.size()), normal);
    for (std::size_t e = head.q.size(); e < head.keys.size(); ++e) {
      head.keys[e] = head.keys[e - head.q.size()];
    }
  } else {
    fill_steered(head, kind, scale, t);
  }
}

void check_large(const ParamSet& shape) {
  int exponent = 0;
  require(std::frexp(shape.real(kScale), &exponent) == 0.5 && shape.integer(kWidth) <= 655,
          "input 'large' has exact scores only if scale is a power of two and d at most 655; scale is ",
          shape.real(kScale), ", d is ", shape.integer(kWidth));
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  require(std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end(), "there is no input '", kind,
          "'; take random, zeros, constant, ascending, descending, spike or large");
  if (kind == "large") {
    check_large(shape);
  }
  const Sizes s = sizes(shape);
  Tensor<float> q({s.heads, s.d}), k({s.heads, s.tmax, s.d}), v = k;
  Rng rng(seed);
  for (std::int64_t h = 0; h < s.heads && kind != "zeros"; ++h) {
    const auto first = static_cast<std::size_t>(h * s.tmax * s.d), used = static_cast<std::size_t>(s.t * s.d);
    fill_head({q.span().subspan(static_cast<std::size_t>(h * s.d), static_cast<std::size_t>(s.d)),
               k.span().subspan(first, used), v.span().subspan(first, used)},
              kind, shape.real(kScale), s.t, rng);
  }
  for (std::int64_t h = 0; h < s.heads; ++h) {
    for (std::int64_t e = (h * s.tmax + s.t) * s.d; e < (h + 1) * s.tmax * s.d; ++e) {
      k[e] = v[e] = std::numeric_limits<float>::quiet_NaN();
    }
  }
  HostArrays out;
  out.f32["q"] = std::move(q);
  out.f32["Kc"] = std::move(k);
  out.f32["Vc"] = std::move(v);
  return out;
}

TruthArrays reference(const ParamSet& shape, const HostArrays& inputs) {
  const Sizes s = sizes(shape);
  const Tensor<float>&q = inputs.f32.at("q"), &k = inputs.f32.at("Kc"), &v = inputs.f32.at("Vc");
  const auto scale = static_cast<double>(static_cast<float>(shape.real(kScale)));
  Tensor<double> o({s.heads, s.d});
  std::vector<double> p(static_cast<std::size_t>(s.t));
  for (std::int64_t h = 0; h < s.heads; ++h) {
    for (std::int64_t j = 0; j < s.t; ++j) {
      double sum = 0;
      for (std::int64_t c = 0; c < s.d; ++c) {
        sum += static_cast<double>(q(h, c)) * static_cast<double>(k(h, j, c));
      }
      p[static_cast<std::size_t>(j)] = scale * sum;
    }
    const double highest = *std::max_element(p.begin(), p.end());
    double total = 0;
    for (double& x : p) {
      x = std::exp(x - highest);
      total += x;
    }
    for (std::int64_t c = 0; c < s.d; ++c) {
      for (std::int64_t j = 0; j < s.t; ++j) {
        o(h, c) += p[static_cast<std::size_t>(j)] / total * static_cast<double>(v(h, j, c));
      }
    }
  }
  return {{"o", std::move(o)}};
}

}  // namespace

extern const Exercise exercise_1c_decode_step;
const Exercise exercise_1c_decode_step{.id = "1c_decode_step",
                                       .params = kParams,
                                       .input_kinds = kKinds,
                                       .buffers = buffers,
                                       .inputs = inputs,
                                       .reference = reference,
                                       .op = "decode_step_softmax"};

}  // namespace alab::student
