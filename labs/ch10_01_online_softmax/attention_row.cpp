// Replace d by (d, o) and online softmax becomes flash attention: one query, key tile by key tile.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch10_01_online_softmax/experiments.hpp"
#include "labs/ch10_01_online_softmax/forms.hpp"
#include "labs/ch10_01_online_softmax/row_input.hpp"
#include "labs/common/attention_view.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/eigen_view.hpp"

namespace alab::ch10_01 {
namespace {

/// (m, d, o): o is the weighted sum of value rows with the same factors as d, not yet divided by d.
struct State {
  float m = kMinusInf<float>, d = 0;
  Eigen::VectorXf o;
  Eigen::VectorXf output() const {
    return d > 0 ? Eigen::VectorXf(o / d) : Eigen::VectorXf(Eigen::VectorXf::Zero(o.size()));
  }
};

struct Tile {
  std::int64_t first, count;
  float rescale;  ///< e^{m - m'}
  State after;
  double error;  ///< of output against the dense softmax over the keys so far
};

struct Problem {
  std::vector<float> scores;
  RowMatrix<float> values;  // [keys, head_dim_v]
};

/// m' = max(m, max s_j), d' = d e^{m-m'} + sum e^{s_j-m'}, o' = o e^{m-m'} + sum e^{s_j-m'} v_j.
float take_tile(State& state, const Problem& p, std::int64_t first, std::int64_t count) {
  const auto s = std::span<const float>(p.scores).subspan(static_cast<std::size_t>(first),
                                                          static_cast<std::size_t>(count));
  const float m = std::max(state.m, *std::ranges::max_element(s));
  if (m == kMinusInf<float>) {
    return 1;
  }
  const float rescale = std::exp(state.m - m);
  state.d *= rescale;
  state.o *= rescale;
  for (std::int64_t j = 0; j < count; ++j) {
    const float term = std::exp(s[static_cast<std::size_t>(j)] - m);
    state.d += term;
    state.o += term * p.values.row(first + j).transpose();
  }
  state.m = m;
  return rescale;
}

/// Dense attention in double over the first keys.
Eigen::VectorXd dense_output(const Problem& p, std::int64_t keys) {
  const std::vector<double> w = true_softmax({p.scores.begin(), p.scores.begin() + keys});
  Eigen::VectorXd o = Eigen::VectorXd::Zero(p.values.cols());
  for (std::int64_t j = 0; j < keys; ++j) {
    o += w[static_cast<std::size_t>(j)] * p.values.row(j).cast<double>().transpose();
  }
  return o;
}

std::vector<Tile> run_tiles(const Problem& p, std::int64_t block_n, const Progress& progress) {
  State state{.o = Eigen::VectorXf::Zero(p.values.cols())};
  std::vector<Tile> tiles;
  const auto keys = static_cast<std::int64_t>(p.scores.size());
  for (std::int64_t first = 0; first < keys; first += block_n) {
    progress.step(static_cast<double>(first) / static_cast<double>(keys), "tiles");
    const std::int64_t count = std::min(block_n, keys - first);
    const float rescale = take_tile(state, p, first, count);
    const Eigen::VectorXd truth = dense_output(p, first + count);
    const double size = truth.norm();
    const double distance = (state.output().cast<double>() - truth).norm();
    tiles.push_back({first, count, rescale, state, size > 0 ? distance / size : distance});
  }
  return tiles;
}

std::string span_text(const Tile& tile) {
  return text("keys ", tile.first, "-", tile.first + tile.count - 1);
}

Stepper stepper_of(const std::vector<Tile>& tiles) {
  Stepper out;
  out.key = "tiles";
  out.title = "One query against tiles of keys: the loop of flash attention";
  out.note =
      "Every tile updates m, d and the accumulator o by the same factor. The last frame divides o by d, "
      "once.";
  out.rows = 1;
  out.cols = static_cast<std::int64_t>(tiles.size());
  out.row_label = "query";
  out.col_label = "key tile";
  out.row_names = {"this query"};
  out.quantities = {"m (running max)", "d (running sum)", "rescale factor", "norm of o", "error of o/d"};
  out.provenance = measured_here("float, recorded while the tiles ran");
  for (std::size_t t = 0; t < tiles.size(); ++t) {
    const Tile& tile = tiles[t];
    const auto col = static_cast<std::int64_t>(t);
    const State& s = tile.after;
    const std::vector<double> values{s.m, s.d, tile.rescale, s.o.norm(), tile.error};
    out.col_names.push_back(span_text(tile));
    const bool masked = s.m == kMinusInf<float>;
    const bool rescales = t > 0 && tile.rescale != 1;
    const std::string what = masked     ? text(span_text(tile), " are masked: nothing changes.")
                             : rescales ? text(span_text(tile), " raise the maximum: d and o shrink by ",
                                               format_value(tile.rescale, ""), ", then the tile is added.")
                                        : text(span_text(tile), " are added; the old sums keep their scale.");
    out.frames.push_back(
        {masked ? Frame::skip : (rescales ? Frame::rescale : Frame::compute), 0, col, what, values});
  }
  out.frames.push_back({Frame::finish, 0, out.cols - 1,
                        "The output is o / d: one division per element, at the end.",
                        out.frames.back().values});
  return out;
}

double worst_error(const std::vector<Tile>& tiles) {
  double worst = 0;
  for (const Tile& tile : tiles) {
    worst = tile.error <= worst ? worst : tile.error;  // this way round, NaN stays
  }
  return worst;
}

Plot error_plot(const std::vector<Tile>& tiles) {
  std::vector<double> keys, error;
  for (const Tile& tile : tiles) {
    keys.push_back(static_cast<double>(tile.first + tile.count));
    error.push_back(tile.error);
  }
  Plot plot;
  plot.key = "error_by_tile";
  plot.title = text("After every tile, o/d is dense attention over the keys so far, to ",
                    format_value(worst_error(tiles), "error"));
  plot.note = "relL2 of o/d against dense attention in double over the same keys.";
  plot.x = {"keys seen", "", false};
  plot.y = {"relL2 error", "", true};
  plot.series = {plain("tile_error", "o/d after the tile", keys, error, measured_here("float against double"),
                       SeriesStyle::line_and_markers),
                 level("t32", "tolerance T32", keys.front(), keys.back(), kT32, modelled_by("5e-6"))};
  return plot;
}

}  // namespace

Result attention_row(const ParamSet& params, const Context& context) {
  const InputRequest request{.heads = 1,
                             .seq_len = params.integer(kShortCols),
                             .seed = static_cast<std::uint64_t>(params.integer(params::seed))};
  const AttentionInput input = context.input.make(request, context.progress.part(0, 0.6));
  const std::int64_t query = std::min(params.integer(kQuery), input.query.extent(1) - 1);
  Problem problem{score_row(input, 0, query), {}};
  require(!problem.scores.empty(), "query ", query, " of this input sees no key; choose a later query");
  problem.values = head(input.value, 0).topRows(static_cast<std::int64_t>(problem.scores.size()));
  const std::vector<Tile> tiles =
      run_tiles(problem, static_cast<std::int64_t>(params.value("block_n")), context.progress.part(0.6, 1));
  Result result;
  result.input = text(input.description, ", query ", query);
  result.steppers.push_back(stepper_of(tiles));
  result.plots.push_back(error_plot(tiles));
  result.heatmaps.push_back(attention_map(input, 0, "attention_map"));
  const double worst = worst_error(tiles);
  double rescaled = 0;
  for (std::size_t t = 0; t < tiles.size(); ++t) {
    rescaled += t > 0 && tiles[t].rescale != 1 ? 1 : 0;
  }
  const Provenance from = measured_here("float against double on the same scores");
  const auto width = static_cast<double>(problem.values.cols());
  result.scalars = {
      scalar("tile_count", "key tiles", static_cast<double>(tiles.size()), "count", counted_by("the loop")),
      scalar("rescales", "tiles that rescale", rescaled, "count", counted_by("the loop")),
      scalar("state_size", "numbers kept per query", width + 2, "count",
             modelled_by("head_dim_v + 2: o, m, d")),
      scalar("worst_error", "largest error after any tile", worst, "error", from)};
  result.checks = {
      check_at_most("prefix_t32", "after every tile, o/d within T32 of dense attention", worst, kT32, from)};
  return result;
}

}  // namespace alab::ch10_01
