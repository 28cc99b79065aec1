// Access patterns that a student draws: knobs, or lanes placed one by one, and the request they make.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/executor/counted/request_cost.hpp"
#include "reference/core/param.hpp"

namespace alab::shell {

/// The usual controls: memory, access, width, pattern, stride, offset, row, padding, lanes.
ParamList painter_params();
/// Those that the chosen pattern does not read.
std::vector<std::string_view> hidden_painter_params(const ParamSet& knobs);

/// placed: byte offsets of the lanes, read when the pattern is "by hand".
counted::RequestShape painted(const ParamSet& knobs, const std::array<std::int64_t, 32>& placed);
bool by_hand(const ParamSet& knobs);
void set_by_hand(ParamSet& knobs);
unsigned painter_width(const ParamSet& knobs);
/// How a kernel would write it: "x[lane * 8]".
std::string painted_code(const ParamSet& knobs);

/// Bytes that a click can reach.
inline constexpr std::int64_t kPainterBytes = 16 * 128;

}  // namespace alab::shell
