// SPDX-License-Identifier: MIT
#include "kernels/student/terminal.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace alab::student {
namespace {

constexpr std::size_t kMostFindings = 3, kMostDiagnostics = 12;
constexpr std::int64_t kMostMapRows = 16, kMostMapCols = 48;

struct Paint {
  bool on = false;
  std::string operator()(std::string_view code, std::string_view words) const {
    return on ? text("\x1b[", code, "m", words, "\x1b[0m") : std::string(words);
  }
};

std::string points_text(double x) {
  return text(x);
}

std::string seconds_text(double seconds) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1f s", seconds);
  return buffer;
}

std::string number_text(double x) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, std::abs(x) < 1e15 && x == std::round(x) ? "%.0f" : "%.4g", x);
  return std::isnan(x) ? "NaN" : buffer;
}

std::string line_of_source(std::string_view source, int line) {
  for (int n = 1; n < line; ++n) {
    const std::size_t end = source.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    source.remove_prefix(end + 1);
  }
  return std::string(source.substr(0, source.find('\n')));
}

// Largest of the cells that fall into one character: '.' is right, then 1 to 9 by powers of ten of the
// excess.
char mark_of(const ErrorMap& m, std::int64_t r, std::int64_t c, std::int64_t row_step,
             std::int64_t col_step) {
  float worst = 0;
  for (std::int64_t i = r * row_step; i < std::min((r + 1) * row_step, m.cell_rows); ++i) {
    for (std::int64_t k = c * col_step; k < std::min((c + 1) * col_step, m.cell_cols); ++k) {
      worst = std::max(worst, m.cells[static_cast<std::size_t>(i * m.cell_cols + k)]);
    }
  }
  return worst <= 1 ? '.' : worst < 100 ? '-' : worst < 10000 ? '+' : '#';
}

std::string map_text(const ErrorMap& m) {
  const std::int64_t rows = std::min(m.cell_rows, kMostMapRows), cols = std::min(m.cell_cols, kMostMapCols);
  const std::int64_t row_step = (m.cell_rows + rows - 1) / rows, col_step = (m.cell_cols + cols - 1) / cols;
  std::string out = text("where ", m.output, " is wrong (", m.rows, " rows x ", m.cols, " columns",
                         m.matrix > 0 ? text(", head ", m.matrix) : "", "; ", m.at.shape,
                         "): . right, - + # wrong by more than 1, 100, 10000 tolerances\n");
  for (std::int64_t r = 0; r * row_step < m.cell_rows; ++r) {
    out += "  ";
    for (std::int64_t c = 0; c * col_step < m.cell_cols; ++c) {
      out += mark_of(m, r, c, row_step, col_step);
    }
    out += "\n";
  }
  out += text("worst: ", m.worst.name, " is ", number_text(m.worst.got), ", expected ",
              number_text(m.worst.expected));
  out += m.writer.empty() ? "\n" : text(", written by ", m.writer, "\n");
  for (const ShownSeries& s : m.shown) {
    out += text("shown by this thread: ", in_words(s), "\n");
  }
  return out;
}

std::string counters_text(const CheckVerdict& c) {
  std::string out;
  for (const CounterBound& b : c.counters) {
    out += text("counted: ", b.expression, c.kind == "growth" ? " grows " : ": now ", number_text(b.now),
                c.kind == "growth" ? " times" : "", ", allowed ", b.relation, " ", number_text(b.allowed),
                b.holds ? "" : "  <- not met", "\n");
  }
  return out;
}

std::string line_of_check(const CheckVerdict& c, const Paint& paint) {
  const std::string mark = c.status == Status::passed   ? paint("32", "passed ")
                           : c.status == Status::failed ? paint("31", "FAILED ")
                                                        : paint("33", "not run");
  const std::string hidden = c.visibility == "visible" ? "" : text("  (", c.visibility, ")");
  const std::string where = c.judged_on.empty() ? "" : text("  [", c.judged_on, "]");
  return text("  ", mark, "  ", points_text(c.earned), "/", points_text(c.points), "  ", c.title, hidden,
              where, "\n");
}

std::string time_text(double seconds, double spread) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.4g us (half the interquartile range %.2g)", 1e6 * seconds,
                1e6 * spread);
  return buffer;
}

