// SPDX-License-Identifier: MIT
#include "reference/model/tokenizer.hpp"

#include <algorithm>
#include <queue>

#include "reference/core/error.hpp"
#include "reference/model/unicode_ranges.hpp"

namespace alab {
namespace {

enum class Class { letter, number, space, other };

struct Point {
  std::uint32_t code = 0;
  std::size_t length = 1;  ///< bytes
  bool valid = true;
};

/// The code point at the front of non-empty text; an invalid byte is a point of length 1.
Point decode_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) {
    return {lead, 1, true};
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) {
    return {lead, 1, false};
  }
  std::uint32_t code = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      return {lead, 1, false};
    }
    code = (code << 6) | (byte(i) & 0x3Fu);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
    return {lead, 1, false};
  }
  return {code, length, true};
}

bool contains(std::span<const CodeRange> ranges, std::uint32_t code) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), code,
                       [](std::uint32_t c, const CodeRange& range) { return c < range.first; });
  return after != ranges.begin() && code <= (after - 1)->last;
}

bool is_space(std::uint32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

Class class_of(const Point& point) {
  if (!point.valid) {
    return Class::other;
  }
  if (is_space(point.code)) {
    return Class::space;
  }
  return contains(unicode_letters(), point.code)   ? Class::letter
         : contains(unicode_numbers(), point.code) ? Class::number
                                                   : Class::other;
}

/// Bytes at the front of text that are all of one class.
std::size_t run_of(std::string_view text, Class wanted) {
  std::size_t end = 0;
  while (end < text.size()) {
    const Point point = decode_point(text.substr(end));
    if (class_of(point) != wanted) {
      break;
    }
    end += point.length;
  }
  return end;
}

std::size_t contraction(std::string_view text) {
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(ending)) {
      return ending.size();
    }
  }
  return 0;
}

/// Length of the match of \s+(?!\S)|\s+ at the front: before more text, the run leaves its last character
/// behind, unless it is the only one. What follows a number is cut off before, so the end of text is also the
/// next number.
std::size_t white_run(std::string_view text) {
  const std::size_t run = run_of(text, Class::space);
  if (run == text.size() || class_of(decode_point(text.substr(run))) == Class::number) {
    return run;
  }
  std::size_t last = run - 1;
  while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) {
    --last;
  }
  return last == 0 ? run : last;
}

/// Length of the next piece of non-empty text.
std::size_t next_piece(std::string_view text) {
  if (const std::size_t length = contraction(text); length != 0) {
    return length;
  }
  const Point first = decode_point(text);
  const std::size_t lead = first.code == ' ' && first.valid && text.size() > 1 ? 1 : 0;
  const Point point = decode_point(text.substr(lead));
  switch (class_of(point)) {
    case Class::letter:
      return lead + run_of(text.substr(lead), Class::letter);
    case Class::other:
      return lead + run_of(text.substr(lead), Class::other);
    case Class::number:
      if (lead == 0) {
        return point.length;
      }
      break;
    case Class::space:
      break;
  }
  return white_run(text);
}

/// The 256 characters by which byte-level vocabularies write bytes: printable Latin-1 stands for itself, the
/// 68 others are U+0100, U+0101, ... in order (Radford et al. 2019).
std::array<std::uint32_t, 256> byte_letters() {
  std::array<std::uint32_t, 256> letters{};
  std::uint32_t next = 256;
  for (std::uint32_t b = 0; b < 256; ++b) {
    const bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    letters[b] = printable ? b : next++;
  }
  return letters;
}

/// Vocabulary text back to bytes; false when a character is none of the 256.
bool to_bytes(std::string_view word, const std::array<int, 512>& byte_of, std::string& out) {
  while (!word.empty()) {
    const Point point = decode_point(word);
    if (!point.valid || point.code >= byte_of.size() || byte_of[point.code] < 0) {
      return false;
    }
    out.push_back(static_cast<char>(byte_of[point.code]));
    word.remove_prefix(point.length);
  }
  return true;
}

