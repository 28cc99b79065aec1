// Flash attention frame by frame on the current head: what each tile loads, computes or skips, and the state
// of one watched row after it, as the running kernel showed them or, where it cannot run, the reference's
// tile loop; every prefix is held against the dense softmax over the same keys. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/kernel_steps.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "labs/ch10_02_flash_tiling/prefix.hpp"
#include "labs/common/counted_run.hpp"

namespace alab::flash_tiling {
namespace {

/// Listens to the tile loop and writes frames.
class Recorder {
 public:
  Recorder(const Head& head, const TileProblem& problem, std::int64_t watched)
      : head_(head), p_(problem), watched_(watched), prefix_(problem) {
    stepper_.rows = (problem.query.rows() + problem.block_m - 1) / problem.block_m;
    stepper_.cols = (problem.key.rows() + problem.block_n - 1) / problem.block_n;
    uses_.assign(static_cast<std::size_t>(stepper_.rows * stepper_.cols), TileUse::skipped);
  }

  void hear(const TileMoment<float>& e) {
    const bool fa1 = p_.order == LoopOrder::fa1;
    switch (e.kind) {
      case TileMoment<float>::load_keys:
        frame(e, Frame::load,
              text("Load K and V of key tile ", e.col_tile, " (", span(e.col_begin, e.col_end), ")."));
        break;
      case TileMoment<float>::load_queries:
        frame(e, Frame::load,
              text("Load Q of query tile ", e.row_tile, " (", span(e.row_begin, e.row_end), ")",
                   fa1 ? " and its O, l and m from HBM." : "; O, l and m start on chip."));
        break;
      case TileMoment<float>::skip:
        frame(e, Frame::skip,
              text("Skip: every key of this tile lies after every query, so nothing is loaded."));
        break;
      case TileMoment<float>::compute:
        computed(e);
        break;
      case TileMoment<float>::store:
        if (fa1) {
          frame(e, Frame::finish, text("Write O, l and m of query tile ", e.row_tile, " back to HBM."));
        } else {
          frame(e, Frame::finish,
                text("Divide by l once and write O and the logsumexp of query tile ", e.row_tile, "."));
        }
        break;
    }
  }

  Stepper stepper() && { return std::move(stepper_); }
  /// Of each tile, row by row: what was done with it.
  const std::vector<TileUse>& uses() const { return uses_; }
  double worst_output() const { return worst_output_; }
  double worst_logsumexp() const { return worst_lse_; }
  const std::vector<double>& keys_seen() const { return keys_seen_; }
  const std::vector<double>& maxima() const { return maxima_; }
  const std::vector<double>& sums() const { return sums_; }
  const std::vector<double>& norms() const { return norms_; }

 private:
  std::string span(std::int64_t begin, std::int64_t end) const {
    return end - begin == 1 ? head_.token(begin) : text(head_.token(begin), " to ", head_.token(end - 1));
  }
  bool watches(const TileMoment<float>& e) const { return e.row_begin <= watched_ && watched_ < e.row_end; }

  void computed(const TileMoment<float>& e) {
    std::int64_t risen = 0;
    for (std::int64_t r = e.row_begin; r < e.row_end; ++r) {
      const auto at = static_cast<std::size_t>(r);
      risen += e.m_old[at] != -std::numeric_limits<float>::infinity() && e.m[at] > e.m_old[at] ? 1 : 0;
      hold_against_dense(e, r);
    }
    // A kernel may compute a tile that it could skip.
    uses_[static_cast<std::size_t>(e.row_tile * stepper_.cols + e.col_tile)] =
        e.use == TileUse::full ? TileUse::full : TileUse::masked;
    const char* mask = e.use == TileUse::masked    ? ", masked at the diagonal"
                       : e.use == TileUse::skipped ? ", all of it later than its queries and masked"
                                                   : "";
    frame(e, Frame::compute,
          text("Score tile (", e.row_tile, ", ", e.col_tile, ")", mask,
               ": S = scale Q K^T, new m, exponentials, l and O."));
    if (risen > 0) {
      frame(e, Frame::rescale,
            text("The maximum rose in ", risen, " of ", e.row_end - e.row_begin,
                 " rows: their old l and O were multiplied by e^(m_old - m_new)."));
    }
    if (watches(e)) {
      const auto at = static_cast<std::size_t>(watched_);
      keys_seen_.push_back(static_cast<double>(e.col_end));
      maxima_.push_back(static_cast<double>(e.m[at]));
      sums_.push_back(static_cast<double>(e.l[at]));
      norms_.push_back(static_cast<double>(e.o.row(watched_).norm()));
    }
  }

