// Head 0 of the current input, cut to what an experiment asked for, with the sentences that say what came.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "labs/common/metered_forms.hpp"
#include "labs/lab.hpp"

namespace alab {

/// Tolerance classes of the curriculum: the same mathematics in double, and in float in another order.
inline constexpr double kDoubleTolerance = 1e-12, kFloatTolerance = 5e-6;

/// At most seq_len tokens of head 0. A real head keeps its own head_dim; masks and causality are left out and
/// the notes say so.
struct OneHead {
  RowMatrix<float> query, key, value;  ///< [seq_len, head_dim], [seq_len, head_dim], [seq_len, head_dim_v]
  double scale = 0;                    ///< softmax_scale: the model's own, or 1/sqrt(head_dim)
  std::vector<std::string> tokens;     ///< labels, or empty
  std::string description;
  std::vector<std::string> notes;
  bool real = false;
  std::int64_t seq_len() const { return query.rows(); }
  std::int64_t head_dim() const { return query.cols(); }
  std::int64_t head_dim_v() const { return value.cols(); }
};
OneHead one_head(const Context& context, std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed);

/// Writes the input's description and notes into the result.
void describe(Result& result, const OneHead& head);

/// ||got - truth|| / ||truth||, absolute when the truth is 0; NaN when got has one.
double rel_l2(const RowMatrix<float>& got, const RowMatrix<double>& truth);
double rel_l2(const RowMatrix<double>& got, const RowMatrix<double>& truth);

/// [1, rows, cols] for the references.
template <class T>
Tensor<T> as_head(const RowMatrix<T>& x) {
  return Tensor<T>({1, x.rows(), x.cols()}, std::vector<T>(x.data(), x.data() + x.size()));
}

}  // namespace alab
