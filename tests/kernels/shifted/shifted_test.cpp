// Every subscript of every rung matters: moved by one element, it is reported or changes the result.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "kernels/executor/counted/counted_stream.hpp"
#include "kernels/executor/subscripts.hpp"
#include "kernels/profile_rung.hpp"
#include "reference/core/files.hpp"
#include "tests/folders.hpp"
#include "tests/kernels/shaped.hpp"
#include "tests/kernels/shifted/shift.hpp"

namespace alab {
std::span<const RungBuild* const> shifted_rungs();
}

using namespace alab;

namespace {

std::uint32_t g_number = 0;
bool g_reached = false;

}  // namespace

std::uint32_t alab::shifted::number() noexcept {
  return g_number;
}
std::ptrdiff_t alab::shifted::distance() noexcept {
  g_reached = true;
  return 1;
}

namespace {

using executor::Subscript;

constexpr std::size_t kMostShapes = 7;
constexpr double kMostFlops = 1e6;
constexpr std::uint64_t kBudget = 200000;

struct Site {
  std::string file;
  Subscript subscript;
};

/// What became of one subscript in one rung.
enum class Fate { reported, harmless, unreached };

/// Subscripts of a file and of the device headers that it includes.
void collect(const std::string& file, std::set<std::string>& seen, std::vector<Site>& sites) {
  if (!seen.insert(file).second) {
    return;
  }
  const std::string source = read_file(tests::source_folder() + "/" + file);
  for (Subscript& s :
       executor::subscripts_of(source, std::string(alab::tests::source_folder() + "/") + file)) {
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

/// The result of one run: whether anything was wrong, whether the moved subscript was evaluated, and the
/// lines that touched memory.
struct Outcome {
  bool reported = false, reached = false;
  std::set<std::pair<std::string, int>> lines;
};

Outcome outcome_of(const RungBuild& build, const Shaped& s, Stream::Order order, const Site* site) {
  counted::Options how;
  how.workers = 1;
  how.thread_budget = kBudget;
  counted::CountedStream stream({}, how);
  stream.set_order(order);
  g_number = site == nullptr ? 0 : site->subscript.number;
  g_reached = false;
  const RungRun run = run_once(stream, build, s, ParamSet(build.rung->tiles));
  g_number = 0;
  Outcome outcome{!run.passed || !stream.findings().empty(), g_reached, {}};
  for (const counted::LaunchProfile& launch : stream.profiles()) {
    for (const counted::LineProfile& line : launch.lines) {
      outcome.lines.emplace(line.line.file, line.line.line);
    }
  }
  return outcome;
}

/// A small problem that the rung takes, and what the intact rung touches then.
struct Sample {
  const Shaped* shape = nullptr;
  Outcome intact;
};

/// Least work first.
std::vector<Sample> samples_for(const RungBuild& build) {
  const Op& op = *find_op(build.rung->op);
  std::vector<Sample> samples;
  for (const auto& [work, shape] : shapes_by_work(*build.rung, ParamSet(build.rung->tiles))) {
    if (samples.size() < kMostShapes && (work <= kMostFlops || samples.empty())) {
      const Shaped& s = shaped(op, shape);
      samples.push_back({&s, outcome_of(build, s, Stream::Order::ascending, nullptr)});
      CHECK_FALSE(samples.back().intact.reported);
    }
  }
  return samples;
}

/// Those first in which the line touches memory.
std::vector<const Shaped*> likely_first(const std::vector<Sample>& samples, const Site& site) {
  std::vector<const Shaped*> likely, others;
  for (const Sample& s : samples) {
    (s.intact.lines.contains({site.file, site.subscript.line}) ? likely : others).push_back(s.shape);
  }
  likely.insert(likely.end(), others.begin(), others.end());
  return likely;
}

Fate fate_of(const RungBuild& build, const std::vector<Sample>& samples, const Site& site) {
  std::vector<const Shaped*> quiet;
  for (const Shaped* s : likely_first(samples, site)) {
    const Outcome outcome = outcome_of(build, *s, Stream::Order::ascending, &site);
    if (outcome.reached && outcome.reported) {
      return Fate::reported;
    }
    if (outcome.reached) {
      quiet.push_back(s);
    }
  }
  for (const Shaped* s : quiet) {
    for (const Stream::Order order : {Stream::Order::descending, Stream::Order::shuffled}) {
      if (outcome_of(build, *s, order, &site).reported) {
        return Fate::reported;
      }
    }
  }
  return quiet.empty() ? Fate::unreached : Fate::harmless;
}

std::string shown(const Site& site) {
  return text(site.file, ":", site.subscript.line, "  ", site.subscript.text);
}

}  // namespace

TEST_CASE("moving any subscript of any rung by one is reported") {
  std::map<std::uint32_t, Site> unreached;
  std::set<std::uint32_t> reported, harmless;
  for (const RungBuild* build : shifted_rungs()) {
    const std::vector<Sample> samples = samples_for(*build);
    std::set<std::string> seen;
    std::vector<Site> sites;
    const std::string name = text(build->rung->op, "/", build->rung->id);
    collect(text("kernels/", name, ".cu"), seen, sites);
    for (const Site& site : sites) {
      const std::uint32_t number = site.subscript.number;
      if (reported.contains(number)) {  // of a header, in another rung
        continue;
      }
      const Fate fate = fate_of(*build, samples, site);
      if (fate == Fate::reported) {
        reported.insert(number);
      } else if (fate == Fate::harmless) {
        harmless.insert(number);
        std::printf("harmless in %s: %s\n", name.c_str(), shown(site).c_str());
      } else {
        unreached.emplace(number, site);
      }
    }
  }
  for (const auto& [number, site] : unreached) {
    CHECK_MESSAGE((reported.contains(number) || harmless.contains(number)), "no shape reaches ", shown(site));
  }
  std::erase_if(harmless, [&](std::uint32_t number) { return reported.contains(number); });
  std::printf("%zu moves reported, %zu harmless\n", reported.size(), harmless.size());
  CHECK(reported.size() > 500);
  CHECK(harmless.empty());
}