  void hold_against_dense(const TileMoment<float>& e, std::int64_t r) {
    const auto at = static_cast<std::size_t>(r);
    prefix_.add(r, e.col_begin, e.col_end);
    if (prefix_.empty(r)) {
      return;
    }
    const double l = static_cast<double>(e.l[at]);
    const Eigen::RowVectorXd truth = prefix_.output(r);
    const Eigen::RowVectorXd got = e.o.row(r).cast<double>() / (p_.order == LoopOrder::fa2 ? l : 1.0);
    worst_output_ = std::max(worst_output_, (got - truth).norm() / std::max(truth.norm(), 1e-30));
    const double lse = prefix_.logsumexp(r), mine = static_cast<double>(e.m[at]) + std::log(l);
    worst_lse_ = std::max(worst_lse_, std::abs(mine - lse) / std::max(1.0, std::abs(lse)));
  }

  void frame(const TileMoment<float>& e, Frame::Kind kind, std::string caption) {
    const auto at = static_cast<std::size_t>(watched_);
    const Counters& c = e.counters;
    stepper_.frames.push_back(
        {kind,
         e.row_tile,
         e.col_tile,
         std::move(caption),
         {static_cast<double>(e.m[at]), static_cast<double>(e.l[at]), static_cast<double>(e.factor[at]),
          static_cast<double>(e.o.row(watched_).norm()), static_cast<double>(c.loads + c.stores),
          static_cast<double>(c.tiles_computed())}});
  }

