// Ranges and pixels of heatmaps.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "app/panels/heatmap_panel.hpp"
#include "app/ui/color_maps.hpp"
#include "reference/core/error.hpp"

namespace alab::panels {

void measure(const Heatmap& map, HeatmapState& state) {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();
  float positive = std::numeric_limits<float>::infinity();
  state.has_masked = false;
  bool integers = true;
  for (const float v : map.values) {
    if (!std::isfinite(v)) {
      state.has_masked = true;
      continue;
    }
    low = std::min(low, v);
    high = std::max(high, v);
    positive = v > 0 ? std::min(positive, v) : positive;
    integers = integers && v == std::floor(v);
  }
  if (!(low <= high)) {
    low = 0;
    high = 1;
  }
  if (map.diverging) {
    high = std::max(std::abs(low), std::abs(high));
    low = -high;
  } else if (low > 0 && low < 0.5F * high) {
    low = 0;
  }
  state.low = low;
  state.high = high > low ? high : low + 1;
  state.few_integers = integers && high - low <= 6;
  state.log_helps =
      !state.few_integers && (map.diverging || (low >= 0 && std::isfinite(positive) && high > 20 * positive));
  state.smallest_positive = std::isfinite(positive) ? std::max(positive, state.high * 1e-6F) : 0;
}

float color_position(const Heatmap& map, const HeatmapState& state, float value) {
  if (state.scale == HeatmapScale::log && state.smallest_positive > 0) {
    if (map.diverging) {  // symmetric log, three decades to each side
      const float threshold = state.high * 1e-3F;
      const float size = std::log10(1 + std::abs(value) / threshold) / std::log10(1 + state.high / threshold);
      return 0.5F + 0.5F * std::copysign(size, value);
    }
    const float from = std::log10(state.smallest_positive);
    const float to = std::log10(state.high);
    return value <= 0 || to <= from ? 0.0F : std::clamp((std::log10(value) - from) / (to - from), 0.0F, 1.0F);
  }
  return std::clamp((value - state.low) / (state.high - state.low), 0.0F, 1.0F);
}

std::vector<ImU32> heatmap_pixels(const Heatmap& map, const HeatmapState& state, int pool, bool dark) {
  constexpr int kShades = 512;
  std::vector<ImU32> shades(kShades);
  for (int i = 0; i < kShades; ++i) {
    const float t = static_cast<float>(i) / (kShades - 1);
    shades[static_cast<std::size_t>(i)] =
        ImGui::ColorConvertFloat4ToU32(map.diverging ? ui::diverging(t, dark) : ui::cividis(t));
  }
  const std::int64_t height = (map.rows + pool - 1) / pool;
  const std::int64_t width = (map.cols + pool - 1) / pool;
  std::vector<ImU32> pixels(static_cast<std::size_t>(width * height), 0);
  for (std::int64_t r = 0; r < height; ++r) {
    for (std::int64_t c = 0; c < width; ++c) {
      float best = std::numeric_limits<float>::quiet_NaN();
      for (std::int64_t i = r * pool; i < std::min(map.rows, (r + 1) * pool); ++i) {
        for (std::int64_t j = c * pool; j < std::min(map.cols, (c + 1) * pool); ++j) {
          const float v = map.values[static_cast<std::size_t>(i * map.cols + j)];
          if (std::isfinite(v) && !(std::abs(v) <= std::abs(best))) {
            best = v;
          }
        }
      }
      if (std::isfinite(best)) {
        const auto shade = static_cast<std::size_t>(color_position(map, state, best) * (kShades - 1) + 0.5F);
        pixels[static_cast<std::size_t>(r * width + c)] = shades[shade];
      }
    }
  }
  return pixels;
}

std::string heatmap_as_text(const Heatmap& map) {
  std::ostringstream out;
  out.imbue(std::locale::classic());  // a formula renderer may have set another one
  out.precision(9);
  out << "# " << map.title << " (" << map.value_label << ", " << to_string(map.provenance.kind) << ": "
      << map.provenance.source << ")\n";
  for (std::int64_t j = 0; j < map.cols; ++j) {
    out << '\t' << (map.col_labels.empty() ? std::to_string(j) : map.col_labels[static_cast<std::size_t>(j)]);
  }
  out << '\n';
  for (std::int64_t i = 0; i < map.rows; ++i) {
    out << (map.row_labels.empty() ? std::to_string(i) : map.row_labels[static_cast<std::size_t>(i)]);
    for (std::int64_t j = 0; j < map.cols; ++j) {
      out << '\t' << map.values[static_cast<std::size_t>(i * map.cols + j)];
    }
    out << '\n';
  }
  return out.str();
}

}  // namespace alab::panels
