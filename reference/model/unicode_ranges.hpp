// Which code points are letters and numbers: the classes \p{L} and \p{N} that the tokenizer's pattern asks
// for. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

namespace alab {

/// Code points first .. last, both included.
struct CodeRange {
  std::uint32_t first, last;
};
/// Sorted, without overlap.
std::span<const CodeRange> unicode_letters();
std::span<const CodeRange> unicode_numbers();

}  // namespace alab
