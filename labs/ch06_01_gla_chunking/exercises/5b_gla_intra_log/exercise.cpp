// Exercise 5B: the scores within each chunk of gated linear attention, in log space.
// SPDX-License-Identifier: MIT
#include "kernels/student/exercise.hpp"
#include "labs/ch06_01_gla_chunking/exercises/gated_inputs.hpp"

namespace alab::student {
namespace {

constexpr Param kTokens = int_param("N", "tokens", "tokens", "Length of the sequence.", 37, 1, 4096);
constexpr Param kChunk =
    int_param("C", "chunk", "tokens", "Tokens per chunk; the last one may be short.", 16, 1, 64);
constexpr Param kKeyDim =
    int_param("dk", "key channels", "elements", "Width of a query, a key and a gate.", 12, 1, 64);
constexpr Param kHeads =
    int_param("heads", "heads", "heads", "Sequences that know nothing of each other.", 1, 1, 64);
constexpr Param kLow =
    real_param("alpha_min", "smallest gate", "", "Gates are uniform from here ...", 0.5, 1e-30, 1);
constexpr Param kHigh = real_param("alpha_max", "largest gate", "", "... to here.", 0.99, 1e-30, 1);
const Param* const kParams[] = {&kTokens, &kChunk, &kKeyDim, &kHeads, &kLow, &kHigh};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t H = shape.integer(kHeads), N = shape.integer(kTokens), dk = shape.integer(kKeyDim),
                     C = shape.integer(kChunk);
  return {{"q", {H, N, dk}},
          {"k", {H, N, dk}},
          {"glogcum", {H, N, dk}},
          {"A", {H, (N + C - 1) / C, C, C}, BufferRole::output}};
}

// Log gates to inclusive sums that begin again at every chunk.
Tensor<float> cumulative(const Tensor<float>& gates, std::int64_t chunk) {
  const std::int64_t dk = gates.extent(2);
  Tensor<float> sums(gates.shape());
  double sum = 0;
  for (std::int64_t h = 0; h < gates.extent(0); ++h) {
    for (std::int64_t c = 0; c < dk; ++c) {
      for (std::int64_t t = 0; t < gates.extent(1); ++t) {
        sum = (t % chunk == 0 ? 0 : sum) + gates(h, t, c);
        sums(h, t, c) = static_cast<float>(sum);
      }
    }
  }
  return sums;
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::vector<BufferSpec> arrays = buffers(shape);
  Rng rng(seed);
  HostArrays out;
  out.f32["q"] = normal_rows(arrays[0].shape, kind, rng);
  out.f32["k"] = gated_key_rows(arrays[1].shape, kind, rng);
  out.f32["glogcum"] = cumulative(log_gates(arrays[2].shape, kind, shape.real(kLow), shape.real(kHigh), rng),
                                  shape.integer(kChunk));
  return out;
}

// A_ij for j <= i < N, otherwise 0.
Tensor<double> scores(const ParamSet& shape, const Tensor<double>& q, const Tensor<double>& k,
                      const Tensor<double>& g) {
  const std::int64_t C = shape.integer(kChunk), N = shape.integer(kTokens);
  const std::int64_t chunks = (N + C - 1) / C;
  Tensor<double> out({shape.integer(kHeads), chunks, C, C});
  for (std::int64_t h = 0; h < shape.integer(kHeads); ++h) {
    for (std::int64_t i = 0; i < N; ++i) {
      const std::int64_t first = i / C * C;
      for (std::int64_t j = first; j <= i; ++j) {
        double sum = 0;
        for (std::int64_t c = 0; c < shape.integer(kKeyDim); ++c) {
          sum += q(h, i, c) * k(h, j, c) * std::exp(g(h, i, c) - g(h, j, c));
        }
        out[((h * chunks + i / C) * C + i - first) * C + j - first] = sum;
      }
    }
  }
  return out;
}

TruthArrays reference(const ParamSet& shape, const HostArrays& inputs) {
  TruthArrays truth;
  truth["A"] = scores(shape, inputs.f32.at("q").cast<double>(), inputs.f32.at("k").cast<double>(),
                      inputs.f32.at("glogcum").cast<double>());
  return truth;
}

// q.k has terms of either sign: at N = 1 nothing keeps it from being near 0.
TruthArrays magnitude(const ParamSet& shape, const HostArrays& inputs) {
  TruthArrays sums;
  sums["A"] = scores(shape, absolute(inputs.f32.at("q")), absolute(inputs.f32.at("k")),
                     inputs.f32.at("glogcum").cast<double>());
  return sums;
}

}  // namespace

extern const Exercise exercise_5b_gla_intra_log;
const Exercise exercise_5b_gla_intra_log{.id = "5b_gla_intra_log",
                                         .params = kParams,
                                         .input_kinds = kGatedInputKinds,
                                         .buffers = buffers,
                                         .inputs = inputs,
                                         .reference = reference,
                                         .magnitude = magnitude};

}  // namespace alab::student
