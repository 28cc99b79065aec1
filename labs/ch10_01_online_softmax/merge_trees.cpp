// (m, d) pairs may be merged in any order. What does the order change?
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch10_01_online_softmax/experiments.hpp"
#include "labs/ch10_01_online_softmax/forms.hpp"
#include "labs/ch10_01_online_softmax/row_input.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/rng.hpp"

namespace alab::ch10_01 {
namespace {

constexpr std::size_t kGated = 4096;  // the sequential error is held to T32 up to here only

std::vector<float> draw(int kind, std::int64_t count, Rng& rng) {
  std::vector<float> row(static_cast<std::size_t>(count));
  for (float& x : row) {
    x = static_cast<float>(kind == 0 ? rng.normal() : rng.uniform(-5, 5));
  }
  return row;
}

void shuffle(std::vector<float>& row, Rng& rng) {
  for (std::size_t i = row.size(); i > 1; --i) {
    std::swap(row[i - 1], row[rng.below(i)]);
  }
}

std::span<const float> first_of(const std::vector<float>& row, std::size_t count) {
  return std::span<const float>(row).first(std::min(count, row.size()));
}

double true_sum(std::span<const float> row) {
  const std::vector<double> x(row.begin(), row.end());
  return reduce_sequential<double>(x).d;
}

double sequential_error(std::span<const float> row) {
  const double truth = true_sum(row);
  return std::abs(reduce_sequential<float>(row).d - truth) / truth;
}

struct Forest {
  double worst = 0;         ///< largest relative error of d
  double maxima_moved = 0;  ///< trees whose m is not the sequential m
};

/// Random binary trees over the row; each on a fresh order of the leaves when shuffled.
Forest grow(const std::vector<float>& row, int trees, bool shuffled, Rng& rng, const Progress& progress) {
  const double truth = true_sum(row);
  const float m = reduce_sequential<float>(row).m;
  std::vector<float> leaves = row;
  Forest forest;
  for (int t = 0; t < trees; ++t) {
    progress.step(static_cast<double>(t) / trees, "merging trees");
    if (shuffled) {
      shuffle(leaves, rng);
    }
    const NormalizerPart<float> part = reduce_random_tree<float>(leaves, rng);
    const double error = std::abs(part.d - truth) / truth;
    forest.worst = error <= forest.worst ? forest.worst : error;
    forest.maxima_moved += part.m == m ? 0 : 1;
  }
  return forest;
}

Plot error_plot(const std::vector<float>& row, int trees, Rng& rng, const Progress& progress) {
  const Provenance from = measured_here("float against double");
  const auto n = static_cast<double>(row.size());
  std::vector<double> counts = doublings(std::min(16.0, n), n), sequential, tree;
  for (const double count : counts) {
    progress.step(count / n, "errors by length");
    const std::span<const float> part = first_of(row, static_cast<std::size_t>(count));
    const double truth = true_sum(part);
    sequential.push_back(sequential_error(part));
    double worst = 0;
    for (int t = 0; t < trees; ++t) {
      worst = std::max(worst, std::abs(reduce_random_tree<float>(part, rng).d - truth) / truth);
    }
    tree.push_back(worst);
  }
  Plot plot;
  plot.key = "error_by_length";
  plot.title = text("After ", format_value(n, "count"), " merges the chain is off by ",
                    format_value(sequential.back(), "error"), ", a random tree by ",
                    format_value(tree.back(), "error"));
  plot.note = "Relative error of d in float, against the same sum in double.";
  plot.x = {"scores merged", "", true};
  plot.y = {"relative error of d", "", true};
  plot.series = {
      fitted("sequential", "one after another", counts, sequential, from),
      fitted("tree", text("random tree, worst of ", trees), counts, tree, from),
      level("tree_bound", "bound for trees, 1e-6", counts.front(), counts.back(), 1e-6, modelled_by("1e-6")),
      level("t32", "tolerance T32", counts.front(), counts.back(), kT32, modelled_by("5e-6"))};
  return plot;
}

}  // namespace

Result merge_trees(const ParamSet& params, const Context& context) {
  Rng rng(static_cast<std::uint64_t>(params.integer(params::seed)));
  const int wanted = static_cast<int>(params.value("trees")),
            trees = context.quick ? std::min(wanted, 3) : wanted;
  const std::vector<float> row =
      draw(static_cast<int>(params.value("scores")), static_cast<std::int64_t>(params.value("leaves")), rng);
  const Forest forest = grow(row, trees, params.value("shuffled") != 0, rng, context.progress.part(0, 0.6));
  const Provenance from = measured_here("float against double");
  const double chain = sequential_error(row), gated = sequential_error(first_of(row, kGated));
  Result result;
  result.quick = part_of(trees, wanted, "trees");
  result.plots.push_back(error_plot(row, context.quick ? 1 : 3, rng, context.progress.part(0.6, 1)));
  result.scalars = {scalar("tree_error", "worst error of d, trees", forest.worst, "error", from),
                    scalar("chain_error", "error of d, one after another", chain, "error", from),
                    scalar("chain_error_4096", "the same for the first 4096 scores", gated, "error", from),
                    scalar("maxima_moved", "trees whose m differs", forest.maxima_moved, "count", from)};
  result.checks = {
      check_exactly("m_identical", "m is identical in every tree", forest.maxima_moved, 0, from),
      check_at_most("trees_1e6", "d of every tree within 1e-6 of double", forest.worst, 1e-6, from),
      check_at_most("chain_t32", "d of the first 4096 in sequence within T32", gated, kT32, from)};
  result.notes.push_back(
      "The chain over the whole row is shown, not gated: beyond 4096 scores it may exceed T32.");
  return result;
}

}  // namespace alab::ch10_01
