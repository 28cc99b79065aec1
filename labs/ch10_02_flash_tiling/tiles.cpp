// The instrumented tile loop: every copy between HBM and the chip goes through one counter.
// SPDX-License-Identifier: MIT
#include "labs/ch10_02_flash_tiling/tiles.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/core/error.hpp"

namespace alab::flash_tiling {
namespace {

template <class T>
constexpr T kMinusInf = -std::numeric_limits<T>::infinity();

/// State and buffers of one run. Tile buffers are copies, as they are on the chip.
template <class T>
class TileMachine {
 public:
  TileMachine(const TileProblem& problem, const MomentObserver<T>& observer)
      : p_(problem), observer_(observer), rows_(problem.query.rows()), cols_(problem.key.rows()) {
    require(p_.block_m >= 1 && p_.block_n >= 1, "tile of ", p_.block_m, " x ", p_.block_n,
            " has an empty side; block_m and block_n start at 1");
    require(p_.query.cols() == p_.key.cols() && p_.key.rows() == p_.value.rows(), "query has head_dim ",
            p_.query.cols(), ", key is ", p_.key.rows(), " x ", p_.key.cols(), ", value has ",
            p_.value.rows(), " rows; key and value need equal rows, query and key equal head_dim");
    const auto n = static_cast<std::size_t>(rows_);
    m_.assign(n, kMinusInf<T>);
    m_old_ = m_;
    l_.assign(n, T(0));
    factor_.assign(n, T(1));
    if (p_.arithmetic) {
      o_ = RowMatrix<T>::Zero(rows_, p_.value.cols());
    }
  }

  TileRun<T> run() {
    if (p_.order == LoopOrder::fa1) {
      keys_outside();
    } else {
      queries_outside();
    }
    TileRun<T> out{std::move(o_), std::vector<T>(m_.size(), kMinusInf<T>), counters_};
    for (std::size_t i = 0; i < m_.size(); ++i) {
      out.logsumexp[i] = l_[i] > 0 ? m_[i] + std::log(l_[i]) : kMinusInf<T>;
    }
    return out;
  }

 private:
  std::int64_t row_tiles() const { return (rows_ + p_.block_m - 1) / p_.block_m; }
  std::int64_t col_tiles() const { return (cols_ + p_.block_n - 1) / p_.block_n; }
  void at_rows(std::int64_t i) {
    i_ = i;
    r0_ = i * p_.block_m;
    r1_ = std::min(rows_, r0_ + p_.block_m);
  }
  void at_cols(std::int64_t j) {
    j_ = j;
    c0_ = j * p_.block_n;
    c1_ = std::min(cols_, c0_ + p_.block_n);
  }
  TileUse use() const {
    if (p_.keep && !p_.keep(i_, j_)) {
      return TileUse::skipped;
    }
    return p_.causal ? use_of(p_.causal_test, r0_, r1_, c0_, c1_, cols_ - rows_) : TileUse::full;
  }

  void keys_outside() {
    for (std::int64_t j = 0; j < col_tiles(); ++j) {
      at_cols(j);
      at_rows(0);
      load_keys();
      for (std::int64_t i = 0; i < row_tiles(); ++i) {
        at_rows(i);
        const TileUse what = use();
        if (what == TileUse::skipped) {
          skip();
          continue;
        }
        load_queries(true);
        visit(what);
        store(true);
      }
    }
  }

  void queries_outside() {
    for (std::int64_t i = 0; i < row_tiles(); ++i) {
      at_rows(i);
      at_cols(0);
      load_queries(false);
      for (std::int64_t j = 0; j < col_tiles(); ++j) {
        at_cols(j);
        const TileUse what = use();
        if (what == TileUse::skipped) {
          skip();
          continue;
        }
        load_keys();
        visit(what);
      }
      normalise();
      store(false);
    }
  }

  void load_keys() {
    const std::int64_t n = c1_ - c0_;
    counters_.loads += n * (p_.key.cols() + p_.value.cols());
    if (p_.arithmetic) {
      k_ = p_.key.middleRows(c0_, n).template cast<T>();
      v_ = p_.value.middleRows(c0_, n).template cast<T>();
    }
    tell(TileMoment<T>::load_keys, TileUse::full);
  }

  /// fa1 loads O, l and m with the queries; fa2 starts them on chip.
  void load_queries(bool with_state) {
    const std::int64_t n = r1_ - r0_;
    counters_.loads += n * p_.query.cols() + (with_state ? n * (p_.value.cols() + 2) : 0);
    if (p_.arithmetic) {
      q_ = p_.query.middleRows(r0_, n).template cast<T>();
    }
    tell(TileMoment<T>::load_queries, TileUse::full);
  }

  /// fa1 writes O, l and m at every visit; fa2 writes O and logsumexp once.
  void store(bool with_state) {
    counters_.stores += (r1_ - r0_) * (p_.value.cols() + (with_state ? 2 : 1));
    tell(TileMoment<T>::store, TileUse::full);
  }

  void skip() {
    ++counters_.tiles_skipped;
    tell(TileMoment<T>::skip, TileUse::skipped);
  }

  void visit(TileUse what) {
    const std::int64_t bm = r1_ - r0_, bn = c1_ - c0_, d = p_.query.cols(), dv = p_.value.cols();
    ++(what == TileUse::masked ? counters_.tiles_masked : counters_.tiles_full);
    counters_.matmul_flops += 2 * bm * bn * (d + dv);
    counters_.peak_chip = std::max(counters_.peak_chip, (bm + bn) * (d + dv) + bm * bn + 2 * bm);
    const bool fa1 = p_.order == LoopOrder::fa1;
    counters_.exps += bm * (bn + (fa1 ? 2 : 1));
    counters_.rescales += bm * dv * (fa1 ? 2 : 1);
    counters_.divisions += fa1 ? bm * dv : 0;
    if (p_.arithmetic) {
      scores(what);
      for (std::int64_t r = 0; r < bm; ++r) {
        fa1 ? update_fa1(r) : update_fa2(r);
      }
    }
    tell(TileMoment<T>::compute, what);
  }

