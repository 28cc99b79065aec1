// Reading one head of the input, and the dense forms it is held against.
// SPDX-License-Identifier: MIT
#include "labs/ch10_02_flash_tiling/head.hpp"

#include <algorithm>

#include "reference/softmax_attention.hpp"

namespace alab::flash_tiling {

namespace {

/// The first rows of head 0: [1, rows, dim].
Tensor<float> first_rows(const Tensor<float>& x, std::int64_t rows) {
  const auto count = static_cast<std::ptrdiff_t>(rows * x.extent(2));
  return Tensor<float>({1, rows, x.extent(2)}, std::vector<float>(x.data(), x.data() + count));
}

/// The upper left corner of a mask [rows, cols].
Tensor<float> corner(const Tensor<float>& mask, std::int64_t rows, std::int64_t cols) {
  Tensor<float> out({rows, cols});
  matrix(out) = matrix(mask).topLeftCorner(rows, cols);
  return out;
}

}  // namespace

Head::Head(const Context& context, std::int64_t seq_len, std::int64_t head_dim, bool causal,
           std::uint64_t seed) {
  input_ = context.input.make({1, seq_len, head_dim, head_dim, seed}, context.progress);
  const std::int64_t queries = input_.query.extent(1), keys = input_.key.extent(1);
  require(queries == keys || std::max(queries, keys) <= seq_len, "the input has ", queries, " queries and ",
          keys, " keys and this run follows at most ", seq_len, "; raise seq_len or choose a shorter input");
  heads_ = input_.query.extent(0);
  had_ = queries;
  const std::int64_t rows = std::min(queries, seq_len), cols = std::min(keys, seq_len);
  input_.query = first_rows(input_.query, rows);
  input_.key = first_rows(input_.key, cols);
  input_.value = first_rows(input_.value, cols);
  if (!input_.mask.empty()) {
    input_.mask = corner(input_.mask, rows, cols);
  }
  input_.causal = input_.causal || causal;
}

void Head::set_mask(bool causal) {
  input_.mask = {};
  input_.causal = causal;
}

std::string Head::token(std::int64_t position) const {
  const auto at = static_cast<std::size_t>(position);
  return at < input_.tokens.size() ? text("'", input_.tokens[at], "'") : std::to_string(position);
}

TileProblem Head::problem(std::int64_t block_m, std::int64_t block_n, LoopOrder order) const {
  return {.query = query(),
          .key = key(),
          .value = value(),
          .softmax_scale = scale(),
          .causal = input_.causal,
          .block_m = block_m,
          .block_n = block_n,
          .order = order,
          .mask = input_.mask.empty() ? nullptr : input_.mask.data()};
}

RowMatrix<double> Head::truth() const {
  const AttentionOptions options{.causal = causal(), .scale = scale()};
  const Tensor<double> out = softmax_attention(input_.query.cast<double>(), input_.key.cast<double>(),
                                               input_.value.cast<double>(), options, mask_f64())
                                 .output;
  return head(out, 0);
}

Tensor<double> Head::mask_f64() const {
  return input_.mask.empty() ? Tensor<double>() : input_.mask.cast<double>();
}

RowMatrix<float> Head::dense_f32() const {
  const AttentionOptions options{.causal = causal(), .scale = scale()};
  const Tensor<float> out =
      softmax_attention(input_.query, input_.key, input_.value, options, input_.mask).output;
  return head(out, 0);
}

void Head::describe(Result& result, std::int64_t asked_seq_len, std::int64_t asked_head_dim) const {
  result.input = input_.description;
  if (had_ < asked_seq_len) {
    result.notes.push_back(text("This input has ", had_, " tokens, not the ", asked_seq_len, " asked for."));
  } else if (had_ > asked_seq_len) {
    result.notes.push_back(
        text("Only the first ", asked_seq_len, " of this input's ", had_, " tokens are used."));
  }
  if (heads_ > 1) {
    result.notes.push_back(text("Only the first of this input's ", heads_, " heads is used."));
  }
  if (head_dim() != asked_head_dim) {
    result.notes.push_back(
        text("This head has its own head_dim: ", head_dim(), ", not ", asked_head_dim, "."));
  }
  if (input_.real && causal()) {
    result.notes.push_back("The model is causal, so the causal mask is on.");
  }
}

double rel_l2(const RowMatrix<float>& got, const RowMatrix<double>& truth) {
  return rel_l2(RowMatrix<double>(got.cast<double>()), truth);
}

double rel_l2(const RowMatrix<double>& got, const RowMatrix<double>& truth) {
  const double size = truth.norm();
  return (got - truth).norm() / (size > 0 ? size : 1);
}

void add_where(Result& result, bool stated_here, std::string_view where_stated, Check check) {
  if (stated_here) {
    result.checks.push_back(std::move(check));
    return;
  }
  result.notes.push_back(text("Not checked here: \"", check.label, "\" is stated for ", where_stated, "."));
}

ShapeOnly::ShapeOnly(std::int64_t seq_len, std::int64_t head_dim) : rows_({1, seq_len, head_dim}) {}

TileProblem ShapeOnly::problem(std::int64_t block_m, std::int64_t block_n, LoopOrder order) const {
  return {.query = head(rows_, 0),
          .key = head(rows_, 0),
          .value = head(rows_, 0),
          .block_m = block_m,
          .block_n = block_n,
          .order = order,
          .arithmetic = false};
}

}  // namespace alab::flash_tiling
