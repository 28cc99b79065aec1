// Block-sparse flash attention: traffic is affine in the share of kept tiles.
// Source: FlashAttention, arXiv:2205.14135, Proposition 4 and Algorithm 5.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "reference/core/rng.hpp"

namespace alab::flash_tiling {
namespace {

const Provenance& loop_count() {
  static const Provenance source = counted_by("the copies of the tile loop, initial writes left out");
  return source;
}

/// Exactly round(density x tiles^2) tiles, drawn without replacement: the realised density is the x axis.
std::vector<bool> random_tiles(std::int64_t tiles, double density, Rng& rng) {
  const auto all = static_cast<std::size_t>(tiles * tiles);
  std::vector<std::size_t> order(all);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = all; i > 1; --i) {
    std::swap(order[i - 1], order[rng.below(i)]);
  }
  const auto count = static_cast<std::size_t>(std::llround(density * static_cast<double>(all)));
  std::vector<bool> kept(all, false);
  for (std::size_t i = 0; i < count; ++i) {
    kept[order[i]] = true;
  }
  return kept;
}

/// Least-squares line y = a + b x and its coefficient of determination.
struct Line {
  double a = 0, b = 0, r2 = 0;
};
Line fit_line(const std::vector<double>& xs, const std::vector<double>& ys) {
  const Eigen::Map<const Eigen::ArrayXd> x(xs.data(), static_cast<Eigen::Index>(xs.size()));
  const Eigen::Map<const Eigen::ArrayXd> y(ys.data(), static_cast<Eigen::Index>(ys.size()));
  const double b = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum();
  const double a = y.mean() - b * x.mean();
  return {a, b, 1 - (y - a - b * x).square().sum() / (y - y.mean()).square().sum()};
}

/// Dense attention in double over a mask that hides the tiles that are not kept.
RowMatrix<double> dense_under_mask(const TileProblem& p) {
  RowMatrix<double> weights = p.softmax_scale * (p.query.cast<double>() * p.key.cast<double>().transpose());
  for (std::int64_t i = 0; i < weights.rows(); ++i) {
    for (std::int64_t j = 0; j < weights.cols(); ++j) {
      if (!p.keep(i / p.block_m, j / p.block_n)) {
        weights(i, j) = -std::numeric_limits<double>::infinity();
      }
    }
    const double top = weights.row(i).maxCoeff();
    if (std::isinf(top)) {
      weights.row(i).setZero();
      continue;
    }
    weights.row(i) = (weights.row(i).array() - top).exp().matrix();
    weights.row(i) /= weights.row(i).sum();
  }
  return weights * p.value.cast<double>();
}

/// Block-sparse output against the dense form, on normal inputs with tiles of 8 x 8.
double sparse_error(const Context& context, const std::vector<bool>& kept, std::int64_t tiles) {
  const std::int64_t side = 8;
  const AttentionInput in = synthetic_inputs().front().make({1, tiles * side, 32, 32, 42}, context.progress);
  TileProblem p{
      .query = head(in.query, 0),
      .key = head(in.key, 0),
      .value = head(in.value, 0),
      .softmax_scale = scale_of(in),
      .block_m = side,
      .block_n = side,
      .order = LoopOrder::fa1,
      .keep = [&](std::int64_t i, std::int64_t j) { return kept[static_cast<std::size_t>(i * tiles + j)]; }};
  return rel_l2(run_tiles<float>(p).o, dense_under_mask(p));
}

Heatmap tile_choice(const std::vector<bool>& kept, std::int64_t tiles) {
  Heatmap map;
  map.key = "tiles_kept";
  map.title = "Tiles that are computed";
  map.note = "Bright: loaded and computed. Dark: never touched, and its weights are zero.";
  map.value_label = "kept";
  map.row = {"query tile", "", false};
  map.col = {"key tile", "", false};
  map.rows = map.cols = tiles;
  map.values.assign(kept.begin(), kept.end());
  map.provenance = counted_by("tiles drawn from the seed");
  return map;
}

struct Points {
  std::vector<double> shares, accesses;
};
Points sweep_density(std::int64_t n, std::int64_t d, std::int64_t tiles, std::uint64_t seed,
                     const Progress& progress) {
  Points out;
  const ShapeOnly shape(n, d);
  for (int step = 1; step <= 20; ++step) {
    progress.step(step / 25.0, "counting");
    Rng rng(seed + static_cast<std::uint64_t>(step));
    const std::vector<bool> kept = random_tiles(tiles, step / 20.0, rng);
    TileProblem p = shape.problem(n / tiles, n / tiles, LoopOrder::fa1);
    p.keep = [&](std::int64_t i, std::int64_t j) { return kept[static_cast<std::size_t>(i * tiles + j)]; };
    const Counters counted = run_tiles<float>(p).counters;
    out.shares.push_back(static_cast<double>(counted.tiles_computed()) / static_cast<double>(tiles * tiles));
    out.accesses.push_back(static_cast<double>(counted.accesses()));
  }
  return out;
}

}  // namespace

Result run_sparse(const ParamSet& params, const Context& context) {
  const std::int64_t n = std::stoll(std::string(params.option(kPowerLength)));
  const std::int64_t d = std::stoll(std::string(params.option(kPowerDim)));
  const std::int64_t tiles = std::stoll(std::string(params.option(kSparseTiles)));
  const double density = params.real(kDensity);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const Points points = sweep_density(n, d, tiles, seed, context.progress);
  const Line line = fit_line(points.shares, points.accesses);
  Rng rng(seed);
  const std::vector<bool> chosen = random_tiles(tiles, density, rng);
  const double error = sparse_error(context, chosen, tiles);
  Result result;
  Plot plot{"sparse",
            text("Traffic is a straight line in s: R^2 = ", format_value(line.r2, "")),
            "Each point: Algorithm 1 run on a random choice of tiles, every copy counted.",
            {"density s (kept tiles / all tiles)", "", false},
            {"HBM accesses", "elements", false},
            {}};
  plot.series.push_back(
      plain("counted", "counted", points.shares, points.accesses, loop_count(), SeriesStyle::markers));
  plot.series.push_back(plain("line", "fitted line a + b s", {0, 1}, {line.a, line.a + line.b},
                              counted_by("least squares over the counts"), SeriesStyle::dashed));
  result.plots.push_back(std::move(plot));
  result.heatmaps.push_back(tile_choice(chosen, tiles));
  result.scalars = {scalar("r2", "R^2 of the line", line.r2, "", loop_count()),
                    scalar("floor", "accesses at s = 0", line.a, "count", loop_count(), "elements"),
                    scalar("per_s", "accesses per unit of s", line.b, "count", loop_count(), "elements"),
                    scalar("saved", "dense traffic / traffic at your density",
                           (line.a + line.b) / (line.a + line.b * density), "ratio", loop_count()),
                    scalar("error", "error against dense attention under that mask", error, "error",
                           measured_here("float, tiles of 8 x 8"))};
  result.checks = {
      check_between("pass_r2", "accesses affine in s: R^2 > 0.999", line.r2, 0.999, 1 + 1e-9, loop_count()),
      check_at_most("pass_sparse_error", "same output as dense attention under that mask <= 5e-6", error,
                    kT32, measured_here("float against double"))};
  return result;
}

}  // namespace alab::flash_tiling
