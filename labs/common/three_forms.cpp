// The chunk size moves work between two places: pairs inside a chunk meet as scores, all others through the
// state. SPDX-License-Identifier: MIT
#include "labs/common/three_forms.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>

#include "labs/common/sweep.hpp"
#include "reference/core/compare.hpp"

namespace alab {
namespace {

constexpr double kElementBytes = 4;
constexpr double kTimeBudget = 0.008;   // seconds spent on timing one form once it is known to be right
constexpr std::int64_t kMapCells = 64;  // per side of the map of pairs
constexpr std::int64_t kBuckets = 64;   // points of the error along the sequence

/// One form's numbers: its costs, its error against double, its time.
struct Measured {
  FormRun run;
  double error = 0, seconds = 0;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Runs once for the numbers; unless that is all, repeats what is short until the budget is spent and takes
/// the median.
Measured measure(const std::function<FormRun()>& form, const Tensor<double>& truth, bool once) {
  using Clock = std::chrono::steady_clock;
  const auto first = Clock::now();
  Measured m{form(), 0, 0};
  std::vector<double> times{seconds_since(first)};
  m.error = difference<float>(m.run.output.span(), truth.span()).rel_l2;
  if (!once && times[0] < kTimeBudget) {
    times.clear();  // the first run warmed the caches
    for (double spent = 0; spent < kTimeBudget && times.size() < 9; spent += times.back()) {
      const auto start = Clock::now();
      keep(form().output.data());
      times.push_back(seconds_since(start));
    }
  }
  m.seconds = median_and_spread(times).median;
  return m;
}

/// Relative error of groups of consecutive positions, over all heads.
std::vector<double> error_along(const Tensor<float>& got, const Tensor<double>& truth) {
  const std::int64_t heads = truth.extent(0), n = truth.extent(1), width = truth.extent(2);
  const std::int64_t buckets = std::min(kBuckets, n);
  std::vector<double> error(static_cast<std::size_t>(buckets)), size(error);
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i * buckets / n);
      for (std::int64_t c = 0; c < width; ++c) {
        const double apart = static_cast<double>(got(h, i, c)) - truth(h, i, c);
        error[at] += apart * apart;
        size[at] += truth(h, i, c) * truth(h, i, c);
      }
    }
  }
  for (std::size_t b = 0; b < error.size(); ++b) {
    error[b] = std::sqrt(error[b] / std::max(size[b], std::numeric_limits<double>::min()));
  }
  return error;
}

struct Sweep {
  std::vector<double> chunks;
  std::vector<Measured> points;
  std::size_t chosen = 0;

  std::vector<double> of(double (*value)(const Measured&)) const {
    std::vector<double> out;
    for (const Measured& m : points) {
      out.push_back(value(m));
    }
    return out;
  }
  const Measured& at_chosen() const { return points[chosen]; }
  double fastest() const {
    const auto best = std::ranges::min_element(points, {}, &Measured::seconds);
    return chunks[static_cast<std::size_t>(best - points.begin())];
  }
};

struct Forms {
  Measured parallel, recurrent;
  Sweep sweep;
};

Sweep run_sweep(const ThreeForms& op, std::int64_t chunk_size, bool once, const Progress& progress) {
  Sweep sweep;
  const std::vector<std::int64_t> sizes = chunk_sizes(op.truth.extent(1), chunk_size);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const Progress part = progress.part(static_cast<double>(i) / static_cast<double>(sizes.size()),
                                        static_cast<double>(i + 1) / static_cast<double>(sizes.size()));
    part.step(0, text("chunks of ", sizes[i]));
    sweep.chosen = sizes[i] == chunk_size ? i : sweep.chosen;
    sweep.chunks.push_back(static_cast<double>(sizes[i]));
    sweep.points.push_back(measure([&] { return op.chunkwise(sizes[i], part); }, op.truth, once));
    if (i != sweep.chosen) {
      sweep.points.back().run.output = {};  // only the chosen one is drawn along the sequence
    }
  }
  return sweep;
}

