// SPDX-License-Identifier: MIT
#include "kernels/student/error_map.hpp"

#include <algorithm>
#include <cmath>

namespace alab::student {
namespace {

constexpr std::int64_t kMostCells = 64;  ///< along each side
constexpr double kMost = 1e6;
constexpr std::size_t kMostNames = 8, kMostShown = 64;

std::string triple(std::uint64_t index, const std::array<unsigned, 3>& extent) {
  const std::uint64_t x = std::max(extent[0], 1u), y = std::max(extent[1], 1u);
  return text("(", index % x, ", ", index / x % y, ", ", index / (x * y), ")");
}

}  // namespace

ErrorMap error_map_of(const JudgedOutput& o, double tolerance) {
  const Layout l = layout_of(o.spec.shape);
  const std::vector<double> limits = element_limits(o, tolerance);
  const auto ratio = [&](std::int64_t i) {
    const double error = element_error(o, i), limit = limits[static_cast<std::size_t>(i)];
    return error == 0 ? 0.0 : std::min(error / limit, kMost);
  };
  std::int64_t worst = 0;
  double worst_error = -1;
  for (std::int64_t i = 0; i < l.size(); ++i) {
    const double error = element_error(o, i);
    if (error > worst_error) {
      worst_error = error;
      worst = i;
    }
  }
  ErrorMap map;
  map.output = o.spec.name;
  map.rows = l.rows;
  map.cols = l.cols;
  map.matrix = worst / (l.rows * l.cols);
  map.row_step = (l.rows + kMostCells - 1) / kMostCells;
  map.col_step = (l.cols + kMostCells - 1) / kMostCells;
  map.cell_rows = (l.rows + map.row_step - 1) / map.row_step;
  map.cell_cols = (l.cols + map.col_step - 1) / map.col_step;
  map.cells.resize(static_cast<std::size_t>(map.cell_rows * map.cell_cols));
  for (std::int64_t r = 0; r < l.rows; ++r) {
    for (std::int64_t c = 0; c < l.cols; ++c) {
      float& cell = map.cells[static_cast<std::size_t>(r / map.row_step * map.cell_cols + c / map.col_step)];
      cell = std::max(cell, static_cast<float>(ratio((map.matrix * l.rows + r) * l.cols + c)));
    }
  }
  map.worst = {element_name(o.spec.name, o.spec.shape, worst), (*o.truth)[worst], o.got[worst]};
  return map;
}

std::optional<Writer> find_writer(const counted::RequestTrace& trace,
                                  std::span<const counted::LaunchProfile> launches, std::string_view array,
                                  std::int64_t flat) {
  std::optional<Writer> writer;
  for (const counted::TracedRequest& q : trace.requests) {
    const bool here = q.kind != counted::RequestKind::load && q.buffer >= 0 && q.launch < launches.size() &&
                      trace.buffers[static_cast<std::size_t>(q.buffer)] == array;
    for (unsigned lane = 0; here && lane < 32; ++lane) {
      const std::int64_t from = q.offsets[lane], byte = 4 * flat;
      if ((q.mask >> lane & 1u) != 0 && from <= byte && byte < from + q.bytes) {
        const counted::LaunchProfile& launch = launches[q.launch];
        const unsigned thread = 32u * q.warp + lane;
        writer =
            Writer{q.launch, q.block, thread,
                   text("block ", triple(q.block, launch.grid), ", thread ", triple(thread, launch.block),
                        ", line ", trace.lines[static_cast<std::size_t>(q.line)].line)};
      }
    }
  }
  return writer;
}

std::vector<ShownSeries> shown_by(const Writer& writer, std::span<const ShownValue> shown) {
  std::vector<ShownSeries> all;
  for (const ShownValue& value : shown) {
    if (value.launch != writer.launch || value.block != writer.block || value.thread != writer.thread) {
      continue;
    }
    auto at =
        std::find_if(all.begin(), all.end(), [&](const ShownSeries& s) { return s.name == value.name; });
    if (at == all.end()) {
      if (all.size() == kMostNames) {
        continue;
      }
      at = all.insert(all.end(), ShownSeries{value.name, {}, 0});
    }
    if (at->values.size() < kMostShown) {
      at->values.push_back(value.value);
    } else {
      ++at->more;
    }
  }
  return all;
}

}  // namespace alab::student
