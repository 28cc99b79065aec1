// The k largest probabilities of each row's softmax and where they stand.
// SPDX-License-Identifier: MIT
#include "kernels/softmax_problem.hpp"
#include "reference/online_softmax.hpp"

namespace alab {
namespace {

const Param* const kParams[] = {&params::rows,   &params::cols,        &params::top_k, &params::offset,
                                &params::peak_x, &params::masked_rows, &params::seed};

// top_k > cols leaves surplus slots; a masked row has only -inf to choose from.
constexpr std::string_view kShapes[] = {
    "rows=1 cols=1 top_k=3",       "rows=7 cols=7 masked=true",
    "rows=33 cols=63 top_k=16",    "rows=5 cols=65 masked=true top_k=8",
    "rows=129 cols=129 top_k=1",   "rows=3 cols=1000 peak_score=80",
    "rows=2 cols=1024 offset=200", "rows=2 cols=10001 top_k=16",
};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const SoftmaxProblem p = softmax_problem(problem);
  const std::int64_t k = problem.integer(params::top_k);
  return {{"x", {p.rows, p.cols}},
          {"values", {p.rows, k}, BufferRole::output},
          {"indices", {p.rows, k}, BufferRole::output, ElementType::i32}};
}

TruthArrays reference(const ParamSet& problem, const HostArrays& inputs) {
  TopK<double> out = softmax_topk_fused(inputs.f32.at("x").cast<double>(), problem.integer(params::top_k));
  TruthArrays truth;
  truth["values"] = std::move(out.v);
  truth["indices"] = out.z.cast<double>();
  return truth;
}

HostArrays plain(const ParamSet& problem, const HostArrays& inputs) {
  TopK<float> out = softmax_topk_fused(inputs.f32.at("x"), problem.integer(params::top_k));
  HostArrays arrays;
  arrays.f32["values"] = std::move(out.v);
  arrays.i32["indices"] = std::move(out.z);
  return arrays;
}

// One read per element and 2 k results per row; subtract, exponential, add, compare counted as one flop each.
Cost cost(const ParamSet& problem) {
  const SoftmaxProblem p = softmax_problem(problem);
  const auto elements = static_cast<double>(p.rows * p.cols);
  const auto results = static_cast<double>(2 * p.rows * problem.integer(params::top_k));
  return {4 * elements, 4 * (elements + results)};
}

}  // namespace

extern const Op op_softmax_topk;
const Op op_softmax_topk{
    "softmax_topk",
    "Softmax and top-k",
    "The top_k largest probabilities of each row in descending order, equal ones by lower index; "
    "surplus slots hold 0 and -1.",
    kParams,
    kShapes,
    buffers,
    softmax_inputs,
    reference,
    plain,
    cost};

}  // namespace alab