std::string gpu_text(const GpuReport& g) {
  std::string out = text("  GPU: ", g.device, "; compiled in ", seconds_text(g.compile_seconds),
                         ", judged in ", seconds_text(g.seconds), "\n  ", g.judged, "\n");
  out += g.sanitizer.empty() ? "" : text("  ", g.sanitizer, "\n");
  if (!g.timing) {
    return out;
  }
  const GpuTiming& t = *g.timing;
  if (!t.problem.empty()) {
    return out + text("  not timed: ", t.problem, "\n");
  }
  out += text("  time, measured on ", g.device, " with ", t.shape,
              ", no part of the verdict: ", time_text(t.seconds, t.spread), ", median of ", t.repeats, "\n");
  return out + (t.rung.empty()
                    ? text("  no rung beside it: ", t.rung_note, "\n")
                    : text("  fastest rung, ", t.rung, ": ", time_text(t.rung_seconds, t.rung_spread), "\n"));
}

}  // namespace

std::string indented(const std::string& lines) {
  std::string out;
  for (std::size_t from = 0; from < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', from), lines.size());
    out += "      " + lines.substr(from, end - from) + "\n";
    from = end + 1;
  }
  return out;
}

std::string reason_not_run(const Verdict& v) {
  return !v.compiled ? "it does not compile" : v.refused;
}

std::string details_of(const CheckVerdict& c) {
  std::string out = c.sentence + "\n";
  if (c.first_failure) {
    out += text("first seen with ", to_string(*c.first_failure), "; ", c.failed_runs, " of ", c.runs,
                c.kind == "growth" ? " runs, at a shape or its double, fail\n" : " runs fail\n");
  }
  if (c.diagnosis) {
    out += text("diagnosis: ", c.diagnosis->sentence, "\n");
  }
  out += counters_text(c);
  const bool told = c.rule == "finding";
  for (std::size_t i = told ? 1 : 0; i < std::min(c.findings.size(), kMostFindings); ++i) {
    out += text("found: ", in_words(c.findings[i].mistake), ": ", c.findings[i].sentence, "\n");
  }
  if (c.findings.size() > kMostFindings) {
    out += text("and ", c.findings.size() - kMostFindings, " more findings\n");
  }
  if (c.error_map) {
    out += map_text(*c.error_map);
  }
  return out + (c.why.empty() ? "" : text("why: ", c.why, "\n"));
}

std::string compiler_report(const Verdict& v, std::string_view source) {
  std::string out;
  for (std::size_t i = 0; i < std::min(v.diagnostics.size(), kMostDiagnostics); ++i) {
    const Diagnostic& d = v.diagnostics[i];
    out += text(d.line > 0 ? text("line ", d.line, d.column > 0 ? text(":", d.column) : "", ": ") : "",
                d.error ? "error: " : "warning: ", d.text, "\n");
    const std::string line = d.line > 0 ? line_of_source(source, d.line) : "";
    if (!line.empty()) {
      std::string caret;
      for (int k = 1; k < d.column && static_cast<std::size_t>(k) <= line.size(); ++k) {
        caret += line[static_cast<std::size_t>(k) - 1] == '\t' ? '\t' : ' ';
      }
      out += text("  | ", line, "\n", d.column > 0 ? text("  | ", caret, "^\n") : "");
    }
  }
  if (v.diagnostics.size() > kMostDiagnostics) {
    out += text("and ", v.diagnostics.size() - kMostDiagnostics, " more\n");
  }
  return out;
}

std::string shown(const Verdict& v, std::string_view source, bool colour) {
  const Paint paint{colour};
  std::string out = text(paint("1", text(v.exercise, ": ", v.title)), "\n");
  out += indented(compiler_report(v, source));
  if (!v.compiled || !v.refused.empty()) {
    out += text("  ", paint("31", text("not run: ", reason_not_run(v))), "\n");
  }
  for (const CheckVerdict& c : v.checks) {
    out += line_of_check(c, paint);
    if (c.status == Status::failed) {
      out += indented(c.visibility == "visible" ? details_of(c) : "what this check runs is not shown\n");
    }
  }
  if (!v.note.empty()) {
    out += text("  ", v.note, "\n");
  }
  out += v.gpu ? gpu_text(*v.gpu) : "";
  out +=
      text("  ",
           paint(v.passed() ? "32" : "31",
                 text(points_text(v.earned()), " of ", points_text(v.points()), " points")),
           " in ", seconds_text(v.seconds), v.sandbox == "bubblewrap" ? "" : "; sandbox: " + v.sandbox, "\n");
  return out;
}

}  // namespace alab::student
