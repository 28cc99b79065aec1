// Texts that students wrote, made safe for where they are shown: HTML, XML, spreadsheets, JSON, file names.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace alab::grade {

/// The same text as UTF-8: what is no UTF-8 becomes U+FFFD.
std::string as_utf8(std::string_view bytes);
/// For element text and quoted attributes of HTML.
std::string html_text(std::string_view words);
/// For element text and quoted attributes of XML 1.0, which cannot hold most control characters.
std::string xml_text(std::string_view words);
/// One cell of a CSV (RFC 4180). Text that a spreadsheet would take for a formula starts with an apostrophe.
std::string csv_cell(std::string_view words);
/// Without control characters, on one line, for a terminal.
std::string one_line(std::string_view words);
/// At most max bytes, cut between characters, with a sentence that says so.
std::string cut_to(std::string_view words, std::size_t max);
/// "3", "2.5": points as people write them.
std::string points_text(double points);
/// FNV-1a, 64 bits, as 16 hexadecimal digits.
std::string fingerprint(std::string_view bytes);
/// A file name that no name of a student can turn into something else; two names never share one.
std::string file_name_of(std::string_view student);

}  // namespace alab::grade
