// Colour maps: perceptual ones for magnitudes, a diverging one for signed data. SPDX-License-Identifier: MIT
#pragma once

#include "imgui.h"

namespace alab::ui {

/// cividis (Nunez, Anderton, Renslow 2018): the same to readers with and without colour vision deficiency.
ImVec4 cividis(float t);
/// Blue - neutral - vermilion, t = 0.5 at zero; the middle follows the theme's ground.
ImVec4 diverging(float t, bool dark);

}  // namespace alab::ui
