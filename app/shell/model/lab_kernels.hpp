// Which kernels belong to which lab.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace alab::shell {

/// Ops by id, in the order in which "Code and memory" offers them; empty for a lab without kernels.
std::span<const std::string_view> ops_of_lab(std::string_view lab_id);

}  // namespace alab::shell
