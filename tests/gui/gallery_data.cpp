// Made-up Results for the gallery.
// SPDX-License-Identifier: MIT
#include "gallery_data.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "reference/core/error.hpp"
#include "reference/core/rng.hpp"

namespace alab::gallery {
namespace {

const Provenance kCounted{Provenance::counted, "copies counted inside the tile loops"};
const Provenance kModelled{Provenance::modelled, "2 N d ceil(N / B_r) + N d"};
const Provenance kMeasured{Provenance::measured, "gallery, no machine: invented"};
const Provenance kRecorded{Provenance::recorded, "assets/measurements/h200.json, NVIDIA H200, 2025-01-01"};
const Provenance kPaper{Provenance::paper, "Dao et al. 2022, Figure 2"};
const float kOutside = std::numeric_limits<float>::quiet_NaN();

Series power(std::string key, std::string label, double factor, double slope, Provenance provenance) {
  Series s{std::move(key), std::move(label), {}, {}, std::move(provenance), SeriesStyle::line_and_markers,
           slope};
  for (double n = 128; n <= 16384; n *= 2) {
    s.xs.push_back(n);
    s.ys.push_back(factor * std::pow(n, slope));
  }
  return s;
}

Plot traffic() {
  Plot p{"traffic",
         "At N = 2,048 tiling moves a quarter of what three dense kernels move",
         "Bytes that travel between HBM and the chip in one forward pass, for growing sequences.",
         {"sequence length", "tokens", true},
         {"HBM traffic", "bytes", true},
         {}};
  p.series.push_back(power("dense", "dense, three kernels", 16.5, 2, kCounted));
  p.series.push_back(power("block_m", "tiled, 128 x 64", 4.1, 1.98, kCounted));
  p.series.push_back(power("model", "tiled, by the formula", 3.9, 1.97, kModelled));
  p.series.back().style = SeriesStyle::dashed;
  return p;
}

Plot memory() {
  Plot p{"memory",
         "The dense form keeps N\u00b2 numbers, the tiled form N",
         "Scratch memory a head needs beyond Q, K, V and O.",
         {"sequence length", "tokens", true},
         {"scratch memory", "bytes", true},
         {}};
  p.series.push_back(power("dense_bytes", "dense", 4, 2, kCounted));
  p.series.push_back(power("tiled_bytes", "tiled", 4, 1, kCounted));
  return p;
}

Heatmap attention() {
  Heatmap m;
  m.key = "attention_map";
  m.title = "Attention weights of layer 17, head 5: each token looks at what followed it last time";
  m.note =
      "Row: the query that looks. Column: the key it looks at. Every row sums to 1; hatched cells are "
      "masked.";
  m.value_label = "weight";
  m.detail_label = "score (scale x q.k)";
  m.row = {"query", "token", false};
  m.col = {"key", "token", false};
  constexpr std::array<const char*, 12> kWords{"The",  " quick", " brown", " fox", " jumps", " over",
                                               " the", " lazy",  " dog",   ".",    " Straw", "berries"};
  m.rows = m.cols = 28;
  Rng rng(7);
  for (std::int64_t i = 0; i < m.rows; ++i) {
    m.row_labels.emplace_back(kWords[static_cast<std::size_t>(i) % kWords.size()]);
    std::vector<double> row;
    double sum = 0;
    for (std::int64_t j = 0; j <= i; ++j) {
      const double score = rng.normal() + (j == 0 ? 3.0 : 0.0) + (j == i - 11 ? 5.0 : 0.0);
      row.push_back(score);
      sum += std::exp(score);
    }
    for (std::int64_t j = 0; j < m.cols; ++j) {
      m.values.push_back(j <= i ? static_cast<float>(std::exp(row[static_cast<std::size_t>(j)]) / sum)
                                : kOutside);
      m.detail.push_back(j <= i ? static_cast<float>(row[static_cast<std::size_t>(j)]) : kOutside);
    }
  }
  m.col_labels = m.row_labels;
  m.provenance = kMeasured;
  return m;
}

Stepper tiles() {
  Stepper s;
  s.key = "tiles";
  s.title = "Query tile by query tile, each key tile is loaded once and forgotten";
  s.note = "One cell is a 16 x 16 tile of the score matrix; the watched row is query 40.";
  s.rows = s.cols = 8;
  s.row_label = "query tile";
  s.col_label = "key tile";
  s.quantities = {"m (running max)", "l (running sum)", "rescale factor", "|o| (accumulator norm)"};
  s.provenance = kCounted;
  double m = -INFINITY;
  double l = 0;
  Rng rng(3);
  for (std::int64_t r = 0; r < s.rows; ++r) {
    m = -INFINITY;
    l = 0;
    for (std::int64_t c = 0; c < s.cols; ++c) {
      if (c > r) {
        s.frames.push_back({Frame::skip,
                            r,
                            c,
                            text("Tile (", r, ", ", c, ") lies above the diagonal: it is skipped."),
                            {m, l, 1, l}});
        continue;
      }
      s.frames.push_back({Frame::load,
                          r,
                          c,
                          text("Key tile ", c, " is loaded: 16 rows of K and V travel to the chip."),
                          {m, l, 1, l}});
      const double next = std::max(m, 2 * rng.normal() + 1);
      const double factor = std::isinf(m) ? 0 : std::exp(m - next);
      l = l * factor + 5 + rng.uniform();
      m = next;
      s.frames.push_back({factor < 1 ? Frame::rescale : Frame::compute,
                          r,
                          c,
                          text("Scores of tile (", r, ", ", c, ") are computed; the maximum ",
                               factor < 1 ? "rises, so the old sum shrinks" : "stays", " and ", 16,
                               " weights join the sum."),
                          {m, l, factor, std::sqrt(l)}});
    }
    s.frames.push_back({Frame::finish,
                        r,
                        r,
                        text("Query tile ", r, " is done: O is divided by l and written once."),
                        {m, l, 1, 1}});
  }
  return s;
}

Table backends() {
  Table t{"backends",
          "Same result, three ways to get it",
          "Simulated times are the executor's on this CPU, never a GPU's.",
          {"backend", "rung", "error against double", "time", "scratch memory", "passed"},
          {}};
  const auto row = [&](const char* backend, const char* rung, double error, double seconds, double bytes) {
    t.rows.push_back({Cell::words(backend), Cell::words(rung), Cell::number(error, "error", kMeasured),
                      Cell::number(seconds, "seconds", kMeasured), Cell::number(bytes, "bytes", kCounted),
                      Cell::words("passed")});
  };
  row("Eigen reference", "double", 0, 9.1e-3, 0);
  row("executor (CPU)", "00_naive", 1.9e-7, 41e-3, 1.68e7);
  row("executor (CPU)", "30_fa2_order", 2.1e-7, 62e-3, 4096);
  t.rows.push_back({Cell::words("cuda, H200"), Cell::words("40_register_tiled"),
                    Cell::number(2.0e-7, "error", kRecorded), Cell::number(3.1e-5, "seconds", kRecorded),
                    Cell::number(4096, "bytes", kRecorded), Cell::words("passed")});
  t.rows.push_back(
      {Cell::words("cuda"), Cell::words("30_fa2_order"),
       Cell::words(
           "no GPU: libcuda.so.1 is not installed; run on a machine with an NVIDIA driver 525 or newer"),
       Cell::words(""), Cell::words(""), Cell::words("")});
  return t;
}

}  // namespace

Result sample_result() {
  Result r;
  r.lab = "ch10_02_flash_tiling";
  r.experiment = "traffic";
  r.params = "seq_len=1024 causal=true";
  r.input = "SmolLM2-135M layer 17, head 5, on 'The quick brown fox ...' (28 tokens)";
  r.scalars = {
      {"growth", "Traffic grows by this factor when N doubles", "", 3.97, kCounted, "ratio"},
      {"bytes", "HBM traffic of the tiled form at N = 1,024, which is the number that the lesson asks about",
       "", 4.4e6, kCounted, "bytes"},
      {"paper_bytes", "HBM traffic as printed", "", 4.4e9, kPaper, "bytes"},
      {"time", "Time of the reference", "", 9.13e-3, kMeasured, "seconds"}};
  r.plots = {traffic(), memory()};
  r.heatmaps = {attention()};
  r.tables = {backends()};
  r.steppers = {tiles()};
  r.checks = {
      check_at_most("error", "The tiled output equals the dense one (relative L2)", 2.1e-7, 5e-6, kMeasured),
      check_between("slope", "Accesses fall with M as 1/M: fitted slope", -0.988, -1.05, -0.95, kCounted),
      check_exactly("accesses", "Online softmax reads each element three times", 3, 3, kCounted),
      check_at_most("bad", "The printed rescale gives the right output", 0.71, 5e-6, kMeasured),
      check_at_most("nan", "The naive form stays finite", std::nan(""), 5e-6, kMeasured)};
  r.checks[3].detail =
      "Row 17, column 3: 0.42 instead of 0.11; the old sum was divided where it had to be multiplied.";
  Check fast = check_between("speed", "The blocked form beats the naive one", 0.8, 1, 1e9, kMeasured);
  fast.lamp = true;
  r.checks.push_back(fast);
  r.notes = {"The real head brings its own head_dim of 64; the slider's 32 was not used."};
  return r;
}

Plot odd_plot() {
  Plot p{"overflow",
         "The naive form is wrong from an offset of 81.5 and not finite from 85.8",
         "Relative error against double.",
         {"offset added to the row", "nats", false},
         {"relative error", "", true},
         {}};
  const auto series = [&](const char* key, const char* label, auto f) {
    Series s{key, label, {}, {}, kMeasured, SeriesStyle::line_and_markers};
    for (double x = 0; x <= 200; x += 5) {
      s.xs.push_back(x);
      s.ys.push_back(f(x));
    }
    p.series.push_back(s);
  };
  series("naive", "naive", [](double x) {
    return x < 80 ? 6e-8 * (1 + std::sin(x)) + 3e-8 : x < 86 ? 1.0 : std::nan("");
  });
  series("safe", "safe", [](double x) { return x == 0 ? 0 : 1.2e-7 + 4e-8 * std::cos(x); });
  series("online", "online", [](double x) { return 2.5e-7 + 6e-8 * std::cos(0.7 * x); });
  return p;
}

Plot long_plot() {
  Plot p{"long",
         "200,000 points, drawn as 2,000",
         "A spike of one point must stay visible.",
         {"element", "", false},
         {"running sum d", "", false},
         {}};
  Series s{"d", "d", {}, {}, kCounted, SeriesStyle::line};
  Rng rng(1);
  for (int i = 0; i < 200000; ++i) {
    s.xs.push_back(i);
    s.ys.push_back(std::sin(i * 1e-4) + 0.02 * rng.normal() + (i == 123456 ? 3 : 0));
  }
  p.series.push_back(s);
  return p;
}

Plot bar_plot() {
  Plot p{"bars",
         "Online softmax reads each element once less than the safe form",
         "Accesses per element.",
         {"form", "", false},
         {"accesses per element", "", false},
         {}};
  p.series.push_back(
      {"counted_bars", "counted", {1, 2, 3, 4, 5}, {3, 4, 3, 5, 1}, kCounted, SeriesStyle::bars});
  p.series.push_back(
      {"paper_bars", "in the paper", {1, 2, 3, 4, 5}, {3, 4, 3, 5, 1}, kPaper, SeriesStyle::bars});
  return p;
}

Plot signed_plot() {
  Plot p{"signed",
         "Gains and losses over five orders of magnitude",
         "",
         {"tile", "", false},
         {"difference", "", true},
         {}};
  Series s{"difference", "tiled minus dense", {}, {}, kMeasured, SeriesStyle::line_and_markers};
  for (int i = 0; i < 24; ++i) {
    s.xs.push_back(i);
    s.ys.push_back((i % 3 == 0 ? -1 : 1) * std::pow(10, i / 5.0));
  }
  p.series.push_back(s);
  return p;
}

Heatmap signed_map() {
  Heatmap m;
  m.key = "scores";
  m.title = "Scores before softmax";
  m.value_label = "score";
  m.row = {"query", "position", false};
  m.col = {"key", "position", false};
  m.rows = 12;
  m.cols = 40;
  m.diverging = true;
  for (std::int64_t i = 0; i < m.rows * m.cols; ++i) {
    m.values.push_back(static_cast<float>(4 * std::sin(0.3 * static_cast<double>(i % 40)) *
                                          std::cos(0.5 * static_cast<double>(i / 40))));
  }
  m.provenance = kMeasured;
  return m;
}

Heatmap large_map() {
  Heatmap m = signed_map();
  m.key = "large";
  m.title = "1,024 tokens: each dot shows the largest of its cells";
  m.diverging = false;
  m.rows = m.cols = 1024;
  m.values.assign(static_cast<std::size_t>(m.rows * m.cols), kOutside);
  for (std::int64_t i = 0; i < m.rows; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      m.values[static_cast<std::size_t>(i * m.cols + j)] =
          static_cast<float>(j == 0         ? 0.6
                             : j == i - 200 ? 0.35
                                            : 0.3 / (1.0 + static_cast<double>(i - j)));
    }
  }
  return m;
}

