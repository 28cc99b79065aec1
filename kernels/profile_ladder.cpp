// SPDX-License-Identifier: MIT
#include "kernels/profile_ladder.hpp"

#include <algorithm>

#include "kernels/occupancy.hpp"
#include "reference/core/error.hpp"

namespace alab {
namespace {

using counted::Counters;
using counted::LaunchProfile;

bool has_param(ParamList params, std::string_view key) {
  return std::any_of(params.begin(), params.end(), [&](const Param* p) { return p->key == key; });
}

Counters total_of(std::span<const LaunchProfile> launches) {
  Counters sum;
  for (const LaunchProfile& launch : launches) {
    sum += launch.total;
  }
  return sum;
}

double block_loads(std::span<const LaunchProfile> launches) {
  double bytes = 0;
  for (const LaunchProfile& launch : launches) {
    for (const counted::BlockProfile& block : launch.blocks) {
      bytes += static_cast<double>(block.load_bytes);
    }
  }
  return bytes;
}

double compulsory_bytes(std::span<const LaunchProfile> launches) {
  double sectors = 0;
  for (const LaunchProfile& launch : launches) {
    for (const counted::BufferProfile& buffer : launch.buffers) {
      sectors += static_cast<double>(buffer.read_sectors + buffer.written_sectors);
    }
  }
  return 32 * sectors;
}

const LaunchProfile& main_launch(std::span<const LaunchProfile> launches) {
  const auto requests = [](const LaunchProfile& l) {
    return l.total.global_load.requests + l.total.global_store.requests;
  };
  return *std::max_element(launches.begin(), launches.end(),
                           [&](const auto& a, const auto& b) { return requests(a) < requests(b); });
}

Cell verdict(const ProfiledRung& one) {
  if (!one.profile.findings.empty()) {
    return Cell::words(
        text(one.profile.findings.size(), one.profile.findings.size() == 1 ? " mistake" : " mistakes"));
  }
  return Cell::words(one.profile.run.passed ? "right, none" : "wrong");
}

std::vector<Cell> row_of(const ProfiledRung& one, const RooflineDevice& gpu, int registers) {
  const std::span<const LaunchProfile> launches = one.profile.launches;
  const Provenance counted{Provenance::counted, "CPU executor"};
  const auto count = [&](std::uint64_t n) { return Cell::number(static_cast<double>(n), "count", counted); };
  const Counters c = total_of(launches);
  const counted::Access all = [&] {
    counted::Access sum = c.global_load;
    return sum += c.global_store;
  }();
  const auto point = kernel_point(launches, std::string(one.rung->id));
  return {Cell::words(std::string(one.rung->id)),
          count(launches.size()),
          point ? Cell::number(point->flops, "count", counted) : Cell::words("not counted"),
          count(c.global_load.requests),
          count(c.global_store.requests),
          count(all.passes),
          Cell::number(100 * counted::coalescing_efficiency(all), "", counted),
          count(c.shared_load.passes + c.shared_store.passes),
          count(c.shared_load.conflicts + c.shared_store.conflicts),
          count(c.barriers),
          Cell::number(compulsory_bytes(launches), "bytes", counted),
          Cell::number(block_loads(launches), "bytes", counted),
          point ? Cell::number(point->intensity(), "", counted) : Cell::words("not counted"),
          occupancy_cell(*one.rung, launches, gpu, registers),
          verdict(one)};
}

}  // namespace

Cell occupancy_cell(const Rung& rung, std::span<const LaunchProfile> launches, const RooflineDevice& gpu,
                    int registers) {
  const SmLimits* const sm = find_sm_limits(gpu.sm);
  const LaunchOccupancy at = launch_occupancy(rung, main_launch(launches), *sm, registers);
  if (!at.occupancy.registers_known) {
    return Cell::words("registers not recorded");
  }
  return Cell::number(
      100 * at.occupancy.share, "",
      {Provenance::modelled,
       text("blocks that fit a multiprocessor of ", gpu.name, " (limit: ", at.occupancy.limited_by, "), ",
            registers > 0 ? "registers as given" : at.resources.provenance.source)});
}

std::vector<ProfiledRung> profile_ladder(const Op& op, std::span<const RungBuild* const> builds,
                                         const ParamSet& problem, std::span<const std::string> tiles,
                                         const HostArrays& inputs, const Judged& judged,
                                         const RunOptions& options,
                                         const std::optional<child::ChildLimits>& limits,
                                         const Progress& progress) {
  std::vector<ProfiledRung> rungs;
  for (const std::string& assignment : tiles) {
    const std::string key = assignment.substr(0, assignment.find('='));
    require(std::any_of(builds.begin(), builds.end(),
                        [&](const RungBuild* b) { return has_param(b->rung->tiles, key); }),
            "'", key, "' is neither a parameter of ", op.id, " nor a tile size of one of its rungs");
  }
  for (std::size_t i = 0; i < builds.size(); ++i) {
    const Rung& rung = *builds[i]->rung;
    progress.step(static_cast<double>(i) / static_cast<double>(builds.size()),
                  text("counting ", op.id, "/", rung.id));
    ProfiledRung one;
    one.rung = &rung;
    one.tiles = ParamSet(rung.tiles);
    for (const std::string& assignment : tiles) {
      if (has_param(rung.tiles, assignment.substr(0, assignment.find('=')))) {
        one.tiles.assign(assignment);
      }
    }
    one.unsupported = rung.unsupported != nullptr ? rung.unsupported(problem, one.tiles) : "";
    if (one.unsupported.empty() && limits) {
      ContainedProfile contained = profile_rung_in_child(op, *builds[i], problem, one.tiles, inputs, judged,
                                                         options, *limits, progress, {}, CountFlops::yes);
      one.profile = std::move(contained.profile);
      one.printed = std::move(contained.verdict.output);
    } else if (one.unsupported.empty()) {
      one.profile = profile_rung(op, *builds[i], problem, one.tiles, inputs, judged, options, progress, {},
                                 CountFlops::yes);
    }
    rungs.push_back(std::move(one));
  }
  return rungs;
}

Table ladder_table(const Op& op, std::span<const ProfiledRung> rungs, const RooflineDevice& gpu,
                   int registers) {
  Table table{
      "ladder",
      text("The ladder of ", op.id, ", counted"),
      text("Sums over the launches of a rung; nothing was timed. Used: of the bytes moved in sectors. "
           "Occupancy of the launch with the most global requests, on ",
           gpu.name, "."),
      {"rung", "launches", "FLOPs", "global loads", "global stores", "sectors", "used, %",
       "shared wavefronts", "bank conflicts", "barriers", "compulsory bytes", "block loads",
       "FLOP per compulsory byte", "occupancy, %", "result, mistakes"},
      {}};
  for (const ProfiledRung& one : rungs) {
    if (one.profile.launches.empty()) {
      std::vector<Cell> row(table.columns.size(), Cell::words(""));
      row.front() = Cell::words(std::string(one.rung->id));
      row.back() = Cell::words(one.unsupported.empty() ? "wrong" : "not run: " + one.unsupported);
      table.rows.push_back(std::move(row));
    } else {
      table.rows.push_back(row_of(one, gpu, registers));
    }
  }
  return table;
}

}  // namespace alab
