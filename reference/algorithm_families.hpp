// The families of algorithms of the case format, one function each, and how they read their params.
// SPDX-License-Identifier: MIT
#pragma once

#include "reference/algorithms.hpp"

namespace alab {

std::span<const Algorithm> softmax_attention_algorithms();  ///< softmax_attention, softmax_attention_backward
std::span<const Algorithm> online_softmax_algorithms();     ///< online_softmax, online_softmax_merge

/// A param, or `otherwise` when it is absent or null; Error when it has another type.
bool bool_param(const Json& params, std::string_view name, bool otherwise);
double number_param(const Json& params, std::string_view name, double otherwise);

}  // namespace alab
