// The HBM ledger behind Fig. 2 (left) of FlashAttention, entry by entry, and which of its N^2 passes a fusion
// removes. Source: arXiv:2205.14135, Algorithms 0, 1, 3, 4 and Fig. 2; the split of 40.3 GB into passes is
// ours. SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "reference/flash_counts.hpp"

namespace alab::flash_tiling {
namespace {

constexpr double kHalf = 2;                  // bytes of an fp16 element
constexpr double kA100Bandwidth = 1.555e12;  // bytes/s, A100 40 GB (whitepaper, as quoted by the paper)
constexpr double kA100Fp16 = 312e12;         // FLOP/s, dense fp16 on tensor cores

/// One line of the ledger: how often an N x N and an N x d array cross the bus.
struct Entry {
  std::string what;
  double squares = 0, strips = 0;
};

std::vector<Entry> standard_entries(bool mask, bool dropout) {
  std::vector<Entry> e{
      {"forward: S = Q K^T, write S", 1, 2},     {"forward: P = softmax(S), read and write", 2, 0},
      {"forward: O = P V, read P", 1, 2},        {"backward: dV = P^T dO, read P", 1, 2},
      {"backward: dP = dO V^T, write dP", 1, 2}, {"backward: dS from P and dP, write dS", 3, 0},
      {"backward: dQ = dS K, read dS", 1, 2},    {"backward: dK = dS^T Q, read dS", 1, 2}};
  if (mask) {
    e.push_back({"forward: mask, read and write S", 2, 0});
  }
  if (dropout) {
    e.push_back({"forward: dropout, read and write P, write a byte mask", 2.5, 0});
    e.push_back({"backward: dropout, read and write dP, read the byte mask", 2.5, 0});
  }
  return e;
}

struct Sizes {
  double square = 0, strip = 0,
         rows = 0;  ///< bytes of one N x N pass, one N x d pass, one vector of N, all heads
};

double bytes_of(const std::vector<Entry>& entries, const Sizes& s) {
  double bytes = 0;
  for (const Entry& e : entries) {
    bytes += e.squares * s.square + e.strips * s.strip;
  }
  return bytes;
}

/// Strips moved by flash. literal: Algorithm 1 forward, Algorithm 4 backward, both as printed.
/// Refined: D computed once before (reads O and dO once, no O per tile), first visits read no O and no dQ.
double flash_strips(double key_tiles, bool refined) {
  const double forward = 2 + 3 * key_tiles - (refined ? 1 : 0);
  const double backward = 4 + 5 * key_tiles + (refined ? 2 - key_tiles - 1 : 0);
  return forward + backward;
}

/// l and m read and written per key tile forward (4 vectors), read per key tile backward (2 vectors), in
/// elements of N.
double vector_count(double key_tiles) {
  return 6 * key_tiles;
}

Table standard_table(const std::vector<Entry>& entries, const Sizes& s) {
  Table table{"standard_passes",
              "Where the standard form's bytes go",
              "One N x N pass crosses the bus once per element; N x d passes beside it are small.",
              {"kernel", "N x N passes", "N x d passes", "bytes"},
              {}};
  const Provenance model = modelled_by("passes x elements x 2 bytes");
  for (const Entry& e : entries) {
    table.rows.push_back({Cell::words(e.what), Cell::number(e.squares, "", model),
                          Cell::number(e.strips, "", model),
                          Cell::number(e.squares * s.square + e.strips * s.strip, "bytes", model)});
  }
  return table;
}

struct Flash {
  double literal = 0, refined = 0, with_vectors = 0;
};
Flash flash_bytes(double n, double block_n, const Sizes& s) {
  const double key_tiles = std::ceil(n / block_n);
  return {flash_strips(key_tiles, false) * s.strip, flash_strips(key_tiles, true) * s.strip,
          flash_strips(key_tiles, false) * s.strip + vector_count(key_tiles) * s.rows};
}

Table figure_table(double standard, const Flash& flash, double flops, double flops_flash) {
  const Provenance model = modelled_by("passes x bytes; 2 N^2 d FLOPs per matmul"),
                   paper = paper_says("FlashAttention, NeurIPS 2022, Fig. 2 (left)");
  const Provenance bound = modelled_by("bytes / 1.555 TB/s or FLOPs / 312 TFLOP/s, whichever is longer");
  const auto time = [](double bytes, double work) {
    return std::max(bytes / kA100Bandwidth, work / kA100Fp16);
  };
  return {"figure_2",
          "GPT-2 medium, forward and backward: printed and counted side by side",
          "Printed numbers are the paper's; the others follow from the shape in the sliders.",
          {"quantity", "standard, printed", "standard, ledger", "flash, printed", "flash, ledger (literal)",
           "flash, ledger (refined)"},
          {{Cell::words("HBM traffic"), Cell::number(40.3e9, "bytes", paper),
            Cell::number(standard, "bytes", model), Cell::number(4.4e9, "bytes", paper),
            Cell::number(flash.literal, "bytes", model), Cell::number(flash.refined, "bytes", model)},
           {Cell::words("GFLOPs"), Cell::number(66.6, "", paper), Cell::number(flops / 1e9, "", model),
            Cell::number(75.2, "", paper), Cell::number(flops_flash / 1e9, "", model),
            Cell::number(flops_flash / 1e9, "", model)},
           {Cell::words("runtime, or its lower bound on A100"), Cell::number(41.7e-3, "seconds", paper),
            Cell::number(time(standard, flops), "seconds", bound), Cell::number(7.3e-3, "seconds", paper),
            Cell::number(time(flash.literal, flops_flash), "seconds", bound),
            Cell::number(time(flash.refined, flops_flash), "seconds", bound)}}};
}

/// Ways to add up the two printed numbers, from what is in the algorithms to what a framework adds.
Table decompositions(double n, const Sizes& s) {
  const Provenance model = modelled_by("passes x elements x 2 bytes");
  Table table{"decompositions",
              "Which sum lands on the printed gigabytes?",
              "Forward and backward at your shape. Printed: 40.3 GB standard, 4.4 GB flash; the paper splits "
              "neither.",
              {"what is counted", "N x N passes", "N x d passes", "bytes"},
              {}};
  const auto add = [&](const std::string& what, double squares, double strips, double vectors) {
    table.rows.push_back(
        {Cell::words(what), Cell::number(squares, "", model), Cell::number(strips, "", model),
         Cell::number(squares * s.square + strips * s.strip + vectors * s.rows, "bytes", model)});
  };
  const auto standard = [&](const std::string& what, bool mask, bool dropout) {
    Entry sum;
    for (const Entry& e : standard_entries(mask, dropout)) {
      sum.squares += e.squares;
      sum.strips += e.strips;
    }
    add("standard, " + what, sum.squares, sum.strips, 0);
  };
  standard("Algorithms 0 and 3 as printed", false, false);
  standard("and a mask kernel", true, false);
  standard("and dropout kernels", false, true);
  standard("and both", true, true);
  for (const double block_n : {128.0, 256.0, 512.0}) {
    const double key_tiles = std::ceil(n / block_n);
    const std::string name = text("flash, B_c = ", block_n);
    add(name + ", Algorithms 1 and 4 as printed", 0, flash_strips(key_tiles, false), 0);
    add(name + ", and l, m", 0, flash_strips(key_tiles, false), vector_count(key_tiles));
    add(name + ", D once, first reads skipped", 0, flash_strips(key_tiles, true), 0);
  }
  return table;
}

Plot width_plot(double n, const Sizes& s, double standard) {
  Plot plot{"width",
            "Wider key tiles, fewer sweeps over Q and O",
            "Modelled traffic of forward and backward for each block_n.",
            {"block_n", "columns", true},
            {"HBM traffic", "bytes", true},
            {}};
  std::vector<double> xs, literal, refined;
  for (double b = 64; b <= 1024; b *= 2) {
    xs.push_back(b);
    literal.push_back(flash_bytes(n, b, s).literal);
    refined.push_back(flash_bytes(n, b, s).refined);
  }
  const Provenance model = modelled_by("2 + 3 Tc forward, 4 + 5 Tc backward, in N x d passes");
  plot.series.push_back(
      plain("literal", "flash, as printed", xs, literal, model, SeriesStyle::line_and_markers));
  plot.series.push_back(plain("refined", "flash, D once and first reads skipped", xs, refined, model,
                              SeriesStyle::line_and_markers));
  plot.series.push_back(
      level("standard", "standard", 64, 1024, standard, modelled_by("N x N and N x d passes")));
  plot.series.push_back(level("paper", "4.4 GB, printed", 64, 1024, 4.4e9,
                              paper_says("FlashAttention, NeurIPS 2022, Fig. 2 (left)")));
  return plot;
}

}  // namespace

Result run_ledger(const ParamSet& params, const Context& context) {
  context.progress.step(0, "adding up passes");
  const double heads = static_cast<double>(params.integer(kBatch) * params.integer(kHeads));
  const double n = params.real(kLedgerLength), d = params.real(kHeadDim),
               block_n = params.real(kLedgerBlockN);
  const bool mask = params.flag(kMaskPass), dropout = params.flag(kDropoutPass);
  const Sizes s{heads * n * n * kHalf, heads * n * d * kHalf, heads * n * kHalf};
  const std::vector<Entry> entries = standard_entries(mask, dropout);
  const double standard = bytes_of(entries, s), bare = bytes_of(standard_entries(false, false), s);
  const Flash flash = flash_bytes(n, block_n, s);
  const double matmul = 2 * n * n * d * heads, flops = 6 * matmul, flops_flash = 7 * matmul;
  Result result;
  result.tables = {figure_table(standard, flash, flops, flops_flash), standard_table(entries, s),
                   decompositions(n, s)};
  result.plots = {width_plot(n, s, standard)};
  const Provenance model = modelled_by("passes x elements x 2 bytes"),
                   work = modelled_by("2 N^2 d FLOPs per matmul, 6 standard, 7 flash");
  double squares = 0;
  for (const Entry& e : entries) {
    squares += e.squares;
  }
  result.scalars = {
      scalar("squares", "N x N passes of the standard form", squares, "", model),
      scalar("standard", "standard form", standard, "bytes", model),
      scalar("bare", "standard form without mask and dropout kernels", bare, "bytes", model),
      scalar("flash_literal", "flash, as printed", flash.literal, "bytes", model),
      scalar("flash_vectors", "flash, as printed, l and m counted", flash.with_vectors, "bytes", model),
      scalar("flash_refined", "flash, D once and first reads skipped", flash.refined, "bytes", model),
      scalar("bound_standard", "standard: its bytes at 1.555 TB/s", standard / kA100Bandwidth, "seconds",
             model),
      scalar("bound_flash", "flash, refined: its bytes at 1.555 TB/s", flash.refined / kA100Bandwidth,
             "seconds", model),
      scalar("bound_flops", "flash: its FLOPs at 312 TFLOP/s", flops_flash / kA100Fp16, "seconds", work),
      scalar("traffic_ratio", "standard over flash", standard / flash.refined, "ratio", model),
      scalar("gflops_standard", "direct count, standard", flops / 1e9, "", work, "GFLOP"),
      scalar("gflops_flash", "direct count, flash", flops_flash / 1e9, "", work, "GFLOP"),
      scalar("flop_ratio", "flash over standard", flops_flash / flops, "", work),
      scalar("printed_flop_ratio", "the printed 75.2 / 66.6", 75.2 / 66.6, "",
             paper_says("FlashAttention, Fig. 2 (left)")),
      scalar("printed_gap", "direct count over printed 66.6", flops / 66.6e9, "ratio", work)};
  const bool figure = heads == 1024 && n == 1024 && d == 64;
  const char* shape = "GPT-2 medium (64 x 16 heads, N = 1024, d = 64) with both kernels and block_n 256";
  add_where(result, figure && mask && dropout, shape,
            check_between("pass_standard", "standard HBM traffic is 40.27 +- 0.1 GB (printed: 40.3)",
                          standard / 1e9, 40.17, 40.37, model));
  add_where(result, figure, shape,
            check_between("pass_bare", "without mask and dropout kernels 25.2 +- 0.1 GB", bare / 1e9, 25.1,
                          25.3, model));
  add_where(result, figure && block_n == 256, shape,
            check_between("pass_flash", "flash HBM traffic within 20 % of the printed 4.4 GB",
                          flash.refined / 1e9, 0.8 * 4.4, 1.2 * 4.4, model));
  add_where(result, figure && block_n == 256, shape,
            check_between("pass_flash_literal", "flash as printed, too, within 20 % of 4.4 GB",
                          flash.literal / 1e9, 0.8 * 4.4, 1.2 * 4.4, model));
  result.checks.push_back(check_between("pass_flop_ratio", "recomputation adds 10 to 20 % of FLOPs",
                                        flops_flash / flops, 1.10, 1.20, work));
  return result;
}

namespace {

constexpr std::array<const Param*, 5> kFuse{&kFuseScores, &kFuseMask, &kFuseSoftmax, &kFuseDropout,
                                            &kFuseValues};
constexpr std::array<const char*, 5> kOpNames{"Q K^T", "mask", "softmax", "dropout", "P V"};
enum Operation { scores, mask, softmax, dropout, values };

/// The chain of operations that are present, each with the number of the kernel it belongs to.
struct Chain {
  std::array<bool, 5> present{true, true, true, true, true};
  std::array<int, 5> kernel{};
  int kernels = 0;
  bool together(int a, int b) const {
    return kernel[static_cast<std::size_t>(a)] == kernel[static_cast<std::size_t>(b)];
  }
};
/// Neighbours that are both ticked share a kernel.
Chain chain_of(bool with_mask, bool with_dropout, const std::array<bool, 5>& ticked) {
  Chain c;
  c.present[mask] = with_mask;
  c.present[Operation::dropout] = with_dropout;
  int last = -1;
  for (std::size_t i = 0; i < 5; ++i) {
    if (!c.present[i]) {
      continue;
    }
    const bool joins = last >= 0 && ticked[i] && ticked[static_cast<std::size_t>(last)];
    c.kernels += joins ? 0 : 1;
    c.kernel[i] = c.kernels;
    last = static_cast<int>(i);
  }
  return c;
}

struct Passes {
  double forward = 0, backward = 0;
  double total() const { return forward + backward; }
};
/// N x N arrays that cross the bus. An array between two kernels is written once and read once; inside a
/// kernel it stays on chip. The backward pass reads P (and the dropped-out P, and a byte mask, half a pass)
/// from where the forward pass left them, unless one kernel holds everything and recomputes them.
Passes passes_of(const Chain& c) {
  Passes p;
  if (c.kernels == 1) {
    return p;
  }
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) {
    if (c.present[static_cast<std::size_t>(i)]) {
      order.push_back(i);
    }
  }
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    const bool kept_for_backward = order[i] == softmax || order[i] == dropout;
    p.forward += c.together(order[i], order[i + 1]) ? (kept_for_backward ? 1 : 0) : 2;
  }
  const bool drop = c.present[dropout];
  const bool rebuild =
      drop && c.together(softmax, values);  // P V finds P and the byte mask in its own kernel
  p.forward += drop ? 0.5 - (rebuild ? 1 : 0) : 0;
  p.backward = (drop ? 0.5 : 0) + 1 + (c.together(softmax, values) ? 0 : 1);  // byte mask; P for dS; P for dV
  p.backward += c.together(values, drop ? dropout : softmax) ? 0 : 2;         // dP of P V to the next kernel
  p.backward += drop && !c.together(dropout, softmax) ? 2 : 0;
  p.backward += c.together(softmax, scores) ? 0 : 3;  // dS written once, read for dQ and dK
  return p;
}

}  // namespace

