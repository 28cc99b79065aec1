// SPDX-License-Identifier: MIT
#include "kernels/student/compiler_messages.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "reference/core/error.hpp"

namespace alab::student {
namespace {

constexpr std::size_t kMostText = 2000;

/// "FILE:LINE:COLUMN: REST"; line 0 when a text is not of that form.
struct Place {
  std::string_view file, rest;
  int line = 0, column = 0;
};

std::optional<int> number_before_colon(std::string_view& text) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end == text.data() + text.size() || *end != ':') {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return value;
}

Place place_of(std::string_view text) {
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    std::string_view rest = text.substr(colon + 1);
    if (const std::optional<int> line = number_before_colon(rest)) {
      Place place{text.substr(0, colon), rest, *line, 0};
      if (const std::optional<int> column = number_before_colon(rest)) {
        place.column = *column;
        place.rest = rest;
      }
      return place;
    }
  }
  return {};
}

/// Removes "beginning" and blanks in front of it; false when the text does not begin so.
bool skip(std::string_view& text, std::string_view beginning) {
  std::string_view rest = text.substr(std::min(text.find_first_not_of(' '), text.size()));
  if (!rest.starts_with(beginning)) {
    return false;
  }
  text = rest.substr(beginning.size());
  text = text.substr(std::min(text.find_first_not_of(' '), text.size()));
  return true;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

/// A path in a message becomes its last part.
std::string without_paths(std::string_view message) {
  std::string out;
  for (std::size_t i = 0; i < message.size();) {
    const bool begins = message[i] == '/' && i + 1 < message.size() && message[i + 1] != '/' &&
                        message[i + 1] != ' ' && message[i + 1] != '*' &&
                        (i == 0 || message[i - 1] == ' ' || message[i - 1] == '\'' || message[i - 1] == '"');
    if (!begins) {
      out += message[i++];
      continue;
    }
    const std::size_t end = std::min(message.find_first_of(" '\":", i), message.size());
    const std::size_t slash = message.rfind('/', end - 1);
    out += message.substr(slash + 1, end - slash - 1);
    i = end;
  }
  replace_all(out, "alab::executor::", "");
  replace_all(out, "alab_given::", "");
  replace_all(out, "alab::counted_build::", "");
  return out.substr(0, std::min(out.size(), kMostText));
}

class Messages {
 public:
  void take(std::string_view line) {
    Place p = place_of(line);
    if (p.line == 0) {
      return;
    }
    if (p.rest.find("required from") != std::string_view::npos ||
        p.rest.find("in 'constexpr' expansion") != std::string_view::npos) {
      if (p.file == kStudentFile) {
        asked_ = p;
      }
      launched_ |= p.file == kLaunchFile;
      return;
    }
    if (skip(p.rest, "note:")) {
      add_note(p);
    } else if (skip(p.rest, "fatal error:") || skip(p.rest, "error:") ||
               skip(p.rest, "sorry, unimplemented:")) {
      add(p, true);
    } else if (skip(p.rest, "warning:")) {
      add(p, false);
    }
  }
  std::vector<Diagnostic> all() && { return std::move(found_); }

 private:
  void add(const Place& p, bool error) {
    Diagnostic d{0, 0, error, without_paths(p.rest)};
    const Place& at = p.file == kStudentFile ? p : asked_;
    d.line = at.line;
    d.column = at.column;
    if ((p.file == kLaunchFile || launched_) && d.line == 0) {
      d.text = text("the given launch does not fit your kernels (", d.text,
                    "): names and parameters must be those of the statement");
    }
    const bool known = std::any_of(found_.begin(), found_.end(), [&](const Diagnostic& o) {
      return o.line == d.line && o.column == d.column && o.text == d.text;
    });
    kept_ = !known && (error || d.line != 0);
    if (kept_) {
      found_.push_back(std::move(d));
    }
    asked_ = {};
    launched_ = false;
  }
  void add_note(const Place& p) {
    if (!kept_ || found_.empty() || p.file != kStudentFile) {
      return;
    }
    std::string& to = found_.back().text;
    if (to.size() < kMostText) {
      to += text("; line ", p.line, ": ", without_paths(p.rest));
    }
  }

  std::vector<Diagnostic> found_;
  Place asked_;            ///< where the student's file asked for the template that the next message is about
  bool launched_ = false;  ///< whether the given launch asked for it
  bool kept_ = false;
};

}  // namespace

std::vector<Diagnostic> diagnostics_of(std::string_view printed) {
  Messages messages;
  while (!printed.empty()) {
    const std::size_t end = std::min(printed.find('\n'), printed.size());
    messages.take(printed.substr(0, end));
    printed.remove_prefix(std::min(end + 1, printed.size()));
  }
  std::vector<Diagnostic> all = std::move(messages).all();
  std::stable_sort(all.begin(), all.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return a.line < b.line; });
  return all;
}

}  // namespace alab::student
