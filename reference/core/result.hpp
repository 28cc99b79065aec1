// What an experiment returns. Plots, exports, tests and golden files read a Result and nothing else.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alab {

/// Where a number comes from. Shown on screen, written into every export, tested.
struct Provenance {
  enum Kind {
    measured,  ///< on this machine, in this run; source names device
    counted,   ///< exact count made while an algorithm or kernel ran; source names what was instrumented
    modelled,  ///< a formula; source is the formula
    recorded,  ///< read from a file; source names file, device, date
    paper      ///< printed in a publication; source is the citation
  };
  Kind kind = measured;
  std::string source;
  friend bool operator==(const Provenance&, const Provenance&) = default;
};
std::string_view to_string(Provenance::Kind kind);

struct Axis {
  std::string label, unit;
  bool log = false;
};

/// One number with its meaning. hint tells a printer how to format: "", "bytes", "seconds", "count", "ratio",
/// "error".
struct Scalar {
  std::string key, label, unit;
  double value = 0;
  Provenance provenance;
  std::string hint;
};

enum class SeriesStyle { line, line_and_markers, markers, dashed, bars };

struct Series {
  std::string key, label;
  std::vector<double> xs, ys;
  Provenance provenance;
  SeriesStyle style = SeriesStyle::line_and_markers;
  /// Fitted slope in log-log coordinates, shown beside the line; NaN when there is none.
  double slope = __builtin_nan("");
  std::string twin = {};  ///< key of an earlier series that this one shares its colour with, or empty
};

/// Several series on shared axes. title states the finding; note answers "what am I seeing?" in one line.
struct Plot {
  std::string key, title, note;
  Axis x, y;
  std::vector<Series> series;
};

/// Row-major matrix of values, drawn as one texture. NaN cells are drawn as "outside" (masked).
struct Heatmap {
  std::string key, title, note, value_label, unit;
  Axis row, col;
  std::int64_t rows = 0, cols = 0;
  std::vector<float> values;
  std::vector<std::string> row_labels, col_labels;  ///< tokens, or empty
  bool diverging = false;                           ///< centred at zero, diverging colour map
  std::vector<float> detail;                        ///< a second value per cell for the hover (q.k), or empty
  std::string detail_label;
  Provenance provenance;
};

/// A cell is text, or a number with a hint and its own provenance.
struct Cell {
  std::string text;
  double value = __builtin_nan("");
  std::string hint;  ///< as in Scalar; "" with a NaN value: the text is the cell
  Provenance provenance;
  bool has_number = false;
  static Cell words(std::string words) { return Cell{std::move(words), __builtin_nan(""), "", {}, false}; }
  static Cell number(double value, std::string hint, Provenance provenance) {
    return Cell{"", value, std::move(hint), std::move(provenance), true};
  }
};

struct Table {
  std::string key, title, note;
  std::vector<std::string> columns;  ///< with units: "time (ms)" is not needed, hints carry units
  std::vector<std::vector<Cell>> rows;
};

/// A number held against a bound. lamp = true: shown, never gates (timings).
struct Check {
  std::string key, label;    ///< label states the criterion in words
  double value = 0;          ///< what was obtained
  double low = 0, high = 0;  ///< the band; an error has low = 0
  Provenance provenance;
  bool lamp = false;
  std::string detail;                                            ///< where and why when it fails
  bool passed() const { return low <= value && value <= high; }  // this way round, NaN fails
};
Check check_at_most(std::string key, std::string label, double value, double bound, Provenance provenance);
Check check_between(std::string key, std::string label, double value, double low, double high,
                    Provenance provenance);
Check check_exactly(std::string key, std::string label, double value, double expected, Provenance provenance);

/// One moment of a stepper: which cell of the grid is touched, what happens there, and the state after it.
struct Frame {
  enum Kind { load, compute, skip, rescale, finish };
  Kind kind = compute;
  std::int64_t row = 0, col = 0;  ///< cell of the grid
  std::string caption;            ///< one sentence, present tense
  std::vector<double> values;     ///< one per Stepper::quantities
};
std::string_view to_string(Frame::Kind kind);

/// A recorded run that a student scrubs through: a grid of rows x cols cells and a list of frames.
struct Stepper {
  std::string key, title, note;
  std::int64_t rows = 0, cols = 0;
  std::string row_label, col_label;               ///< "query tile", "key tile"
  std::vector<std::string> row_names, col_names;  ///< what stands at each row or column, or empty
  std::vector<std::string> quantities;  ///< "m (running max)", "l (running sum)", "rescale factor", ...
  std::vector<Frame> frames;
  Provenance provenance;
  /// A matrix that changes from frame to frame (a recurrent state over tokens), drawn instead of the grid:
  /// axes, labels and colours, with the values of the last frame. Without rows there is none.
  Heatmap map;
  std::vector<float> map_values;  ///< row-major matrices of all frames: frames x map.rows x map.cols
};
bool has_map(const Stepper& stepper);
/// The map with the values of one frame; frame is clamped into the recording.
Heatmap map_at(const Stepper& stepper, std::int64_t frame);

struct Result {
  std::string lab, experiment;  ///< filled by run_experiment
  std::string params;           ///< ParamSet::describe()
  std::string input;            ///< what was read: "normal, seed 42" or "SmolLM2 layer 17 head 5 on ..."
  std::vector<Scalar> scalars;
  std::vector<Plot> plots;
  std::vector<Heatmap> heatmaps;
  std::vector<Table> tables;
  std::vector<Stepper> steppers;
  std::vector<Check> checks;
  std::vector<std::string> notes;  ///< sentences a reader must see beside the numbers (limits, fallbacks)
  std::string quick;  ///< what a quick look left out, "4 of 40 draws"; it has no checks, a full run follows

  const Scalar* scalar(std::string_view key) const;
  const Plot* plot(std::string_view key) const;
  const Check* check(std::string_view key) const;
  const Heatmap* heatmap(std::string_view key) const;
  const Table* table(std::string_view key) const;
  const Stepper* stepper(std::string_view key) const;
  /// True when every check that is not a lamp passed.
  bool passed() const;
};

/// 1.5 kB, 3.2 ms, 2.1e-07, 12,288 ... by hint; never "-nan": non-finite values read "NaN", "inf".
std::string format_value(double value, std::string_view hint);
/// Least-squares slope of log(y) on log(x) over the points with x, y > 0; NaN with fewer than two.
double loglog_slope(const std::vector<double>& xs, const std::vector<double>& ys);
/// Keys unique and not empty, sizes consistent, labels and provenance sources present; "" or what is wrong.
std::string problems_of(const Result& result);

}  // namespace alab
