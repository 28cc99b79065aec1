// SPDX-License-Identifier: MIT
#include "kernels/student/row_inputs.hpp"

#include <algorithm>

namespace alab::student {
namespace {

double factor(std::string_view kind, std::int64_t row, std::int64_t rows) {
  if (kind == "ascending") {
    return static_cast<double>(row + 1) / static_cast<double>(rows);
  }
  if (kind == "descending") {
    return static_cast<double>(rows - row) / static_cast<double>(rows);
  }
  return kind == "constant" || (kind == "spike" && row == rows - 1) ? 1 : 0;
}

void fill_head(std::span<float> head, std::int64_t width, std::string_view kind, Rng& rng) {
  const auto rows = static_cast<std::int64_t>(head.size()) / width;
  std::vector<double> row(static_cast<std::size_t>(width));
  std::generate(row.begin(), row.end(), [&rng] { return rng.normal(); });
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t c = 0; c < width; ++c) {
      head[static_cast<std::size_t>(i * width + c)] =
          static_cast<float>(factor(kind, i, rows) * row[static_cast<std::size_t>(c)]);
    }
  }
}

}  // namespace

Tensor<float> rows_of_kind(const Shape& shape, std::string_view kind, Rng& rng) {
  require(std::find(kRowKinds.begin(), kRowKinds.end(), kind) != kRowKinds.end(), "there is no input '", kind,
          "'; take random, zeros, constant, ascending, descending or spike");
  require(shape.size() >= 2, "rows need two axes or more, got shape ", to_string(shape));
  Tensor<float> x(shape);
  if (x.empty()) {
    return x;
  }
  if (kind == "random") {
    std::generate(x.span().begin(), x.span().end(), [&rng] { return static_cast<float>(rng.normal()); });
    return x;
  }
  const auto head = static_cast<std::size_t>(x.extent(-2) * x.extent(-1));
  for (std::size_t first = 0; first < x.span().size(); first += head) {
    fill_head(x.span().subspan(first, head), x.extent(-1), kind, rng);
  }
  return x;
}

}  // namespace alab::student
