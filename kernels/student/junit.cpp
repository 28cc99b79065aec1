// The verdict as JUnit XML. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>

#include "kernels/student/terminal.hpp"
#include "kernels/student/verdict.hpp"

namespace alab::student {
namespace {

// Bytes of the UTF-8 sequence that begins at i, 0 when it is none that XML 1.0 may hold.
std::size_t legal_sequence(std::string_view s, std::size_t i) {
  const auto byte = [&](std::size_t k) { return k < s.size() ? static_cast<unsigned char>(s[k]) : 0u; };
  const unsigned c = byte(i);
  if (c < 0x80) {
    return c >= 0x20 ? (c == 0x7F ? 0 : 1) : (c == '\n' || c == '\t' ? 1 : 0);
  }
  const std::size_t length = c >= 0xF0 && c < 0xF5   ? 4
                             : c >= 0xE0 && c < 0xF0 ? 3
                             : c >= 0xC2 && c < 0xE0 ? 2
                                                     : 0;
  unsigned point = length == 4 ? c & 0x07u : length == 3 ? c & 0x0Fu : c & 0x1Fu;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xC0u) != 0x80) {
      return 0;
    }
    point = point << 6 | (byte(i + k) & 0x3Fu);
  }
  const unsigned least = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
  const bool surrogate = point >= 0xD800 && point < 0xE000;
  return length > 0 && point >= least && point <= 0x10FFFF && !surrogate && (point & 0xFFFEu) != 0xFFFE
             ? length
             : 0;
}

std::string escaped(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size();) {
    const std::size_t length = legal_sequence(s, i);
    const std::string_view one = s.substr(i, std::max<std::size_t>(length, 1));
    out += length == 0   ? "?"
           : one == "&"  ? "&amp;"
           : one == "<"  ? "&lt;"
           : one == ">"  ? "&gt;"
           : one == "\"" ? "&quot;"
           : one == "\n" ? "&#10;"
           : one == "\t" ? "&#9;"
                         : std::string(one);
    i += one.size();
  }
  return out;
}

std::string seconds_text(double seconds) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3f", seconds);
  return buffer;
}

std::string testcase(const Verdict& v, const CheckVerdict& c) {
  std::string out = text("    <testcase classname=\"", escaped(v.exercise), "\" name=\"", escaped(c.id), ": ",
                         escaped(c.title), "\" time=\"0.000\"");
  if (c.status == Status::passed) {
    return out + "/>\n";
  }
  const std::string why = c.status == Status::failed ? c.sentence : reason_not_run(v);
  const std::string details = c.status == Status::failed ? details_of(c) : compiler_report(v, {});
  return out + text(">\n      <failure message=\"", escaped(why), "\" type=\"",
                    c.status == Status::failed ? c.rule : "not_run", "\">", escaped(details),
                    "</failure>\n    </testcase>\n");
}

}  // namespace

std::string junit_xml(const Verdict& v) {
  const auto failures = std::count_if(v.checks.begin(), v.checks.end(),
                                      [](const CheckVerdict& c) { return c.status != Status::passed; });
  const std::string counts = text("tests=\"", v.checks.size(), "\" failures=\"", failures,
                                  "\" errors=\"0\" time=\"", seconds_text(v.seconds), "\"");
  std::string out =
      text("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"alab check\" ", counts,
           ">\n  <testsuite name=\"", escaped(v.exercise), "\" ", counts, " skipped=\"0\">\n",
           "    <properties>\n      <property name=\"points\" value=\"", v.points(),
           "\"/>\n      <property name=\"earned\" value=\"", v.earned(), "\"/>\n    </properties>\n");
  for (const CheckVerdict& c : v.checks) {
    out += testcase(v, c);
  }
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace alab::student
