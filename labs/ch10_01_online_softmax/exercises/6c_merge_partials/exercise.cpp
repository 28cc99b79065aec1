// Partial results (m, d, o) of a row's key ranges become one output:
// out = sum_s e^(m_s - m) o_s / sum_s e^(m_s - m) d_s with m the largest m_s; o is not normalised.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/student/attention_inputs.hpp"
#include "kernels/student/exercise.hpp"

namespace alab::student {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

constexpr Param kHeads = int_param("heads", "heads", "", "Rows to merge; one block each.", 2, 1, 256);
constexpr Param kSplits = int_param("splits", "splits", "", "Key ranges of a row.", 4, 1, 64);
constexpr Param kWidth = int_param("dv", "width of o", "", "Elements of an output.", 32, 1, 512);
constexpr const Param* kParams[] = {&kHeads, &kSplits, &kWidth};

constexpr std::string_view kKinds[] = {"random", "zeros", "constant",  "ascending", "descending",
                                       "spike",  "large", "one_empty", "all_empty"};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t heads = shape.integer(kHeads);
  const std::int64_t splits = shape.integer(kSplits);
  const std::int64_t width = shape.integer(kWidth);
  return {{"m", {heads, splits}},
          {"d", {heads, splits}},
          {"o", {heads, splits, width}},
          {"out", {heads, width}, BufferRole::output}};
}

bool empty_split(std::string_view kind, std::int64_t head, std::int64_t split, std::int64_t splits) {
  return kind == "all_empty" || (kind == "one_empty" && split == (splits / 2 + head) % splits);
}

double maximum(std::string_view kind, std::int64_t head, std::int64_t split, std::int64_t splits, Rng& rng) {
  const double drawn = 2 * rng.normal();
  if (kind == "random" || kind == "one_empty") {
    return drawn;
  }
  if (kind == "large") {
    return (head % 2 == 0 ? 10000 : -10000) + static_cast<double>(rng.below(4));
  }
  return placed_score(kind, split, splits, rng);
}

// d in [1, 100), and o is d times an average of values; constant: the same split over and over.
HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::int64_t heads = shape.integer(kHeads);
  const std::int64_t splits = shape.integer(kSplits);
  const std::int64_t width = shape.integer(kWidth);
  Rng rng(seed);
  Tensor<float> m({heads, splits});
  Tensor<float> d({heads, splits});
  Tensor<float> o = normals({heads, splits, width}, rng);
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t s = 0; s < splits; ++s) {
      const bool empty = empty_split(kind, h, s, splits);
      const std::int64_t drawn_for = kind == "constant" ? 0 : s;
      const double sum = rng.uniform(1, 100);
      const double top = maximum(kind, h, s, splits, rng);
      m(h, s) = static_cast<float>(empty ? kMinusInfinity : top);
      d(h, s) = empty ? 0.0F : drawn_for < s ? d(h, 0) : static_cast<float>(sum);
      for (std::int64_t c = 0; c < width; ++c) {
        const float total = drawn_for < s ? o(h, 0, c) : o(h, s, c) * d(h, s);
        o(h, s, c) = empty || kind == "zeros" ? 0.0F : total;
      }
    }
  }
  HostArrays out;
  out.f32["m"] = std::move(m);
  out.f32["d"] = std::move(d);
  out.f32["o"] = std::move(o);
  return out;
}

// With o, or with |o|: the sum whose terms cannot cancel.
Tensor<double> merged(const HostArrays& inputs, bool absolute) {
  const Tensor<double> m = inputs.f32.at("m").cast<double>();
  const Tensor<double> d = inputs.f32.at("d").cast<double>();
  const Tensor<double> o = inputs.f32.at("o").cast<double>();
  const std::int64_t splits = m.extent(1);
  Tensor<double> out({m.extent(0), o.extent(2)});
  for (std::int64_t h = 0; h < m.extent(0); ++h) {
    const double top = *std::max_element(&m(h, 0), &m(h, 0) + splits);
    double sum = 0;
    for (std::int64_t s = 0; s < splits && top > kMinusInfinity; ++s) {
      const double weight = std::exp(m(h, s) - top);
      sum += weight * d(h, s);
      for (std::int64_t c = 0; c < o.extent(2); ++c) {
        out(h, c) += weight * (absolute ? std::abs(o(h, s, c)) : o(h, s, c));
      }
    }
    for (std::int64_t c = 0; c < o.extent(2) && sum > 0; ++c) {
      out(h, c) /= sum;
    }
  }
  return out;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  return {{"out", merged(inputs, false)}};
}

TruthArrays magnitude(const ParamSet&, const HostArrays& inputs) {
  return {{"out", merged(inputs, true)}};
}

}  // namespace

extern const Exercise exercise_6c_merge_partials;
const Exercise exercise_6c_merge_partials{.id = "6c_merge_partials",
                                          .params = kParams,
                                          .input_kinds = kKinds,
                                          .buffers = buffers,
                                          .inputs = inputs,
                                          .reference = reference,
                                          .magnitude = magnitude};

}  // namespace alab::student
