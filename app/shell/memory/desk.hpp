// "Code and memory": a rung's source with what each line moved, single requests of warps, a painter of access
// patterns. It takes the place of lesson and instruments while it is open.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/panels/params_panel.hpp"
#include "app/panels/plot_panel.hpp"
#include "app/panels/table_panel.hpp"
#include "app/shell/model/kernel_counts.hpp"
#include "app/shell/model/kernel_source.hpp"
#include "app/shell/model/lab_kernels.hpp"
#include "app/shell/model/painter.hpp"
#include "app/shell/model/request_picture.hpp"
#include "app/ui/widgets.hpp"
#include "kernels/roofline.hpp"
#include "kernels/student/exercise.hpp"
#include "labs/lab.hpp"

namespace alab::shell {

enum class Metric { global, shared, flops };

/// Source of one rung as it is shown; made anew when the rung, its count or the launch changes.
struct ShownSource {
  const Rung* rung = nullptr;
  std::shared_ptr<const KernelCount> count;
  int launch = -1;
  std::vector<SourceText> texts;
  std::string own;  ///< a student's text, which texts is made of
};

/// One request at a time, of the line that was clicked.
struct RequestState {
  std::size_t at = 0;  ///< among the line's requests
  const counted::TracedRequest* pictured = nullptr;
  std::shared_ptr<const KernelCount> of;  ///< owner of pictured
  RequestPicture picture;
};

struct PainterState {
  ParamSet knobs{painter_params()};
  panels::ParamsState params;
  std::array<std::int64_t, 32> placed{};
  unsigned lane = 0;  ///< placed by the next click
};

/// The sheet of the op in view; made anew when a count arrives or another device is chosen.
struct RooflineState {
  const RooflineDevice* device = find_roofline_device("H200");
  std::string made_of;  ///< op, version of the counts, device
  std::uint64_t version = 0;
  std::shared_ptr<const Result> sheet;
  panels::PlotState plot;
  panels::TableState table;
};

/// What a link or the command line asks to be opened.
struct DeskWish {
  std::string memory_tab;   ///< "request", "painter" or "roofline": comes to the front in the next frame
  std::string after_count;  ///< the same once a count is there
};

struct MemoryDesk {
  bool open = false;
  /// The student's own kernel is shown in place of a rung; op and rung are those of student_rung().
  const student::Exercise* exercise = nullptr;
  std::string op, rung;                                          ///< chosen; ids
  std::map<std::string, ParamSet, std::less<>> problems, tiles;  ///< by op; by op/rung
  panels::ParamsState problem_params, tile_params;
  bool setup_open = true;
  bool count_soon = false;   ///< counts in the first frame that shows it
  bool ladder_soon = false;  ///< the same for all rungs
  KernelCounts counts;
  ShownSource source;
  int file = 0;
  Metric metric = Metric::global;
  counted::Line line;     ///< clicked
  int scroll_frames = 0;  ///< in which the code is still moved to the line
  RequestState request;
  PainterState painter;
  RooflineState roofline;
  DeskWish wish;
  float setup_height = 0;
};

/// Rungs that can be chosen: the counted ones, or where nothing can be counted those of the executor.
std::vector<const RungBuild*> desk_rungs(std::string_view op);
/// Words of the panels, for every lab that has kernels.
std::span<const Term> memory_terms();
inline constexpr const char* kCountedBy = "CPU executor, counted build; nothing is timed";

}  // namespace alab::shell
