// The slow truth for the forward pass: plain loops in double precision over the dequantised rows.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "tests/reference/model/model_fixtures.hpp"

namespace alab::testing {

using Rows = std::vector<std::vector<double>>;

/// The forward pass written with plain loops in double precision, from the dequantised rows.
class PlainModel {
 public:
  PlainModel(const Gguf& file, const TinyShape& shape) : file_(file), s_(shape) {}

  struct Head {
    Rows query, key, value, weights;
  };
  /// Heads of every layer: [layer][head].
  std::vector<std::vector<Head>> heads;

  Rows logits(const std::vector<int>& ids) {
    const Rows embedding = rows("token_embd.weight");
    Rows x;
    for (const int id : ids) {
      x.push_back(embedding[static_cast<std::size_t>(id)]);
    }
    for (std::uint32_t l = 0; l < s_.layers; ++l) {
      const std::string block = text("blk.", l, ".");
      const Rows h = rms(x, rows(block + "attn_norm.weight")[0]);
      add(x, times(attention(times(h, rows(block + "attn_q.weight")), times(h, rows(block + "attn_k.weight")),
                             times(h, rows(block + "attn_v.weight"))),
                   rows(block + "attn_output.weight")));
      const Rows f = rms(x, rows(block + "ffn_norm.weight")[0]);
      Rows gate = times(f, rows(block + "ffn_gate.weight"));
      const Rows up = times(f, rows(block + "ffn_up.weight"));
      for (std::size_t t = 0; t < gate.size(); ++t) {
        for (std::size_t i = 0; i < gate[t].size(); ++i) {
          gate[t][i] = gate[t][i] / (1 + std::exp(-gate[t][i])) * up[t][i];
        }
      }
      add(x, times(gate, rows(block + "ffn_down.weight")));
    }
    return times(rms(x, rows("output_norm.weight")[0]), embedding);
  }

 private:
  Rows rows(const std::string& name) const {
    const GgufTensor& tensor = *file_.find(name);
    Rows out;
    std::vector<float> row(static_cast<std::size_t>(tensor.cols));
    for (std::int64_t r = 0; r < tensor.rows; ++r) {
      dequantise_row(tensor, r, row);
      out.emplace_back(row.begin(), row.end());
    }
    return out;
  }
  static Rows times(const Rows& x, const Rows& w) {
    Rows out(x.size(), std::vector<double>(w.size()));
    for (std::size_t t = 0; t < x.size(); ++t) {
      for (std::size_t r = 0; r < w.size(); ++r) {
        for (std::size_t c = 0; c < w[r].size(); ++c) {
          out[t][r] += x[t][c] * w[r][c];
        }
      }
    }
    return out;
  }
  static void add(Rows& x, const Rows& y) {
    for (std::size_t t = 0; t < x.size(); ++t) {
      for (std::size_t c = 0; c < x[t].size(); ++c) {
        x[t][c] += y[t][c];
      }
    }
  }
  static Rows rms(const Rows& x, const std::vector<double>& weight) {
    Rows out = x;
    for (auto& row : out) {
      double sum = 0;
      for (const double v : row) {
        sum += v * v;
      }
      for (std::size_t c = 0; c < row.size(); ++c) {
        row[c] = row[c] / std::sqrt(sum / static_cast<double>(row.size()) + 1e-5) * weight[c];
      }
    }
    return out;
  }
  Rows rotated_head(const Rows& x, std::size_t h) const {
    Rows out;
    for (std::size_t t = 0; t < x.size(); ++t) {
      std::vector<double> row(x[t].begin() + static_cast<long>(h * s_.head_dim),
                              x[t].begin() + static_cast<long>((h + 1) * s_.head_dim));
      for (std::size_t i = 0; i < s_.head_dim / 2; ++i) {
        const double angle =
            static_cast<double>(t) * std::pow(1000.0, -2.0 * static_cast<double>(i) / s_.head_dim);
        const double a = row[2 * i], b = row[2 * i + 1];
        row[2 * i] = a * std::cos(angle) - b * std::sin(angle);
        row[2 * i + 1] = a * std::sin(angle) + b * std::cos(angle);
      }
      out.push_back(row);
    }
    return out;
  }
  Rows attention(const Rows& q, const Rows& k, const Rows& v) {
    const std::size_t d = s_.head_dim;
    Rows out(q.size(), std::vector<double>(s_.heads * d));
    heads.emplace_back();
    for (std::size_t h = 0; h < s_.heads; ++h) {
      const std::size_t shared = h / (s_.heads / s_.kv_heads);
      Head head{
          rotated_head(q, h), rotated_head(k, shared), {}, Rows(q.size(), std::vector<double>(q.size()))};
      for (const auto& row : v) {
        head.value.emplace_back(row.begin() + static_cast<long>(shared * d),
                                row.begin() + static_cast<long>((shared + 1) * d));
      }
      for (std::size_t i = 0; i < q.size(); ++i) {
        double sum = 0;
        for (std::size_t j = 0; j <= i; ++j) {
          double score = 0;
          for (std::size_t c = 0; c < d; ++c) {
            score += head.query[i][c] * head.key[j][c];
          }
          sum += head.weights[i][j] = std::exp(score / std::sqrt(static_cast<double>(d)));
        }
        for (std::size_t j = 0; j <= i; ++j) {
          head.weights[i][j] /= sum;
          for (std::size_t c = 0; c < d; ++c) {
            out[i][h * d + c] += head.weights[i][j] * head.value[j][c];
          }
        }
      }
      heads.back().push_back(std::move(head));
    }
    return out;
  }

  const Gguf& file_;
  TinyShape s_;
};

/// ||got - truth|| / ||truth||.
inline double relative_error(const RowMatrix<float>& got, const Rows& truth) {
  double distance = 0, size = 0;
  REQUIRE(got.rows() == static_cast<std::int64_t>(truth.size()));
  REQUIRE(got.cols() == static_cast<std::int64_t>(truth[0].size()));
  for (std::int64_t i = 0; i < got.rows(); ++i) {
    for (std::int64_t j = 0; j < got.cols(); ++j) {
      const double t = truth[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
      distance += (got(i, j) - t) * (got(i, j) - t);
      size += t * t;
    }
  }
  return std::sqrt(distance / size);
}

}  // namespace alab::testing
