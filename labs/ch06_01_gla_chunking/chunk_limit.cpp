// Step 3: how long a chunk may be before 1/b leaves the format, by formula and by trying.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/sweep.hpp"
#include "reference/gated_linear_attention.hpp"

namespace alab::gla_chunking {
namespace {

constexpr std::array<NumberFormat, 3> kTried{NumberFormat::fp16, NumberFormat::bf16, NumberFormat::fp32};

Plot limit_plot() {
  Plot plot;
  plot.key = "limit";
  plot.title = "The largest safe chunk is a number of nats divided by the decay per step";
  plot.note = "Largest C with a finite 1/b, tried in each format, over the gate; dashed: the formula.";
  plot.x = {"decay per step, -ln alpha", "nats", true};
  plot.y = {"largest safe chunk C", "tokens", true};
  const std::vector<double> decays{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5};
  for (const NumberFormat format : {NumberFormat::fp16, NumberFormat::fp32}) {
    std::vector<double> tried, formula;
    for (const double decay : decays) {
      tried.push_back(static_cast<double>(first_overflow(-decay, format, CumulativeGate::log_wide) - 1));
      formula.push_back(nats_of(format) / decay);
    }
    const std::string name(to_string(format));
    plot.series.push_back(plain(name, name + ", tried", decays, tried, measured_here("emulated by rounding"),
                                SeriesStyle::line_and_markers));
    plot.series.push_back(plain(name + "_formula",
                                text(name, ": ", format_value(nats_of(format), ""), " / decay"), decays,
                                formula, modelled_by("nats / |ln alpha|"), SeriesStyle::dashed));
  }
  return plot;
}

Plot chunk_plot(double alpha, std::int64_t longest) {
  Plot plot;
  plot.key = "inverse";
  plot.title = text("1/b inside a chunk, every gate ", format_value(alpha, ""));
  plot.note =
      "1/b at position C of a chunk, rounded to each format; a line ends where the format has no number.";
  plot.x = {"position in the chunk", "tokens", false};
  plot.y = {"1/b", "", true};
  for (const NumberFormat format : kTried) {
    std::vector<double> position, inverse;
    for (std::int64_t c = 1; c <= longest; ++c) {
      const double value = rounded(std::exp(-static_cast<double>(c) * std::log(alpha)), format);
      position.push_back(static_cast<double>(c));
      inverse.push_back(std::isfinite(value) ? value : std::nan(""));
    }
    plot.series.push_back(
        plain(std::string(to_string(format)), std::string(to_string(format)), std::move(position),
              std::move(inverse), measured_here("emulated by rounding"),
              format == NumberFormat::fp16 ? SeriesStyle::line_and_markers : SeriesStyle::line));
  }
  plot.series.push_back(level("fp16_max", "largest fp16 value", 1, static_cast<double>(longest), 65504,
                              modelled_by("(2 - 2^-10) 2^15")));
  return plot;
}

Table limit_table(double alpha) {
  const Provenance tried = measured_here("emulated by rounding, step by step");
  Table table;
  table.key = "limits";
  table.title = text("First chunk size that overflows, every gate ", format_value(alpha, ""));
  table.note = "Three ways to form 1/b in the format: they differ by one step, the formula by less than one.";
  table.columns = {"format",          "nats",       "formula: largest safe C",
                   "b multiplied up", "log b wide", "log b summed in the format"};
  for (const NumberFormat format : kTried) {
    std::vector<Cell> row{
        Cell::words(std::string(to_string(format))),
        Cell::number(nats_of(format), "", modelled_by("ln of the largest value")),
        Cell::number(static_cast<double>(largest_safe_chunk(std::log(alpha), nats_of(format))), "count",
                     modelled_by("floor(nats / |ln alpha|)"))};
    for (const CumulativeGate how :
         {CumulativeGate::product, CumulativeGate::log_wide, CumulativeGate::log_narrow}) {
      // A narrow sum of small logs may stop growing and never overflow.
      double first = std::nan("");
      try {
        first = static_cast<double>(first_overflow(std::log(alpha), format, how));
      } catch (const Error&) {
        row.push_back(Cell::words("never: rounding stops it"));
        continue;
      }
      row.push_back(Cell::number(first, "count", tried));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

double first_fp16(double alpha, CumulativeGate how) {
  return static_cast<double>(first_overflow(std::log(alpha), NumberFormat::fp16, how));
}

}  // namespace

Result run_chunk_limit(const ParamSet& params, const Context& context) {
  context.progress.step(0, "looking for overflows");
  const double alpha = params.real(kAlpha), log_alpha = std::log(alpha);
  const Provenance tried = measured_here("fp16 emulated by rounding"),
                   formula = modelled_by("floor(nats / |ln alpha|)");
  const std::int64_t safe_fp16 = largest_safe_chunk(log_alpha, nats_of(NumberFormat::fp16));
  Result result;
  static const Plot limits = limit_plot();  // depends on no setting
  result.plots = {limits, chunk_plot(alpha, std::clamp<std::int64_t>(2 * safe_fp16, 16, 1200))};
  context.progress.step(0.7, "looking for overflows");
  result.tables = {limit_table(alpha)};
  const double first_nine = first_fp16(0.9, CumulativeGate::log_wide),
               first_half = first_fp16(0.5, CumulativeGate::log_wide),
               first_here = first_fp16(alpha, CumulativeGate::log_wide);
  result.scalars = {
      scalar("safe_fp16", "largest safe chunk, fp16, your gate", first_here - 1, "count", tried),
      scalar("safe_fp32", "largest safe chunk, fp32 and bf16, your gate",
             static_cast<double>(largest_safe_chunk(log_alpha, nats_of(NumberFormat::fp32))), "count",
             formula),
      scalar("first_nine", "first overflow, fp16, gate 0.9", first_nine, "count", tried),
      scalar("first_half", "first overflow, fp16, gate 0.5", first_half, "count", tried),
      scalar("bf16_tenth", "largest safe chunk, bf16, gate 0.1",
             static_cast<double>(largest_safe_chunk(std::log(0.1), nats_of(NumberFormat::bf16))), "count",
             formula),
      scalar("narrow_nine", "first overflow, fp16, gate 0.9, logs summed in fp16",
             first_fp16(0.9, CumulativeGate::log_narrow), "count", tried)};
  result.checks = {
      check_exactly("fp16_nine", "fp16, gate 0.9: 1/b is first infinite at C = 106", first_nine, 106, tried),
      check_exactly("fp16_half", "fp16, gate 0.5: 1/b is first infinite at C = 16", first_half, 16, tried),
      check_exactly("product_nine", "the same when b is multiplied up in fp16",
                    first_fp16(0.9, CumulativeGate::product), 106, tried),
      check_between("formula_here", "your gate: floor(11.09 / |ln alpha|) is the largest safe C",
                    static_cast<double>(safe_fp16), first_here - 2, first_here - 1, tried)};
  return result;
}

}  // namespace alab::gla_chunking