/// What a plot over chunk sizes shows of a form.
struct Quantity {
  std::string key, scalar, title, note, label, unit, hint;
  double (*value)(const Measured&);
  Provenance provenance;
};

std::string bytes_title(const Sweep& sweep) {
  const double first = sweep.points.front().run.bytes, last = sweep.points.back().run.bytes;
  return first > last   ? "Traffic falls with the chunk: fewer states travel"
         : first < last ? "Traffic grows with the chunk"
                        : "Traffic does not depend on the chunk";
}

std::vector<Quantity> quantities(const ThreeForms& op, const Forms& forms) {
  const Provenance here = measured_here("float against double");
  return {{"forms_difference", "error_", "Every chunk size gives the same result, up to rounding",
           "relL2 of each form against double precision on the same inputs.", "difference to double", "",
           "error", [](const Measured& m) { return m.error; }, here},
          {"forms_flops", "flops_", "FLOPs grow with the chunk: more pairs are computed as scores",
           "Arithmetic of one run. Chunks of 1 are a recurrence, one chunk of N is the parallel form.",
           "FLOPs", "", "count", [](const Measured& m) { return m.run.flops; }, op.flops},
          {"forms_bytes", "bytes_", bytes_title(forms.sweep),
           op.bytes_note.empty() ? "Bytes between slow memory and the chip, in and out." : op.bytes_note,
           "bytes moved", "bytes", "bytes", [](const Measured& m) { return m.run.bytes; }, op.bytes},
          {"forms_temporary", "temporary_", "The largest temporary is a block of scores or a set of states",
           "Peak of what is held beyond inputs and output.", "largest temporary", "bytes", "bytes",
           [](const Measured& m) { return kElementBytes * m.run.temporary; }, op.temporary},
          {"forms_time", "time_", text("Fastest on this CPU: chunks of ", forms.sweep.fastest()),
           "One thread; the median of a few runs at each chunk size.", "time", "s", "seconds",
           [](const Measured& m) { return m.seconds; }, timed_here("one thread")}};
}

/// Zero has no place on a logarithmic axis.
std::vector<double> drawable(std::vector<double> ys, double floor) {
  for (double& y : ys) {
    y = y == 0 ? floor : y;
  }
  return ys;
}

Plot plot_of(const Quantity& q, const Forms& forms) {
  const Sweep& s = forms.sweep;
  const double floor = q.hint == "error" ? 1e-9 : 1;
  const std::vector<double> ys = drawable(s.of(q.value), floor);
  const double last = s.chunks.size() > 1 ? s.chunks.back() : 2;
  const auto line = [&](std::string key, std::string label, const Measured& m) {
    return level(std::move(key), std::move(label), s.chunks.front(), last, drawable({q.value(m)}, floor)[0],
                 q.provenance);
  };
  Plot plot{q.key, q.title, q.note, {"chunk size C", "tokens", true}, {q.label, q.unit, true}, {}};
  plot.series = {plain("chunkwise", "chunkwise", s.chunks, ys, q.provenance, SeriesStyle::line_and_markers),
                 line("recurrent", "recurrent", forms.recurrent),
                 line("parallel", "parallel", forms.parallel),
                 plain("chosen", text("C = ", s.chunks[s.chosen]), {s.chunks[s.chosen]}, {ys[s.chosen]},
                       q.provenance, SeriesStyle::markers)};
  return plot;
}

Plot along_plot(const ThreeForms& op, const Forms& forms) {
  Plot plot{
      "forms_by_position",
      "Where along the sequence the forms differ from double",
      "Relative error of groups of neighbouring positions; a lost tail or a wrong mask would stand out.",
      {"position", "tokens", false},
      {"relative error", "", true},
      {}};
  const std::int64_t n = op.truth.extent(1), buckets = std::min(kBuckets, n);
  std::vector<double> xs;
  for (std::int64_t b = 0; b < buckets; ++b) {
    xs.push_back((static_cast<double>(b) + 0.5) * static_cast<double>(n) / static_cast<double>(buckets));
  }
  const auto add = [&](std::string key, const Measured& m) {
    plot.series.push_back(plain(key, key, xs, drawable(error_along(m.run.output, op.truth), 1e-9),
                                measured_here("float against double")));
  };
  add("parallel", forms.parallel);
  add("recurrent", forms.recurrent);
  add("chunkwise", forms.sweep.at_chosen());
  return plot;
}

