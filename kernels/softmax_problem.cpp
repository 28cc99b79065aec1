// SPDX-License-Identifier: MIT
#include "kernels/softmax_problem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/core/result.hpp"

namespace alab {

namespace params {
const Param rows = int_param("rows", "rows", "rows", "Independent softmax problems.", 64, 1, 65536, true);
const Param cols =
    int_param("cols", "row length", "elements", "Scores per row, V in the paper.", 4096, 1, 262144, true);
const Param offset =
    real_param("offset", "offset", "",
               "Added to every score; exact softmax does not change, expf overflows from 88.72.", 0, 0, 200);
const Param peak_x =
    real_param("peak_score", "peak score", "",
               "Scales the scores until the largest |x| is this; 0 leaves them as drawn.", 0, 0, 1000);
const Param masked_rows =
    bool_param("masked", "masked rows", "Row 0 is -inf throughout, in row 1 every other score is.", false);
const Param top_k = int_param("top_k", "k", "slots", "Probabilities kept per row.", 5, 1, 16);
}  // namespace params

namespace {

constexpr float kMinusInf = -std::numeric_limits<float>::infinity();
constexpr double kExpLimit = 88.72;  // expf of more is inf
constexpr double kUsualPeak = 8;     // what normal scores and the ordered synthetic rows stay below

bool is_synthetic(std::string_view name) {
  const std::vector<InputSource>& all = synthetic_inputs();
  return std::any_of(all.begin(), all.end(), [&](const InputSource& s) { return s.name == name; });
}

Tensor<float> scores_of_head(const SoftmaxProblem& p, const AttentionInput& in) {
  const std::int64_t tokens = in.query.extent(1);
  const std::int64_t head_dim = in.query.extent(2);
  require(in.key.extent(1) >= p.cols && tokens >= p.rows, "the input has ", tokens,
          " tokens where rows = ", p.rows, " and cols = ", p.cols,
          " ask for more; lower rows and cols or give a longer text");
  const double scale = in.softmax_scale > 0 ? in.softmax_scale : 1 / std::sqrt(static_cast<double>(head_dim));
  Tensor<float> x({p.rows, p.cols});
  for (std::int64_t i = 0; i < p.rows; ++i) {
    const std::int64_t query = tokens - p.rows + i;
    for (std::int64_t j = 0; j < p.cols; ++j) {
      double score = 0;
      for (std::int64_t c = 0; c < head_dim; ++c) {
        score += static_cast<double>(in.query(0, query, c)) * static_cast<double>(in.key(0, j, c));
      }
      const float bias = in.mask.empty() ? 0 : in.mask(query, j);
      x(i, j) = in.causal && j > query ? kMinusInf : static_cast<float>(scale * score) + bias;
    }
  }
  return x;
}

}  // namespace

SoftmaxProblem softmax_problem(const ParamSet& problem) {
  SoftmaxProblem p;
  p.rows = problem.integer(params::rows);
  p.cols = problem.integer(params::cols);
  p.offset = problem.real(params::offset);
  p.peak = problem.real(params::peak_x);
  p.masked = problem.flag(params::masked_rows);
  return p;
}

HostArrays softmax_inputs(const ParamSet& problem, const InputSource& source, const Progress& progress) {
  const SoftmaxProblem p = softmax_problem(problem);
  const auto seed = static_cast<std::uint64_t>(problem.integer(params::seed));
  require(source.unavailable.empty(), "input ", source.name, " is not available: ", source.unavailable);
  Tensor<float> x;
  if (is_synthetic(source.name)) {
    x = synthetic_rows(source.name, p.rows, p.cols, seed);
  } else {
    InputRequest request;
    request.seq_len = std::max(p.rows, p.cols);
    request.seed = seed;
    x = scores_of_head(p, source.make(request, progress));
  }
  double factor = 1;
  if (p.peak > 0) {
    float largest = 0;
    for (const float value : x.span()) {
      largest = std::isfinite(value) ? std::max(largest, std::abs(value)) : largest;
    }
    factor = largest > 0 ? p.peak / largest : 1;
  }
  for (float& value : x.span()) {
    value = static_cast<float>(value * factor + p.offset);
  }
  for (std::int64_t j = 0; p.masked && j < p.cols; ++j) {
    x(0, j) = kMinusInf;
    if (p.rows > 1 && j % 2 == 1) {
      x(1, j) = kMinusInf;
    }
  }
  HostArrays out;
  out.f32["x"] = std::move(x);
  return out;
}

std::string overflow_limit(const SoftmaxProblem& p) {
  const double largest = p.offset + (p.peak > 0 ? p.peak : kUsualPeak);
  const double sum = largest + std::log(static_cast<double>(p.cols));
  if (sum <= kExpLimit) {
    return "";
  }
  return text("expf overflows above ", kExpLimit, ": ", p.cols, " scores of up to ", largest,
              " may sum to e^", format_value(sum, ""), "; take 10_safe or lower offset or peak_score");
}

}  // namespace alab
