// The K largest probabilities of each row's softmax and where they stand.
// SPDX-License-Identifier: MIT
#include "kernels/student/exercise.hpp"
#include "kernels/student/attention_inputs.hpp"
#include "reference/online_softmax.hpp"

namespace alab::student {
namespace {

constexpr Param kRows = int_param("rows", "rows", "", "Rows of X; one block each.", 4, 1, 4096);
constexpr Param kCols = int_param("cols", "columns", "", "Scores in a row.", 128, 1, 65536);
constexpr Param kTop = int_param("K", "probabilities kept", "", "Slots of a row; may exceed cols.", 5, 1, 16);
constexpr const Param* kParams[] = {&kRows, &kCols, &kTop};

constexpr std::string_view kKinds[] = {"random", "zeros", "constant", "ascending",  "descending",
                                       "spike",  "large", "ties",     "every_128th"};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const Shape slots{shape.integer(kRows), shape.integer(kTop)};
  return {{"X", {shape.integer(kRows), shape.integer(kCols)}},
          {"v", slots, BufferRole::output},
          {"z", slots, BufferRole::output, ElementType::i32}};
}

double score(std::string_view kind, std::int64_t row, std::int64_t j, std::int64_t cols, Rng& rng) {
  if (kind == "random") {
    return rng.normal();
  }
  if (kind == "every_128th") {  // the largest fall to one thread when thread t takes the columns t + 128 n
    return rng.normal() + (j % 128 == 5 ? 6 : 0);
  }
  if (kind == "ties") {  // few values, so that equal scores stand in one thread and in several
    return static_cast<double>(rng.below(4));
  }
  if (kind == "large") {  // integers at 1e4 and -1e4 by row, and as many far below
    const auto step = static_cast<double>(rng.below(21));
    return (row % 2 == 0 ? 10000 : -10000) - (rng.below(2) == 0 ? 1 : 500) * step;
  }
  const double offset = kind == "constant" ? 0.5 + static_cast<double>(row) : 0;
  return offset + placed_score(kind, j, cols, rng);
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::int64_t rows = shape.integer(kRows);
  const std::int64_t cols = shape.integer(kCols);
  Rng rng(seed);
  Tensor<float> x({rows, cols});
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t j = 0; j < cols; ++j) {
      x(r, j) = static_cast<float>(score(kind, r, j, cols, rng));
    }
  }
  HostArrays out;
  out.f32["X"] = std::move(x);
  return out;
}

TruthArrays reference(const ParamSet& shape, const HostArrays& inputs) {
  TopK<double> out = softmax_topk_fused(inputs.f32.at("X").cast<double>(), shape.integer(kTop));
  TruthArrays truth;
  truth["v"] = std::move(out.v);
  truth["z"] = out.z.cast<double>();
  return truth;
}

}  // namespace

extern const Exercise exercise_6b_softmax_topk;
const Exercise exercise_6b_softmax_topk{.id = "6b_softmax_topk",
                                        .params = kParams,
                                        .input_kinds = kKinds,
                                        .buffers = buffers,
                                        .inputs = inputs,
                                        .reference = reference,
                                        .op = "softmax_topk"};

}  // namespace alab::student
