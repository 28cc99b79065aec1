// Long Range Arena's printed tables, read with a pencil: exponents, rows that cannot be, averages that do not
// add up. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <numeric>

#include "labs/ch05_01_complexity_analysis/costs.hpp"
#include "labs/ch05_01_complexity_analysis/experiments.hpp"
#include "labs/ch05_01_complexity_analysis/lra_tables.hpp"
#include "labs/ch05_01_complexity_analysis/params.hpp"

namespace alab::complexity {
namespace {

/// log(y4K / yFrom) / log(4K / from).
double exponent(const std::array<double, 4>& ys, std::size_t from) {
  return std::log(ys[3] / ys[from]) / std::log(kLraLengths[3] / kLraLengths[from]);
}

/// Number of steps to a longer input that made training faster.
double faster_steps(const std::array<double, 4>& rates) {
  double count = 0;
  for (std::size_t i = 1; i < rates.size(); ++i) {
    count += rates[i] > rates[i - 1] ? 1 : 0;
  }
  return count;
}

const LraCost& cost_of(std::string_view method) {
  return *std::ranges::find(kLraCosts, method, &LraCost::method);
}

Table exponent_table(std::size_t from, const Provenance& derived) {
  Table table{
      "exponents",
      text("Exponents between ", kFirstLengths[from], " and 4K"),
      "How memory and time per step grow: log of the ratio of the figures over log of the ratio of the "
      "lengths.",
      {"method", "GB at 1K", "GB at 4K", "memory exponent", "time exponent"},
      {}};
  const Provenance paper = paper_says(kLraTable2);
  for (const LraCost& row : kLraCosts) {
    table.rows.push_back({Cell::words(std::string(row.method)), Cell::number(row.gigabytes[0], "", paper),
                          Cell::number(row.gigabytes[3], "", paper),
                          Cell::number(exponent(row.gigabytes, from), "", derived),
                          Cell::number(-exponent(row.steps_per_second, from), "", derived)});
  }
  return table;
}

Table speed_table() {
  Table table{"speeds",
              "Steps per second, as printed",
              "A longer input cannot make the same model train faster. Look for rows that rise.",
              {"method", "1K", "2K", "3K", "4K", "does it ever rise?"},
              {}};
  const Provenance paper = paper_says(kLraTable2);
  for (const LraCost& row : kLraCosts) {
    std::vector<Cell> cells{Cell::words(std::string(row.method))};
    for (const double rate : row.steps_per_second) {
      cells.push_back(Cell::number(rate, "", paper));
    }
    cells.push_back(Cell::words(faster_steps(row.steps_per_second) > 0 ? "yes" : "no"));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

/// The methods worth a line: the baseline, the two linear ones, and one between.
constexpr std::string_view kShown[] = {"Transformer", "Synthesizer", "BigBird",
                                       "Local",       "Linear",      "Performer"};

std::string lower(std::string_view word) {
  std::string out(word);
  std::ranges::transform(out, out.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? char(c + 32) : c; });
  return out;
}

Plot printed_plot(std::string key, std::string title, std::string note, Axis y,
                  std::array<double, 4> LraCost::*column) {
  Plot plot{key, std::move(title), std::move(note), {"sequence length N", "tokens", true}, std::move(y), {}};
  for (const std::string_view method : kShown) {
    const auto& ys = cost_of(method).*column;
    plot.series.push_back(fitted(key + "_" + lower(method), std::string(method),
                                 {kLraLengths.begin(), kLraLengths.end()}, {ys.begin(), ys.end()},
                                 paper_says(kLraTable2)));
  }
  return plot;
}

}  // namespace

Result run_lra(const ParamSet& params, const Context& context) {
  context.progress.step(0, "reading the tables");
  const auto from = static_cast<std::size_t>(params.choice(kFrom));
  const Provenance derived = modelled_by("log(y_4K / y_from) / log(4K / from), y from LRA Table 2");
  const double transformer = exponent(cost_of("Transformer").gigabytes, from),
               performer = exponent(cost_of("Performer").gigabytes, from);
  double rising = 0;
  std::string names;
  for (const LraCost& row : kLraCosts) {
    if (faster_steps(row.steps_per_second) > 0) {
      rising += 1;
      names += (names.empty() ? "" : ", ") + std::string(row.method);
    }
  }
  Result result;
  result.tables = {exponent_table(from, derived), speed_table()};
  result.plots = {
      printed_plot("memory", "Printed memory: neither slope 2 nor slope 1",
                   "Gigabytes per device of whole models; slopes fitted over the four printed points.",
                   {"memory per device", "GB", true}, &LraCost::gigabytes),
      printed_plot("speed", text("Two of nine rows rise: ", names),
                   "Training steps per second of whole models, as printed.",
                   {"training speed", "steps/s", true}, &LraCost::steps_per_second)};
  result.scalars = {scalar("transformer_exponent", "Transformer: memory exponent", transformer, "", derived),
                    scalar("performer_exponent", "Performer: memory exponent", performer, "", derived),
                    scalar("transformer_time", "Transformer: time exponent",
                           -exponent(cost_of("Transformer").steps_per_second, from), "", derived),
                    scalar("performer_time", "Performer: time exponent",
                           -exponent(cost_of("Performer").steps_per_second, from), "", derived),
                    scalar("rising_rows", "rows of steps per second that rise", rising, "count", derived)};
  result.checks = {check_exactly("rising", text("rows that rise with N: ", names), rising, 2, derived)};
  add_where(result, from == 0, "the exponent from 1K",
            check_between("transformer_memory", "Transformer: log4(9.48 / 0.85) = 1.74 +- 0.01", transformer,
                          1.73, 1.75, derived));
  add_where(result, from == 0, "the exponent from 1K",
            check_between("performer_memory", "Performer: log4(1.06 / 0.37) = 0.76 +- 0.01", performer, 0.75,
                          0.77, derived));
  return result;
}

Result run_averages(const ParamSet&, const Context& context) {
  context.progress.step(0, "reading the tables");
  const Provenance paper = paper_says(kLraTable1), mean = modelled_by("mean of the five printed scores"),
                   six = modelled_by("mean of six, a failed Path-X counted as 50");
  constexpr double kRounding = 0.0051;  // half of the last printed digit, and a float's rounding of it
  Table table{"averages",
              "Table 1 with its averages recomputed",
              "The sixth column is printed; the seventh is the mean of the five scores beside it.",
              {"method", "ListOps", "Text", "Retrieval", "Image", "Pathfinder", "printed", "mean",
               "with Path-X at 50"},
              {}};
  std::vector<double> xs, gaps;
  double wrong = 0, sinkhorn = 0, transformer_six = 0;
  for (const LraAccuracy& row : kLraAccuracies) {
    const double sum = std::accumulate(row.scores.begin(), row.scores.end(), 0.0);
    std::vector<Cell> cells{Cell::words(std::string(row.method))};
    for (const double score : row.scores) {
      cells.push_back(Cell::number(score, "", paper));
    }
    cells.push_back(Cell::number(row.printed_average, "", paper));
    cells.push_back(Cell::number(sum / 5, "", mean));
    cells.push_back(Cell::number((sum + 50) / 6, "", six));
    table.rows.push_back(std::move(cells));
    const double gap = std::round(1e9 * std::abs(sum / 5 - row.printed_average)) / 1e9;
    wrong += gap <= kRounding ? 0 : 1;
    sinkhorn = row.method == "Sinkhorn" ? sum / 5 : sinkhorn;
    transformer_six = row.method == "Transformer" ? (sum + 50) / 6 : transformer_six;
    xs.push_back(static_cast<double>(xs.size() + 1));
    gaps.push_back(gap);
  }
  Plot plot{"gaps",
            "One average is off by 17 times the rounding",
            "Distance between the printed average and the mean of the five printed scores, row by row.",
            {"row of Table 1", "", false},
            {"distance", "points", false},
            {}};
  plot.series = {plain("gap", "printed against mean", xs, gaps, mean, SeriesStyle::bars),
                 level("rounding", "rounding to two digits", 0.5, xs.back() + 0.5, 0.005,
                       modelled_by("half of the last digit"))};
  Result result;
  result.tables.push_back(std::move(table));
  result.plots.push_back(std::move(plot));
  result.scalars = {scalar("sinkhorn_mean", "Sinkhorn: mean of the five scores", sinkhorn, "", mean),
                    scalar("sinkhorn_printed", "Sinkhorn: average as printed", 51.39, "", paper),
                    scalar("wrong_rows", "averages that do not fit their row", wrong, "count", mean),
                    scalar("transformer_six", "Transformer over six tasks", transformer_six, "", six),
                    scalar("transformer_five", "Transformer over five tasks", 54.39, "", paper)};
  result.checks = {
      check_exactly("one_wrong", "exactly one printed average does not fit", wrong, 1, mean),
      check_between("sinkhorn", "Sinkhorn's five scores average 51.476", sinkhorn, 51.4755, 51.4765, mean),
      check_between("six_tasks", "Transformer with Path-X at 50: 53.66, as S4 prints it", transformer_six,
                    53.655, 53.665, six)};
  return result;
}

}  // namespace alab::complexity
