// A rung's source beside what was counted in each of its lines.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/profile_rung.hpp"

namespace alab::shell {

struct SourceLine {
  std::string_view text;
  counted::Counters counters{};
  counted::FlopCounts flops{};
  bool executed = false;                ///< it computes or touches memory, or threads meet in it
  double global_share = 0;              ///< of the sectors of the launches in view, 0 to 1
  double shared_share = 0;              ///< of their wavefronts
  double flop_share = 0;                ///< of their FLOPs
  std::vector<std::size_t> requests{};  ///< indices into RequestTrace::requests, in their order
  std::vector<std::size_t> findings{};  ///< indices into RungProfile::findings
};

struct SourceText {
  std::string file;               ///< as in counted::Line
  std::vector<SourceLine> lines;  ///< line n is at n - 1
  const SourceLine* line(int number) const {
    return number >= 1 && static_cast<std::size_t>(number) <= lines.size()
               ? &lines[static_cast<std::size_t>(number) - 1]
               : nullptr;
  }
};

/// "kernels/softmax_rows/00_naive.cu"
std::string file_of(const Rung& rung);
/// The rung's own file first, then the headers that it ran, the busiest first. profile: nullptr for the plain
/// text. launch: index into launches, or -1 for all of them together. own: a student's text in place of the
/// rung's file, named as profiles name it; it outlives what is returned.
std::vector<SourceText> annotated_source(const Rung& rung, const RungProfile* profile, int launch = -1,
                                         std::string_view own = {});
/// The line with the largest share of global traffic (of shared traffic when there is none); line 0 without
/// any.
counted::Line busiest_line(const std::vector<SourceText>& texts);

std::uint64_t sectors_of(const counted::Counters& c);     ///< loads, stores and atomics
std::uint64_t wavefronts_of(const counted::Counters& c);  ///< loads and stores; of atomics none are counted
std::uint64_t conflicts_of(const counted::Counters& c);
std::uint64_t used_bytes_of(const counted::Counters& c);  ///< of global requests
/// "All threads, counted: 4 096 multiply-adds, 128 exponentials"; "" without any.
std::string operations_in_words(const counted::FlopCounts& flops);

}  // namespace alab::shell
