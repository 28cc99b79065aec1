// SPDX-License-Identifier: MIT
#include "reference/core/inputs.hpp"

#include <cmath>
#include <limits>

#include "reference/core/param.hpp"
#include "reference/core/rng.hpp"

namespace alab {
namespace {

constexpr double kSpan = 8;           // of the adversarial score orders (curriculum, Lab 7)
constexpr double kLargeLogit = 4.5;   // factor on q and k: scores of standard deviation 20, extremes near 80
constexpr double kCorrelation = 0.5;  // mean cosine between keys
constexpr std::int64_t kTail = 8;     // the spike stands this many keys before the end, inside the last tile

Tensor<float> normal(const Shape& shape, double factor, Rng& rng) {
  Tensor<float> out(shape);
  for (float& x : out.span()) {
    x = static_cast<float>(factor * rng.normal());
  }
  return out;
}

std::int64_t spike_position(std::int64_t n) {
  return n > kTail ? n - kTail : n - 1;
}

// The score of key j out of n under one of the named orders.
double ordered_score(std::string_view name, std::int64_t j, std::int64_t n) {
  const double position = n > 1 ? static_cast<double>(j) / static_cast<double>(n - 1) : 0.0;
  if (name == "ascending") {
    return kSpan * position;
  }
  if (name == "descending") {
    return kSpan * (1 - position);
  }
  return j == spike_position(n) ? kSpan : 0.0;
}

AttentionInput random_input(const InputRequest& r, double factor) {
  Rng rng(r.seed);
  AttentionInput in;
  in.query = normal({r.heads, r.seq_len, r.head_dim}, factor, rng);
  in.key = normal({r.heads, r.seq_len, r.head_dim}, factor, rng);
  in.value = normal({r.heads, r.seq_len, r.head_dim_v}, 1, rng);
  return in;
}

// query = e_0 for every row, key_j = (score_j sqrt(head_dim), noise): with scale 1/sqrt(head_dim) the score
// is exact up to one rounding, and the noise is invisible.
AttentionInput ordered_input(std::string_view name, const InputRequest& r) {
  AttentionInput in = random_input(r, 1);
  for (std::int64_t h = 0; h < r.heads; ++h) {
    for (std::int64_t i = 0; i < r.seq_len; ++i) {
      for (std::int64_t c = 0; c < r.head_dim; ++c) {
        in.query(h, i, c) = c == 0 ? 1.0F : 0.0F;
      }
      in.key(h, i, 0) =
          static_cast<float>(ordered_score(name, i, r.seq_len) * std::sqrt(static_cast<double>(r.head_dim)));
    }
  }
  return in;
}

AttentionInput masked_row_input(const InputRequest& r) {
  AttentionInput in = random_input(r, 1);
  in.mask = Tensor<float>({r.seq_len, r.seq_len});
  const std::int64_t row = r.seq_len / 2;
  for (std::int64_t j = 0; j < r.seq_len; ++j) {
    in.mask(row, j) = -std::numeric_limits<float>::infinity();
  }
  return in;
}

AttentionInput correlated_input(const InputRequest& r) {
  AttentionInput in = random_input(r, 1);
  Rng rng(r.seed + 1);
  const double common = std::sqrt(kCorrelation);
  const double own = std::sqrt(1 - kCorrelation);
  for (std::int64_t h = 0; h < r.heads; ++h) {
    const Tensor<float> shared = normal({r.head_dim}, 1, rng);
    for (std::int64_t j = 0; j < r.seq_len; ++j) {
      for (std::int64_t c = 0; c < r.head_dim; ++c) {
        in.key(h, j, c) = static_cast<float>(common * shared[c] + own * in.key(h, j, c));
      }
    }
  }
  return in;
}

AttentionInput make(std::string_view name, const InputRequest& r, const Progress& progress) {
  progress.step(0, "drawing inputs");
  require(r.heads >= 1 && r.seq_len >= 1 && r.head_dim >= 1 && r.head_dim_v >= 1,
          "an input of heads = ", r.heads, ", seq_len = ", r.seq_len, ", head_dim = ", r.head_dim,
          ", head_dim_v = ", r.head_dim_v, " cannot be made; each must be at least 1");
  AttentionInput in;
  if (name == "normal") {
    in = random_input(r, 1);
  } else if (name == "large_logits") {
    in = random_input(r, kLargeLogit);
  } else if (name == "masked_row") {
    in = masked_row_input(r);
  } else if (name == "correlated_keys") {
    in = correlated_input(r);
  } else {
    in = ordered_input(name, r);
  }
  in.description = text(name, ", seed ", r.seed, " (", r.heads, r.heads == 1 ? " head, " : " heads, ",
                        r.seq_len, " tokens, head_dim ", r.head_dim, ")");
  return in;
}

InputSource source(std::string name, std::string label, std::string doc) {
  InputSource s{name, std::move(label), std::move(doc), "", nullptr};
  s.make = [name = std::move(name)](const InputRequest& r, const Progress& p) { return make(name, r, p); };
  return s;
}

}  // namespace

const std::vector<InputSource>& synthetic_inputs() {
  static const std::vector<InputSource> all{
      source("normal", "Normal", "Queries, keys and values from N(0, 1)."),
      source("large_logits", "Large logits",
             "Queries and keys from N(0, 4.5^2): scores reach about 80 in size, where exp overflows fp32."),
      source("ascending", "Ascending scores",
             "Every query's scores grow from 0 to 8 along the keys: each tile raises the maximum."),
      source("descending", "Descending scores",
             "Scores fall from 8 to 0: the first tile holds the maximum, nothing is ever rescaled."),
      source("spike", "One late spike", "All scores are 0 except one of 8 among the last eight keys."),
      source("masked_row", "One masked row",
             "Normal inputs and a mask that hides every key from the middle query."),
      source("correlated_keys", "Correlated keys",
             "Normal queries; keys share a direction, mean cosine 0.5."),
  };
  return all;
}

Tensor<float> synthetic_rows(std::string_view name, std::int64_t rows, std::int64_t cols,
                             std::uint64_t seed) {
  std::vector<std::string> names;
  for (const InputSource& s : synthetic_inputs()) {
    names.push_back(s.name);
  }
  bool known = false;
  for (const std::string& candidate : names) {
    known = known || candidate == name;
  }
  require(known, "there is no input '", name, "'; the nearest is '", nearest(name, names), "'");
  Rng rng(seed);
  const bool ordered = name == "ascending" || name == "descending" || name == "spike";
  Tensor<float> out = normal({rows, cols}, name == "large_logits" ? kLargeLogit * kLargeLogit : 1, rng);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) {
      if (ordered) {
        out(i, j) = static_cast<float>(ordered_score(name, j, cols));
      } else if (name == "masked_row" && i == rows / 2) {
        out(i, j) = -std::numeric_limits<float>::infinity();
      } else if (name == "correlated_keys" && j > 0) {
        out(i, j) = static_cast<float>(kCorrelation * out(i, j - 1) +
                                       std::sqrt(1 - kCorrelation * kCorrelation) * out(i, j));
      }
    }
  }
  return out;
}

}  // namespace alab