Stepper row_stepper() {
  Stepper s;
  s.key = "online";
  s.title = "One pass: the maximum and the sum are mended as the row is read";
  s.note = "Pink frames rescale the old sum because a larger score has appeared.";
  s.rows = 1;
  s.cols = 48;
  s.row_label = "row";
  s.col_label = "element";
  s.quantities = {"score x", "m (running max)", "d (running sum)", "rescale factor"};
  s.provenance = kMeasured;
  double m = -INFINITY;
  double d = 0;
  Rng rng(11);
  for (std::int64_t c = 0; c < s.cols; ++c) {
    const double x = 1.6 * rng.normal();
    const double next = std::max(m, x);
    const double factor = std::isinf(m) ? 1 : std::exp(m - next);
    d = d * factor + std::exp(x - next);
    m = next;
    s.frames.push_back({Frame::compute,
                        0,
                        c,
                        text("Element ", c, " is read: the maximum ", factor < 1 ? "rises" : "stays", "."),
                        {x, m, d, factor}});
  }
  return s;
}

Stepper state_stepper() {
  constexpr std::int64_t kSide = 24, kTokens = 40;
  Stepper s;
  s.key = "state";
  s.title = "The state fills up over 40 tokens";
  s.note = "One frame is one token; the colours keep one scale throughout.";
  s.rows = 1;
  s.cols = kTokens;
  s.row_label = "state";
  s.col_label = "token";
  s.quantities = {"norm of S", "effective rank", "change of S"};
  s.provenance = kMeasured;
  s.map.key = "state_map";
  s.map.title = "State";
  s.map.note = "One cell per pair of channels.";
  s.map.value_label = "S";
  s.map.row = {"key channel", "", false};
  s.map.col = {"value channel", "", false};
  s.map.rows = s.map.cols = kSide;
  s.map.diverging = true;
  s.map.provenance = kMeasured;
  std::vector<float> state(kSide * kSide);
  Rng rng(3);
  for (std::int64_t t = 0; t < kTokens; ++t) {
    double norm = 0;
    std::vector<double> k(kSide), v(kSide);
    std::generate(k.begin(), k.end(), [&] { return rng.normal(); });
    std::generate(v.begin(), v.end(), [&] { return rng.normal(); });
    for (std::size_t i = 0; i < state.size(); ++i) {
      state[i] = 0.95F * state[i] + static_cast<float>(k[i / kSide] * v[i % kSide]);
      norm += static_cast<double>(state[i] * state[i]);
    }
    s.map_values.insert(s.map_values.end(), state.begin(), state.end());
    s.frames.push_back({Frame::compute,
                        0,
                        t,
                        text("Token ", t, " adds its outer product."),
                        {std::sqrt(norm), std::min(24.0, static_cast<double>(t + 1)), 24}});
  }
  s.map.values = state;
  return s;
}

