// Every input a lab can be given: the synthetic ones, heads of SmolLM2 on a text, and a student's own .npy
// files. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/inputs.hpp"

namespace alab {

inline constexpr int kSmolLm2Layers = 30, kSmolLm2Heads = 9;

/// A head of SmolLM2 and what it reads. With neither book nor text it reads kDefaultText.
struct HeadChoice {
  int layer = 17, head = 5;
  std::string book;         ///< short name of text.hpp, or ""
  std::int64_t offset = 0;  ///< words into the book
  std::string text;         ///< the student's own, or ""
  friend bool operator==(const HeadChoice&, const HeadChoice&) = default;
};
/// Says a name twice, so that heads which look for repetitions have something to find. 22 tokens.
inline constexpr std::string_view kDefaultText =
    "Alice met the Mad Hatter in the garden. Later that day, Alice met the Mad Hatter again.";

/// smollm2:L17H5  smollm2:L17H5@alice  smollm2:L17H5@alice+1000  smollm2:L17H5@"any text"
std::string name_of(const HeadChoice& choice);
/// Error, one sentence, on a bad form, a layer or head out of range, or an unknown book (with the nearest).
HeadChoice parse_head(std::string_view name);

/// The source for a head. unavailable tells when the weights or the book are not there, and the command that
/// fetches them. What make gives for an InputRequest:
///  - seq_len is an upper bound: the first seq_len tokens of the text (at most 2,048), or as many as it has;
///  - heads = 1: the head; heads = n: it and the next n-1 heads of its layer, counted on from head 8 to head
///  0, at
///    most all 9. Each comes with its own copy of the key-value head it shares (h / 3);
///  - head_dim and head_dim_v are the model's 64; seed is not used; causal and real are true;
///  - query and key are after the rotation, tokens are labels fit to be shown.
/// The first call for a text runs the model up to the layer (512 tokens: under a second on two cores); the
/// texts used last are kept, so that another layer or head of them comes at once.
InputSource head_source(const HeadChoice& choice);

/// case:DIR: q.npy, k.npy, v.npy and, if there, mask.npy of a folder; [heads, seq_len, dim] or [seq_len,
/// dim], f2, f4 or f8. meta.json may say params.causal and params.scale. The request is not used: a case is
/// what it is.
InputSource case_source(const std::string& folder);

/// The source of that name. Error, one sentence with the nearest match, when there is none.
InputSource resolve_input(std::string_view name);
/// What a menu offers: all synthetic inputs, then heads of SmolLM2 worth looking at.
std::vector<InputSource> list_inputs();

}  // namespace alab
