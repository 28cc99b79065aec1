// SPDX-License-Identifier: MIT
#include "kernels/student/region.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace alab::student {
namespace {

// Along one axis: which places have a marked element.
struct Span {
  std::int64_t first = -1, last = -1, count = 0, extent = 0;

  bool contiguous() const { return count == last - first + 1; }
  bool whole() const { return count == extent; }
};

Span span_of(const std::vector<std::uint8_t>& hit) {
  Span s;
  s.extent = static_cast<std::int64_t>(hit.size());
  for (std::int64_t i = 0; i < s.extent; ++i) {
    if (hit[static_cast<std::size_t>(i)] != 0) {
      s.first = s.first < 0 ? i : s.first;
      s.last = i;
      ++s.count;
    }
  }
  return s;
}

struct Spans {
  Span matrices, rows, cols;
  std::int64_t count = 0;
  bool above_diagonal = true, below_diagonal = true, on_diagonal = true;
};

Spans spans_of(std::span<const std::uint8_t> marked, const Layout& l) {
  std::vector<std::uint8_t> m(static_cast<std::size_t>(l.matrices)), r(static_cast<std::size_t>(l.rows)),
      c(static_cast<std::size_t>(l.cols));
  Spans out;
  for (std::int64_t i = 0; i < l.size(); ++i) {
    if (marked[static_cast<std::size_t>(i)] != 0) {
      const std::int64_t row = i / l.cols % l.rows, col = i % l.cols;
      m[static_cast<std::size_t>(i / (l.rows * l.cols))] = 1;
      r[static_cast<std::size_t>(row)] = 1;
      c[static_cast<std::size_t>(col)] = 1;
      ++out.count;
      out.above_diagonal = out.above_diagonal && col > row;
      out.below_diagonal = out.below_diagonal && col < row;
      out.on_diagonal = out.on_diagonal && col == row;
    }
  }
  out.matrices = span_of(m);
  out.rows = span_of(r);
  out.cols = span_of(c);
  return out;
}

std::string places(const Span& s, std::string_view one, std::string_view many) {
  if (s.count == 1) {
    return text(one, " ", s.first);
  }
  return s.contiguous() ? text(many, " ", s.first, "..", s.last) : text(s.count, " of ", s.extent, " ", many);
}

std::string row_places(const Span& rows, const Layout& l) {
  return l.rank == 1 ? places(rows, "element", "elements") : places(rows, "row", "rows");
}

// Places where tiles of any usual size begin.
bool begins_a_tile(std::int64_t first) {
  return first > 0 && first % 8 == 0;
}

std::string tail_words(const Span& rows) {
  if (rows.last != rows.extent - 1 || rows.first == 0 || !rows.contiguous()) {
    return {};
  }
  return begins_a_tile(rows.first) ? ": the last tile"
         : rows.count == 1         ? ": the last one"
                                   : ": the last ones";
}

std::string are_wrong(const Span& s) {
  return s.count == 1 ? " is wrong" : " are wrong";
}

}  // namespace

std::string region_in_words(std::span<const std::uint8_t> marked, const Layout& l) {
  const Spans s = spans_of(marked, l);
  if (s.count == 0) {
    return {};
  }
  std::string out;
  if (!s.rows.whole() && s.rows.contiguous()) {
    out = row_places(s.rows, l);
  }
  if (!s.cols.whole() && s.cols.contiguous()) {
    out += text(out.empty() ? "" : ", ", places(s.cols, "column", "columns"));
  }
  if (!s.matrices.whole()) {
    out += text(out.empty() ? "" : " of ", places(s.matrices, "head", "heads"));
  }
  return out.empty() ? text(s.count, " of ", l.size(), " elements") : out;
}

std::string wrong_region(std::span<const std::uint8_t> wrong, const Layout& l) {
  const Spans s = spans_of(wrong, l);
  if (s.count == 0 || l.size() < 4) {
    return {};
  }
  if (l.matrices > 1 && !s.matrices.whole()) {
    return s.matrices.first > 0 && s.matrices.count == l.matrices - 1
               ? "head 0 is right and all others are wrong: look at the head's offset"
               : text("only ", places(s.matrices, "head", "heads"), are_wrong(s.matrices));
  }
  if (l.rank > 1 && l.rows == l.cols && l.rows > 2 &&
      (s.above_diagonal || s.below_diagonal || s.on_diagonal)) {
    return text("only elements ",
                s.on_diagonal      ? "on"
                : s.above_diagonal ? "above"
                                   : "below",
                " the diagonal are wrong");
  }
  if (!s.rows.whole() && s.rows.contiguous()) {
    return text("only ", row_places(s.rows, l), are_wrong(s.rows), tail_words(s.rows));
  }
  if (!s.cols.whole() && s.cols.contiguous()) {
    return text("only ", places(s.cols, "column", "columns"), are_wrong(s.cols), tail_words(s.cols));
  }
  return {};
}

}  // namespace alab::student