Table wide_table() {
  Table t = backends();
  t.key = "ledger";
  t.title = "Passes over the score matrix";
  t.columns.emplace_back("bytes per element");
  t.columns.emplace_back("floating-point operations");
  for (auto& row : t.rows) {
    row.push_back(Cell::number(4, "count", kModelled));
    row.push_back(Cell::number(8.246e11, "count", kModelled));
  }
  return t;
}

ParamSet sample_params() {
  static constexpr std::array<std::string_view, 2> kOrders{"fa2", "fa1"};
  static constexpr std::array<std::string_view, 5> kForms{"naive, three passes", "safe, four accesses",
                                                          "online, three accesses",
                                                          "online with warp shuffles", "fused with top-k"};
  static constexpr Param kSeq =
      int_param("seq_len", "sequence length", "tokens", "Number of queries and keys N.", 1024, 1, 4096, true);
  static constexpr Param kDim =
      int_param("head_dim", "head dimension", "elements", "Width d of a query.", 64, 16, 128, true);
  static constexpr Param kBlock =
      int_param("block_m", "query rows per tile", "rows", "Rows B_r of a tile.", 64, 1, 256, true);
  static constexpr Param kSpan =
      real_param("span", "score span", "", "Difference between the largest and smallest score.", 8, 0, 16);
  static constexpr Param kSram =
      real_param("sram_kib", "on-chip memory", "KiB", "What one block may fill.", 96, 8, 256, true);
  static constexpr Param kCausal = bool_param("causal", "causal", "Query i sees keys up to i.", true);
  static constexpr Param kOrder =
      choice_param("loop_order", "loop order", "fa2: query tiles outside; fa1: key tiles outside.", kOrders);
  static constexpr Param kForm = choice_param("form", "form", "Which softmax.", kForms, 2);
  return ParamSet(
      std::vector<const Param*>{&kSeq, &kDim, &kBlock, &kSpan, &kSram, &kCausal, &kOrder, &kForm});
}

}  // namespace alab::gallery
