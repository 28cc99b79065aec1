// How the house reports trouble. Our mistake, a bad file or a bad value throws Error; a student's mistake is
// data (a Check). Cancelled is thrown by Progress::step and is not an error.
// SPDX-License-Identifier: MIT
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace alab {

/// What went wrong, with the values, the allowed range and the next step; one sentence fit to be shown.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Thrown by Progress::step once a stop was requested.
struct Cancelled {};

/// Concatenates its arguments as operator<< prints them: text("seq_len ", 3, " is odd").
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

/// Throws Error with the concatenated message when the condition does not hold.
template <class... Parts>
void require(bool condition, const Parts&... message) {
  if (!condition) {
    throw Error(text(message...));
  }
}

}  // namespace alab