  void scores(TileUse what) {
    s_.noalias() = q_ * k_.transpose();
    s_ *= static_cast<T>(p_.softmax_scale);
    const std::int64_t offset = cols_ - rows_;
    for (std::int64_t r = 0; r < s_.rows(); ++r) {
      for (std::int64_t c = 0; c < s_.cols(); ++c) {
        if (what == TileUse::masked && c0_ + c > r0_ + r + offset) {
          s_(r, c) = kMinusInf<T>;
        } else if (p_.mask != nullptr) {
          s_(r, c) += static_cast<T>(p_.mask[(r0_ + r) * cols_ + c0_ + c]);
        }
        counters_.pairs += s_(r, c) == kMinusInf<T> ? 0 : 1;
      }
    }
  }

  /// e^{a - b}, where "no key seen yet" (a = -inf) gives 0 and two empty states give 1.
  static T decay(T a, T b) { return b == kMinusInf<T> ? T(1) : std::exp(a - b); }

  void update_fa2(std::int64_t r) {
    const auto row = static_cast<std::size_t>(r0_ + r);
    const T before = m_[row], after = std::max(before, s_.row(r).maxCoeff());
    m_old_[row] = before;
    m_[row] = after;
    factor_[row] = decay(before, after);
    auto o = o_.row(r0_ + r);
    if (after == kMinusInf<T>) {
      return;
    }
    p_row_ = (s_.row(r).array() - after).exp().matrix();
    const T l_before = l_[row];
    const bool first = before == kMinusInf<T>;
    l_[row] = (p_.rescale == RescaleRule::off ? T(1) : factor_[row]) * l_before + p_row_.sum();
    o *= first ? T(0) : factor_for_o(factor_[row], l_before, l_[row]);
    if (p_.rescale == RescaleRule::printed_normalised) {
      p_row_ /= l_[row];
    }
    o.noalias() += p_row_ * v_;
  }

  T factor_for_o(T factor, T l_before, T l_after) const {
    switch (p_.rescale) {
      case RescaleRule::off:
        return T(1);
      case RescaleRule::inverse:
        return T(1) / factor;
      case RescaleRule::printed_normalised:
        return l_after / l_before;
      case RescaleRule::printed_accumulator:
        return T(1) / l_before;
      case RescaleRule::right:
        break;
    }
    return factor;
  }

  void update_fa1(std::int64_t r) {
    const auto row = static_cast<std::size_t>(r0_ + r);
    const T before = m_[row], tile_max = s_.row(r).maxCoeff(), after = std::max(before, tile_max);
    m_old_[row] = before;
    m_[row] = after;
    factor_[row] = decay(before, after);
    if (tile_max == kMinusInf<T>) {
      return;
    }
    p_row_ = (s_.row(r).array() - tile_max).exp().matrix();
    const T old_share = (p_.rescale == RescaleRule::off ? T(1) : factor_[row]) * l_[row];
    const T new_share = decay(tile_max, after);
    l_[row] = old_share + new_share * p_row_.sum();
    auto o = o_.row(r0_ + r);
    o *= old_share;
    o.noalias() += new_share * (p_row_ * v_);
    o /= l_[row];
  }

  void normalise() {
    if (p_.rescale == RescaleRule::printed_normalised) {
      return;
    }
    counters_.divisions += (r1_ - r0_) * p_.value.cols();
    if (!p_.arithmetic) {
      return;
    }
    for (std::int64_t r = r0_; r < r1_; ++r) {
      if (l_[static_cast<std::size_t>(r)] > 0) {
        o_.row(r) /= l_[static_cast<std::size_t>(r)];
      }
    }
  }

  void tell(typename TileMoment<T>::Kind kind, TileUse what) const {
    if (observer_) {
      observer_(
          TileMoment<T>{kind, i_, j_, r0_, r1_, c0_, c1_, what, m_old_, m_, l_, factor_, o_, counters_});
    }
  }

  const TileProblem& p_;
  const MomentObserver<T>& observer_;
  std::int64_t rows_, cols_;
  std::int64_t i_ = 0, j_ = 0, r0_ = 0, r1_ = 0, c0_ = 0, c1_ = 0;
  std::vector<T> m_, m_old_, l_, factor_;
  RowMatrix<T> o_, q_, k_, v_, s_;
  Eigen::Matrix<T, 1, Eigen::Dynamic> p_row_;
  Counters counters_;
};

}  // namespace

TileUse use_of(CausalTest test, std::int64_t row_begin, std::int64_t row_end, std::int64_t col_begin,
               std::int64_t col_end, std::int64_t offset) {
  const std::int64_t row_low = row_begin + offset, row_high = row_end - 1 + offset;
  if (test == CausalTest::printed_less) {
    return row_high < col_begin ? TileUse::full : TileUse::masked;
  }
  if (row_high < col_begin) {
    return TileUse::skipped;
  }
  return row_low >= col_end - 1 ? TileUse::full : TileUse::masked;
}

template <class T>
TileRun<T> run_tiles(const TileProblem& problem, const MomentObserver<T>& observer) {
  return TileMachine<T>(problem, observer).run();
}
template TileRun<float> run_tiles(const TileProblem&, const MomentObserver<float>&);
template TileRun<double> run_tiles(const TileProblem&, const MomentObserver<double>&);

}  // namespace alab::flash_tiling
