// The roofline: ridge points of the curriculum, bounds on time, and the place of a counted kernel.
// SPDX-License-Identifier: MIT
#include "kernels/roofline.hpp"

#include <doctest/doctest.h>

#include "reference/core/error.hpp"

using namespace alab;

TEST_CASE("ridge points: A100 40 GB 200.6 FLOP/B, H100 295") {
  CHECK(ridge_point(*find_roofline_device("A100-40GB"), RooflinePrecision::fp16) ==
        doctest::Approx(200.6).epsilon(5e-4));
  CHECK(ridge_point(*find_roofline_device("H100"), RooflinePrecision::fp16) ==
        doctest::Approx(295).epsilon(2e-3));
}

TEST_CASE("devices stand in the order of their names, each with a source") {
  for (std::size_t i = 0; i < kRooflineDeviceNames.size(); ++i) {
    CHECK(roofline_devices()[i].name == kRooflineDeviceNames[i]);
    CHECK(!roofline_devices()[i].source.empty());
    CHECK(roofline_devices()[i].fp16_flops > roofline_devices()[i].fp32_flops);
  }
}

TEST_CASE("the roof is memory below the ridge and arithmetic above it") {
  const RooflineDevice& h100 = *find_roofline_device("H100");
  CHECK(attainable(h100, RooflinePrecision::fp16, 1) == 3.35e12);
  CHECK(attainable(h100, RooflinePrecision::fp16, 1e4) == 989.4e12);
  CHECK(modelled_seconds(h100, RooflinePrecision::fp16, 989.4e12, 1) == 1);
  CHECK(modelled_seconds(h100, RooflinePrecision::fp16, 1, 6.7e12) == 2);
  CHECK_THROWS_AS(attainable(h100, RooflinePrecision::fp16, 0), Error);
}

TEST_CASE("bounds name bytes first, and the larger one is the time") {
  const RooflineDevice& h200 = *find_roofline_device("H200");
  const TimeBounds memory = time_bounds(h200, RooflinePrecision::fp32, 66.9e9, 4.8e12);
  CHECK(memory.memory_seconds == 1);
  CHECK(memory.compute_seconds == doctest::Approx(1e-3));
  CHECK(memory.memory_bound());
  CHECK(memory.seconds() == 1);
  const TimeBounds compute = time_bounds(h200, RooflinePrecision::fp16, 989.4e12, 0);
  CHECK(!compute.memory_bound());
  CHECK(compute.seconds() == 1);
  CHECK(compute.provenance.kind == Provenance::modelled);
  CHECK(find_roofline_device("H2000") == nullptr);
}

TEST_CASE("a measured peak is below the data sheet's, and says when and how") {
  for (const RooflineDevice& d : roofline_devices()) {
    CHECK(d.measured.bytes_per_second <= d.bytes_per_second);
    CHECK(d.measured.fp16_flops <= d.fp16_flops);
    CHECK(d.measured.fp32_flops <= d.fp32_flops);
    CHECK(d.measured.source.empty() == (d.measured.bytes_per_second == 0));
  }
}

TEST_CASE("a launch's place: operations, and bytes counted in three ways") {
  counted::LaunchProfile launch;
  launch.kernel = "scale";
  launch.buffers = {{"x", 4096, false, 4096, 0, 128, 0}, {"y", 4096, false, 0, 4096, 0, 128}};
  launch.blocks = {{.store_bytes = 2048, .distinct_load_bytes = 2048},
                   {.store_bytes = 2048, .distinct_load_bytes = 4096}};
  launch.total.global_load.passes = 300;
  launch.total.global_store.passes = 128;
  CHECK(!kernel_point(launch));
  launch.flops.emplace();
  (*launch.flops)[counted::FlopKind::fmul] = 1024;
  (*launch.flops)[counted::FlopKind::ffma] = 512;
  (*launch.flops)[counted::FlopKind::exponential] = 99;
  const KernelPoint point = *kernel_point(launch);
  CHECK(point.label == "scale");
  CHECK(point.flops == 2048);
  CHECK(point.compulsory_bytes == 8192);
  CHECK(point.block_bytes == 10240);
  CHECK(point.sector_bytes == 32 * 428);
  CHECK(point.intensity() == 0.25);
  CHECK(point.provenance.kind == Provenance::counted);
  std::vector<counted::LaunchProfile> launches{launch, launch};
  const KernelPoint sum = *kernel_point(launches, "both");
  CHECK(sum.label == "both");
  CHECK(sum.flops == 4096);
  CHECK(sum.compulsory_bytes == 16384);
  launches[1].flops.reset();
  CHECK(!kernel_point(launches, "both"));
  CHECK(!kernel_point(std::span<const counted::LaunchProfile>(), "none"));
}
