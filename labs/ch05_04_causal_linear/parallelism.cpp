// What the extra traffic buys: with the states in memory every chunk is a block of its own. Blocks, chains
// and a two-term time model on a GPU of choice; and chunks that really are computed in a shuffled order.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <numeric>

#include "labs/ch05_04_causal_linear/chunk_loops.hpp"
#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"
#include "reference/core/rng.hpp"

namespace alab::causal_linear {
namespace {

constexpr double kBytes = 4;
constexpr std::int64_t kShuffledLength = 500;  // a short last chunk is among them

/// Multiprocessors, bytes per second of memory, FLOPs per second of one multiprocessor in plain fp32
/// (whitepapers; H200: data sheet).
struct Gpu {
  double sms, bandwidth, flops_per_sm;
};
constexpr Gpu kModels[] = {
    {132, 4.8e12, 67e12 / 132}, {132, 3.35e12, 67e12 / 132}, {108, 1.555e12, 19.5e12 / 108}};
static_assert(std::size(kModels) == kGpus.size());

struct Problem {
  double heads, n, chunk_size, d;
  double chunks() const { return std::ceil(n / chunk_size); }
  double state_flops() const { return 2 * chunk_size * d * d; }  ///< S += K^T V of one chunk
  double output_flops() const { return 2 * chunk_size * d * d + 4 * chunk_size * chunk_size * d; }
};

struct Version {
  double blocks, chain;  ///< blocks of the pass that writes O; chunks that wait for each other in it
  double busy, seconds;  ///< share of the multiprocessors at work in it; modelled time of all passes
};

/// Time of work that is cut into equal blocks: waves of blocks, never faster than the memory.
double time_of(double blocks, double flops_per_block, double elements, const Gpu& gpu) {
  return std::max(std::ceil(blocks / gpu.sms) * flops_per_block / gpu.flops_per_sm,
                  kBytes * elements / (gpu.bandwidth * std::min(1.0, blocks / gpu.sms)));
}

Version on_chip(const Problem& p, const Gpu& gpu) {
  const double flops = p.chunks() * (p.state_flops() + p.output_flops());
  return {p.heads, p.chunks(), std::min(1.0, p.heads / gpu.sms),
          time_of(p.heads, flops, p.heads * 4 * p.n * p.d, gpu)};
}

Version materialized(const Problem& p, const Gpu& gpu) {
  const double states = p.chunks() * p.d * p.d, blocks = p.heads * p.chunks();
  const double first =
      time_of(p.heads, p.chunks() * p.state_flops(), p.heads * (2 * p.n * p.d + states), gpu);
  const double second = time_of(blocks, p.output_flops(), p.heads * (4 * p.n * p.d + states), gpu);
  return {blocks, 1, std::min(1.0, blocks / gpu.sms), first + second};
}

std::vector<Cell> row_of(std::string name, const Version& v, const Provenance& modelled) {
  return {Cell::words(std::move(name)), Cell::number(v.blocks, "count", modelled),
          Cell::number(v.chain, "count", modelled), Cell::number(100 * v.busy, "", modelled),
          Cell::number(v.seconds, "seconds", modelled)};
}

/// The same tokens in fewer, longer sequences: heads fall as N grows.
Plot batch_plot(Problem p, const Gpu& gpu, const Provenance& modelled) {
  Plot plot{"heads_time",
            "Many heads: the state may stay on chip. Few heads: only chunks fill the machine",
            "Modelled time for the number of heads on the axis, all else as chosen.",
            {"batch x heads", "heads", true},
            {"modelled time", "s", true},
            {}};
  std::vector<double> xs = doublings(1, 1024), kept, written;
  for (const double heads : xs) {
    p.heads = heads;
    kept.push_back(on_chip(p, gpu).seconds);
    written.push_back(materialized(p, gpu).seconds);
  }
  plot.series = {
      plain("kept", "state on chip, chunks in sequence", xs, kept, modelled, SeriesStyle::line_and_markers),
      plain("written", "states written, chunks side by side", xs, written, modelled,
            SeriesStyle::line_and_markers)};
  return plot;
}

/// Entries that differ between chunks visited in order and in a shuffled order.
double shuffled_differences(std::uint64_t seed) {
  const auto p = drawn_problem(1, kShuffledLength, 16, 16, seed);
  std::vector<std::int64_t> order((kShuffledLength + 31) / 32);
  std::iota(order.begin(), order.end(), 0);
  Rng rng(seed + 1);
  for (std::size_t i = order.size() - 1; i > 0; --i) {
    std::swap(order[i], order[rng.below(i + 1)]);
  }
  const ChunkRun straight = run_materialized(p, 32),
                 shuffled = run_materialized(p, 32, Arithmetic::on, order);
  double differ = 0;
  for (std::int64_t i = 0; i < straight.output.size(); ++i) {
    differ += straight.output[i] == shuffled.output[i] ? 0 : 1;
  }
  return differ;
}

}  // namespace

Result run_parallelism(const ParamSet& params, const Context& context) {
  const Problem p{params.real(kGpuHeads), params.real(kGpuLength), params.real(kTrafficChunk),
                  params.real(kHeadDim)};
  const Gpu& gpu = kModels[static_cast<std::size_t>(params.choice(kGpu))];
  const Provenance modelled = modelled_by("waves of blocks: FLOPs, or bytes over the bandwidth in use");
  const Version kept = on_chip(p, gpu), written = materialized(p, gpu);
  context.progress.step(0.5, "chunks in a shuffled order");
  const double differ = shuffled_differences(static_cast<std::uint64_t>(params.integer(params::seed)));
  Result result;
  result.input = text("a model of the ", params.option(kGpu), ": ", gpu.sms, " multiprocessors");
  result.plots.push_back(batch_plot(p, gpu, modelled));
  result.tables.push_back(
      {"versions",
       "The pass that writes O",
       "Chain: chunks that must wait for each other. A block runs on one multiprocessor.",
       {"version", "blocks", "chain of chunks", "multiprocessors busy (%)", "modelled time"},
       {row_of("state on chip", kept, modelled), row_of("states written", written, modelled)}});
  result.scalars = {
      scalar("blocks_on_chip", "state on chip: blocks", kept.blocks, "count", modelled),
      scalar("blocks_written", "states written: blocks", written.blocks, "count", modelled),
      scalar("busy_on_chip", "state on chip: multiprocessors busy", 100 * kept.busy, "", modelled, "%"),
      scalar("busy_written", "states written: multiprocessors busy", 100 * written.busy, "", modelled, "%"),
      scalar("gain", "time, on chip over written", kept.seconds / written.seconds, "ratio", modelled),
      scalar("shuffled", "outputs that depend on the order of chunks", differ, "count",
             counted_by("entries of O that differ"))};
  result.checks = {check_exactly("pass_any_order",
                                 "states written: chunks visited in a shuffled order give the same bits",
                                 differ, 0, counted_by("entries of O that differ"))};
  return result;
}

}  // namespace alab::causal_linear
