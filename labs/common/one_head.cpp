// SPDX-License-Identifier: MIT
#include "labs/common/one_head.hpp"

#include <algorithm>
#include <cmath>

#include "labs/common/attention_view.hpp"

namespace alab {

OneHead one_head(const Context& context, std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed) {
  const AttentionInput in = context.input.make({1, seq_len, head_dim, head_dim, seed}, context.progress);
  const std::int64_t had = std::min(in.query.extent(1), in.key.extent(1));
  const std::int64_t n = std::min(had, seq_len);
  OneHead out;
  out.query = head(in.query, 0).topRows(n);
  out.key = head(in.key, 0).topRows(n);
  out.value = head(in.value, 0).topRows(n);
  out.scale = scale_of(in);
  out.tokens = in.tokens;
  out.description = in.description;
  out.real = in.real;
  if (had < seq_len) {
    out.notes.push_back(text("This input has ", had, " tokens, not the ", seq_len, " asked for."));
  } else if (had > seq_len) {
    out.notes.push_back(text("Only the first ", seq_len, " of this input's ", had, " tokens are used."));
  }
  if (in.query.extent(0) > 1) {
    out.notes.push_back(text("Only the first of this input's ", in.query.extent(0), " heads is used."));
  }
  if (in.query.extent(2) != head_dim) {
    out.notes.push_back(
        text("This head has its own head_dim: ", in.query.extent(2), ", not ", head_dim, "."));
  }
  if (in.causal || !in.mask.empty()) {
    out.notes.push_back("Shown without a mask: every query sees every key.");
  }
  return out;
}

void describe(Result& result, const OneHead& head) {
  result.input = head.description;
  result.notes.insert(result.notes.end(), head.notes.begin(), head.notes.end());
}

double rel_l2(const RowMatrix<double>& got, const RowMatrix<double>& truth) {
  const double size = truth.norm();
  return (got - truth).norm() / (size > 0 ? size : 1);
}
double rel_l2(const RowMatrix<float>& got, const RowMatrix<double>& truth) {
  return rel_l2(RowMatrix<double>(got.cast<double>()), truth);
}

}  // namespace alab
