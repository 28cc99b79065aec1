// Every subscript of every rung matters: moved by one element, it is reported or changes the result. The few
// whose move harms nothing are counted and listed.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "kernels/executor/counted/counted_stream.hpp"
#include "kernels/executor/subscripts.hpp"
#include "kernels/profile_rung.hpp"
#include "tests/kernels/shaped.hpp"
#include "tests/kernels/shifted/shift.hpp"

namespace alab {
std::span<const RungBuild* const> shifted_rungs();
}

using namespace alab;

namespace {

std::uint32_t g_number = 0;
std::ptrdiff_t g_distance = 0;

}  // namespace

std::uint32_t alab::shifted::number() noexcept {
  return g_number;
}
std::ptrdiff_t alab::shifted::distance() noexcept {
  return g_distance;
}

namespace {

using executor::Subscript;

constexpr std::ptrdiff_t kFar = std::ptrdiff_t{1} << 28;  // no array is so long
constexpr std::size_t kMostShapes = 6;
constexpr double kMostFlops = 1e6;
constexpr std::uint64_t kBudget = 200000;
/// Of all that were moved, found when this was written: see the listing in the test's output.
constexpr double kMostHarmless = 0.05;

struct Site {
  std::string file;
  Subscript subscript;
};

/// What became of one subscript in one rung.
enum class Fate { reported, harmless, unreached };

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Subscripts of a file and of the device headers that it includes.
void collect(const std::string& file, std::set<std::string>& seen, std::vector<Site>& sites) {
  if (!seen.insert(file).second) {
    return;
  }
  const std::string source = content_of(std::filesystem::path(ALAB_SOURCE_DIR) / file);
  for (Subscript& s : executor::subscripts_of(source, std::string(ALAB_SOURCE_DIR "/") + file)) {
    sites.push_back({file, std::move(s)});
  }
  const std::string include = "#include \"";
  for (std::size_t at = 0; (at = source.find(include, at)) != std::string::npos;) {
    at += include.size();
    const std::string name = source.substr(at, source.find('"', at) - at);
    if (name.starts_with("kernels/cuda/") && name.ends_with(".cuh")) {
      collect(name, seen, sites);
    }
  }
}

bool is_reported(const RungBuild& build, const Shaped& s, Stream::Order order, const Site* site,
                 std::ptrdiff_t distance) {
  counted::Options how;
  how.workers = 1;
  how.thread_budget = kBudget;
  counted::CountedStream stream({}, how);
  stream.set_order(order);
  RunOptions once;
  once.timed = false;
  g_number = site == nullptr ? 0 : site->subscript.number;
  g_distance = distance;
  const RungRun run = run_rung_on(stream, *find_op(build.rung->op), build, Backend::simulated, s.problem,
                                  ParamSet(build.rung->tiles), s.inputs, s.judged, once, {});
  g_number = 0;
  return !run.passed || !stream.findings().empty();
}

/// The smallest shapes that the rung takes.
std::vector<std::string_view> shapes_for(const Op& op, const Rung& rung) {
  std::multimap<double, std::string_view> by_work;
  for (const std::string_view shape : op.shapes) {
    ParamSet problem(op.params);
    problem.assign(shape);
    if (rung.unsupported == nullptr || rung.unsupported(problem, ParamSet(rung.tiles)).empty()) {
      by_work.emplace(op.cost(problem).flops, shape);
    }
  }
  std::vector<std::string_view> shapes;
  for (const auto& [work, shape] : by_work) {
    if (shapes.size() < kMostShapes && (work <= kMostFlops || shapes.empty())) {
      shapes.push_back(shape);
    }
  }
  return shapes;
}

Fate fate_of(const RungBuild& build, const std::vector<const Shaped*>& shapes, const Site& site) {
  for (const Shaped* s : shapes) {
    if (is_reported(build, *s, Stream::Order::ascending, &site, 1)) {
      return Fate::reported;
    }
  }
  bool reached = false;
  for (const Shaped* s : shapes) {
    if (is_reported(build, *s, Stream::Order::ascending, &site, kFar)) {
      reached = true;
      for (const Stream::Order order : {Stream::Order::descending, Stream::Order::shuffled}) {
        if (is_reported(build, *s, order, &site, 1)) {
          return Fate::reported;
        }
      }
    }
  }
  return reached ? Fate::harmless : Fate::unreached;
}

std::string shown(const Site& site) {
  return text(site.file, ":", site.subscript.line, "  ", site.subscript.text);
}

}  // namespace

TEST_CASE("moving any subscript of any rung by one is reported, or is shown to be harmless") {
  std::map<std::uint32_t, Site> unreached;
  std::set<std::uint32_t> reached;
  std::size_t reported = 0, harmless = 0;
  for (const RungBuild* build : shifted_rungs()) {
    const Op& op = *find_op(build->rung->op);
    std::vector<const Shaped*> shapes;
    for (const std::string_view shape : shapes_for(op, *build->rung)) {
      shapes.push_back(&shaped(op, shape));
      CHECK_FALSE(is_reported(*build, *shapes.back(), Stream::Order::ascending, nullptr, 0));
    }
    std::set<std::string> seen;
    std::vector<Site> sites;
    const std::string name = text(op.id, "/", build->rung->id);
    collect(text("kernels/", name, ".cu"), seen, sites);
    for (const Site& site : sites) {
      const Fate fate = fate_of(*build, shapes, site);
      if (fate == Fate::unreached) {
        unreached.emplace(site.subscript.number, site);
        continue;
      }
      reached.insert(site.subscript.number);
      ++(fate == Fate::reported ? reported : harmless);
      if (fate == Fate::harmless) {
        std::printf("harmless in %s: %s\n", name.c_str(), shown(site).c_str());
      }
    }
  }
  for (const auto& [number, site] : unreached) {
    CHECK_MESSAGE(reached.count(number) == 1, "no shape reaches ", shown(site));
  }
  std::printf("%zu moves reported, %zu harmless\n", reported, harmless);
  CHECK(reported > 1000);
  CHECK(static_cast<double>(harmless) <= kMostHarmless * static_cast<double>(reported + harmless));
}
