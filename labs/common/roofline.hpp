// Where attention sits under the roofline of a GPU (kernels/roofline.hpp), and the roof as a plot.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/roofline.hpp"
#include "labs/lab.hpp"

namespace alab {

/// One algorithm under the roof.
struct RooflinePoint {
  std::string key, label;
  double flops = 0, bytes = 0;  ///< counted by walking the algorithm's loops
  double closed_form = 0;       ///< intensity the formula gives, FLOP/B
  std::string formula;          ///< the formula in words
  double intensity() const { return flops / bytes; }
};

/// What the five points of the tool are computed at.
struct RooflineProblem {
  double seq_len = 8192;  ///< N, or cached tokens t when decoding
  double head_dim = 64;   ///< d = dk = dv, and the feature dimension of the recurrent step
  double group = 8;       ///< query heads per key-value head of the grouped point
  double block_m = 128;   ///< query rows per tile of the FlashAttention-2 point
};
/// Scores in memory (I ~ d / 2 in fp16), FlashAttention-2 (B_r), decoding (1), grouped-query decoding
/// (group), recurrent linear step with an fp32 state (0.5). FLOPs and bytes are summed loop by loop: each
/// product, row of scores, tile or cached token adds what it reads, writes and computes.
std::vector<RooflinePoint> attention_points(const RooflineProblem& problem);

/// |counted / closed form - 1| of a point.
double closed_form_gap(const RooflinePoint& point);
/// "roofline_<key>": counted intensity within 5 % of the closed form.
Check roofline_check(const RooflinePoint& point);

/// The roof of the device as a line, the points under it (each a marker at its counted intensity, at the
/// roof's height: what it may reach, not what it does).
Plot roofline_plot(const RooflineDevice& device, RooflinePrecision precision,
                   std::span<const RooflinePoint> points);
/// Peaks, ridge points and sources of every device.
Table device_table();

}  // namespace alab
