// Exercise 5C: gated linear attention in chunks of sub-chunks.
// SPDX-License-Identifier: MIT
#include "kernels/student/exercise.hpp"
#include "labs/ch06_01_gla_chunking/exercises/gated_inputs.hpp"
#include "reference/gated_linear_attention.hpp"

namespace alab::student {
namespace {

constexpr Param kTokens = int_param("N", "tokens", "tokens", "Length of the sequence.", 37, 1, 4096);
constexpr Param kKeyDim =
    int_param("dk", "key channels", "elements", "Width of a query, a key and a gate.", 12, 1, 64);
constexpr Param kColumns = int_param("dv", "value columns", "elements", "Width of a value row.", 20, 1, 64);
constexpr Param kHeads = int_param("heads", "heads", "heads", "Blocks of the launch.", 1, 1, 64);
constexpr Param kChunk =
    int_param("C", "chunk", "tokens", "Tokens per chunk; the last one may be short.", 16, 1, 64);
constexpr Param kSub = int_param("c", "sub-chunk", "tokens", "Tokens per sub-chunk; divides C.", 4, 1, 64);
constexpr Param kLow =
    real_param("alpha_min", "smallest gate", "", "Gates are uniform from here ...", 0.5, 1e-30, 1);
constexpr Param kHigh = real_param("alpha_max", "largest gate", "", "... to here.", 0.99, 1e-30, 1);
const Param* const kParams[] = {&kTokens, &kKeyDim, &kColumns, &kHeads, &kChunk, &kSub, &kLow, &kHigh};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t H = shape.integer(kHeads), N = shape.integer(kTokens), dk = shape.integer(kKeyDim),
                     dv = shape.integer(kColumns), C = shape.integer(kChunk), c = shape.integer(kSub);
  require(C % c == 0, "c = ", c, " does not divide C = ", C, "; choose a sub-chunk that does");
  return {{"q", {H, N, dk}},
          {"k", {H, N, dk}},
          {"v", {H, N, dv}},
          {"logalpha", {H, N, dk}},
          {"o", {H, N, dv}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::vector<BufferSpec> arrays = buffers(shape);
  Rng rng(seed);
  HostArrays out;
  out.f32["q"] = normal_rows(arrays[0].shape, kind, rng);
  out.f32["k"] = gated_key_rows(arrays[1].shape, kind, rng);
  out.f32["v"] = normal_rows(arrays[2].shape, kind, rng);
  out.f32["logalpha"] = log_gates(arrays[3].shape, kind, shape.real(kLow), shape.real(kHigh), rng);
  return out;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  TruthArrays truth;
  truth["o"] = gated_linear_attention_recurrent<double>(
                   {inputs.f32.at("q").cast<double>(), inputs.f32.at("k").cast<double>(),
                    inputs.f32.at("v").cast<double>(), inputs.f32.at("logalpha").cast<double>()})
                   .output;
  return truth;
}

// q.k has terms of either sign: where all else is forgotten, or at N = 1, nothing keeps it from being near 0.
TruthArrays magnitude(const ParamSet&, const HostArrays& inputs) {
  TruthArrays sums;
  sums["o"] = gated_linear_attention_recurrent<double>(
                  {absolute(inputs.f32.at("q")), absolute(inputs.f32.at("k")), absolute(inputs.f32.at("v")),
                   inputs.f32.at("logalpha").cast<double>()})
                  .output;
  return sums;
}

}  // namespace

extern const Exercise exercise_5c_gla_chunk_two_level;
const Exercise exercise_5c_gla_chunk_two_level{.id = "5c_gla_chunk_two_level",
                                               .params = kParams,
                                               .input_kinds = kGatedInputKinds,
                                               .buffers = buffers,
                                               .inputs = inputs,
                                               .reference = reference,
                                               .magnitude = magnitude,
                                               .op = "gla"};

}  // namespace alab::student
