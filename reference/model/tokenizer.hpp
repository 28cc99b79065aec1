// Byte-level byte-pair encoding as SmolLM2 uses it: text to token ids and back, and labels fit to be shown.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reference/model/gguf.hpp"

namespace alab {

/// Cuts text as the pattern called "smollm" does: every number character (\p{N}) stands alone; between them
/// GPT-2's
///   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// Bytes that are not UTF-8 count as one character of no class each. The pieces joined give the text.
/// Source: tokenizer.ggml.pre = smollm (llama.cpp's list of patterns); Radford et al. 2019 for GPT-2's
/// pattern.
std::vector<std::string_view> pre_tokenize(std::string_view text);
bool is_utf8(std::string_view bytes);

class Tokenizer {
 public:
  Tokenizer() = default;
  /// From tokenizer.ggml.{model,pre,tokens,token_type,merges}; copies what it needs.
  /// @throws Error when the model is not gpt2/smollm, lists disagree in length, tokens repeat or are no
  /// byte-level
  ///   text, or a merge names tokens that do not exist.
  explicit Tokenizer(const Gguf& file);

  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size()); }
  /// Token ids of UTF-8 text; stops after `limit` tokens. Control tokens written out (<|im_start|>) become
  /// that token. A byte for which the vocabulary has no token (SmolLM2 lacks 21, none of them in ordinary
  /// text) is left out, as its authors' tokenizer does.
  std::vector<int> encode(std::string_view text,
                          std::size_t limit = std::numeric_limits<std::size_t>::max()) const;
  /// The bytes of the tokens, joined. Error when an id is outside 0 .. size()-1.
  std::string decode(std::span<const int> tokens) const;
  /// One token in printable UTF-8: a space is shown as a raised dot, a newline as \n, a tab as \t, other
  /// control characters and pieces of a character as <0xNN>.
  std::string label(int token) const;

 private:
  struct Merge {
    int rank = 0, token = 0;
  };
  using Ids = std::unordered_map<std::string_view, int>;
  void add_merge(const Ids& ids, std::string_view line, int rank);
  void encode_piece(std::string_view piece, std::vector<int>& out) const;
  void encode_text(std::string_view text, std::size_t limit, std::vector<int>& out) const;
  const std::string& bytes_of(int token) const;

  std::vector<std::string> bytes_;                   ///< what each token stands for
  std::vector<int> control_;                         ///< tokens matched as a whole, longest first
  std::array<int, 256> byte_token_{};                ///< -1 where the vocabulary has none
  std::unordered_map<std::uint64_t, Merge> merges_;  ///< key: left << 32 | right
};

}  // namespace alab