/// Share of each cell's visible pairs that meet as scores, inside a chunk.
Heatmap pairs_map(std::int64_t n, std::int64_t chunk_size) {
  Heatmap map;
  map.key = "forms_pairs";
  map.title = text("Chunks of ", chunk_size, ": yellow pairs meet as scores, dark ones through the state");
  map.note =
      "1: both positions lie in one chunk. 0: the key reaches the query through the state. Blank: future.";
  map.value_label = "share of pairs computed as scores";
  map.rows = map.cols = std::min(kMapCells, n);
  map.row = {"query", "position", false};
  map.col = {"key", "position", false};
  const std::int64_t cells = map.rows;
  const auto first = [&](std::int64_t cell) { return cell * n / cells; };
  std::vector<double> visible(static_cast<std::size_t>(cells * cells)), scored(visible);
  for (std::int64_t row = 0; row < cells; ++row) {
    for (std::int64_t i = first(row); i < first(row + 1); ++i) {
      for (std::int64_t col = 0; col <= row; ++col) {
        const std::int64_t begin = first(col), end = std::min(first(col + 1), i + 1);
        const std::int64_t inside = std::max<std::int64_t>(0, end - std::max(begin, i - i % chunk_size));
        const auto at = static_cast<std::size_t>(row * cells + col);
        visible[at] += static_cast<double>(std::max<std::int64_t>(0, end - begin));
        scored[at] += static_cast<double>(inside);
      }
    }
    map.row_labels.push_back(std::to_string(first(row)));
    map.col_labels.push_back(std::to_string(first(row)));
  }
  for (std::size_t at = 0; at < visible.size(); ++at) {
    map.values.push_back(visible[at] > 0 ? static_cast<float>(scored[at] / visible[at])
                                         : std::numeric_limits<float>::quiet_NaN());
  }
  map.provenance = counted_by("pairs (i, j) with j <= i, by the chunk they lie in");
  return map;
}

struct NamedForm {
  std::string key, name;
  const Measured* measured;
};

std::vector<NamedForm> named(const Forms& forms) {
  const Sweep& s = forms.sweep;
  return {{"parallel", "parallel", &forms.parallel},
          {"recurrent", "recurrent", &forms.recurrent},
          {"chunkwise", text("chunkwise, C = ", s.chunks[s.chosen]), &s.at_chosen()}};
}

std::vector<Cell> row_of(std::string name, const Measured& m, const std::vector<Quantity>& columns) {
  std::vector<Cell> row{Cell::words(std::move(name))};
  for (const Quantity& q : columns) {
    row.push_back(Cell::number(q.value(m), q.hint, q.provenance));
  }
  return row;
}

Table table_with(const std::vector<Quantity>& columns, std::string key, std::string title, std::string note,
                 std::string first) {
  Table table{std::move(key), std::move(title), std::move(note), {std::move(first)}, {}};
  for (const Quantity& q : columns) {
    table.columns.push_back(q.label);
  }
  return table;
}

void add_tables(Result& result, const ThreeForms& op, const Forms& forms,
                const std::vector<Quantity>& columns) {
  Table side =
      table_with(columns, "three_forms", text("Three forms of ", op.name),
                 "The same inputs, the same output; only order and place of the work differ.", "form");
  for (const NamedForm& form : named(forms)) {
    side.rows.push_back(row_of(form.name, *form.measured, columns));
  }
  Table sweep = table_with(columns, "chunk_sizes", "From a recurrence (C = 1) to one block (C = N)",
                           "The chunkwise form at every chunk size of the plots.", "chunk size");
  for (std::size_t i = 0; i < forms.sweep.points.size(); ++i) {
    sweep.rows.push_back(row_of(text(forms.sweep.chunks[i]), forms.sweep.points[i], columns));
  }
  result.tables.push_back(std::move(side));
  result.tables.push_back(std::move(sweep));
}