constexpr std::int64_t kControl = 3, kUserDefined = 4;

}  // namespace

std::vector<std::string_view> pre_tokenize(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const std::size_t length = next_piece(text);
    pieces.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return pieces;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const Point point = decode_point(bytes);
    if (!point.valid) {
      return false;
    }
    bytes.remove_prefix(point.length);
  }
  return true;
}

Tokenizer::Tokenizer(const Gguf& file) {
  const std::string_view model = file.words("tokenizer.ggml.model"), pre = file.words("tokenizer.ggml.pre");
  require(model == "gpt2" && pre == "smollm", file.name(), ": the tokenizer is '", model, "' with pattern '",
          pre, "'; 'gpt2' with 'smollm' is what this program knows");
  const auto words = file.word_list("tokenizer.ggml.tokens");
  const auto types = file.integer_list("tokenizer.ggml.token_type");
  const auto merges = file.word_list("tokenizer.ggml.merges");
  require(!words.empty() && words.size() <= (std::size_t{1} << 24) && types.size() == words.size(),
          file.name(), ": ", words.size(), " tokens and ", types.size(),
          " token types; their number must agree and be 1 to 16777216");
  std::array<int, 512> byte_of{};
  byte_of.fill(-1);
  const auto letters = byte_letters();
  for (std::size_t b = 0; b < 256; ++b) {
    byte_of[letters[b]] = static_cast<int>(b);
  }
  byte_token_.fill(-1);
  bytes_.resize(words.size());
  Ids ids;
  ids.reserve(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    const int id = static_cast<int>(i);
    require(ids.emplace(words[i], id).second, file.name(), ": token ", i, " repeats an earlier one");
    if (types[i] == kControl || types[i] == kUserDefined) {
      bytes_[i] = words[i];
      control_.push_back(id);
    } else {
      require(!words[i].empty() && to_bytes(words[i], byte_of, bytes_[i]), file.name(), ": token ", i,
              " is not byte-level text");
      if (bytes_[i].size() == 1) {
        byte_token_[static_cast<unsigned char>(bytes_[i][0])] = id;
      }
    }
  }
  std::erase_if(control_, [&](int id) { return bytes_of(id).empty(); });
  std::stable_sort(control_.begin(), control_.end(),
                   [&](int a, int b) { return bytes_of(a).size() > bytes_of(b).size(); });
  merges_.reserve(merges.size());
  for (std::size_t i = 0; i < merges.size(); ++i) {
    add_merge(ids, merges[i], static_cast<int>(i));
  }
}

void Tokenizer::add_merge(const Ids& ids, std::string_view line, int rank) {
  const std::size_t gap = line.find(' ');
  require(gap != std::string_view::npos, "merge ", rank, " of the vocabulary does not name two tokens");
  const std::string joined = std::string(line.substr(0, gap)) + std::string(line.substr(gap + 1));
  const auto left = ids.find(line.substr(0, gap)), right = ids.find(line.substr(gap + 1)),
             both = ids.find(joined);
  require(left != ids.end() && right != ids.end() && both != ids.end(), "merge ", rank,
          " of the vocabulary names a token that does not exist");
  const auto key = static_cast<std::uint64_t>(left->second) << 32 | static_cast<std::uint64_t>(right->second);
  merges_.emplace(key, Merge{rank, both->second});
}

const std::string& Tokenizer::bytes_of(int token) const {
  require(token >= 0 && token < size(), "token ", token, " is outside the vocabulary 0..", size() - 1);
  return bytes_[static_cast<std::size_t>(token)];
}

