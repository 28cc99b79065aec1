// Softmax over rows: y = e^{x - m} / d with m = max x, d = sum e^{x - m}; and logsumexp = m + log d.
// SPDX-License-Identifier: MIT
#include "kernels/softmax_problem.hpp"
#include "reference/online_softmax.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::rows,   &params::cols,        &params::offset,
                                &params::peak_x, &params::masked_rows, &params::seed};

// Every rung passes these, so none of them overflows expf; unsupported() of the naive rung names the rest.
constexpr std::string_view kShapes[] = {
    "rows=1 cols=1",
    "rows=7 cols=7 masked=true",
    "rows=33 cols=63",
    "rows=5 cols=65 peak_score=80 masked=true",
    "rows=129 cols=129",
    "rows=3 cols=1000 peak_score=80",
    "rows=2 cols=1024 offset=60",
    "rows=2 cols=10001",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const SoftmaxProblem p = softmax_problem(problem);
  return {{"x", {p.rows, p.cols}},
          {"y", {p.rows, p.cols}, BufferRole::output},
          {"logsumexp", {p.rows}, BufferRole::output}};
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  SoftmaxRows<double> out = softmax_safe(inputs.f32.at("x").cast<double>());
  TruthArrays truth;
  truth["y"] = std::move(out.y);
  truth["logsumexp"] = std::move(out.lse);
  return truth;
}

HostArrays plain(const ParamSet&, const HostArrays& inputs) {
  SoftmaxRows<float> out = softmax_safe(inputs.f32.at("x"));
  HostArrays arrays;
  arrays.f32["y"] = std::move(out.y);
  arrays.f32["logsumexp"] = std::move(out.lse);
  return arrays;
}

// One read, one write per element; subtract, exponential, add, divide counted as one flop each.
Cost cost(const ParamSet& problem) {
  const SoftmaxProblem p = softmax_problem(problem);
  const auto elements = static_cast<double>(p.rows * p.cols);
  return {4 * elements, 4 * (2 * elements + static_cast<double>(p.rows))};
}

}  // namespace

extern const Op op_softmax_rows;
const Op op_softmax_rows{
    "softmax_rows",
    "Softmax over rows",
    "y = e^(x - m) / d and logsumexp = m + log d for each row; a row of -inf gives 0 and -inf.",
    kParams,
    kShapes,
    buffers,
    softmax_inputs,
    reference,
    plain,
    cost};

}  // namespace alab
