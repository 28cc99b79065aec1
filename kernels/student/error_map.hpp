// Where an output is wrong, as a small heatmap. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "kernels/student/outputs.hpp"
#include "kernels/student/verdict.hpp"

namespace alab::student {

/// Of the matrix with the worst element. at and writer are left empty.
ErrorMap error_map_of(const JudgedOutput& output, double tolerance);

/// Which thread stored the element last, as far as the trace saw it: "block (0, 1, 0), thread (5, 0, 0), line
/// 12";
/// "" when it did not.
std::string writer_of(const counted::RequestTrace& trace, std::span<const counted::LaunchProfile> launches,
                      std::string_view array, std::int64_t flat);

}  // namespace alab::student
