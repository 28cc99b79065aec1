// One row of scores from whatever input is chosen: a named synthetic row, or a query's scores in a head.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "labs/lab.hpp"

namespace alab::ch10_01 {

struct Row {
  std::vector<float> scores;
  std::vector<std::string> labels;  ///< one per score
  std::string description;          ///< for Result::input
  AttentionInput head;              ///< what the row was read from; empty tensors for a synthetic row
};

/// @param cols   length of a synthetic row; tokens asked of a head, whose causal rows are shorter
/// @param query  position whose row is read from a head, counted from 0 and cut to the last token
Row current_row(const Context& context, std::int64_t cols, std::int64_t query, std::uint64_t seed);

/// The row in double, as the float scores stand.
std::vector<double> in_double(const std::vector<float>& row);

/// relL2(got, truth) = ||got - truth|| / ||truth||; NaN when got holds one.
double rel_l2(const std::vector<float>& got, const std::vector<double>& truth);

/// softmax in double of the same float scores; a fully masked row gives 0.
std::vector<double> true_softmax(const std::vector<float>& row);

}  // namespace alab::ch10_01
