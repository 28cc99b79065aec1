// SPDX-License-Identifier: MIT
#include "kernels/roofline.hpp"

#include <algorithm>
#include <iterator>

#include "reference/core/error.hpp"

namespace alab {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;

constexpr RooflineDevice kDevices[] = {
    {"A100-40GB", 1.555e12, 312e12, 19.5e12, "NVIDIA A100 Tensor Core GPU architecture whitepaper, 2020", 80,
     108, 40 * kMiB},
    {"A100-80GB", 2.039e12, 312e12, 19.5e12, "NVIDIA A100 80GB data sheet (SXM)", 80, 108, 40 * kMiB},
    {"H100", 3.35e12, 989.4e12, 66.9e12, "NVIDIA H100 Tensor Core GPU architecture whitepaper, 2022 (SXM5)",
     90, 132, 50 * kMiB},
    {"H200",
     4.8e12,
     989.4e12,
     66.9e12,
     "NVIDIA H200 data sheet (SXM)",
     90,
     132,
     50 * kMiB,
     {4.23e12, 716e12, 51e12,
      "NVIDIA H200, driver 580, CUDA 13.0, 2026-11-20: copy; 8192^3 matrix product in bf16 (708 to 724 "
      "TFLOP/s) and in fp32"}},
    {"RTX-4090", 1.008e12, 165.2e12, 82.6e12,
     "NVIDIA Ada GPU architecture whitepaper, 2022 (FP16 with FP32 accumulation)", 89, 128, 72 * kMiB},
    {"V100", 0.9e12, 125e12, 15.7e12, "NVIDIA V100 data sheet (SXM2)", 70, 80, 6 * kMiB},
    {"T4", 0.32e12, 65e12, 8.1e12, "NVIDIA T4 data sheet", 75, 40, 4 * kMiB},
    {"RTX-4060-Laptop", 0.256e12, 29.1e12, 14.6e12,
     "NVIDIA's specifications of the RTX 4060 laptop GPU (3072 cores, boost 2.37 GHz at 115 W, 128-bit GDDR6 "
     "at "
     "16 Gb/s), rates per multiprocessor and clock as in the Ada whitepaper",
     89, 24, 32 * kMiB},
};
static_assert(std::size(kDevices) == kRooflineDeviceNames.size());

std::string tera(double value) {
  return text(value / 1e12, " T");
}

double number(std::uint64_t n) {
  return static_cast<double>(n);
}

}  // namespace

std::span<const RooflineDevice> roofline_devices() {
  return kDevices;
}

const RooflineDevice* find_roofline_device(std::string_view name) {
  const auto* const at = std::find_if(std::begin(kDevices), std::end(kDevices),
                                      [&](const RooflineDevice& device) { return device.name == name; });
  return at == std::end(kDevices) ? nullptr : at;
}

double peak_flops(const RooflineDevice& device, RooflinePrecision precision) {
  return precision == RooflinePrecision::fp16 ? device.fp16_flops : device.fp32_flops;
}
double ridge_point(const RooflineDevice& device, RooflinePrecision precision) {
  return peak_flops(device, precision) / device.bytes_per_second;
}
double attainable(const RooflineDevice& device, RooflinePrecision precision, double intensity) {
  require(intensity > 0, "an intensity of ", intensity,
          " FLOP/B has no place under a roofline; it must be positive");
  return std::min(peak_flops(device, precision), intensity * device.bytes_per_second);
}
double modelled_seconds(const RooflineDevice& device, RooflinePrecision precision, double flops,
                        double bytes) {
  return std::max(flops / peak_flops(device, precision), bytes / device.bytes_per_second);
}

std::optional<KernelPoint> kernel_point(const counted::LaunchProfile& launch) {
  if (!launch.flops) {
    return std::nullopt;
  }
  KernelPoint point;
  point.label = launch.kernel;
  point.flops = number(launch.flops->flops());
  for (const counted::BufferProfile& b : launch.buffers) {
    point.compulsory_bytes += 32 * number(b.read_sectors + b.written_sectors);
  }
  for (const counted::BlockProfile& b : launch.blocks) {
    point.block_bytes += number(b.distinct_load_bytes + b.store_bytes);
  }
  point.sector_bytes = 32 * number(launch.total.global_load.passes + launch.total.global_store.passes +
                                   launch.total.global_atomic.passes);
  point.provenance = {Provenance::counted, "CPU executor: operations and 32-byte sectors of one launch"};
  return point;
}

std::optional<KernelPoint> kernel_point(std::span<const counted::LaunchProfile> launches, std::string label) {
  KernelPoint sum;
  sum.label = std::move(label);
  for (const counted::LaunchProfile& launch : launches) {
    const std::optional<KernelPoint> one = kernel_point(launch);
    if (!one) {
      return std::nullopt;
    }
    sum.flops += one->flops;
    sum.compulsory_bytes += one->compulsory_bytes;
    sum.block_bytes += one->block_bytes;
    sum.sector_bytes += one->sector_bytes;
  }
  sum.provenance = {Provenance::counted,
                    text("CPU executor: operations and 32-byte sectors, summed over ", launches.size(),
                         launches.size() == 1 ? " launch" : " launches")};
  return launches.empty() ? std::nullopt : std::optional(sum);
}

TimeBounds time_bounds(const RooflineDevice& device, RooflinePrecision precision, double flops,
                       double bytes) {
  const double peak = peak_flops(device, precision);
  return {
      bytes / device.bytes_per_second,
      flops / peak,
      {Provenance::modelled, text("bytes / W and FLOPs / F, W = ", tera(device.bytes_per_second),
                                  "B/s, F = ", tera(peak), "FLOP/s of ", device.name, "; ", device.source)}};
}

}  // namespace alab
