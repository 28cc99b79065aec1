// What a submission got and why, as data. README.md documents its JSON. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernels/executor/counted/profile.hpp"
#include "kernels/student/diagnosis.hpp"
#include "kernels/student/manifest.hpp"
#include "kernels/student/run_case.hpp"
#include "reference/core/json.hpp"

namespace alab::student {

enum class Status { passed, failed, not_run };
std::string_view to_string(Status status);

/// Which run of a check.
struct CaseName {
  std::string shape;  ///< every number: "N=33 d=20 heads=2"
  std::string input, order;
  std::uint64_t seed = 0;
};
/// "N=33 d=20 heads=2, input random, descending order"
std::string to_string(const CaseName& name);

/// One bound on counters, on the case where it failed, else on the last one.
struct CounterBound {
  std::string expression;  ///< "loads == 2*heads*N^2*d", or the counter of a growth check
  double now = 0, allowed = 0;
  std::string relation;  ///< == <= >= < >
  bool holds = true;
};

/// An element that is wrong.
struct BadElement {
  std::string name;  ///< "S[0, 3, 17]"
  double expected = 0, got = 0;
};

/// What a thread showed by lab::watch() under one name, in order.
struct ShownSeries {
  std::string name;
  std::vector<float> values;
  std::uint64_t more = 0;  ///< later ones that were left out
};

/// |error| over what is allowed, of the matrix (head) with the worst element, in at most 64 x 64 cells. A
/// cell has the largest of its elements; above 1 is wrong; at most 1e6, which also stands for NaN.
struct ErrorMap {
  CaseName at;
  std::string output;
  std::int64_t matrix = 0, rows = 0, cols = 0;  ///< of the array
  std::int64_t row_step = 1, col_step = 1;      ///< elements of a cell
  std::int64_t cell_rows = 0, cell_cols = 0;
  std::vector<float> cells;  ///< row by row
  BadElement worst;
  std::string writer;              ///< "block (0, 0, 0), thread (3, 1, 0), line 12"; "" when no trace tells
  std::vector<ShownSeries> shown;  ///< by that thread
};

struct CheckVerdict {
  std::string id, title, kind, visibility, criterion;
  double points = 0, earned = 0;
  Status status = Status::not_run;
  std::string judged_on;  ///< "" executor alone; otherwise "executor", "NVIDIA H200, executor", "NVIDIA H200"
  std::string sentence;   ///< "" when passed; otherwise what, where and how much
  std::string why;        ///< what the instructor adds
  std::string rule;  ///< that fired: values, finite, exact, largest, count, growth, finding, damage, changed,
                     ///< untouched, ended
  int runs = 0, failed_runs = 0, skipped_runs = 0;
  std::optional<CaseName> first_failure;
  std::optional<BadElement> first_bad;  ///< of a values check
  std::optional<Diagnosis> diagnosis;
  std::vector<counted::Finding> findings;  ///< of the first failing run
  std::vector<CounterBound> counters;
  std::optional<ErrorMap> error_map;
};

/// Of kernels that passed, on a case of its own; never part of the verdict.
struct GpuTiming {
  std::string shape;
  double seconds = 0, spread = 0;  ///< all launches together: median, half the interquartile range
  int repeats = 0;
  std::string rung;  ///< the fastest of the exercise's op at the same size: "gla/30_two_level", or ""
  double rung_seconds = 0, rung_spread = 0;
  std::string rung_note;  ///< why there is no rung
  std::string problem;    ///< "" or why nothing was timed
};

/// What was done on a GPU for a verdict with backend "cuda".
struct GpuReport {
  std::string device;                       ///< "NVIDIA H200, CUDA 13.0, nvcc 13.0.88"
  std::string judged;                       ///< what was judged where, a sentence
  std::string sanitizer;                    ///< what compute-sanitizer did, or why it did not
  double compile_seconds = 0, seconds = 0;  ///< nvcc; all of the GPU's part but the timing
  std::optional<GpuTiming> timing;
};

struct Verdict {
  std::string exercise, title, student, backend = "simulated";
  std::vector<CheckVerdict> checks;
  std::vector<Diagnostic> diagnostics;  ///< of the compiler
  bool compiled = false;
  std::string refused;                      ///< "" or why the program may not run
  std::string sandbox;                      ///< "bubblewrap", or why there was none
  std::string note;                         ///< "" or a sentence about all checks: a wider tolerance
  double compile_seconds = 0, seconds = 0;  ///< seconds: all of it
  std::optional<GpuReport> gpu;             ///< with backend "cuda"

  double points() const;
  double earned() const;
  bool passed() const;  ///< it compiled, may run, and every check passed
};

/// "race in shared memory", "access outside an array", ...: what a finding is called before its sentence.
std::string_view in_words(counted::Mistake mistake);
/// "sum = 0.5, 1.25, 3 and 12 more".
std::string in_words(const ShownSeries& series);

/// The words of a check that a reader sees, to look for stated words in: sentence, why, diagnosis, findings,
/// counters.
std::string words_of(const CheckVerdict& check);

Json to_json(const Verdict& verdict);
/// One testsuite with one testcase per check; a failure's text is what the terminal shows.
std::string junit_xml(const Verdict& verdict);

}  // namespace alab::student
