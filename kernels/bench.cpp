// Rows of a benchmark: the plain form by wall clock, rungs through run_rung.
// SPDX-License-Identifier: MIT
#include "kernels/bench.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace alab {
namespace {

// The check of an output that comes closest to its bound, or is furthest over it.
const Check* tightest(const std::vector<Check>& checks) {
  const auto use = [](const Check& c) {
    const double part = c.high > 0 ? c.value / c.high : c.value;
    return std::isnan(part) ? HUGE_VAL : part;
  };
  const Check* found = nullptr;
  for (const Check& check : checks) {
    if (check.key.rfind("error_", 0) == 0 && (found == nullptr || use(check) > use(*found))) {
      found = &check;
    }
  }
  return found;
}

BenchRow row_of(const RungRun& run, const Op& op, const ParamSet& tiles) {
  BenchRow row;
  row.op = op.id;
  row.rung = run.rung->id;
  row.title = run.rung->title;
  row.tiles = tiles.describe();
  row.backend = run.backend;
  row.unsupported = run.unsupported;
  row.passed = run.passed;
  row.seconds = run.seconds;
  row.spread = run.spread;
  row.repeats = run.repeats;
  row.peak_scratch_bytes = run.peak_scratch_bytes;
  row.provenance = run.time_provenance;
  if (const Check* check = tightest(run.checks)) {
    row.error = check->value;
    row.tolerance = check->high;
  }
  const auto failed =
      std::find_if(run.checks.begin(), run.checks.end(), [](const Check& c) { return !c.passed(); });
  if (failed != run.checks.end()) {
    row.failure = failed->label + (failed->detail.empty() ? "" : ": " + failed->detail);
  }
  return row;
}

// The plain form is what the tolerance is derived from, so it passes by definition.
BenchRow plain_row(const Op& op, const ParamSet& problem, const HostArrays& inputs, const Judged& judged,
                   int repeats, const Progress& progress) {
  std::vector<double> times;
  for (int i = 0; i < repeats; ++i) {
    progress.step(static_cast<double>(i) / repeats, "plain form");
    const auto start = std::chrono::steady_clock::now();
    const HostArrays outputs = op.plain(problem, inputs);
    times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  BenchRow row;
  row.op = op.id;
  row.title = "plain form in single precision";
  row.backend = Backend::reference;
  row.passed = true;
  const Spread spread = median_and_spread(times);
  row.seconds = spread.median;
  row.spread = spread.half_iqr;
  row.repeats = repeats;
  row.provenance = {Provenance::measured, cpu_name()};
  for (const auto& [name, plain] : judged.plain.f32) {
    const Difference d = difference<float>(plain.span(), judged.truth.at(name).span());
    row.error = std::max(row.error, d.rel_l2);
    row.tolerance =
        std::max(row.tolerance, derived_tolerance<float>(plain.span(), judged.truth.at(name).span()).rel_l2);
  }
  return row;
}

std::vector<const RungBuild*> chosen(const Op& op, const std::string& rung) {
  // Facts of a rung are the same in every build, and the executor builds all of them.
  std::vector<const RungBuild*> builds = rungs_of(op.id, executor_rungs());
  if (rung.empty()) {
    return builds;
  }
  std::vector<std::string> ids;
  std::transform(builds.begin(), builds.end(), std::back_inserter(ids),
                 [](const RungBuild* b) { return std::string(b->rung->id); });
  std::erase_if(builds, [&](const RungBuild* b) { return b->rung->id != rung; });
  if (builds.empty()) {
    const std::string near = nearest(rung, ids);
    throw Error(text("op ", op.id, " has no rung '", rung, "'",
                     near.empty() ? ": see alab list kernels" : "; did you mean '" + near + "'?"));
  }
  return builds;
}

// The build of the same rung for a backend; nullptr when it was not compiled.
const RungBuild* build_for(const RungBuild& build, Backend backend) {
  if (backend == Backend::simulated) {
    return &build;
  }
  for (const RungBuild* other : rungs_of(build.rung->op, cuda_rungs())) {
    if (other->rung->id == build.rung->id) {
      return other;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<BenchRow> bench(const Op& op, const ParamSet& problem, const InputSource& source,
                            const BenchOptions& options, const Progress& progress) {
  require(options.repeats >= 1 && options.repeats <= 1000, "repeats is ", options.repeats,
          ": choose 1 to 1000");
  const std::vector<const RungBuild*> builds = chosen(op, options.rung);
  const HostArrays inputs = op.inputs(problem, source, progress);
  const Judged judged = judge(op, problem, inputs);
  RunOptions run_options;
  run_options.repeats = std::max(2, options.repeats);  // one run would include the warm-up
  run_options.workers = options.workers;
  std::vector<BenchRow> rows;
  const bool plain = std::count(options.backends.begin(), options.backends.end(), Backend::reference) > 0;
  if (plain) {
    rows.push_back(plain_row(op, problem, inputs, judged, options.repeats, progress));
  }
  std::size_t done = 0;
  for (const RungBuild* build : builds) {
    progress.step(static_cast<double>(done++) / static_cast<double>(builds.size()), build->rung->title);
    const ParamSet tiles(build->rung->tiles);
    for (const Backend backend : options.backends) {
      if (backend == Backend::reference) {
        continue;
      }
      // Without a build for the GPU, run_rung still gives the reason.
      const RungBuild* compiled = build_for(*build, backend);
      rows.push_back(row_of(run_rung(op, compiled != nullptr ? *compiled : *build, backend, problem, tiles,
                                     inputs, judged, run_options, progress),
                            op, tiles));
    }
  }
  const Cost cost = op.cost != nullptr ? op.cost(problem) : Cost{};
  for (BenchRow& row : rows) {
    row.cost = cost;
  }
  return rows;
}

bool distinguishable(const BenchRow& a, const BenchRow& b) {
  return a.timed() && b.timed() && std::abs(a.seconds - b.seconds) > 2 * (a.spread + b.spread);
}

std::vector<int> ranks(const std::vector<BenchRow>& rows) {
  std::vector<int> result(rows.size(), 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].timed()) {
      continue;
    }
    result[i] = 1;
    for (const BenchRow& other : rows) {
      const bool faster = other.seconds < rows[i].seconds && distinguishable(other, rows[i]);
      result[i] += other.backend == rows[i].backend && faster ? 1 : 0;
    }
  }
  return result;
}

}  // namespace alab
