// Colour maps as few stops with linear interpolation.
// SPDX-License-Identifier: MIT
#include "app/ui/color_maps.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace alab::ui {
namespace {

using Stop = std::array<int, 3>;

template <std::size_t N>
ImVec4 sample(const std::array<Stop, N>& stops, float t) {
  const float at = std::clamp(std::isfinite(t) ? t : 0.0F, 0.0F, 1.0F) * (N - 1);
  const auto i = std::min(static_cast<std::size_t>(at), N - 2);
  const float f = at - static_cast<float>(i);
  const auto channel = [&](std::size_t c) {
    return (static_cast<float>(stops[i][c]) * (1 - f) + static_cast<float>(stops[i + 1][c]) * f) / 255.0F;
  };
  return {channel(0), channel(1), channel(2), 1};
}

constexpr std::array<Stop, 10> kCividis{{{0, 34, 78},
                                         {18, 53, 112},
                                         {59, 73, 108},
                                         {87, 93, 109},
                                         {112, 113, 115},
                                         {138, 134, 120},
                                         {165, 156, 116},
                                         {195, 179, 105},
                                         {225, 204, 85},
                                         {254, 232, 56}}};
constexpr std::array<Stop, 7> kDivergingPaper{{{0, 68, 112},
                                               {51, 133, 187},
                                               {158, 202, 225},
                                               {246, 244, 239},
                                               {244, 186, 140},
                                               {219, 110, 30},
                                               {140, 58, 0}}};
constexpr std::array<Stop, 7> kDivergingDark{{{140, 205, 245},
                                              {66, 146, 198},
                                              {38, 84, 118},
                                              {40, 43, 47},
                                              {122, 66, 30},
                                              {214, 110, 40},
                                              {252, 184, 130}}};

}  // namespace

ImVec4 cividis(float t) {
  return sample(kCividis, t);
}

ImVec4 diverging(float t, bool dark) {
  return sample(dark ? kDivergingDark : kDivergingPaper, t);
}

}  // namespace alab::ui