Result run_fusion(const ParamSet& params, const Context& context) {
  context.progress.step(0, "adding up passes");
  const bool with_mask = params.flag(kMaskPass), with_dropout = params.flag(kDropoutPass);
  std::array<bool, 5> ticked{};
  for (std::size_t i = 0; i < 5; ++i) {
    ticked[i] = params.flag(*kFuse[i]);
  }
  const Provenance model = modelled_by("one pass per N x N array and direction between kernels");
  const auto passes = [&](bool m, bool dr, const std::array<bool, 5>& t) {
    return passes_of(chain_of(m, dr, t));
  };
  const std::array<bool, 5> none{}, all{true, true, true, true, true}, middle{false, true, true, true, false};
  const Chain chain = chain_of(with_mask, with_dropout, ticked);
  const Passes yours = passes_of(chain), unfused = passes(with_mask, with_dropout, none);
  Result result;
  Table table{"kernels",
              "Kernels of the forward chain",
              "Ticked neighbours share a kernel; what stays inside never reaches HBM.",
              {"operation", "kernel"},
              {}};
  for (std::size_t i = 0; i < 5; ++i) {
    table.rows.push_back(
        {Cell::words(kOpNames[i]),
         Cell::words(chain.present[i] ? text("kernel ", chain.kernel[i]) : std::string("absent"))});
  }
  Table ledger{"passes",
               "N x N passes over HBM",
               "Forward and backward; N x d passes are left out.",
               {"chain", "forward", "backward", "total"},
               {}};
  const auto add = [&](const std::string& name, const Passes& p) {
    ledger.rows.push_back({Cell::words(name), Cell::number(p.forward, "", model),
                           Cell::number(p.backward, "", model), Cell::number(p.total(), "", model)});
  };
  add("your choice", yours);
  add("nothing fused, mask and dropout", passes(true, true, none));
  add("nothing fused, bare", passes(false, false, none));
  add("mask, softmax and dropout fused", passes(true, true, middle));
  add("all five fused, recomputed in the backward pass", passes(true, true, all));
  result.tables = {ledger, table};
  result.scalars = {scalar("yours", "your N x N passes", yours.total(), "", model),
                    scalar("unfused", "unfused", unfused.total(), "", model),
                    scalar("saved", "passes saved", unfused.total() - yours.total(), "", model),
                    scalar("kernels_count", "forward kernels", chain.kernels, "count", model)};
  result.checks = {
      check_exactly("pass_unfused", "unfused with mask and dropout: 18 passes",
                    passes(true, true, none).total(), 18, model),
      check_exactly("pass_bare", "unfused, bare: 11 passes", passes(false, false, none).total(), 11, model),
      check_exactly("pass_fused", "all fused: 0 passes", passes(true, true, all).total(), 0, model)};
  return result;
}

}  // namespace alab::flash_tiling
