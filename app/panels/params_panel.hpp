// Controls made from Params: sliders that double, typed values, segments, switches; value beside the grab.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/ui/widgets.hpp"
#include "reference/core/param.hpp"

namespace alab::panels {

struct ParamsState {
  std::string editing;  ///< key of the value being typed
  std::string buffer;
  std::string error;  ///< what was wrong with the typed value, one sentence
  std::string error_key;
  bool focus_editor = false;
};

struct ParamsOptions {
  int columns = 0;                       ///< 0: as many as fit
  std::vector<std::string_view> hidden;  ///< keys that are set elsewhere
  bool enabled = true;
};

struct ParamsEvents {
  bool changed = false;    ///< run again
  bool committed = false;  ///< the mouse let go or Enter was pressed: one step of undo
  std::string sweep;       ///< key whose "sweep this" was chosen
};

/// Item ids inside "params": ##<key> (slider), <key> (switch: its label; choice: segmented), value:<key> (the
/// number, a button), dice:<key>/button (another seed), edit:<key> (the field while typing), menu:<key>
/// (context menu: Default, Smallest, Largest, Sweep this). Double click sets the default, Ctrl+click or a
/// click on the number types, Shift is fine.
ParamsEvents params_panel(ui::Ui& ui, ParamSet& values, ParamsState& state,
                          const ParamsOptions& options = {});

/// Where a slider puts value: rounded to a power of two for log2 integers unless fine, to an integer for
/// integers.
double snapped(const Param& param, double value, bool fine);

}  // namespace alab::panels
