// SPDX-License-Identifier: MIT
#include "app/shell/model/roofline_sheet.hpp"

#include <algorithm>

#include "kernels/profile_ladder.hpp"

namespace alab::shell {
namespace {

constexpr auto kFp32 = RooflinePrecision::fp32, kFp16 = RooflinePrecision::fp16;
constexpr double kLeftOfRidge = 30, kRoom = 2;  // the axis goes on beyond ridges and points by these factors

/// A count with its place under the roof.
struct Kernel {
  const KernelCount* count = nullptr;
  KernelPoint point;
  double moved_intensity() const { return point.flops / point.sector_bytes; }
};

std::string name_of(const Rung& rung) {
  return text(rung.id.substr(0, 2), "  ", rung.title);
}

std::string setting_of(const CountRequest& request) {
  const std::string tiles = request.tiles.describe(true);
  return text(request.problem.describe(), tiles.empty() ? "" : "  tiles ", tiles);
}

std::string tera(double value, const char* unit) {
  return text(format_value(value / 1e12, ""), " T", unit);
}

std::vector<Kernel> kernels_of(std::span<const std::shared_ptr<const KernelCount>> counts,
                               std::vector<std::string>& notes) {
  std::vector<Kernel> kernels;
  for (const auto& count : counts) {
    const RungProfile& profile = count->profile;
    const std::string name = name_of(*count->request.build->rung);
    const auto point = kernel_point(profile.launches, name);
    if (!point || point->flops <= 0 || point->compulsory_bytes <= 0) {
      notes.push_back(text("Not under the roof: ", name, ": ",
                           profile.flops_unavailable.empty() ? "it did no additions or multiplications"
                                                             : profile.flops_unavailable));
      continue;
    }
    if (!profile.run.passed || !profile.findings.empty()) {
      notes.push_back(text(name, profile.run.passed ? ": mistakes were found in it" : ": its result is wrong",
                           "; its counts may mean nothing."));
    }
    kernels.push_back({count.get(), *point});
  }
  return kernels;
}

bool one_problem(std::span<const Kernel> kernels) {
  return std::ranges::all_of(kernels, [&](const Kernel& k) {
    return k.count->request.problem == kernels.front().count->request.problem;
  });
}

// ---- the plot

std::pair<double, double> range_of(const RooflineDevice& device, std::span<const Kernel> kernels) {
  double low = ridge_point(device, kFp32) / kLeftOfRidge;
  double high = ridge_point(device, kFp16) * kRoom;
  for (const Kernel& k : kernels) {
    low = std::min(low, k.moved_intensity() / kRoom);
    high = std::max(high, k.point.intensity() * kRoom);
  }
  return {low, high};
}

/// Along the slope from low, or from where it leaves another roof, to the end.
Series roof(const RooflineDevice& device, RooflinePrecision precision, double low, double high) {
  const bool tensor = precision == kFp16;
  Series series;
  series.key = tensor ? "roof_tensor" : "roof";
  series.label = tensor ? text("fp16 in tensor cores, ", tera(peak_flops(device, precision), "FLOP/s"))
                        : text(tera(device.bytes_per_second, "B/s"), ", then fp32 ",
                               tera(peak_flops(device, precision), "FLOP/s"));
  series.style = tensor ? SeriesStyle::dashed : SeriesStyle::line;
  series.provenance = {
      Provenance::modelled,
      text("min(FLOP/s, FLOP/B x ", tera(device.bytes_per_second, "B/s"), "); ", device.source)};
  for (const double x : {low, ridge_point(device, precision), high}) {
    series.xs.push_back(x);
    series.ys.push_back(attainable(device, precision, x));
  }
  return series;
}

Series points_of(const RooflineDevice& device, const Kernel& kernel) {
  Series series;
  series.key = std::string(kernel.count->request.build->rung->id);
  series.label = kernel.point.label;
  series.style = SeriesStyle::markers;
  series.provenance = {Provenance::counted,
                       text(kernel.point.provenance.source, "; the height is the roof's, modelled")};
  series.xs = {kernel.moved_intensity(), kernel.point.intensity()};
  for (const double x : series.xs) {
    series.ys.push_back(attainable(device, kFp32, x));
  }
  return series;
}

std::string finding(const RooflineDevice& device, std::span<const Kernel> kernels) {
  const double ridge = ridge_point(device, kFp32);
  const std::string words = text(format_value(ridge, ""), " FLOP/B");
  const auto left = [&](auto intensity) {
    return std::ranges::count_if(kernels, [&](const Kernel& k) { return intensity(k) < ridge; });
  };
  const auto moved = left([](const Kernel& k) { return k.moved_intensity(); });
  const auto least = left([](const Kernel& k) { return k.point.intensity(); });
  const auto all = std::ssize(kernels);
  const std::string who = all == 1 ? "this kernel" : text("all ", all, " kernels");
  if (all == 0) {
    return text(device.name, ": memory is the limit below ", words);
  }
  if (moved == 0) {
    return text(device.name, ": arithmetic limits ", who, ", right of ", words);
  }
  if (least == all) {
    return text(device.name, ": memory limits ", who, ", left of ", words);
  }
  if (all == 1) {
    return text(device.name, ": memory limits this kernel without caches, arithmetic with ideal ones");
  }
  return text(device.name, ": memory limits ", moved == all ? who : text(moved, " of ", all, " kernels"),
              " without caches, ", least, " with ideal ones");
}

Plot plot_of(const RooflineDevice& device, std::span<const Kernel> kernels) {
  Plot plot;
  plot.key = "roofline";
  plot.title = finding(device, kernels);
  plot.note =
      "What am I seeing? The most this GPU can do at each FLOP per byte. A kernel stands there twice: left "
      "with "
      "the bytes that its warps moved, right with compulsory ones. The height is the roof's; nothing was "
      "timed.";
  plot.x = {"arithmetic intensity", "FLOP/B", true};
  plot.y = {"attainable", "FLOP/s", true};
  const auto [low, high] = range_of(device, kernels);
  plot.series.push_back(roof(device, kFp32, low, high));
  plot.series.push_back(roof(device, kFp16, ridge_point(device, kFp32), high));
  for (const Kernel& k : kernels) {
    plot.series.push_back(points_of(device, k));
  }
  return plot;
}

// ---- the table

std::vector<Cell> row_of(const RooflineDevice& device, const Kernel& kernel) {
  const KernelPoint& p = kernel.point;
  const auto counted = [&](double value, const char* hint) {
    return Cell::number(value, hint, p.provenance);
  };
  const TimeBounds least = time_bounds(device, kFp32, p.flops, p.compulsory_bytes),
                   moved = time_bounds(device, kFp32, p.flops, p.sector_bytes);
  return {Cell::words(p.label),
          counted(p.sector_bytes, "bytes"),
          counted(p.compulsory_bytes, "bytes"),
          counted(p.sector_bytes / p.compulsory_bytes, ""),
          counted(p.flops, "count"),
          counted(kernel.moved_intensity(), ""),
          counted(p.intensity(), ""),
          Cell::number(least.seconds(), "seconds", least.provenance),
          Cell::number(moved.seconds(), "seconds", moved.provenance),
          Cell::words(least.memory_bound() ? "limit: memory" : "limit: arithmetic"),
          occupancy_cell(*kernel.count->request.build->rung, kernel.count->profile.launches, device)};
}

Table table_of(const RooflineDevice& device, std::span<const Kernel> kernels) {
  Table table;
  table.key = "bytes";
  table.title = "Bytes first, time second";
  table.note = text(
      "Bytes and FLOPs are counted. What device memory sees lies between compulsory and moved; caches "
      "decide. Times are modelled, never measured: the larger of bytes / bandwidth and FLOPs / fp32 peak of ",
      device.name, ", without launch.");
  table.columns = {"kernel",
                   "moved",
                   "compulsory",
                   "moved / compulsory",
                   "FLOPs",
                   "FLOP/B, moved",
                   "FLOP/B, compulsory",
                   "modelled time, compulsory",
                   "modelled time, moved",
                   "limit, compulsory",
                   "modelled occupancy, %"};
  const bool same = one_problem(kernels);
  const bool tiled = std::ranges::any_of(
      kernels, [](const Kernel& k) { return !k.count->request.tiles.describe(true).empty(); });
  if (!same || tiled) {
    table.columns.emplace_back("counted on");
  }
  for (const Kernel& k : kernels) {
    table.rows.push_back(row_of(device, k));
    if (!same || tiled) {
      table.rows.back().push_back(Cell::words(setting_of(k.count->request)));
    }
  }
  return table;
}

}  // namespace

Result roofline_sheet(const RooflineDevice& device,
                      std::span<const std::shared_ptr<const KernelCount>> counts) {
  Result result;
  const std::vector<Kernel> kernels = kernels_of(counts, result.notes);
  result.plots.push_back(plot_of(device, kernels));
  result.tables.push_back(table_of(device, kernels));
  result.input = "normal";
  if (kernels.empty()) {
    return result;
  }
  const CountRequest& first = kernels.front().count->request;
  result.experiment = std::string(first.op->id);
  if (one_problem(kernels)) {
    result.params = first.problem.describe();
  } else {
    result.notes.emplace_back("These kernels were counted on different problems; the table says which.");
  }
  return result;
}

}  // namespace alab::shell
