// The roofline of a GPU and where attention sits under it: P = min(F, I W).
// Source: Williams, Waterman, Patterson, CACM 52(4), 2009; peaks from NVIDIA's data sheets, named per device.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "labs/lab.hpp"

namespace alab {

/// Peaks of one GPU. FP16 is the dense tensor-core rate with FP32 accumulation; FP32 the rate without tensor
/// cores.
struct RooflineDevice {
  std::string_view name;
  double bytes_per_second = 0;  ///< W, device memory
  double fp16_flops = 0, fp32_flops = 0;
  std::string_view source;
};

inline constexpr std::array<std::string_view, 7> kRooflineDeviceNames{
    "A100-40GB", "A100-80GB", "H100", "H200", "RTX-4090", "V100", "T4"};
/// In the order of the names.
std::span<const RooflineDevice> roofline_devices();

enum class RooflinePrecision { fp16, fp32 };
inline constexpr std::array<std::string_view, 2> kRooflinePrecisionNames{"fp16", "fp32"};

/// F of the precision, FLOP/s.
double peak_flops(const RooflineDevice& device, RooflinePrecision precision);
/// F / W: the intensity from which arithmetic is the limit, FLOP/B.
double ridge_point(const RooflineDevice& device, RooflinePrecision precision);
/// min(F, I W), FLOP/s; intensity in FLOP/B.
double attainable(const RooflineDevice& device, RooflinePrecision precision, double intensity);
/// max(FLOPs / F, bytes / W), seconds: no launch, no cache, perfect overlap.
double modelled_seconds(const RooflineDevice& device, RooflinePrecision precision, double flops,
                        double bytes);

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
