// Every barrier of every rung is needed: without it the counted executor reports a mistake or a wrong result.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "kernels/executor/counted/counted_stream.hpp"
#include "kernels/profile_rung.hpp"
#include "tests/folders.hpp"
#include "tests/kernels/shaped.hpp"

using namespace alab;

#if defined(ALAB_HAVE_COUNTED)

namespace {

using counted::Line;

constexpr double kMostFlops = 2e7;

/// A barrier whose removal nothing reports, and why it stays.
struct Allowed {
  std::string_view rung, source, reason;
};
constexpr std::string_view kTwoArrays =
    "maximum and sum are two instantiations, each with an array of its own that is used once";
constexpr std::string_view kDecaysWait =
    "load_decays overwrites only q, which the state update does not read, and ends with a barrier itself";
constexpr std::array kAllowed{
    Allowed{"flash_attention_fwd/00_naive", "__syncthreads();  // the previous reduction has been read",
            kTwoArrays},
    Allowed{"flash_attention_fwd/10_tiled_scores",
            "__syncthreads();  // the previous reduction has been read", kTwoArrays},
    Allowed{"flash_attention_fwd/20_fa1_order",
            "__syncthreads();  // the weights of the previous query tile have been used",
            "what is loaded next was last read two barriers ago"},
    Allowed{"flash_attention_fwd/20_fa1_order", "__syncthreads();  // l and m are final",
            "they are last written before the barrier in front of the last update of O"},
    Allowed{"causal_linear_bwd/00_naive",
            "__syncthreads();  // do, v and the terms of the previous token have been used",
            "do and v are last read before the terms are written, and a barrier follows before new terms"},
    Allowed{"causal_linear_bwd/10_chunk", "__syncthreads();  // the last state is complete",
            "this op passes no state on, so that nothing is read after it"},
    Allowed{"gla/10_one_level_chunk",
            "__syncthreads();  // the tiles of the previous chunk have been used, the state is updated",
            kDecaysWait},
    Allowed{"gla/20_log_space",
            "__syncthreads();  // the tiles of the previous chunk have been used, the state is updated",
            kDecaysWait},
    Allowed{"gla/30_two_level",
            "__syncthreads();  // the tiles of the previous chunk have been used, the state is updated",
            kDecaysWait},
    Allowed{"gla/30_two_level", "__syncthreads();  // the sums are complete",
            "the loop that follows begins with a barrier; 20_log_space needs it"}};

/// Tile sizes with which the small shapes reach every loop; elsewhere the rung's own.
ParamSet tiles_of(const Rung& rung) {
  ParamSet tiles(rung.tiles);
  if (rung.op == "causal_linear" && rung.id == "30_split_sequence") {
    tiles.assign("segments=1");  // several chunks in one segment
  }
  return tiles;
}

std::string shown(const Line& line) {
  return text(line.file, ":", line.line);
}

std::string source_of(const Line& line) {
  std::ifstream file(std::filesystem::path(alab::tests::source_folder()) / line.file);
  std::string source;
  for (int i = 0; i < line.line; ++i) {
    std::getline(file, source);
  }
  return source.substr(std::min(source.find_first_not_of(' '), source.size()));
}

/// Lines of kernels and their headers with a barrier in them.
std::set<Line> barriers_in_sources() {
  const std::filesystem::path root = alab::tests::source_folder();
  std::set<Line> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "kernels")) {
    const std::filesystem::path file = entry.path().lexically_relative(root);
    if ((file.extension() != ".cu" && file.extension() != ".cuh") ||
        file.string().find("executor") != std::string::npos) {
      continue;
    }
    std::ifstream in(entry.path());
    std::string source;
    for (int line = 1; std::getline(in, source); ++line) {
      const std::string code = source.substr(0, source.find("//"));
      if (code.find("__syncthreads") != std::string::npos || code.find("__syncwarp") != std::string::npos) {
        found.insert({file.string(), line});
      }
    }
  }
  return found;
}

struct Outcome {
  bool reported = false;
  std::set<Line> barriers;
};

Outcome run_without(const RungBuild& build, const Shaped& s, const Line& removed) {
  counted::Options how;
  how.workers = 1;
  how.removed = {removed.file, static_cast<unsigned>(removed.line)};
  counted::CountedStream stream({}, how);
  const RungRun run = run_once(stream, build, s, tiles_of(*build.rung));
  Outcome outcome;
  outcome.reported = !run.passed || !stream.findings().empty();
  for (const counted::LaunchProfile& launch : stream.profiles()) {
    for (const counted::LineProfile& line : launch.lines) {
      if (line.counters.barriers + line.counters.warp_syncs > 0) {
        outcome.barriers.insert(line.line);
      }
    }
  }
  return outcome;
}

/// Takes out each barrier that the rung passes. Adds the lines whose absence was reported.
void check_rung(const RungBuild& build, const std::set<Line>& known, std::set<Line>& reported) {
  const Op& op = *find_op(build.rung->op);
  const std::string name = text(op.id, "/", build.rung->id), file = text("kernels/", name, ".cu");
  std::set<Line> missing;
  std::copy_if(known.begin(), known.end(), std::inserter(missing, missing.end()),
               [&](const Line& line) { return line.file == file; });
  std::set<Line> done;
  bool looked = false;
  for (const auto& [work, shape] : shapes_by_work(*build.rung, tiles_of(*build.rung))) {
    if (work > kMostFlops || (missing.empty() && looked)) {
      break;
    }
    looked = true;
    const Shaped& s = shaped(op, shape);
    const Outcome intact = run_without(build, s, {});
    CHECK_FALSE(intact.reported);
    for (const Line& line : intact.barriers) {
      CHECK_MESSAGE(known.count(line) == 1, shown(line), " is no barrier of the sources");
      if (done.count(line) == 0 && run_without(build, s, line).reported) {
        done.insert(line);
        missing.erase(line);
      } else if (done.count(line) == 0) {
        missing.insert(line);
      }
    }
  }
  for (const Line& line : missing) {
    const std::string source = source_of(line);
    const bool allowed = std::any_of(kAllowed.begin(), kAllowed.end(),
                                     [&](const Allowed& a) { return a.rung == name && a.source == source; });
    CHECK_MESSAGE(allowed, name, " does not miss ", shown(line), ": ", source);
  }
  reported.insert(done.begin(), done.end());
}

}  // namespace

TEST_CASE("taking any barrier out of any rung is reported") {
  const std::set<Line> known = barriers_in_sources();
  std::set<Line> reported;
  for (const RungBuild* build : counted_rungs()) {
    check_rung(*build, known, reported);
  }
  for (const Line& line : known) {
    const std::string source = source_of(line);
    const bool allowed =
        std::any_of(kAllowed.begin(), kAllowed.end(), [&](const Allowed& a) { return a.source == source; });
    CHECK_MESSAGE((allowed || reported.count(line) == 1), shown(line),
                  " was never missed by any rung: ", source);
  }
  MESSAGE(reported.size(), " barriers");
}

#endif