/// Joins the neighbours of lowest rank, leftmost first, until none can be joined: O(n log n) by a heap over
/// pairs.
void Tokenizer::encode_piece(std::string_view piece, std::vector<int>& out) const {
  struct Symbol {
    int token, before, after;  ///< -1 at the ends; token -1 once joined to the left
  };
  struct Pair {
    int rank, left, left_token, right_token, joined;
    bool operator<(const Pair& other) const {  // priority_queue pops the greatest
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };
  std::vector<Symbol> symbols;
  symbols.reserve(piece.size());
  for (const char c : piece) {
    if (const int token = byte_token_[static_cast<unsigned char>(c)]; token >= 0) {
      const int at = static_cast<int>(symbols.size());
      symbols.push_back({token, at - 1, at + 1});
    }
  }
  if (symbols.empty()) {
    return;
  }
  symbols.back().after = -1;
  const auto symbol = [&](int at) -> Symbol& { return symbols[static_cast<std::size_t>(at)]; };
  std::priority_queue<Pair> pairs;
  const auto offer = [&](int left) {
    const int right = left < 0 ? -1 : symbol(left).after;
    if (right < 0) {
      return;
    }
    const auto key = static_cast<std::uint64_t>(symbol(left).token) << 32 |
                     static_cast<std::uint64_t>(symbol(right).token);
    if (const auto found = merges_.find(key); found != merges_.end()) {
      pairs.push({found->second.rank, left, symbol(left).token, symbol(right).token, found->second.token});
    }
  };
  for (int i = 0; i < static_cast<int>(symbols.size()); ++i) {
    offer(i);
  }
  while (!pairs.empty()) {
    const Pair pair = pairs.top();
    pairs.pop();
    Symbol& left = symbol(pair.left);
    if (left.token != pair.left_token || left.after < 0 || symbol(left.after).token != pair.right_token) {
      continue;  // one of the two was joined to something else meanwhile
    }
    Symbol& right = symbol(left.after);
    left.token = pair.joined;
    left.after = right.after;
    right.token = -1;
    if (left.after >= 0) {
      symbol(left.after).before = pair.left;
    }
    offer(pair.left);
    offer(left.before);
  }
  for (int at = 0; at >= 0; at = symbol(at).after) {
    out.push_back(symbol(at).token);
  }
}

void Tokenizer::encode_text(std::string_view text, std::size_t limit, std::vector<int>& out) const {
  while (!text.empty() && out.size() < limit) {
    const std::size_t length = next_piece(text);
    encode_piece(text.substr(0, length), out);
    text.remove_prefix(length);
  }
}

std::vector<int> Tokenizer::encode(std::string_view text, std::size_t limit) const {
  std::vector<int> out;
  std::size_t start = 0, at = 0;
  while (at < text.size() && out.size() < limit) {
    const std::string_view rest = text.substr(at);
    const auto match = std::find_if(control_.begin(), control_.end(), [&](int id) {
      return rest.starts_with(bytes_[static_cast<std::size_t>(id)]);
    });
    if (match == control_.end()) {
      ++at;
      continue;
    }
    encode_text(text.substr(start, at - start), limit, out);
    out.push_back(*match);
    at += bytes_of(*match).size();
    start = at;
  }
  encode_text(text.substr(start), limit, out);
  out.resize(std::min(out.size(), limit));
  return out;
}

std::string Tokenizer::decode(std::span<const int> tokens) const {
  std::string out;
  for (const int token : tokens) {
    out += bytes_of(token);
  }
  return out;
}

std::string Tokenizer::label(int token) const {
  std::string out;
  for (std::string_view left = bytes_of(token); !left.empty();) {
    const Point point = decode_point(left);
    if (!point.valid || point.code < 32 || (point.code >= 127 && point.code < 160)) {
      constexpr char kHex[] = "0123456789ABCDEF";
      out += point.code == '\n' ? std::string("\\n")
             : point.code == '\t'
                 ? std::string("\\t")
                 : std::string("<0x") + kHex[point.code >> 4 & 15] + kHex[point.code & 15] + '>';
    } else if (point.code == ' ') {
      out += "\u00B7";
    } else {
      out += left.substr(0, point.length);
    }
    left.remove_prefix(point.length);
  }
  return out;
}

}  // namespace alab
