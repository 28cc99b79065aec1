// SPDX-License-Identifier: MIT
#include "labs/common/roofline.hpp"

#include <algorithm>
#include <cmath>

#include "labs/common/sweep.hpp"

namespace alab {
namespace {

constexpr double kFp16 = 2, kFp32 = 4;  // bytes of an element

/// Adds up what a walk through an algorithm's loops reads, writes and computes.
struct Walk {
  double flops = 0, bytes = 0;
  void compute(double amount) { flops += amount; }
  void move(double elements, double element_bytes) { bytes += elements * element_bytes; }
};

/// Three kernels: scores, softmax in place, values. Scores cross the bus row by row.
RooflinePoint materialised(const RooflineProblem& p) {
  Walk w;
  const double n = p.seq_len, d = p.head_dim;
  w.move(4 * n * d, kFp16);  // q, k, v in, output out
  for (double row = 0; row < n; ++row) {
    w.compute(2 * n * d);  // scores of this query
    w.move(n, kFp16);      // written
    w.move(2 * n, kFp16);  // softmax: read and written
    w.move(n, kFp16);      // read by the product with v
    w.compute(2 * n * d);
  }
  return {"materialised", "scores in memory", w.flops, w.bytes, d / 2, "d / 2 (fp16)"};
}

/// FlashAttention-2: each query tile stays on the chip, all keys and values stream past it.
RooflinePoint flash(const RooflineProblem& p) {
  Walk w;
  const double n = p.seq_len, d = p.head_dim;
  for (double row = 0; row < n; row += p.block_m) {
    const double rows = std::min(p.block_m, n - row);
    w.move(2 * rows * d, kFp16);  // q in, output out
    w.move(2 * n * d, kFp16);     // k and v
    w.compute(4 * rows * n * d);
  }
  return {"flash", text("FlashAttention-2, B_r = ", p.block_m), w.flops, w.bytes, p.block_m, "B_r (fp16)"};
}

/// One token: group queries meet each cached key and value once.
RooflinePoint decode(const RooflineProblem& p, double group, std::string key, std::string label) {
  Walk w;
  const double d = p.head_dim;
  w.move(2 * group * d, kFp16);  // queries in, outputs out
  for (double token = 0; token < p.seq_len; ++token) {
    w.move(2 * d, kFp16);
    w.compute(4 * group * d);
  }
  return {std::move(key), std::move(label),
          w.flops,        w.bytes,
          group,          group == 1 ? "1 (fp16, one query per key-value head)" : "group size (fp16)"};
}

/// One token of linear attention: the state is read, updated, applied and written.
RooflinePoint recurrent(const RooflineProblem& p) {
  Walk w;
  const double d = p.head_dim;
  w.move(4 * d, kFp32);  // q, k, v in, output out
  for (double row = 0; row < d; ++row) {
    w.move(2 * d, kFp32);  // one row of the state in and out
    w.compute(2 * d);      // + phi(k) v
    w.compute(2 * d);      // phi(q) times it
  }
  return {
      "recurrent", "recurrent linear step", w.flops, w.bytes, 0.5, "0.5 (state in fp32, read and written)"};
}

std::string tera(double value) {
  return text(format_value(value / 1e12, ""), " T");
}

}  // namespace

std::vector<RooflinePoint> attention_points(const RooflineProblem& p) {
  require(p.seq_len >= 1 && p.head_dim >= 1 && p.group >= 1 && p.block_m >= 1, "seq_len = ", p.seq_len,
          ", head_dim = ", p.head_dim, ", group = ", p.group, ", block_m = ", p.block_m,
          " give no roofline points; each must be at least 1");
  return {materialised(p), flash(p), decode(p, 1, "decode", "decode, one query a head"),
          decode(p, p.group, "gqa_decode", text("decode, ", p.group, " queries a head")), recurrent(p)};
}

double closed_form_gap(const RooflinePoint& point) {
  return std::abs(point.intensity() / point.closed_form - 1);
}

Check roofline_check(const RooflinePoint& point) {
  return check_at_most("roofline_" + point.key, text(point.label, ": within 5 % of ", point.formula),
                       closed_form_gap(point), 0.05,
                       counted_by("FLOPs and bytes summed along the algorithm's loops"));
}

Plot roofline_plot(const RooflineDevice& device, RooflinePrecision precision,
                   std::span<const RooflinePoint> points) {
  const double ridge = ridge_point(device, precision), peak = peak_flops(device, precision);
  double low = 0.1, high = 4 * ridge;
  for (const RooflinePoint& p : points) {
    low = std::min(low, p.intensity() / 2);
    high = std::max(high, p.intensity() * 2);
  }
  Plot plot;
  plot.key = "roofline";
  plot.title = text(device.name, ", ", kRooflinePrecisionNames[static_cast<std::size_t>(precision)],
                    ": left of ", format_value(ridge, ""), " FLOP/B memory is the limit");
  plot.note = "A marker is the most that an algorithm of that intensity can reach; nothing was timed here.";
  plot.x = {"arithmetic intensity", "FLOP/B", true};
  plot.y = {"attainable rate", "FLOP/s", true};
  const std::string roof = text("min(F, I W), F = ", tera(peak),
                                "FLOP/s, W = ", tera(device.bytes_per_second), "B/s; ", device.source);
  plot.series.push_back(plain("roof", text("roof of ", device.name), {low, ridge, high},
                              {low * device.bytes_per_second, peak, peak}, modelled_by(roof)));
  for (const RooflinePoint& p : points) {
    plot.series.push_back(
        plain(p.key, p.label, {p.intensity()}, {attainable(device, precision, p.intensity())},
              modelled_by("counted FLOPs / counted bytes, under the roof"), SeriesStyle::markers));
  }
  return plot;
}

Table device_table() {
  Table table{"devices",
              "Peaks behind the roofs",
              "Vendor's figures, dense (without structured sparsity). No kernel reaches them all the time.",
              {"GPU", "memory, TB/s", "FP16 tensor, TFLOP/s", "FP32, TFLOP/s", "ridge FP16, FLOP/B",
               "ridge FP32, FLOP/B"},
              {}};
  for (const RooflineDevice& d : roofline_devices()) {
    const Provenance from = paper_says(d.source), derived = modelled_by(text("F / W; ", d.source));
    table.rows.push_back({Cell::words(std::string(d.name)), Cell::number(d.bytes_per_second / 1e12, "", from),
                          Cell::number(d.fp16_flops / 1e12, "", from),
                          Cell::number(d.fp32_flops / 1e12, "", from),
                          Cell::number(ridge_point(d, RooflinePrecision::fp16), "", derived),
                          Cell::number(ridge_point(d, RooflinePrecision::fp32), "", derived)});
  }
  return table;
}

}  // namespace alab
