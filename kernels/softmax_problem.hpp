// What the ops on rows of scores have in common: parameters, and rows from a named input or from a real head.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/op.hpp"

namespace alab {

namespace params {
extern const Param rows, cols;
/// Added to every score; the softmax does not change, expf overflows from 88.72.
extern const Param offset;
/// 0: as drawn; otherwise scores are scaled until the largest |x| is this, before the offset.
extern const Param peak_x;
/// Row 0 is -inf throughout; in the next row every other score is.
extern const Param masked_rows;
/// Probabilities that softmax_topk keeps per row; 16 slots fit a thread's registers.
extern const Param top_k;
}  // namespace params

struct SoftmaxProblem {
  std::int64_t rows = 0, cols = 0;
  double offset = 0, peak = 0;
  bool masked = false;
};
SoftmaxProblem softmax_problem(const ParamSet& problem);

/// x [rows, cols]. Synthetic names give synthetic_rows; any other source gives its first head's scaled scores
/// (last `rows` queries, first `cols` keys, -inf where the model hides a key).
/// Throws Error when the source is not available or has too few tokens.
HostArrays softmax_inputs(const ParamSet& problem, const InputSource& source, const Progress& progress);

/// "" when e^x and a sum of them stay below fp32's largest number, otherwise why not. Judged from offset and
/// peak_x; without a peak the scores are taken to stay below 8.
std::string overflow_limit(const SoftmaxProblem& p);

}  // namespace alab
