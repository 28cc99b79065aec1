// Softmax over rows: Y = e^(X - m) / d with the row's maximum m and d = sum of e^(X - m).
// SPDX-License-Identifier: MIT
#include <limits>

#include "kernels/student/attention_inputs.hpp"
#include "kernels/student/exercise.hpp"
#include "reference/online_softmax.hpp"

namespace alab::student {
namespace {

constexpr Param kRows = int_param("rows", "rows", "", "Rows of X; one block each.", 4, 1, 4096);
constexpr Param kCols = int_param("cols", "columns", "", "Scores in a row.", 128, 1, 65536);
constexpr Param kBlock =
    int_param("block", "threads of a block", "threads", "A multiple of 32.", 256, 32, 1024);
constexpr const Param* kParams[] = {&kRows, &kCols, &kBlock};

constexpr std::string_view kKinds[] = {"random",     "zeros", "constant", "ascending",
                                       "descending", "spike", "large",    "masked"};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const Shape matrix{shape.integer(kRows), shape.integer(kCols)};
  return {{"X", matrix}, {"Y", matrix, BufferRole::output}};
}

// Row 0, 3, 6 ...: -inf throughout. Row 1, 4 ...: the first half. Row 2, 5 ...: every second score.
bool hidden(std::int64_t row, std::int64_t j, std::int64_t cols) {
  const std::int64_t pattern = row % 3;
  return pattern == 0 || (pattern == 1 ? j < cols / 2 : j % 2 == 1);
}

double score(std::string_view kind, std::int64_t row, std::int64_t j, std::int64_t cols, Rng& rng) {
  if (kind == "random") {
    return rng.normal();
  }
  if (kind == "masked") {
    const double x = rng.normal();
    return hidden(row, j, cols) ? -std::numeric_limits<double>::infinity() : x;
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

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  TruthArrays truth;
  truth["Y"] = softmax_safe(inputs.f32.at("X").cast<double>()).y;
  return truth;
}

}  // namespace

extern const Exercise exercise_6a_online_softmax_rows;
const Exercise exercise_6a_online_softmax_rows{.id = "6a_online_softmax_rows",
                                               .params = kParams,
                                               .input_kinds = kKinds,
                                               .buffers = buffers,
                                               .inputs = inputs,
                                               .reference = reference,
                                               .op = "softmax_rows"};

}  // namespace alab::student
