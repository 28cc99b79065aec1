// The pixels of a heatmap on the GPU. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "imgui.h"

namespace alab::panels {

/// One RGBA texture, nearest filtering. GUI thread only; does nothing where no GL is loaded (Null backend).
class HeatmapTexture {
 public:
  HeatmapTexture() = default;
  ~HeatmapTexture();
  HeatmapTexture(const HeatmapTexture&) = delete;
  HeatmapTexture& operator=(const HeatmapTexture&) = delete;

  void upload(const std::vector<ImU32>& pixels, int width, int height);
  /// Draws the part [uv0, uv1] into [low, high] without blurring cells.
  void draw(ImDrawList* list, ImVec2 low, ImVec2 high, ImVec2 uv0, ImVec2 uv1, ImU32 tint) const;
  bool ready() const { return id_ != 0; }
  int pool = 1;  ///< cells per texel along a side

 private:
  unsigned id_ = 0;
};

}  // namespace alab::panels
