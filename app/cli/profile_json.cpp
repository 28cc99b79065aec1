// SPDX-License-Identifier: MIT
#include "app/cli/profile_report.hpp"
#include "kernels/occupancy.hpp"

namespace alab::cli {
namespace {

using counted::Finding;
using counted::LaunchProfile;

constexpr std::size_t kMostBlocksInJson = 4096;

Json json_of(const counted::Line& line) {
  return {{"file", line.file}, {"line", line.line}};
}

Json json_of(const std::vector<counted::Counter>& counters) {
  Json json = Json::object();
  for (const counted::Counter& c : counters) {
    json[c.name] = {{"value", c.value}, {"unit", c.unit}};
  }
  return json;
}

Json json_of(const Finding& f) {
  Json json{{"mistake", counted::to_string(f.mistake)},
            {"sentence", f.sentence},
            {"where", json_of(f.line)},
            {"block", f.block},
            {"thread", f.thread},
            {"buffer", f.buffer},
            {"count", f.count}};
  if (f.other_line.line != 0) {
    json["other"] = json_of(f.other_line);
  }
  return json;
}

Json json_of(const LaunchProfile& launch) {
  Json json{{"kernel", launch.kernel},
            {"where", json_of(launch.where)},
            {"grid", launch.grid},
            {"block", launch.block},
            {"dynamic_shared_bytes", launch.dynamic_shared_bytes},
            {"counters", json_of(counted::counters(launch))},
            {"lines", Json::array()},
            {"buffers", Json::array()}};
  for (const counted::LineProfile& line : launch.lines) {
    Json one = json_of(line.line);
    one["counters"] = json_of(counted::counters(line.counters));
    if (launch.flops) {
      one["counters"].update(json_of(counted::counters(line.flops)));
    }
    json["lines"].push_back(one);
  }
  for (const counted::BufferProfile& b : launch.buffers) {
    json["buffers"].push_back({{"name", b.name},
                               {"bytes", b.bytes},
                               {"scratch", b.scratch},
                               {"load_bytes", b.load_bytes},
                               {"store_bytes", b.store_bytes},
                               {"atomic_bytes", b.atomic_bytes},
                               {"read_bytes", b.read_bytes},
                               {"written_bytes", b.written_bytes},
                               {"read_sectors", b.read_sectors},
                               {"written_sectors", b.written_sectors}});
  }
  if (launch.blocks.size() <= kMostBlocksInJson) {
    json["blocks"] = Json::array();
    for (const counted::BlockProfile& b : launch.blocks) {
      json["blocks"].push_back({{"requests", b.requests},
                                {"load_bytes", b.load_bytes},
                                {"store_bytes", b.store_bytes},
                                {"distinct_load_bytes", b.distinct_load_bytes},
                                {"shared_wavefronts", b.shared_wavefronts},
                                {"barriers", b.barriers}});
    }
  }
  return json;
}

Json occupancy_json(const ProfileReport& report, const Rung& rung, const LaunchProfile& launch) {
  const LaunchOccupancy at =
      launch_occupancy(rung, launch, *find_sm_limits(report.gpu->sm), report.registers);
  const Occupancy& o = at.occupancy;
  Json json{{"blocks", o.blocks},
            {"warps", o.warps},
            {"share", o.share},
            {"limited_by", o.limited_by},
            {"registers", o.registers_known ? Json(at.resources.registers) : Json(nullptr)},
            {"static_shared_bytes", at.recorded ? Json(at.resources.static_shared_bytes) : Json(nullptr)},
            {"registers_from", !o.registers_known     ? "not known"
                               : report.registers > 0 ? "--registers"
                                                      : at.resources.provenance.source}};
  if (!o.not_launchable.empty()) {
    json["not_launchable"] = o.not_launchable;
  }
  return json;
}

Json roofline_json(const RooflineDevice& gpu, const KernelPoint& point) {
  const TimeBounds t = time_bounds(gpu, RooflinePrecision::fp32, point.flops, point.compulsory_bytes);
  return {{"flops", point.flops},
          {"compulsory_bytes", point.compulsory_bytes},
          {"block_bytes", point.block_bytes},
          {"sector_bytes", point.sector_bytes},
          {"flop_per_byte", point.intensity()},
          {"ridge", ridge_point(gpu, RooflinePrecision::fp32)},
          {"memory_seconds", t.memory_seconds},
          {"compute_seconds", t.compute_seconds},
          {"provenance", {{"kind", to_string(t.provenance.kind)}, {"source", t.provenance.source}}}};
}

Json rung_json(const ProfileReport& report, const ProfiledRung& one) {
  Json json{{"rung", one.rung->id},    {"tiles", one.tiles.describe()}, {"passed", one.profile.run.passed},
            {"checks", Json::array()}, {"findings", Json::array()},     {"launches", Json::array()}};
  if (!one.unsupported.empty()) {
    json["unsupported"] = one.unsupported;
  }
  if (!one.profile.flops_unavailable.empty()) {
    json["flops_unavailable"] = one.profile.flops_unavailable;
  }
  for (const Check& c : one.profile.run.checks) {
    json["checks"].push_back({{"key", c.key}, {"passed", c.passed()}, {"detail", c.detail}});
  }
  for (const Finding& f : one.profile.findings) {
    json["findings"].push_back(json_of(f));
  }
  for (const LaunchProfile& launch : one.profile.launches) {
    Json at = json_of(launch);
    at["occupancy"] = occupancy_json(report, *one.rung, launch);
    if (const auto point = kernel_point(launch)) {
      at["roofline"] = roofline_json(*report.gpu, *point);
    }
    json["launches"].push_back(std::move(at));
  }
  return json;
}

Json table_json(const Table& table) {
  Json json{{"columns", table.columns}, {"rows", Json::array()}};
  for (const auto& row : table.rows) {
    Json cells = Json::array();
    for (const Cell& cell : row) {
      cells.push_back(cell.has_number ? Json(cell.value) : Json(cell.text));
    }
    json["rows"].push_back(std::move(cells));
  }
  return json;
}

}  // namespace

Json json_of(const ProfileReport& report) {
  Json json{{"op", report.rungs.front().rung->op},
            {"problem", report.problem.describe()},
            {"order", report.order},
            {"gpu", report.gpu->name},
            {"provenance", {{"kind", "counted"}, {"source", "CPU executor, counted build"}}}};
  if (!report.ladder) {
    json.update(rung_json(report, report.rungs.front()));
    return json;
  }
  json["table"] = table_json(ladder_table(*report.op, report.rungs, *report.gpu, report.registers));
  json["rungs"] = Json::array();
  for (const ProfiledRung& one : report.rungs) {
    json["rungs"].push_back(rung_json(report, one));
  }
  return json;
}

}  // namespace alab::cli
