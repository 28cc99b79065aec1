// SPDX-License-Identifier: MIT
#include "reference/core/param.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace alab {
namespace {

std::string number_text(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    return std::to_string(static_cast<long long>(value));
  }
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

std::string joined(std::span<const std::string_view> options) {
  std::string out;
  for (const std::string_view option : options) {
    out += (out.empty() ? "" : ", ") + std::string(option);
  }
  return out;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string close = nearest(word, candidates);
  return close.empty() ? "" : "; did you mean '" + close + "'?";
}

std::string range_text(const Param& p) {
  return text("between ", number_text(p.min), " and ", number_text(p.max));
}

double parse_number(const Param& p, std::string_view value) {
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  require(error == std::errc() && end == value.data() + value.size(), p.key, " = '", value,
          "' is not a number; give one ", range_text(p));
  return number;
}

}  // namespace

ParamSet::ParamSet(ParamList schema) : ParamSet(std::vector<const Param*>(schema.begin(), schema.end())) {}

ParamSet::ParamSet(std::vector<const Param*> schema) : schema_(std::move(schema)) {
  for (const Param* p : schema_) {
    values_.push_back(p->def);
  }
}

const Param* ParamSet::find(std::string_view key) const {
  const auto at = std::find_if(schema_.begin(), schema_.end(), [&](const Param* p) { return p->key == key; });
  return at == schema_.end() ? nullptr : *at;
}

std::vector<std::string_view> ParamSet::keys() const {
  std::vector<std::string_view> out;
  for (const Param* p : schema_) {
    out.push_back(p->key);
  }
  return out;
}

std::size_t ParamSet::index(std::string_view key) const {
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    if (schema_[i]->key == key) {
      return i;
    }
  }
  std::vector<std::string> names;
  for (const Param* p : schema_) {
    names.emplace_back(p->key);
  }
  throw Error(text("there is no parameter '", key, "' here; it takes ",
                   names.empty()
                       ? "none"
                       : std::accumulate(names.begin() + 1, names.end(), names.front(),
                                         [](std::string a, const std::string& b) { return a + ", " + b; }),
                   did_you_mean(key, names)));
}

double ParamSet::value(std::string_view key) const {
  return values_[index(key)];
}

void ParamSet::set(std::string_view key, double value) {
  const std::size_t at = index(key);
  const Param& p = *schema_[at];
  require(p.min <= value && value <= p.max, p.key, " = ", number_text(value),
          " is out of range; give a value ", range_text(p));
  require(p.kind == ParamKind::real || value == std::floor(value), p.key, " = ", number_text(value),
          " must be a whole number ", range_text(p));
  values_[at] = value;
}

void ParamSet::set_text(std::string_view key, std::string_view value) {
  const Param& p = *schema_[index(key)];
  if (p.kind == ParamKind::boolean) {
    const bool yes = value == "true" || value == "on" || value == "1" || value == "yes";
    const bool no = value == "false" || value == "off" || value == "0" || value == "no";
    require(yes || no, p.key, " = '", value, "' is neither true nor false; write ", p.key, "=true or ", p.key,
            "=false");
    set(key, yes ? 1 : 0);
  } else if (p.kind == ParamKind::choice) {
    const auto at = std::find(p.options.begin(), p.options.end(), value);
    if (at == p.options.end()) {
      const std::vector<std::string> names(p.options.begin(), p.options.end());
      throw Error(text(p.key, " = '", value, "' is not one of its options: ", joined(p.options),
                       did_you_mean(value, names)));
    }
    set(key, static_cast<double>(at - p.options.begin()));
  } else {
    set(key, parse_number(p, value));
  }
}

void ParamSet::assign(std::string_view assignments) {
  while (!assignments.empty()) {
    const std::size_t space = assignments.find(' ');
    const std::string_view one = assignments.substr(0, space);
    assignments = space == std::string_view::npos ? std::string_view{} : assignments.substr(space + 1);
    if (one.empty()) {
      continue;
    }
    const std::size_t equals = one.find('=');
    require(equals != std::string_view::npos && equals > 0, "'", one,
            "' is not of the form name=value; write for example seq_len=1024");
    set_text(one.substr(0, equals), one.substr(equals + 1));
  }
}

std::string ParamSet::text_of(const Param& p) const {
  const double v = value(p.key);
  if (p.kind == ParamKind::boolean) {
    return v != 0 ? "true" : "false";
  }
  if (p.kind == ParamKind::choice) {
    return std::string(p.options[static_cast<std::size_t>(v)]);
  }
  return number_text(v);
}

std::string ParamSet::describe(bool only_changed) const {
  std::string out;
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    if (!only_changed || values_[i] != schema_[i]->def) {
      out += (out.empty() ? "" : " ") + std::string(schema_[i]->key) + "=" + text_of(*schema_[i]);
    }
  }
  return out;
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 2) + 1;
  for (const std::string& candidate : candidates) {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t substitute = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

namespace params {
const Param seq_len =
    int_param("seq_len", "sequence length", "tokens", "Number of query tokens N.", 512, 1, 4096, true);
const Param key_len = int_param("key_len", "key length", "tokens",
                                "Number of keys; 0 means as many as queries.", 0, 0, 65536, false);
const Param head_dim =
    int_param("head_dim", "head dimension", "elements", "Width of a query and of a key.", 64, 1, 128, true);
const Param head_dim_v = int_param("head_dim_v", "value dimension", "elements",
                                   "Width of a value; 0 means head_dim.", 0, 0, 128, false);
const Param heads = int_param("heads", "heads", "batch x heads",
                              "Independent attention problems side by side.", 1, 1, 64, true);
const Param causal = bool_param("causal", "causal mask",
                                "Query i sees keys up to its own position (bottom-right aligned).", false);
const Param scale =
    real_param("scale", "softmax scale", "", "Factor on the scores; 0 means 1/sqrt(head_dim).", 0, 0, 16);
const Param block_m =
    int_param("block_m", "query rows per tile", "rows", "Rows of a tile of scores.", 64, 1, 1024, true);
const Param block_n = int_param("block_n", "key columns per tile", "columns", "Columns of a tile of scores.",
                                64, 1, 1024, true);
const Param seed = int_param("seed", "seed", "", "Seed of the random inputs.", 42, 0, 2147483647);
}  // namespace params

}  // namespace alab
