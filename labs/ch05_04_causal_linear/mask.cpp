// Which values does an output see? Every value row is nudged, and every output that moves is marked.
// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"

namespace alab::causal_linear {
namespace {

constexpr double kNudge = 0.5;  // outputs are linear in the values, so a central difference has no error term

using Form = std::function<Tensor<double>(const LinearAttentionProblem<double>&)>;

/// d o_i / d v_j for all pairs: every channel of v_j is moved at once, the mean over channels of o_i is read.
Tensor<double> influence(LinearAttentionProblem<double> p, const Form& form, const Progress& progress) {
  const std::int64_t n = p.value.extent(1), width = p.value.extent(2);
  Tensor<double> moved({n, n});
  const auto shift = [&](std::int64_t j, double by) {
    for (std::int64_t c = 0; c < width; ++c) {
      p.value(0, j, c) += by;
    }
  };
  for (std::int64_t j = 0; j < n; ++j) {
    progress.step(static_cast<double>(j) / static_cast<double>(n), "nudging values");
    const Tensor<double> before = p.value;
    shift(j, kNudge);
    const Tensor<double> up = form(p);
    p.value = before;
    shift(j, -kNudge);
    const Tensor<double> down = form(p);
    p.value = before;
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t c = 0; c < width; ++c) {
        moved(i, j) += (up(0, i, c) - down(0, i, c)) / (2 * kNudge) / static_cast<double>(width);
      }
    }
  }
  return moved;
}

struct Seen {
  std::string name;
  double past = 0, future = 0;  ///< pairs j <= i that are non-zero, pairs j > i that are
  double rows_off = 0;          ///< largest |sum of a row - 1|
};

Seen seen_by(std::string name, const Tensor<double>& moved) {
  Seen seen{std::move(name)};
  for (std::int64_t i = 0; i < moved.extent(0); ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < moved.extent(1); ++j) {
      (j <= i ? seen.past : seen.future) += moved(i, j) != 0 ? 1 : 0;
      sum += moved(i, j);
    }
    seen.rows_off = worse(seen.rows_off, std::abs(sum - 1));
  }
  return seen;
}

Heatmap map_of(const Tensor<double>& moved, const Head& of) {
  Heatmap map;
  map.key = "influence";
  map.title = "o_i moves with v_j exactly for j <= i: the diagonal is there, the future is not";
  map.note =
      "Row: the output that is watched. Column: the value that is nudged. Blank: nothing moves at all.";
  map.value_label = "d o_i / d v_j";
  map.row = {"output i", of.input().tokens.empty() ? "position" : "token", false};
  map.col = {"nudged value j", of.input().tokens.empty() ? "position" : "token", false};
  map.rows = moved.extent(0);
  map.cols = moved.extent(1);
  map.row_labels = map.col_labels = token_labels(of.input(), map.rows);
  for (const double x : moved.span()) {
    map.values.push_back(x == 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(x));
  }
  map.provenance = measured_here("central differences in double");
  return map;
}

std::vector<std::pair<std::string, Form>> forms(std::int64_t chunk_size) {
  return {{"recurrent", [](const auto& p) { return linear_attention_recurrent(p).output; }},
          {"parallel", [](const auto& p) { return linear_attention_parallel(p).output; }},
          {text("chunks of ", chunk_size),
           [=](const auto& p) { return linear_attention_chunkwise(p, chunk_size).output; }}};
}

}  // namespace

Result run_mask(const ParamSet& params, const Context& context) {
  const std::int64_t asked = params.integer(kMaskLength), dim = params.integer(kSmallDim);
  const Head head(context, asked, dim, static_cast<std::uint64_t>(params.integer(params::seed)));
  const LinearAttentionProblem<double> p = head.features_f64(FeatureMap{}, context.progress);
  const double n = static_cast<double>(head.seq_len()), pairs = n * (n + 1) / 2;
  const Provenance here = measured_here("central differences in double");
  Result result;
  head.describe(result, asked, dim);
  Table table{"seen",
              "All three forms have the same mask",
              text("Of ", n * n, " pairs, ", pairs, " have j <= i."),
              {"form", "j <= i that move", "j > i that move", "largest |row sum - 1|"},
              {}};
  double wrong = 0, rows_off = 0;
  int done = 0;
  for (const auto& [name, form] : forms(params.integer(kSmallChunk))) {
    const Tensor<double> moved = influence(p, form, context.progress.part(done / 3.0, (done + 1) / 3.0));
    const Seen seen = seen_by(name, moved);
    wrong += (pairs - seen.past) + seen.future;
    rows_off = worse(rows_off, seen.rows_off);
    table.rows.push_back({Cell::words(name), Cell::number(seen.past, "count", here),
                          Cell::number(seen.future, "count", here),
                          Cell::number(seen.rows_off, "error", here)});
    if (done++ == 0) {
      result.heatmaps.push_back(map_of(moved, head));
      double own = 0;
      for (std::int64_t i = 0; i < head.seq_len(); ++i) {
        own += moved(i, i) / n;
      }
      result.scalars = {scalar("own_share", "mean weight of a token on itself", own, "", here),
                        scalar("last_own", "weight of the last token on itself",
                               moved(head.seq_len() - 1, head.seq_len() - 1), "", here)};
    }
  }
  result.tables.push_back(std::move(table));
  result.scalars.push_back(
      scalar("pairs", "pairs with j <= i", pairs, "count", modelled_by("N (N + 1) / 2")));
  result.checks = {
      check_exactly("pass_mask", "non-zero exactly for j <= i, in all three forms: pairs that differ", wrong,
                    0, here),
      check_at_most("pass_rows_sum", "the weights of every row sum to 1: <= 1e-12", rows_off, kT64, here)};
  return result;
}

}  // namespace alab::causal_linear
