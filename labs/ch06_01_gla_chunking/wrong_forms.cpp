// SPDX-License-Identifier: MIT
#include "labs/ch06_01_gla_chunking/wrong_forms.hpp"

#include <algorithm>
#include <cmath>

#include "reference/core/eigen_view.hpp"

namespace alab::gla_chunking {
namespace {

using Row = Eigen::RowVectorXf;
using Problem = GatedLinearAttentionProblem<float>;

/// The recurrence with its three mistakes.
Tensor<float> recurrence(std::string_view mistake, const Problem& p) {
  const auto q = head(p.query, 0), k = head(p.key, 0), v = head(p.value, 0), g = head(p.log_decay, 0);
  Tensor<float> out({1, v.rows(), v.cols()});
  RowMatrix<float> s = RowMatrix<float>::Zero(k.cols(), v.cols());
  for (Eigen::Index t = 0; t < k.rows(); ++t) {
    const bool raw = mistake == "raw_log_decay", late = mistake == "decay_after_write";
    const Row gate = raw ? Row(g.row(t)) : Row(g.row(t).array().exp());
    const RowMatrix<float> write = k.row(t).transpose() * v.row(t);
    if (late) {
      s += write;
    }
    for (Eigen::Index c = 0; c < s.rows(); ++c) {
      for (Eigen::Index e = 0; e < s.cols(); ++e) {
        s(c, e) *= gate[mistake == "gate_on_value_axis" ? e % gate.size() : c];
      }
    }
    if (!late) {
      s += write;
    }
    head(out, 0).row(t) = q.row(t) * s;
  }
  return out;
}

/// The two-level chunkwise form with its mistakes.
class Chunkwise {
 public:
  Chunkwise(std::string_view mistake, const Problem& p, std::int64_t chunk, std::int64_t sub)
      : mistake_(mistake),
        q_(head(p.query, 0)),
        k_(head(p.key, 0)),
        v_(head(p.value, 0)),
        g_(head(p.log_decay, 0)),
        chunk_(chunk),
        sub_(sub),
        s_(RowMatrix<float>::Zero(k_.cols(), v_.cols())) {}

  Tensor<float> run() {
    Tensor<float> out({1, v_.rows(), v_.cols()});
    for (Eigen::Index start = 0; start < k_.rows(); start += chunk_) {
      const Eigen::Index count = std::min<Eigen::Index>(chunk_, k_.rows() - start);
      sum_gates(start, count);
      for (Eigen::Index i = 0; i < count; ++i) {
        Row o = Row::Zero(v_.cols());
        if (mistake_ != "missing_inter_chunk") {
          o = q_.row(start + i).cwiseProduct(exp_of(sums_.row(i))) * s_;
        }
        for (Eigen::Index j = 0; j <= i; ++j) {
          o += score(start, i, j) * v_.row(start + j);
        }
        head(out, 0).row(start + i) = o;
      }
      carry(start, count);
    }
    return out;
  }

 private:
  static Row exp_of(const Row& x) { return x.array().exp(); }

  /// Inclusive cumulative log gates of the chunk.
  void sum_gates(Eigen::Index start, Eigen::Index count) {
    sums_ = g_.middleRows(start, count);
    for (Eigen::Index i = 1; i < count; ++i) {
      sums_.row(i) += sums_.row(i - 1);
    }
  }
  /// Cumulative log gate before position i of the chunk.
  Row before(Eigen::Index i) const { return i > 0 ? Row(sums_.row(i - 1)) : Row(Row::Zero(sums_.cols())); }

  /// The pair's decay from key j to query i, as one factor for the query and one for the key.
  std::pair<Row, Row> factors(Eigen::Index i, Eigen::Index j) const {
    const Row of_query = sums_.row(i), of_key = sums_.row(j);
    const Eigen::Index block_i = i / sub_, block_j = j / sub_;
    if (mistake_ == "split_exponential" || (mistake_ == "reference_chunk_start" && block_i != block_j)) {
      return {exp_of(of_query), exp_of(-of_key)};
    }
    if (block_i == block_j) {
      return {exp_of((mistake_ == "shifted_index" ? before(i) : of_query) - of_key),
              Row::Ones(of_key.size())};
    }
    const Row reference = before(block_i * sub_);
    const Row of_key_side = mistake_ == "missing_bridge" ? before((block_j + 1) * sub_) : reference;
    return {exp_of(of_query - reference), exp_of(of_key_side - of_key)};
  }

  float score(Eigen::Index start, Eigen::Index i, Eigen::Index j) const {
    const auto [query, key] = factors(i, j);
    return q_.row(start + i).cwiseProduct(query).dot(k_.row(start + j).cwiseProduct(key));
  }

  void carry(Eigen::Index start, Eigen::Index count) {
    const Row end = sums_.row(count - 1);
    s_ = exp_of(end).asDiagonal() * s_;
    for (Eigen::Index j = 0; j < count; ++j) {
      const Row gamma = mistake_ == "lambda_for_gamma" ? exp_of(sums_.row(j))
                        : mistake_ == "missing_gamma"  ? Row(Row::Ones(end.size()))
                                                       : exp_of(end - sums_.row(j));
      s_ += k_.row(start + j).cwiseProduct(gamma).transpose() * v_.row(start + j);
    }
  }

  std::string_view mistake_;
  ConstMatrixMap<float> q_, k_, v_, g_;
  Eigen::Index chunk_, sub_;
  RowMatrix<float> s_, sums_;
};

}  // namespace

Tensor<float> form_with(std::string_view mistake, const Problem& problem, std::int64_t chunk_size,
                        std::int64_t sub_chunk_size) {
  require(chunk_size >= 1 && sub_chunk_size >= 1, "chunks of ", chunk_size, " and sub-chunks of ",
          sub_chunk_size, " cannot be walked; both must be at least 1");
  if (mistake == "decay_after_write" || mistake == "gate_on_value_axis" || mistake == "raw_log_decay") {
    return recurrence(mistake, problem);
  }
  return Chunkwise(mistake, problem, chunk_size, std::min(sub_chunk_size, chunk_size)).run();
}

}  // namespace alab::gla_chunking
