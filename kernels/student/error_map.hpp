// Where an output is wrong, as a small heatmap. SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/student/outputs.hpp"
#include "kernels/student/shown_value.hpp"
#include "kernels/student/verdict.hpp"

namespace alab::student {

/// Of the matrix with the worst element. at, writer and shown are left empty.
ErrorMap error_map_of(const JudgedOutput& output, double tolerance);

struct Writer {
  std::uint32_t launch = 0;
  std::uint64_t block = 0;  ///< linear, as thread
  unsigned thread = 0;
  std::string in_words;  ///< "block (0, 1, 0), thread (5, 0, 0), line 12"
};
/// Which thread stored the element last, as far as the trace saw it.
std::optional<Writer> find_writer(const counted::RequestTrace& trace,
                                  std::span<const counted::LaunchProfile> launches, std::string_view array,
                                  std::int64_t flat);
/// What the writer showed, at most 64 values of each of 8 names.
std::vector<ShownSeries> shown_by(const Writer& writer, std::span<const ShownValue> shown);

}  // namespace alab::student
