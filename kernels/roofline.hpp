// The roofline of a GPU and where a counted kernel sits under it: P = min(F, I W).
// Source: Williams, Waterman, Patterson, CACM 52(4), 2009; peaks from the vendor's data sheets, named per
// device.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernels/executor/counted/profile.hpp"
#include "reference/core/result.hpp"

namespace alab {

/// What a device reached in measurements; zeros where nobody measured.
struct MeasuredPeaks {
  double bytes_per_second = 0;  ///< a copy: half read, half written
  double fp16_flops = 0, fp32_flops = 0;
  std::string_view source;  ///< device, date, how
};

/// Peaks of one GPU. FP16 is the dense tensor-core rate with FP32 accumulation, which is bfloat16's as well
/// where the device has it; FP32 the rate without tensor cores.
struct RooflineDevice {
  std::string_view name;
  double bytes_per_second = 0;  ///< W, device memory
  double fp16_flops = 0, fp32_flops = 0;
  std::string_view source;
  int sm = 0;  ///< compute capability: 90 is 9.0
  int multiprocessors = 0;
  double l2_bytes = 0;
  MeasuredPeaks measured = {};
};

inline constexpr std::array<std::string_view, 8> kRooflineDeviceNames{
    "A100-40GB", "A100-80GB", "H100", "H200", "RTX-4090", "V100", "T4", "RTX-4060-Laptop"};
/// In the order of the names.
std::span<const RooflineDevice> roofline_devices();
/// nullptr when unknown.
const RooflineDevice* find_roofline_device(std::string_view name);

enum class RooflinePrecision { fp16, fp32 };
inline constexpr std::array<std::string_view, 2> kRooflinePrecisionNames{"fp16", "fp32"};

/// F of the precision, FLOP/s.
double peak_flops(const RooflineDevice& device, RooflinePrecision precision);
/// F / W: the intensity from which arithmetic is the limit, FLOP/B.
double ridge_point(const RooflineDevice& device, RooflinePrecision precision);
/// min(F, I W), FLOP/s; intensity in FLOP/B.
/// @throws Error when intensity is not positive
double attainable(const RooflineDevice& device, RooflinePrecision precision, double intensity);
/// max(FLOPs / F, bytes / W), seconds: no launch, no cache, perfect overlap.
double modelled_seconds(const RooflineDevice& device, RooflinePrecision precision, double flops,
                        double bytes);

/// A kernel's place on the roofline, counted by the executor. Three ways to count bytes: which of them reach
/// device memory depends on the caches.
struct KernelPoint {
  std::string label;            ///< the kernel, or what a sum is of
  double flops = 0;             ///< additions and multiplications; functions stand beside, not in
  double compulsory_bytes = 0;  ///< distinct 32-byte sectors: an endless L2 would let only these through
  double block_bytes = 0;   ///< each block loads a word once, and stores: reuse within blocks, none between
  double sector_bytes = 0;  ///< all sectors that warps ask for: no reuse at all
  Provenance provenance;    ///< counted

  /// FLOP per compulsory byte; 0 without traffic.
  double intensity() const { return compulsory_bytes > 0 ? flops / compulsory_bytes : 0; }
};
/// nullopt when the launch's operations were not counted.
std::optional<KernelPoint> kernel_point(const counted::LaunchProfile& launch);
/// Sum over launches, each of which starts with empty caches; nullopt when one of them was not counted, or
/// there is none.
std::optional<KernelPoint> kernel_point(std::span<const counted::LaunchProfile> launches, std::string label);

/// How long a kernel takes at least on a device: bytes first, then arithmetic. Perfect overlap, no launch.
struct TimeBounds {
  double memory_seconds = 0;   ///< bytes / W
  double compute_seconds = 0;  ///< FLOPs / F
  Provenance provenance;       ///< modelled: both formulas with the device's peaks

  double seconds() const { return memory_seconds > compute_seconds ? memory_seconds : compute_seconds; }
  bool memory_bound() const { return memory_seconds >= compute_seconds; }
};
TimeBounds time_bounds(const RooflineDevice& device, RooflinePrecision precision, double flops, double bytes);

}  // namespace alab
