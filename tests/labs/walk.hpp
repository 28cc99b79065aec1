// How tests walk through labs: a context around an input, a run with its time, the numbers of a Result by
// name. SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdio>
#include <ctime>
#include <map>
#include <string>

#include "labs/lab.hpp"

namespace alab::walk {

/// A named synthetic source; "normal" is what a lab starts with.
inline const InputSource& source(std::string_view name = "normal") {
  for (const InputSource& candidate : synthetic_inputs()) {
    if (candidate.name == name) {
      return candidate;
    }
  }
  throw Error(text("no synthetic input '", name, "'"));
}

/// "ch10_01_online_softmax/speed cols=4096": what a failure message names.
inline std::string name_of(const Lab& lab, const Experiment& experiment, const ParamSet& params) {
  return text(lab.id, "/", experiment.id, " ", params.describe());
}

/// Sanitizers slow a run down by an order of magnitude; budgets are held without them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr double kSlowdown = 30;
#else
inline constexpr double kSlowdown = 2;
#endif
/// Processor seconds of one run at default values and at the ends of its sliders; twice the budgets of the
/// course, since a busy machine slows a thread down too.
inline constexpr double kBudgetAtDefaults = 1 * kSlowdown, kBudgetAtEnds = 2 * kSlowdown;

/// Runs and prints how long it took. The GPU is left out: what it gives is tested on its own.
/// @param cpu_seconds  receives the processor time of all threads
/// @param simulated    with the executor or without
inline Result run(const Lab& lab, const Experiment& experiment, const ParamSet& params,
                  const InputSource& input = source(), double* cpu_seconds = nullptr, bool simulated = true) {
  const Progress progress;
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  Result result = run_experiment(lab, experiment, params, {input, progress, simulated, false});
  const double cpu = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("  %7.1f ms, processor %7.1f ms  %s [%s]\n", seconds * 1e3, cpu * 1e3,
              name_of(lab, experiment, params).c_str(), input.name.c_str());
  if (cpu_seconds != nullptr) {
    *cpu_seconds = cpu;
  }
  return result;
}

inline ParamSet settings(const Experiment& experiment, std::string_view assignments) {
  ParamSet params(experiment.params);
  params.assign(assignments);
  return params;
}

inline const Experiment& experiment_of(const Lab& lab, std::string_view id) {
  const Experiment* experiment = find_experiment(lab, id);
  require(experiment != nullptr, "lab '", lab.id, "' has no experiment '", id, "'");
  return *experiment;
}

/// A number that comes from the clock, or is derived from one, may differ between two runs.
inline bool from_clock(const Provenance& provenance, std::string_view hint = "") {
  return hint == "seconds" || provenance.source.find("clock") != std::string::npos;
}

/// Every number of a Result that must be the same in every run, as text, by name.
inline std::map<std::string, std::string> fixed_numbers(const Result& result) {
  std::map<std::string, std::string> out;
  const auto put = [&](const std::string& name, double value) { out[name] = text(std::hexfloat, value); };
  for (const Scalar& s : result.scalars) {
    if (!from_clock(s.provenance, s.hint)) {
      put("scalar " + s.key, s.value);
    }
  }
  for (const Check& c : result.checks) {
    if (!from_clock(c.provenance)) {
      put("check " + c.key, c.value);
    }
  }
  for (const Plot& p : result.plots) {
    for (const Series& s : p.series) {
      for (std::size_t i = 0; !from_clock(s.provenance) && i < s.xs.size(); ++i) {
        put(text("plot ", p.key, " ", s.key, " x", i), s.xs[i]);
        put(text("plot ", p.key, " ", s.key, " y", i), s.ys[i]);
      }
    }
  }
  for (const Heatmap& h : result.heatmaps) {
    for (std::size_t i = 0; i < h.values.size(); ++i) {
      put(text("heatmap ", h.key, " ", i), h.values[i]);
    }
  }
  for (const Table& t : result.tables) {
    for (std::size_t r = 0; r < t.rows.size(); ++r) {
      for (std::size_t c = 0; c < t.rows[r].size(); ++c) {
        const Cell& cell = t.rows[r][c];
        if (!cell.has_number) {
          out[text("table ", t.key, " ", r, " ", c)] = cell.text;
        } else if (!from_clock(cell.provenance, cell.hint)) {
          put(text("table ", t.key, " ", r, " ", c), cell.value);
        }
      }
    }
  }
  for (const Stepper& s : result.steppers) {
    for (std::size_t f = 0; f < s.frames.size(); ++f) {
      out[text("stepper ", s.key, " ", f)] = s.frames[f].caption;
      for (std::size_t v = 0; v < s.frames[f].values.size(); ++v) {
        put(text("stepper ", s.key, " ", f, " value ", v), s.frames[f].values[v]);
      }
    }
  }
  return out;
}

/// "" or what fails in a Result besides problems_of: checks that gate, series without a point, repeated
/// series.
inline std::string failures_of(const Result& result) {
  for (const Check& c : result.checks) {
    if (!c.lamp && !c.passed()) {
      return text("check '", c.key, "' (", c.label, "): ", c.value, " is outside [", c.low, ", ", c.high,
                  "] ", c.detail);
    }
  }
  for (const Plot& p : result.plots) {
    std::map<std::string, int> seen;
    for (const Series& s : p.series) {
      if (s.key.empty() || ++seen[s.key] > 1) {
        return text("series key '", s.key, "' of plot '", p.key, "' is empty or used twice");
      }
      if (s.xs.empty()) {
        return text("series '", s.key, "' of plot '", p.key, "' has no point");
      }
    }
  }
  for (const Scalar& s : result.scalars) {
    const bool is_error =
        s.hint == "error" || s.key.starts_with("error");  // of a form that breaks: NaN is a finding
    if (s.value != s.value && !is_error) {
      return text("scalar '", s.key, "' is NaN");
    }
  }
  return "";
}

/// Whether some plot, heatmap, table or stepper has this key.
inline bool shows(const Result& result, std::string_view key) {
  return result.plot(key) != nullptr || result.heatmap(key) != nullptr || result.table(key) != nullptr ||
         result.stepper(key) != nullptr;
}

}  // namespace alab::walk
