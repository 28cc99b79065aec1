// SPDX-License-Identifier: MIT
#include <array>
#include <cmath>
#include <sstream>

#include "app/cli/commands.hpp"
#include "app/cli/profile_report.hpp"
#include "app/export/markdown.hpp"
#include "kernels/occupancy.hpp"

namespace alab::cli {
namespace {

using counted::Access;
using counted::Counters;
using counted::Finding;
using counted::LaunchProfile;

std::string shown(const std::array<unsigned, 3>& v) {
  return text("(", v[0], ", ", v[1], ", ", v[2], ")");
}
std::string shown(const counted::Line& line) {
  return line.line == 0 ? std::string("?") : text(line.file, ":", line.line);
}
// Counts as they are, ratios with three digits.
std::string shown(double value) {
  std::ostringstream out;
  if (value == std::floor(value)) {
    out.precision(15);
  } else {
    out.precision(3);
  }
  out << value;
  return out.str();
}
std::string shown_count(std::uint64_t n) {
  return n == 0 ? "" : std::to_string(n);
}

std::vector<std::string> line_row(const std::string& name, const Counters& c,
                                  const counted::FlopCounts& flops) {
  const auto global = [](const Access& a) {
    return a.passes == 0 ? std::string() : text(std::lround(100 * counted::coalescing_efficiency(a)), " %");
  };
  const double lanes = counted::active_lanes_per_instruction(c);
  return {"  " + name,
          shown_count(c.global_load.requests),
          shown_count(c.global_load.passes),
          global(c.global_load),
          shown_count(c.global_store.requests),
          shown_count(c.global_store.passes),
          global(c.global_store),
          shown_count(c.shared_load.requests),
          shown_count(c.shared_load.passes),
          shown_count(c.shared_load.conflicts),
          shown_count(c.shared_store.requests),
          shown_count(c.shared_store.passes),
          shown_count(c.shared_store.conflicts),
          shown_count(c.global_atomic.requests + c.shared_atomic.requests),
          shown_count(c.barriers + c.warp_syncs + c.warp_calls),
          shown_count(flops.flops()),
          shown_count(flops.beside_flops()),
          lanes > 0 ? shown(lanes) : std::string()};
}

// "A block of 256 threads ...": how many fit, and what limits them.
std::string shown_occupancy(const ProfileReport& report, const Rung& rung, const LaunchProfile& launch) {
  const LaunchOccupancy at =
      launch_occupancy(rung, launch, *find_sm_limits(report.gpu->sm), report.registers);
  const Occupancy& o = at.occupancy;
  if (!o.not_launchable.empty()) {
    return text("  ", report.gpu->name, ": ", o.not_launchable, "\n");
  }
  if (!o.registers_known) {
    return text("  ", report.gpu->name, ": at most ", o.blocks, " blocks per multiprocessor (", o.limited_by,
                "); this kernel's registers are not recorded, give them with --registers N\n");
  }
  return text("  ", report.gpu->name, ": ", o.blocks, " blocks = ", o.warps, " warps per multiprocessor, ",
              shown(100 * o.share), " % (limit: ", o.limited_by, "); ", at.resources.registers,
              " registers per thread, ", at.resources.static_shared_bytes, " bytes of static shared memory",
              report.registers > 0 ? ", registers as given" : "",
              at.recorded ? text("; ", at.resources.provenance.source) : std::string(), "\n");
}

// Bytes first, then time.
std::string shown_roofline(const RooflineDevice& gpu, const KernelPoint& point) {
  const TimeBounds t = time_bounds(gpu, RooflinePrecision::fp32, point.flops, point.compulsory_bytes);
  return text("  ", gpu.name, ", modelled: ", format_value(point.compulsory_bytes, "bytes"),
              " take at least ", format_value(t.memory_seconds, "seconds"), ", ",
              format_value(point.flops, "count"), " FLOPs in fp32 ",
              format_value(t.compute_seconds, "seconds"), ": ", shown(point.intensity()), " FLOP/B, ",
              t.memory_bound() ? "below" : "above", " the ridge at ",
              shown(ridge_point(gpu, RooflinePrecision::fp32)), "\n");
}

std::string shown_launch(const ProfileReport& report, const Rung& rung, const LaunchProfile& launch) {
  std::string out = text(launch.kernel, "  grid ", shown(launch.grid), "  block ", shown(launch.block), "  ",
                         launch.dynamic_shared_bytes, " bytes of dynamic shared memory  launched in ",
                         shown(launch.where), "\n");
  out += shown_occupancy(report, rung, launch);
  if (const auto point = kernel_point(launch)) {
    out += shown_roofline(*report.gpu, *point);
  }
  std::vector<std::vector<std::string>> rows;
  for (const counted::Counter& c : counted::counters(launch)) {
    rows.push_back({"  " + c.name, shown(c.value), c.unit});
  }
  out += aligned(rows) + "\n";
  rows = {{"  source line", "gl.ld", "sectors", "used", "gl.st", "sectors", "used", "sh.ld", "wavefr.",
           "confl.", "sh.st", "wavefr.", "confl.", "atomic", "sync", "flops", "beside", "lanes"}};
  for (const counted::LineProfile& line : launch.lines) {
    rows.push_back(line_row(shown(line.line), line.counters, line.flops));
  }
  rows.push_back(line_row("all", launch.total, launch.flops.value_or(counted::FlopCounts{})));
  out += aligned(rows) + "\n";
  rows = {{"  buffer", "bytes", "loaded", "stored", "atomic", "distinct read", "distinct written",
           "sectors read", "sectors written"}};
  for (const counted::BufferProfile& b : launch.buffers) {
    rows.push_back({"  " + b.name, std::to_string(b.bytes), shown_count(b.load_bytes),
                    shown_count(b.store_bytes), shown_count(b.atomic_bytes), shown_count(b.read_bytes),
                    shown_count(b.written_bytes), shown_count(b.read_sectors),
                    shown_count(b.written_sectors)});
  }
  return out + aligned(rows);
}

// Failed checks and mistakes, one a line.
std::string shown_troubles(const RungProfile& profile) {
  std::string out;
  for (const Check& c : profile.run.checks) {
    if (!c.passed()) {
      out += text("FAILED ", c.key, ": ", c.detail, "\n");
    }
  }
  for (const Finding& f : profile.findings) {
    out += text("FOUND (", f.count, " times) ", f.sentence, "\n");
  }
  return out;
}

std::string shown_cell(const Cell& cell) {
  return cell.has_number ? format_value(cell.value, cell.hint) : cell.text;
}

}  // namespace

std::string shown_rung(const ProfileReport& report) {
  const ProfiledRung& one = report.rungs.front();
  std::string out =
      text(one.rung->op, "/", one.rung->id, "  ", report.problem.describe(), "  ", one.tiles.describe(),
           "  order ", report.order, "\ncounted by the CPU executor, never timed\n");
  for (const LaunchProfile& launch : one.profile.launches) {
    out += "\n" + shown_launch(report, *one.rung, launch);
  }
  out += "\n" + shown_troubles(one.profile);
  if (!one.profile.flops_unavailable.empty()) {
    out += text("Without operations: ", one.profile.flops_unavailable, ".\n");
  }
  if (one.profile.run.passed && one.profile.findings.empty()) {
    out += "The result is right and no mistake was found.\n";
  }
  return out;
}

std::string shown_ladder(const ProfileReport& report) {
  const Table table = ladder_table(*report.op, report.rungs, *report.gpu, report.registers);
  std::vector<std::vector<std::string>> rows{table.columns};
  for (const auto& row : table.rows) {
    rows.emplace_back();
    for (const Cell& cell : row) {
      rows.back().push_back(shown_cell(cell));
    }
  }
  std::string out = text(table.title, ": ", report.problem.describe(), "  order ", report.order, "\n",
                         table.note, "\n\n", aligned(rows));
  for (const ProfiledRung& one : report.rungs) {
    const std::string troubles = shown_troubles(one.profile);
    out += troubles.empty() ? "" : text("\n", one.rung->id, ":\n", troubles);
  }
  return out;
}

std::string markdown_ladder(const ProfileReport& report) {
  Table table = ladder_table(*report.op, report.rungs, *report.gpu, report.registers);
  table.note += text(" Problem: ", report.problem.describe(), ". Order: ", report.order, ".");
  std::string out = markdown_of(table);
  for (const ProfiledRung& one : report.rungs) {
    const std::string troubles = shown_troubles(one.profile);
    out += troubles.empty() ? "" : text("\n`", one.rung->id, "`\n\n```\n", troubles, "```\n");
  }
  return out;
}

}  // namespace alab::cli
