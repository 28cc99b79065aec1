// SPDX-License-Identifier: MIT
#include "labs/ch05_01_complexity_analysis/costs.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "reference/complexity.hpp"
#include "reference/linear_attention.hpp"
#include "reference/softmax_attention.hpp"

namespace alab::complexity {
namespace {

constexpr std::int64_t kTile = 64;  // rows and columns of a score tile in the tiled form

void walk_tiles(const Operands<float>& in, WorkMeter& work) {
  const Metered tile = work.temporary(kTile * kTile);
  for (std::int64_t row = 0; row < in.seq_len; row += kTile) {
    const std::int64_t rows = std::min(kTile, in.seq_len - row);
    work.move(rows * in.width, rows * in.head_dim_v);
    for (std::int64_t col = 0; col < in.seq_len; col += kTile) {
      const std::int64_t cols = std::min(kTile, in.seq_len - col);
      work.move(cols * (in.width + in.head_dim_v), 0);
      work.product_on_chip(rows, in.width, cols);
      work.product_on_chip(rows, cols, in.head_dim_v);
    }
  }
}

RowMatrix<float> quadratic(const RowMatrix<float>& x) {
  const Eigen::Index d = x.cols();
  RowMatrix<float> out(x.rows(), d * (d + 1) / 2);
  out.leftCols(d) = x.cwiseAbs2();
  Eigen::Index at = d;
  for (Eigen::Index i = 0; i + 1 < d; ++i) {
    const Eigen::Index rest = d - i - 1;
    out.middleCols(at, rest) =
        std::numbers::sqrt2_v<float> * (x.rightCols(rest).array().colwise() * x.col(i).array()).matrix();
    at += rest;
  }
  return out;
}

}  // namespace

Provenance clocked(int repeats) {
  return timed_here(text("Eigen, float, 1 thread, ", repeats == 1 ? "one run" : "median"));
}

FormCost count(Form form, const Shape& shape) {
  const bool on_features = form == Form::linear || form == Form::chunkwise;
  const Operands<float> in =
      Operands<float>::sizes(shape.seq_len, on_features ? shape.feature_dim : shape.head_dim, shape.head_dim);
  WorkMeter work(false);
  switch (form) {
    case Form::softmax:
      softmax_form(in, 1, work);
      break;
    case Form::tiled:
      walk_tiles(in, work);
      break;
    case Form::linear:
      state_first(in, true, work);
      break;
    case Form::chunkwise:
      chunkwise_form(in, shape.chunk_size, work);
      break;
  }
  return {work.product_flops(), work.normaliser_flops(), work.elements_moved(), work.largest_temporary()};
}

std::int64_t feature_dim(std::string_view map, std::int64_t head_dim) {
  return map == "elu1" ? head_dim
                       : static_cast<std::int64_t>(packed_quadratic_dim(static_cast<double>(head_dim)));
}

RowMatrix<float> features(std::string_view map, const RowMatrix<float>& x) {
  if (map == "quadratic") {
    return quadratic(x);
  }
  return (x.array() > 0).select(x.array() + 1, x.array().min(0).exp()).matrix();
}

Operands<float> normal_operands(std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed) {
  const AttentionInput in = synthetic_inputs().front().make({1, seq_len, head_dim, head_dim, seed}, {});
  return Operands<float>::of(head(in.query, 0), head(in.key, 0), head(in.value, 0));
}

FormErrors form_errors(std::string_view map, std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed,
                       const Progress& progress) {
  const Operands<float> in = normal_operands(seq_len, head_dim, seed);
  const double scale = 1 / std::sqrt(static_cast<double>(head_dim));
  const auto wide = [](const RowMatrix<float>& x) { return as_head<double>(x.cast<double>()); };
  const auto truth_softmax =
      softmax_attention(wide(in.query), wide(in.key), wide(in.value), {}, {}, progress).output;
  const FeatureMap phi{.kind = map == "elu1" ? FeatureKind::elu1 : FeatureKind::quadratic};
  const auto problem = linear_attention_problem(phi, wide(in.query), wide(in.key), wide(in.value), progress);
  const auto truth_linear = linear_attention_parallel(problem, {.causal = false}, progress).output;
  WorkMeter work;
  const Operands<float> mapped =
      Operands<float>::of(features(map, in.query), features(map, in.key), in.value);
  return {rel_l2(softmax_form(in, scale, work), RowMatrix<double>(head(truth_softmax, 0))),
          rel_l2(state_first(mapped, true, work), RowMatrix<double>(head(truth_linear, 0)))};
}

void add_form_checks(Result& result, const FormErrors& errors, std::int64_t seq_len) {
  const Provenance from = measured_here(text("float against double, N = ", seq_len));
  result.checks.push_back(check_at_most("softmax_t32", "the timed softmax form is right: relL2 <= 5e-6",
                                        errors.softmax, kFloatTolerance, from));
  result.checks.push_back(check_at_most("linear_t32", "the timed linear form is right: relL2 <= 5e-6",
                                        errors.linear, kFloatTolerance, from));
}

void add_where(Result& result, bool stated_here, std::string_view where, Check check) {
  if (stated_here) {
    result.checks.push_back(std::move(check));
    return;
  }
  result.notes.push_back(text("Not checked here: \"", check.label, "\" is stated for ", where, "."));
}

}  // namespace alab::complexity