  const Head& head_;
  const TileProblem& p_;
  std::int64_t watched_;
  DensePrefix prefix_;
  Stepper stepper_;
  std::vector<TileUse> uses_;
  double worst_output_ = 0, worst_lse_ = 0;
  std::vector<double> keys_seen_, maxima_, sums_, norms_;
};

std::vector<std::string> tile_names(const Head& head, std::int64_t n, std::int64_t block) {
  std::vector<std::string> names;
  for (std::int64_t begin = 0; begin < n; begin += block) {
    const std::int64_t last = std::min(n, begin + block) - 1;
    names.push_back(text(head.token(begin), " - ", head.token(last)));
  }
  return names;
}

/// 0 skipped, 1 masked at the diagonal, 2 computed in full.
Heatmap use_map(const Recorder& recorder, const std::vector<std::string>& rows,
                const std::vector<std::string>& cols, const Provenance& provenance) {
  Heatmap map;
  map.key = "tile_use";
  map.title = "Which tiles are computed";
  map.note = "2: computed in full. 1: masked cell by cell. Blank: skipped, never loaded.";
  map.value_label = "tile";
  map.row = {"query tile", "", false};
  map.col = {"key tile", "", false};
  map.rows = std::ssize(rows);
  map.cols = std::ssize(cols);
  map.row_labels = rows;
  map.col_labels = cols;
  for (const TileUse use : recorder.uses()) {
    map.values.push_back(use == TileUse::skipped  ? std::numeric_limits<float>::quiet_NaN()
                         : use == TileUse::masked ? 1.0F
                                                  : 2.0F);
  }
  map.provenance = provenance;
  return map;
}

Plot state_plot(const Recorder& recorder, const Head& head, std::int64_t watched, const Provenance& here) {
  Plot plot{"state",
            text("m only rises, l stays between 1 and the keys seen (row ", head.token(watched), ")"),
            "State of the watched row after each of its tiles.",
            {"keys seen", "tokens", false},
            {"value", "", false},
            {}};
  plot.series.push_back(plain("m", "m, running maximum", recorder.keys_seen(), recorder.maxima(), here,
                              SeriesStyle::line_and_markers));
  plot.series.push_back(plain("l", "l, running sum", recorder.keys_seen(), recorder.sums(), here,
                              SeriesStyle::line_and_markers));
  plot.series.push_back(plain("o", "|O|, accumulator", recorder.keys_seen(), recorder.norms(), here,
                              SeriesStyle::line_and_markers));
  return plot;
}

}  // namespace

Result run_stepper(const ParamSet& params, const Context& context) {
  const Head head(context, params.integer(kShortLength), params.integer(kHeadDim),
                  params.flag(params::causal), static_cast<std::uint64_t>(params.integer(params::seed)));
  const LoopOrder order = params.option(kLoopOrder) == "fa1" ? LoopOrder::fa1 : LoopOrder::fa2;
  const TileProblem problem = head.problem(params.integer(kSmallBlockM), params.integer(kSmallBlockN), order);
  const std::int64_t watched = std::min(params.integer(kWatchedRow), head.seq_len() - 1);
  Result result;
  head.describe(result, params.integer(kShortLength), params.integer(kHeadDim));
  if (watched != params.integer(kWatchedRow)) {
    result.notes.push_back(
        text("There is no row ", params.integer(kWatchedRow), " here; row ", watched, " is watched."));
  }
  Recorder recorder(head, problem, watched);
  const MomentObserver<float> hear = [&](const TileMoment<float>& moment) {
    context.progress.step(0.5, "tiles");
    recorder.hear(moment);
  };
  const std::int64_t multiply_adds = head.seq_len() * head.key_len() * (head.head_dim() + head.head_dim_v());
  KernelSteps kernel;
  if (too_long_for_quick(context, multiply_adds)) {
    result.quick = kernel.why_not = "the reference's tile loop, without the running kernel";
  } else {
    kernel = watch_kernel(head, problem, params.real(params::seed), context, hear);
  }
  const bool watching = kernel.why_not.empty();
  if (!watching) {
    TileRun<float> run = run_tiles<float>(problem, hear);
    kernel.o = std::move(run.o);
    kernel.counters = run.counters;
    if (result.quick.empty()) {
      result.notes.push_back(
          text("Shown is the reference's tile loop, not a running kernel: ", kernel.why_not));
    }
  }
  const std::string source =
      watching ? kernel.kernel + " on the CPU executor" : "the reference's tile loop in float";
  const Provenance counted = counted_by(watching ? "requests of " + source : source),
                   here = measured_here(source);
  const double error = rel_l2(kernel.o, head.truth());
  const auto rows = tile_names(head, head.seq_len(), problem.block_m),
             cols = tile_names(head, head.key_len(), problem.block_n);
  result.plots.push_back(state_plot(recorder, head, watched, here));
  result.heatmaps.push_back(use_map(recorder, rows, cols, counted));
  const double worst = recorder.worst_output(), worst_lse = recorder.worst_logsumexp();
  Stepper stepper = std::move(recorder).stepper();
  stepper.key = "tiles";
  stepper.title =
      text("Flash attention, ",
           order == LoopOrder::fa1 ? "FA-1 order: key tiles outside" : "FA-2 order: query tiles outside",
           "; watching row ", watched, " (", head.token(watched), ")");
  stepper.note = text(
      "Grid: tiles of the score matrix. Numbers: the watched row's state after the frame, and the "
      "elements moved so far. Watched: ",
      source, ".");
  stepper.row_label = "query tile";
  stepper.col_label = "key tile";
  stepper.row_names = rows;
  stepper.col_names = cols;
  stepper.quantities = {"m (running max)",   "l (running sum)",     "rescale factor",
                        "|O| (accumulator)", "HBM elements so far", "tiles computed"};
  stepper.provenance = counted;
  const Counters& c = kernel.counters;
  result.scalars = {
      scalar("frames", "frames", static_cast<double>(stepper.frames.size()), "count", counted),
      scalar("computed", "tiles computed", static_cast<double>(c.tiles_computed()), "count", counted),
      scalar("skipped", "tiles skipped", static_cast<double>(c.tiles_skipped), "count", counted),
      scalar("traffic", "elements moved", static_cast<double>(c.accesses()), "count", counted),
      scalar("prefix_error", "worst prefix error", worst, "error", measured_here("float against double"))};
  result.steppers.push_back(std::move(stepper));
  result.checks = {
      check_at_most("pass_prefix", "after every tile O equals the dense softmax over the keys seen: <= 5e-6",
                    worst, kT32, measured_here("float against double, every row of every tile")),
      check_at_most("pass_prefix_logsumexp", "after every tile m + log l equals the dense logsumexp: <= 5e-6",
                    worst_lse, kT32, measured_here("float against double, every row of every tile")),
      check_at_most("pass_tiled_error", "at the end O equals dense attention: <= 5e-6", error, kT32,
                    measured_here("float against double"))};
  return result;
}

}  // namespace alab::flash_tiling
