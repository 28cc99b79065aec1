// The counter of the executor sees each element that a kernel's warps ask of global memory; the loop counter
// sees each element that Algorithm 1 copies. Where both count the same thing they must agree to the last
// element. SPDX-License-Identifier: MIT
#include "labs/ch10_02_flash_tiling/kernel_traffic.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/common/counted_run.hpp"
#include "reference/flash_counts.hpp"

namespace alab::flash_tiling {
namespace {

constexpr std::int64_t kTokens = 256, kTokensOfQuickLook = 128;
constexpr std::int64_t kSides[] = {16, 32, 64};  // tile sizes that the rungs are compiled for

/// Elements between HBM and the chip.
struct Moved {
  std::int64_t loads = 0, stores = 0;
  std::int64_t total() const { return loads + stores; }
};

/// One rung with the tiles that M elements of on-chip memory allow.
struct Counted {
  LoopOrder order = LoopOrder::fa1;
  std::int64_t tokens = 0, sram = 0;
  TilePlan tiles;
  Moved kernel, loop;
  Provenance kernel_from, loop_from;
  std::vector<counted::BufferProfile> buffers;
};

std::string_view rung_of(LoopOrder order) {
  return order == LoopOrder::fa1 ? "20_fa1_order" : "30_fa2_order";
}

Moved elements_of(const counted::BufferProfile& buffer) {
  constexpr std::int64_t kBytes = sizeof(float);
  return {static_cast<std::int64_t>(buffer.load_bytes) / kBytes,
          static_cast<std::int64_t>(buffer.store_bytes) / kBytes};
}

/// What the kernel moves and the loop counter leaves out: FA-1's first zeros of O and l and -inf of m, and
/// its last pass, which reads l and m and writes the logsumexp. FA-2 has none of these.
Moved beyond_loop(LoopOrder order, std::int64_t n, std::int64_t d) {
  return order == LoopOrder::fa1 ? Moved{2 * n, n * d + 3 * n} : Moved{};
}

CountedTask task_of(std::int64_t n, std::int64_t head_dim, const Progress& progress) {
  const Op& op = *find_op("flash_attention_fwd");
  ParamSet problem(op.params);
  problem.assign(text("heads=1 seq_len=", n, " head_dim=", head_dim));
  HostArrays inputs = op.inputs(problem, synthetic_inputs().front(), progress);
  return counted_task(op, std::move(problem), std::move(inputs));
}

Counted count(const CountedTask& task, LoopOrder order, std::int64_t side, const Progress& progress) {
  const std::int64_t n = task.inputs.f32.at("q").extent(1), d = task.inputs.f32.at("q").extent(2);
  Counted c;
  c.order = order;
  c.tokens = n;
  c.sram = 4 * d * side;
  c.tiles = order == LoopOrder::fa1 ? fa1_plan(c.sram, d) : TilePlan{side, side};
  const Counters loop =
      run_tiles<float>(ShapeOnly(n, d).problem(c.tiles.block_m, c.tiles.block_n, order)).counters;
  c.loop = {loop.loads, loop.stores};
  c.loop_from = counted_by(text("the copies of the tile loop, initial writes left out, ", n, " tokens"));
  c.kernel_from =
      counted_by(text("CPU executor: loads and stores of global memory by kernels/flash_attention_fwd/",
                      rung_of(order), ".cu, ", n, " tokens"));
  const RungBuild& build = counted_rung(task.op.id, rung_of(order));
  ParamSet tiles(build.rung->tiles);
  tiles.assign(text("block_m=", c.tiles.block_m, " block_n=", c.tiles.block_n));
  const RungProfile profile = run_counted(task, build, tiles, progress);
  for (const counted::LaunchProfile& launch : profile.launches) {
    for (const counted::BufferProfile& b : launch.buffers) {
      c.kernel.loads += elements_of(b).loads;
      c.kernel.stores += elements_of(b).stores;
      c.buffers.push_back(b);
    }
  }
  return c;
}

void add_series(Plot& plot, const std::vector<Counted>& all, LoopOrder order, const std::string& key,
                const std::string& name) {
  std::vector<double> sram, kernel, loop;
  const Counted* last = nullptr;
  for (const Counted& c : all) {
    if (c.order == order) {
      sram.push_back(static_cast<double>(c.sram));
      kernel.push_back(static_cast<double>(c.kernel.total()));
      loop.push_back(static_cast<double>(c.loop.total()));
      last = &c;
    }
  }
  plot.series.push_back(plain("kernel_" + key, name + ", running kernel", sram, kernel, last->kernel_from,
                              SeriesStyle::line_and_markers));
  plot.series.push_back(
      plain("loop_" + key, name + ", loop counter", sram, loop, last->loop_from, SeriesStyle::dashed));
}

Plot kernels_plot(const std::vector<Counted>& all, std::int64_t d) {
  const std::int64_t n = all.front().tokens;
  Plot plot{"kernels",
            "The running kernels move what the theorem says",
            text("Global memory accesses of two CUDA kernels at N = ", n,
                 ", counted while they ran on the executor, with the tiles that M allows."),
            {"on-chip memory M", "elements", true},
            {"HBM accesses", "elements", true},
            {}};
  add_series(plot, all, LoopOrder::fa1, "fa1", "Algorithm 1");
  add_series(plot, all, LoopOrder::fa2, "fa2", "FA-2 order");
  std::vector<double> sram, theorem;
  for (const std::int64_t side : kSides) {
    sram.push_back(static_cast<double>(4 * d * side));
    theorem.push_back(12 * static_cast<double>(n * n * d * d) / sram.back());
  }
  plot.series.push_back(plain("kernel_theorem", "12 N^2 d^2 / M", sram, theorem,
                              modelled_by("12 N^2 d^2 / M, the line of Theorem 2 with its constant"),
                              SeriesStyle::dashed));
  return plot;
}

std::vector<Cell> row(const Counted& c, std::string what, const Moved& moved, const Provenance& from) {
  return {Cell::words(std::string(rung_of(c.order))), Cell::words(std::move(what)),
          Cell::number(static_cast<double>(moved.loads), "count", from),
          Cell::number(static_cast<double>(moved.stores), "count", from)};
}

void add_rows(Table& table, const Counted& c) {
  for (const counted::BufferProfile& b : c.buffers) {
    table.rows.push_back(row(c, b.name, elements_of(b), c.kernel_from));
  }
  table.rows.push_back(row(c, "all, running kernel", c.kernel, c.kernel_from));
  table.rows.push_back(row(c, "all, loop counter", c.loop, c.loop_from));
  table.rows.push_back(row(c,
                           c.order == LoopOrder::fa1
                               ? "difference: O, l, m first written; l, m read for the logsumexp"
                               : "difference",
                           {c.kernel.loads - c.loop.loads, c.kernel.stores - c.loop.stores}, c.kernel_from));
}

/// Elements that neither the loop nor what it leaves out on purpose explains, over all tile sizes.
double unexplained(const std::vector<Counted>& all, LoopOrder order, std::int64_t d) {
  std::int64_t elements = 0;
  for (const Counted& c : all) {
    if (c.order == order) {
      const Moved more = beyond_loop(order, c.tokens, d);
      elements += std::abs(c.kernel.loads - c.loop.loads - more.loads) +
                  std::abs(c.kernel.stores - c.loop.stores - more.stores);
    }
  }
  return static_cast<double>(elements);
}

/// Both kernels at each tile size; a quick look takes one size and fewer tokens.
std::vector<Counted> count_all(std::int64_t head_dim, const Context& context) {
  const CountedTask task = task_of(context.quick ? kTokensOfQuickLook : kTokens, head_dim, context.progress);
  std::vector<Counted> all;
  for (const std::int64_t side : kSides) {
    for (const LoopOrder order : {LoopOrder::fa1, LoopOrder::fa2}) {
      if (!context.quick || side == kSides[1]) {
        const double done = static_cast<double>(all.size()) / 6;
        context.progress.step(done, text("counting ", rung_of(order), " with tiles of ", side));
        all.push_back(count(task, order, side, context.progress.part(done, done + 0.16)));
      }
    }
  }
  return all;
}

}  // namespace

void add_kernel_traffic(Result& result, std::int64_t head_dim, const Context& context) {
  if (const std::string why = counting_unavailable(context); !why.empty()) {
    result.notes.push_back(text("The running kernels are not counted: ", why));
    return;
  }
  const std::vector<Counted> all = count_all(head_dim, context);
  result.quick = context.quick ? part_of(1, std::ssize(kSides), "tile sizes of the running kernels") : "";
  const Counted &fa1 = all[all.size() - 2], &fa2 = all[all.size() - 1];
  result.plots.push_back(kernels_plot(all, head_dim));
  Table table{"kernel_buffers",
              "What the kernels move, buffer by buffer",
              text("Elements at N = ", fa1.tokens,
                   " with the largest tiles. The loop counter leaves out what is "
                   "written before the first tile and after the last."),
              {"kernel", "buffer", "loaded", "stored"},
              {}};
  add_rows(table, fa1);
  add_rows(table, fa2);
  result.tables.push_back(std::move(table));
  const auto total = [](const Moved& moved) { return static_cast<double>(moved.total()); };
  result.scalars.push_back(scalar("kernel_fa1", "Algorithm 1, running kernel, largest M", total(fa1.kernel),
                                  "count", fa1.kernel_from));
  result.scalars.push_back(scalar("kernel_fa2", "FA-2 order, running kernel, largest M", total(fa2.kernel),
                                  "count", fa2.kernel_from));
  result.scalars.push_back(scalar("kernel_beyond", "moved by Algorithm 1's kernel outside its loop",
                                  total(fa1.kernel) - total(fa1.loop), "count", fa1.kernel_from, "elements"));
  result.checks.push_back(check_exactly(
      "pass_kernel_fa1",
      "FA-1 kernel = loop counter + first O, l, m (N d + 2 N) + logsumexp pass (3 N), to the element",
      unexplained(all, LoopOrder::fa1, head_dim), 0, fa1.kernel_from));
  result.checks.push_back(check_exactly("pass_kernel_fa2", "FA-2 kernel = loop counter, to the element",
                                        unexplained(all, LoopOrder::fa2, head_dim), 0, fa2.kernel_from));
}

}  // namespace alab::flash_tiling
