// What FlashAttention-2 changed: more blocks, fewer divisions, other traffic, and a split over queries inside
// a block. Source: FlashAttention-2, arXiv:2307.08691, 3.1 (algorithm), 3.2 (parallelism), 3.3 (work between
// warps). SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "reference/flash_attention.hpp"

namespace alab::flash_tiling {
namespace {

constexpr double kMultiprocessors = 108;  // A100
constexpr std::int64_t kCountRows = 512;  // tokens of the run whose operations are counted
constexpr std::int64_t kCountBlock = 64;
constexpr double kWarps = 4;

Plot blocks_plot(double problems, double block_m, double marked) {
  Plot plot{"blocks",
            "FA-2 fills the chip with long sequences; FA-1 does not",
            "Thread blocks that can run at once, against the 108 multiprocessors of an A100.",
            {"sequence length N", "tokens", true},
            {"thread blocks", "", true},
            {}};
  std::vector<double> ns, fa1, fa2;
  for (double n = 512; n <= 65536; n *= 2) {
    ns.push_back(n);
    fa1.push_back(problems);
    fa2.push_back(problems * std::ceil(n / block_m));
  }
  plot.series.push_back(plain("fa1", "FA-1: batch x heads", ns, fa1, modelled_by("batch x heads"),
                              SeriesStyle::line_and_markers));
  plot.series.push_back(fitted("fa2", "FA-2: batch x heads x ceil(N / B_r)", ns, fa2,
                               modelled_by("batch x heads x ceil(N / B_r)")));
  plot.series.push_back(level("sm", "108 multiprocessors", 512, 65536, kMultiprocessors,
                              modelled_by("A100: 108 multiprocessors")));
  plot.series.push_back(plain("chosen", "your N", {marked}, {problems * std::ceil(marked / block_m)},
                              modelled_by("batch x heads x ceil(N / B_r)"), SeriesStyle::markers));
  return plot;
}

/// Blocks run in waves of 108; the share of multiprocessor time that works.
double utilisation(double blocks) {
  return blocks / (kMultiprocessors * std::ceil(blocks / kMultiprocessors));
}

/// FLOP per byte in fp16 of one loop order, counted: 4 N^2 d over 2 bytes per element moved.
double intensity(const Counters& c) {
  return static_cast<double>(c.matmul_flops) / (2 * static_cast<double>(c.accesses()));
}

struct Orders {
  std::vector<double> sides, fa1, fa2;
};
Orders sweep_intensity(std::int64_t n, std::int64_t d) {
  Orders out;
  const ShapeOnly shape(n, d);
  for (std::int64_t side = 16; side <= 256; side *= 2) {
    out.sides.push_back(static_cast<double>(side));
    out.fa1.push_back(intensity(run_tiles<float>(shape.problem(side, side, LoopOrder::fa1)).counters));
    out.fa2.push_back(intensity(run_tiles<float>(shape.problem(side, side, LoopOrder::fa2)).counters));
  }
  return out;
}

/// Elements of shared memory moved between the warps of a block per key tile: with keys split, each warp
/// writes its partial B_r x d output and all are read back; with queries split, nothing is exchanged.
double exchanged(double block_m, double d, bool split_keys) {
  return split_keys ? 2 * kWarps * block_m * d : 0;
}

Plot intensity_plot(const Orders& o, double n) {
  Plot plot{"intensity",
            "FA-2 order: about B_r FLOPs per byte; FA-1 order: about a third fewer at equal tiles",
            "Counted matmul FLOPs over counted bytes in fp16, square tiles.",
            {"tile side B_r = B_c", "tokens", true},
            {"FLOP per byte", "FLOP/B", true},
            {}};
  std::vector<double> model;
  for (const double b : o.sides) {
    model.push_back(b / (1 + b / n));
  }
  const Provenance counted = counted_by("FLOPs and copies of the tile loop");
  plot.series.push_back(fitted("fa2_intensity", "FA-2 order", o.sides, o.fa2, counted));
  plot.series.push_back(fitted("fa1_intensity", "FA-1 order", o.sides, o.fa1, counted));
  plot.series.push_back(plain("rule", "B_r / (1 + B_r / N)", o.sides, model,
                              modelled_by("4 N^2 d / (2 bytes x (2 N^2 d / B_r + 2 N d))"),
                              SeriesStyle::dashed));
  return plot;
}

std::vector<Cell> work_row(const std::string& name, const Counters& c, double rows, double exchange) {
  const Provenance counted = counted_by("operations of the tile loop, N = 512");
  return {
      Cell::words(name),
      Cell::number(static_cast<double>(c.divisions) / rows, "count", counted),
      Cell::number(static_cast<double>(c.rescales) / rows, "count", counted),
      Cell::number(static_cast<double>(c.exps) / rows, "count", counted),
      Cell::number(static_cast<double>(c.accesses()), "count", counted),
      Cell::number(exchange, "count", modelled_by("2 x 4 warps x B_r d per key tile when keys are split"))};
}

}  // namespace

Result run_occupancy(const ParamSet& params, const Context& context) {
  const double problems = params.real(kGpuBatch) * params.real(kGpuHeads), n = params.real(kGpuLength),
               block_m = params.real(kGpuBlockM);
  const std::int64_t d = params.integer(kHeadDim);
  const AttentionInput in = synthetic_inputs().front().make({1, kCountRows, d, d, 42}, context.progress);
  TileProblem p{.query = head(in.query, 0),
                .key = head(in.key, 0),
                .value = head(in.value, 0),
                .softmax_scale = scale_of(in),
                .block_m = kCountBlock,
                .block_n = kCountBlock};
  const TileRun<float> fa2 = run_tiles<float>(p);
  p.order = LoopOrder::fa1;
  const TileRun<float> fa1 = run_tiles<float>(p);
  const double apart = rel_l2(fa2.o, RowMatrix<double>(fa1.o.cast<double>()));
  const double rows = static_cast<double>(kCountRows), tiles = rows / static_cast<double>(kCountBlock),
               dd = static_cast<double>(d);
  const Orders orders = sweep_intensity(2048, d);
  const double blocks = problems * std::ceil(n / block_m);
  double worst = 0;
  for (std::size_t i = 0; i < orders.sides.size(); ++i) {
    worst = std::max(worst, std::abs(orders.fa2[i] / (orders.sides[i] / (1 + orders.sides[i] / 2048)) - 1));
  }
  Result result;
  result.plots = {blocks_plot(problems, block_m, n), intensity_plot(orders, 2048)};
  result.tables = {
      {"work",
       "The same matmuls, less of everything else",
       "Per query row, N = 512, tiles of 64 x 64; exchange between 4 warps per key tile of your B_r.",
       {"form", "divisions per row", "rescale multiplies per row", "exponentials per row", "HBM accesses",
        "exchange per key tile"},
       {work_row("FA-1 (keys outside, keys split over warps)", fa1.counters, rows,
                 exchanged(block_m, dd, true)),
        work_row("FA-2 (queries outside, queries split over warps)", fa2.counters, rows,
                 exchanged(block_m, dd, false))}}};
  const Provenance model = modelled_by("batch x heads x ceil(N / B_r)"),
                   counted = counted_by("operations of the tile loop");
  const double divisions1 = static_cast<double>(fa1.counters.divisions) / rows,
               divisions2 = static_cast<double>(fa2.counters.divisions) / rows;
  result.scalars = {
      scalar("blocks_fa1", "blocks, FA-1", problems, "count", modelled_by("batch x heads")),
      scalar("blocks_fa2", "blocks, FA-2", blocks, "count", model),
      scalar("use_fa1", "share of the chip at work, FA-1", utilisation(problems), "",
             modelled_by("blocks / (108 x waves)")),
      scalar("use_fa2", "share of the chip at work, FA-2", utilisation(blocks), "",
             modelled_by("blocks / (108 x waves)")),
      scalar("divisions_fa1", "divisions per row, FA-1", divisions1, "count", counted),
      scalar("divisions_fa2", "divisions per row, FA-2", divisions2, "count", counted),
      scalar("intensity_fa2", "FLOP/B of FA-2's order at side 64", orders.fa2[2], "", counted, "FLOP/B"),
      scalar("intensity_fa1", "FLOP/B of FA-1's order at side 64", orders.fa1[2], "", counted, "FLOP/B"),
      scalar("equal", "FA-1 against FA-2", apart, "error", measured_here("float"))};
  const bool stated = problems == 8 && n == 16384 && block_m == 128;
  const char* where = "batch 1, 8 heads, N = 16k, B_r = 128";
  add_where(
      result, stated, where,
      check_exactly("pass_blocks_fa1", "FA-1 launches 8 blocks", problems, 8, modelled_by("batch x heads")));
  add_where(result, stated, where,
            check_exactly("pass_blocks_fa2", "FA-2 launches 1024 blocks", blocks, 1024, model));
  const Check rest[] = {
      check_exactly("pass_divisions_fa1", "FA-1 divides T_c d times per row", divisions1, tiles * dd,
                    counted),
      check_exactly("pass_divisions_fa2", "FA-2 divides d times per row", divisions2, dd, counted),
      check_at_most("pass_equal", "FA-1 and FA-2 agree: <= 5e-6", apart, kT32, measured_here("float")),
      check_at_most("pass_intensity", "FA-2's order does B_r / (1 + B_r / N) FLOP/B within 5 %", worst, 0.05,
                    counted)};
  result.checks.insert(result.checks.end(), std::begin(rest), std::end(rest));
  return result;
}

}  // namespace alab::flash_tiling
