// SPDX-License-Identifier: MIT
#include "kernels/student/tokens.hpp"

#include <algorithm>

#include "kernels/executor/rewrite.hpp"

namespace alab::student {
namespace {

using executor::is_word;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The source without the backslashes that join lines, and where each character stood.
struct Joined {
  std::string text;
  std::vector<std::size_t> from;  ///< one more than characters
  explicit Joined(std::string_view source) {
    for (std::size_t i = 0; i < source.size(); ++i) {
      if (source[i] == '\\') {
        std::size_t end = i + 1;  // g++ takes blanks between the backslash and the end of the line
        while (end < source.size() && source[end] != '\n' && executor::is_space(source[end])) {
          ++end;
        }
        if (end < source.size() && source[end] == '\n') {
          i = end;
          continue;
        }
      }
      text += source[i];
      from.push_back(i);
    }
    from.push_back(source.size());
  }
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source), joined_(source), text_(joined_.text) {}

  std::vector<Token> all() {
    while (at_ < text_.size()) {
      if (text_[at_] == '\n') {
        ++logical_;
        ++at_;
      } else if (executor::is_space(text_[at_])) {
        ++at_;
      } else if (starts("//")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (starts("/*")) {
        skip_comment();
      } else {
        take(end_of_token());
      }
    }
    return std::move(tokens_);
  }

 private:
  bool starts(std::string_view s) const { return text_.substr(at_, s.size()) == s; }
  void skip_comment() {
    const std::size_t close = text_.find("*/", at_ + 2);
    const std::size_t end = close == std::string_view::npos ? text_.size() : close + 2;
    // A comment is one blank: what follows stands on the line that it began on.
    at_ = end;
  }
  std::size_t end_of_token() {
    const char c = text_[at_];
    std::size_t end = at_ + 1;
    if (is_digit(c) || (c == '.' && end < text_.size() && is_digit(text_[end]))) {
      kind_ = TokenKind::number;
      while (end < text_.size() && continues_number(end)) {
        ++end;
      }
    } else if (is_word(c) || c == '$' || static_cast<unsigned char>(c) >= 0x80) {
      kind_ = TokenKind::word;
      while (end < text_.size() &&
             (is_word(text_[end]) || text_[end] == '$' || static_cast<unsigned char>(text_[end]) >= 0x80)) {
        ++end;
      }
    } else if (c == '"' || c == '\'') {
      kind_ = c == '"' ? TokenKind::string : TokenKind::character;
      while (end < text_.size() && text_[end] != c && text_[end] != '\n') {
        end += text_[end] == '\\' && end + 1 < text_.size() && text_[end + 1] != '\n' ? 2 : 1;
      }
      end = std::min(end + (end < text_.size() && text_[end] == c ? 1 : 0), text_.size());
    } else {
      kind_ = TokenKind::sign;
    }
    return end;
  }
  bool continues_number(std::size_t at) const {
    const char c = text_[at], before = text_[at - 1];
    if (c == '+' || c == '-') {
      return before == 'e' || before == 'E' || before == 'p' || before == 'P';
    }
    return is_word(c) || c == '.' || (c == '\'' && at + 1 < text_.size() && is_word(text_[at + 1]));
  }
  void take(std::size_t end) {
    Token t;
    t.kind = kind_;
    t.text = std::string(text_.substr(at_, end - at_));
    t.offset = joined_.from[at_];
    t.end = joined_.from[end - 1] + 1;
    t.logical = logical_;
    t.touches = at_ == last_end_;
    while (counted_ < t.offset) {
      line_begin_ = source_[counted_] == '\n' ? counted_ + 1 : line_begin_;
      line_ += source_[counted_++] == '\n' ? 1 : 0;
    }
    t.line = line_;
    t.column = static_cast<int>(t.offset - line_begin_) + 1;
    tokens_.push_back(std::move(t));
    last_end_ = at_ = end;
  }

  std::string_view source_;
  Joined joined_;
  std::string_view text_;
  std::size_t at_ = 0, last_end_ = std::string_view::npos, counted_ = 0, line_begin_ = 0;
  int line_ = 1, logical_ = 0;
  TokenKind kind_ = TokenKind::sign;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view source) {
  return Lexer(source).all();
}

Reading reading_of(std::string_view source) {
  Reading reading;
  bool in_directive = false;
  int logical = -1;
  for (Token& token : tokens_of(source)) {
    if (token.logical != logical) {
      logical = token.logical;
      in_directive = token.text == "#";
      if (in_directive) {
        reading.directives.emplace_back();
      }
    }
    (in_directive ? reading.directives.back() : reading.code).push_back(std::move(token));
  }
  return reading;
}

}  // namespace alab::student