/// NaN wins over every number, so that a broken form cannot hide behind a good one.
double worst_of(const std::vector<double>& errors) {
  double worst = 0;
  for (const double e : errors) {
    worst = e <= worst ? worst : e;
  }
  return worst;
}

void add_checks(Result& result, const ThreeForms& op, const Forms& forms) {
  const Provenance here = measured_here("float against double");
  const auto gate = [&](std::string key, const std::string& what, double error, double tolerance) {
    if (tolerance > 0) {
      result.checks.push_back(check_at_most(
          std::move(key), text(what, " equals double: relL2 <= ", tolerance), error, tolerance, here));
    }
  };
  gate("pass_parallel", "parallel form", forms.parallel.error, op.tolerance_parallel);
  gate("pass_recurrent", "recurrent form", forms.recurrent.error, op.tolerance_recurrent);
  gate("pass_chunkwise", text("chunks of ", forms.sweep.chunks[forms.sweep.chosen]),
       forms.sweep.at_chosen().error, op.tolerance_chunkwise);
  gate("pass_every_chunk", "every chunk size",
       worst_of(forms.sweep.of([](const Measured& m) { return m.error; })), op.tolerance_chunkwise);
}

void add_scalars(Result& result, const Forms& forms, const std::vector<Quantity>& columns) {
  for (const NamedForm& form : named(forms)) {
    for (const Quantity& q : columns) {
      result.scalars.push_back(scalar(q.scalar + form.key, text(q.label, ", ", form.name),
                                      q.value(*form.measured), q.hint, q.provenance));
    }
  }
  const std::vector<double> errors = forms.sweep.of([](const Measured& m) { return m.error; });
  result.scalars.push_back(scalar("error_worst_chunk", "largest difference of any chunk size",
                                  worst_of(errors), "error", measured_here("float against double")));
  result.scalars.push_back(scalar("fastest_chunk", "fastest chunk size here", forms.sweep.fastest(), "count",
                                  timed_here("one thread"), "tokens"));
}

}  // namespace

std::vector<std::int64_t> chunk_sizes(std::int64_t seq_len, std::int64_t chosen) {
  require(1 <= chosen && chosen <= seq_len, "chunk_size ", chosen, " is outside 1 .. ", seq_len,
          "; a chunk holds at least one token and at most all of them");
  std::vector<std::int64_t> sizes{chosen, seq_len};
  for (std::int64_t c = 1; c < seq_len; c *= 2) {
    sizes.push_back(c);
  }
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

void add_three_forms(Result& result, const ThreeForms& op, std::int64_t chunk_size, bool quick,
                     const Progress& progress) {
  result.quick = quick ? kOneRunEach : "";
  require(op.truth.rank() == 3, "the truth of ", op.name, " has shape ", to_string(op.truth.shape()),
          "; give [heads, seq_len, head_dim_v]");
  Forms forms;
  progress.step(0, "recurrent form");
  forms.recurrent = measure([&] { return op.recurrent(progress.part(0, 0.1)); }, op.truth, quick);
  progress.step(0.1, "parallel form");
  forms.parallel = measure([&] { return op.parallel(progress.part(0.1, 0.25)); }, op.truth, quick);
  forms.sweep = run_sweep(op, chunk_size, quick, progress.part(0.25, 1));
  const std::vector<Quantity> columns = quantities(op, forms);
  for (const Quantity& q : columns) {
    result.plots.push_back(plot_of(q, forms));
  }
  result.plots.push_back(along_plot(op, forms));
  result.heatmaps.push_back(pairs_map(op.truth.extent(1), chunk_size));
  add_tables(result, op, forms, columns);
  add_scalars(result, forms, columns);
  add_checks(result, op, forms);
}

}  // namespace alab
