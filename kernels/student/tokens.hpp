// A student's source in words, as the compiler's first phases see it: lines joined, comments gone.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace alab::student {

enum class TokenKind { word, number, string, character, sign };

/// Signs are single characters.
struct Token {
  TokenKind kind = TokenKind::sign;
  std::string text;
  int line = 1, column = 1;         ///< in the source, of its first character
  int logical = 0;                  ///< number of its line once lines that end in a backslash are joined
  std::size_t offset = 0, end = 0;  ///< in the source
  bool touches = false;             ///< nothing, not even a blank, between it and the token before
};

/// Of any text, also one that no compiler takes: an unclosed comment or string reaches as far as it can.
std::vector<Token> tokens_of(std::string_view source);

/// Tokens that belong to directives, "#" first, one vector per directive; the rest is code.
struct Reading {
  std::vector<std::vector<Token>> directives;
  std::vector<Token> code;
};
Reading reading_of(std::string_view source);

}  // namespace alab::student
