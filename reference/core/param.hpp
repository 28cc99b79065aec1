// A parameter is declared once and feeds the slider, the command line, presets, docs and validation.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "reference/core/error.hpp"

namespace alab {

enum class ParamKind { integer, real, boolean, choice };

/// One knob. Build it with the helpers below; all members are static data.
struct Param {
  std::string_view key;    ///< name in code, on the command line and in presets: seq_len
  std::string_view label;  ///< what the window shows: sequence length
  std::string_view unit;   ///< tokens, elements, "" ...
  std::string_view doc;    ///< one sentence: what it does and what to expect
  ParamKind kind = ParamKind::integer;
  double def = 0, min = 0, max = 0;  ///< choice: index of the option; boolean: 0 or 1
  bool log2 = false;                 ///< slider moves by doublings
  std::span<const std::string_view> options = {};
};

constexpr Param int_param(std::string_view key, std::string_view label, std::string_view unit,
                          std::string_view doc, double def, double min, double max, bool log2 = false) {
  return {key, label, unit, doc, ParamKind::integer, def, min, max, log2, {}};
}
constexpr Param real_param(std::string_view key, std::string_view label, std::string_view unit,
                           std::string_view doc, double def, double min, double max, bool log2 = false) {
  return {key, label, unit, doc, ParamKind::real, def, min, max, log2, {}};
}
constexpr Param bool_param(std::string_view key, std::string_view label, std::string_view doc, bool def) {
  return {key, label, "", doc, ParamKind::boolean, def ? 1.0 : 0.0, 0, 1, false, {}};
}
constexpr Param choice_param(std::string_view key, std::string_view label, std::string_view doc,
                             std::span<const std::string_view> options, int def = 0) {
  return {key, label, "", doc, ParamKind::choice, double(def), 0, double(options.size()) - 1, false, options};
}

using ParamList = std::span<const Param* const>;

/// Values for a list of parameters; starts at the defaults. Cheap to copy, compare and hash.
class ParamSet {
 public:
  ParamSet() = default;
  explicit ParamSet(ParamList schema);
  explicit ParamSet(std::vector<const Param*> schema);

  std::span<const Param* const> schema() const { return schema_; }
  const Param* find(std::string_view key) const;  ///< nullptr when absent
  bool has(const Param& p) const { return find(p.key) != nullptr; }

  std::int64_t integer(const Param& p) const { return static_cast<std::int64_t>(value(p.key)); }
  int integer32(const Param& p) const { return static_cast<int>(value(p.key)); }
  double real(const Param& p) const { return value(p.key); }
  bool flag(const Param& p) const { return value(p.key) != 0; }
  int choice(const Param& p) const { return static_cast<int>(value(p.key)); }
  std::string_view option(const Param& p) const { return p.options[static_cast<std::size_t>(choice(p))]; }
  double value(std::string_view key) const;  ///< throws Error: key not in the schema

  /// Throws Error (one sentence: value, allowed range, nearest key) on an unknown key, a value out of range,
  /// a non-finite value, or a fraction for an integer.
  void set(std::string_view key, double value);
  void set(const Param& p, double value) { set(p.key, value); }
  /// Parses text: numbers, true/false/on/off/1/0, option names. The same errors.
  void set_text(std::string_view key, std::string_view value);
  /// "name=value" as on the command line; several separated by spaces are accepted.
  void assign(std::string_view assignments);

  /// The value as set_text reads it back.
  std::string text_of(const Param& p) const;
  /// "seq_len=1024 causal=true", schema order; only_changed leaves defaults out.
  std::string describe(bool only_changed = false) const;
  friend bool operator==(const ParamSet& a, const ParamSet& b) {
    return a.values_ == b.values_ && a.keys() == b.keys();
  }

 private:
  std::vector<std::string_view> keys() const;
  std::size_t index(std::string_view key) const;
  std::vector<const Param*> schema_;
  std::vector<double> values_;
};

/// The candidate closest to word by edit distance; "" when nothing is near. For "did you mean".
std::string nearest(std::string_view word, std::span<const std::string> candidates);

/// Knobs that several labs and ops share, declared once for the house.
namespace params {
extern const Param seq_len;     ///< 1 .. 4096, default 512, log2
extern const Param key_len;     ///< 0 = same as seq_len
extern const Param head_dim;    ///< 16 .. 128, default 64
extern const Param head_dim_v;  ///< 0 = same as head_dim
extern const Param heads;       ///< 1 .. 64, default 1 (batch x heads)
extern const Param causal;      ///< default false
extern const Param scale;       ///< softmax_scale, 0 = 1/sqrt(head_dim)
extern const Param block_m;     ///< query rows of a tile
extern const Param block_n;     ///< key columns of a tile
extern const Param seed;        ///< 0 .. 2^31-1, default 42
}  // namespace params

}  // namespace alab
