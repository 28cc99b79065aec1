// Made-up Results for the gallery: shapes and oddities that panels must draw, no claim about attention.
// SPDX-License-Identifier: MIT
#pragma once

#include "reference/core/param.hpp"
#include "reference/core/result.hpp"

namespace alab::gallery {

Result sample_result();
Plot odd_plot();   ///< NaN, inf, exact zeros on a log axis
Plot long_plot();  ///< 200,000 points
Plot bar_plot();
Plot signed_plot();  ///< symmetric log
Heatmap signed_map();
Heatmap large_map();      ///< 1024 x 1024
Stepper row_stepper();    ///< one row: bars
Stepper state_stepper();  ///< a map that changes over tokens
Table wide_table();
ParamSet sample_params();

}  // namespace alab::gallery
