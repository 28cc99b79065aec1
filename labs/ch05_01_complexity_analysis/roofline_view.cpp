// Where attention sits under the roof of a GPU.
// SPDX-License-Identifier: MIT
#include "labs/ch05_01_complexity_analysis/costs.hpp"
#include "labs/ch05_01_complexity_analysis/experiments.hpp"
#include "labs/ch05_01_complexity_analysis/params.hpp"

namespace alab::complexity {
namespace {

Table point_table(std::span<const RooflinePoint> points, const RooflineDevice& gpu,
                  RooflinePrecision precision) {
  const Provenance counted = counted_by("FLOPs and bytes summed along the algorithm's loops"),
                   roof = modelled_by("min(F, I W) / F");
  Table table{"points",
              text("Five ways of attention under the roof of an ", gpu.name),
              "Share of the peak: the most that this intensity allows, however good the kernel.",
              {"algorithm", "FLOPs", "bytes", "intensity, FLOP/B", "closed form", "share of the peak"},
              {}};
  for (const RooflinePoint& p : points) {
    table.rows.push_back(
        {Cell::words(p.label), Cell::number(p.flops, "count", counted),
         Cell::number(p.bytes, "bytes", counted), Cell::number(p.intensity(), "", counted),
         Cell::number(p.closed_form, "", modelled_by(p.formula)),
         Cell::number(attainable(gpu, precision, p.intensity()) / peak_flops(gpu, precision), "", roof)});
  }
  return table;
}

}  // namespace

Result run_roofline(const ParamSet& params, const Context& context) {
  context.progress.step(0, "counting along the loops");
  const RooflineDevice& gpu = roofline_devices()[static_cast<std::size_t>(params.choice(kGpu))];
  const auto precision = static_cast<RooflinePrecision>(params.choice(kPrecision));
  const RooflineProblem problem{params.real(kRoofLength), params.real(kRoofDim), params.real(kGroup),
                                params.real(kBlockM)};
  const std::vector<RooflinePoint> points = attention_points(problem);
  Result result;
  result.plots.push_back(roofline_plot(gpu, precision, points));
  result.tables = {point_table(points, gpu, precision), device_table()};
  const Provenance counted = counted_by("FLOPs and bytes summed along the algorithm's loops"),
                   model = modelled_by("F / W of the device");
  for (const RooflinePoint& p : points) {
    result.scalars.push_back(scalar("intensity_" + p.key, p.label, p.intensity(), "", counted, "FLOP/B"));
  }
  result.scalars.push_back(scalar("ridge", "ridge point", ridge_point(gpu, precision), "", model, "FLOP/B"));
  result.scalars.push_back(
      scalar("share", "scores in memory: share of the peak",
             100 * attainable(gpu, precision, points.front().intensity()) / peak_flops(gpu, precision), "",
             modelled_by("min(F, I W) / F"), "%"));
  const bool stated = problem.seq_len == 8192 && problem.head_dim >= 64;
  for (const RooflinePoint& p : points) {
    add_where(result, stated, "N = 8192 and d of 64 or more", roofline_check(p));
  }
  result.checks.push_back(check_between("ridge_a100", "ridge of an A100 40 GB in fp16: 200.6 FLOP/B",
                                        ridge_point(roofline_devices()[0], RooflinePrecision::fp16), 200.5,
                                        200.7, model));
  if (precision == RooflinePrecision::fp32) {
    result.notes.push_back(
        "The points move 2 bytes an element (4 in the recurrent step); with fp32 storage "
        "the first four intensities halve.");
  }
  return result;
}

}  // namespace alab::complexity
