// Draws implicit maps: textures with marked rows, entropy and distance by row, and what rows are divided by.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "labs/common/implicit_map.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/eigen_view.hpp"

namespace alab {
namespace {

constexpr std::int64_t kLargestSingle = 512, kLargestPair = 256, kGap = 2, kListed = 12;
constexpr float kOutside = std::numeric_limits<float>::quiet_NaN();

std::string_view word_for(RowState state) {
  switch (state) {
    case RowState::sound:
      return "";
    case RowState::negative:
      return "sum below 0";
    case RowState::vanishing:
      return "sum vanishes";
    case RowState::undefined:
      return "0/0 or inf";
  }
  return "";
}

std::string label_of(const std::vector<std::string>& tokens, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  return at < tokens.size() ? tokens[at] : std::to_string(i);
}

std::vector<std::string> labels_of(const std::vector<std::string>& tokens, std::int64_t count) {
  std::vector<std::string> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    labels.push_back(label_of(tokens, i));
  }
  return labels;
}

std::vector<std::string> marked_labels(const std::vector<std::string>& tokens, const RowMeasures& measures,
                                       std::int64_t count) {
  std::vector<std::string> labels = labels_of(tokens, count);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string_view word = word_for(measures.state[i]);
    labels[i] += word.empty() ? "" : text(" (", word, ")");
  }
  return labels;
}

bool exceeds_one(const WeightMap& map) {
  return std::ranges::any_of(map.weights.span(), [](double w) { return std::abs(w) > 1; });
}
bool has_negative(const WeightMap& map) {
  return std::ranges::any_of(map.weights.span(), [](double w) { return w < 0; });
}

/// Every row brought to sum |w| = 1; products keeps the weights as they were.
WeightMap by_shape(const WeightMap& map) {
  WeightMap out = map;
  out.products = map.weights;
  for (std::int64_t i = 0; i < map.queries(); ++i) {
    auto row = matrix(out.weights).row(i);
    if (const double size = row.cwiseAbs().sum(); size > 0 && std::isfinite(size)) {
      row /= size;
    }
  }
  return out;
}

/// Weights of a divided row lie in [-1, 1] unless its sum cancels; what lies beyond would drown the rest.
float drawn(double weight, bool cut) {
  return static_cast<float>(cut ? std::clamp(weight, -1.0, 1.0) : weight);
}

/// Copies a map into a heatmap from column `first` on, with its products as the hover's second value.
void put(Heatmap& picture, const WeightMap& map, std::int64_t first, bool cut) {
  const std::int64_t cols = std::min(map.keys(), picture.cols - first);
  for (std::int64_t i = 0; i < picture.rows; ++i) {
    for (std::int64_t j = 0; j < std::min(map.seen(i), cols); ++j) {
      const auto cell = static_cast<std::size_t>(i * picture.cols + first + j);
      picture.values[cell] = drawn(map.weights(i, j), cut);
      picture.detail[cell] = map.products.empty() ? kOutside : static_cast<float>(map.products(i, j));
    }
  }
}

Heatmap blank(std::string key, std::int64_t rows, std::int64_t cols) {
  Heatmap picture;
  picture.key = std::move(key);
  picture.rows = rows;
  picture.cols = cols;
  picture.values.assign(static_cast<std::size_t>(rows * cols), kOutside);
  picture.detail = picture.values;
  picture.row = {"query", "position", false};
  picture.col = {"key", "position", false};
  picture.provenance = measured_here("weights in double");
  return picture;
}

std::string cut_note(bool cut) {
  return cut ? " Weights beyond 1 are drawn as 1, with their sign." : "";
}

Plot row_plot(std::string key, std::string title, std::string note, std::string y, std::string unit) {
  return {std::move(key),
          std::move(title),
          std::move(note),
          {"query position", "", false},
          {std::move(y), std::move(unit), false},
          {}};
}

/// The points that are numbers; a row without a distance or an entropy leaves a gap.
Series by_row(std::string key, std::string label, const std::vector<double>& values, SeriesStyle style,
              const Provenance& from) {
  Series series = plain(std::move(key), std::move(label), {}, {}, from, style);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) {
      series.xs.push_back(static_cast<double>(i));
      series.ys.push_back(values[i]);
    }
  }
  return series;
}

void add_if_any(Plot& plot, Series series) {
  if (!series.xs.empty()) {
    plot.series.push_back(std::move(series));
  }
}

std::vector<double> uniform_entropy(const WeightMap& map) {
  std::vector<double> out;
  for (std::int64_t i = 0; i < map.queries(); ++i) {
    out.push_back(std::log(std::max(1.0, static_cast<double>(map.seen(i)))));
  }
  return out;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) {
    sum += v;
  }
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

Plot distance_plot(const WeightMap& map, const RowMeasures& measures, const Provenance& from) {
  Plot plot = row_plot("row_distance",
                       text("Rows of ", map.name, " lie ", format_value(measures.mean_distance, ""),
                            " from softmax's, on average"),
                       "Total variation of each query's weights: 0 the same row, 1 nothing in common.",
                       "total variation", "");
  add_if_any(plot, by_row("distance", map.name, measures.distance, SeriesStyle::line, from));
  return plot;
}

Plot entropy_plot(const WeightMap& map, const RowMeasures& measures, const RowMeasures& soft,
                  const Provenance& from) {
  Plot plot = row_plot("row_entropy",
                       text("Mean entropy: softmax ", format_value(soft.mean_entropy, ""), ", ", map.name,
                            " ", format_value(measures.mean_entropy, "")),
                       "How widely each query spreads its weights: 0 is one key, the dashed line is all "
                       "keys alike.",
                       "entropy", "nats");
  add_if_any(plot, by_row("softmax", "softmax", soft.entropy, SeriesStyle::line, from));
  add_if_any(plot, by_row("map", map.name, measures.entropy, SeriesStyle::line, from));
  add_if_any(plot, by_row("uniform", "uniform: ln(keys seen)", uniform_entropy(map), SeriesStyle::dashed,
                          modelled_by("ln(keys seen)")));
  return plot;
}

Plot denominator_plot(const WeightMap& map, const RowMeasures& measures, const Provenance& from) {
  Plot plot = row_plot(
      "denominators",
      measures.marked() == 0 ? text("No row of ", map.name, " is divided by a negative or vanishing sum")
                             : text(measures.marked(), " of ", map.queries(), " rows of ", map.name,
                                    " are divided by a negative or vanishing sum"),
      "Row sum over the sum of absolute products. 1: nothing cancels. Near 0: noise is enlarged. Below 0: "
      "signs flip.",
      "row sum / sum of sizes", "");
  add_if_any(plot, by_row("balance", map.name, measures.balance, SeriesStyle::line, from));
  std::vector<double> marked = measures.balance;
  for (std::size_t i = 0; i < marked.size(); ++i) {
    marked[i] = measures.state[i] == RowState::sound ? std::numeric_limits<double>::quiet_NaN() : marked[i];
  }
  add_if_any(plot, by_row("marked", "negative or vanishing", marked, SeriesStyle::markers, from));
  const auto last = static_cast<double>(std::max<std::int64_t>(1, map.queries() - 1));
  plot.series.push_back(level("zero", "0", 0, last, 0, modelled_by("0")));
  return plot;
}

Table marked_table(const WeightMap& map, const RowMeasures& measures, const std::vector<std::string>& tokens,
                   const Provenance& from) {
  Table table;
  table.key = "marked";
  table.title = text("Rows of ", map.name, " that are not sound: ", measures.marked(), " of ", map.queries());
  table.note = measures.marked() > kListed ? text("The first ", kListed, " are listed.")
                                           : "Their weights are not an average of the values any more.";
  table.columns = {"query", "sum it is divided by", "sum / sum of sizes", "what is wrong"};
  for (std::size_t i = 0; i < measures.state.size() && table.rows.size() < kListed; ++i) {
    if (measures.state[i] != RowState::sound) {
      const double sum =
          map.denominator.empty() ? std::numeric_limits<double>::quiet_NaN() : map.denominator[i];
      table.rows.push_back({Cell::words(text(i, "  ", label_of(tokens, static_cast<std::int64_t>(i)))),
                            Cell::number(sum, "", from), Cell::number(measures.balance[i], "", from),
                            Cell::words(std::string(word_for(measures.state[i])))});
    }
  }
  return table;
}

}  // namespace

Heatmap heatmap_of(const WeightMap& map, const RowMeasures& measures, const std::vector<std::string>& tokens,
                   std::string key) {
  Heatmap picture =
      blank(std::move(key), std::min(map.queries(), kLargestSingle), std::min(map.keys(), kLargestSingle));
  const bool cut = !map.denominator.empty() && exceeds_one(map);
  put(picture, map, 0, cut);
  picture.title = text("Weights that ", map.name, " applies",
                       picture.rows < map.queries() ? text(", first ", kLargestSingle, " positions") : "");
  picture.note =
      "Row: the query that looks. Column: the key it looks at. Rows that are not sound are named." +
      cut_note(cut);
  picture.value_label = "weight";
  picture.detail_label = "before the division";
  picture.row_labels = marked_labels(tokens, measures, picture.rows);
  picture.col_labels = labels_of(tokens, picture.cols);
  picture.diverging = has_negative(map);
  return picture;
}

Heatmap side_by_side_maps(const WeightMap& softmax, const WeightMap& map, const RowMeasures& measures,
                          const std::vector<std::string>& tokens, std::string key) {
  require(softmax.weights.shape() == map.weights.shape(), "maps of ", to_string(softmax.weights.shape()),
          " and ", to_string(map.weights.shape()), " cannot stand side by side; draw the same positions");
  const std::int64_t cols = std::min(map.keys(), kLargestPair);
  Heatmap picture = blank(std::move(key), std::min(map.queries(), kLargestPair), 2 * cols + kGap);
  const bool cut = !map.denominator.empty() && exceeds_one(map);
  put(picture, softmax, 0, false);
  for (std::int64_t i = 0; i < picture.rows; ++i) {  // the left half ends where the gap begins
    for (std::int64_t j = cols; j < picture.cols; ++j) {
      picture.values[static_cast<std::size_t>(i * picture.cols + j)] = kOutside;
      picture.detail[static_cast<std::size_t>(i * picture.cols + j)] = kOutside;
    }
  }
  const bool applied = map.denominator.empty();
  put(picture, applied ? by_shape(map) : map, cols + kGap, cut);
  picture.title = text("Softmax on the left, ", map.name, " on the right: mean distance ",
                       format_value(measures.mean_distance, ""));
  picture.note =
      "The same query, row by row, in both maps; one colour scale for both." + cut_note(cut) +
      (applied ? " Rows on the right are brought to sum |w| = 1, as the distance compares them." : "");
  picture.value_label = "weight";
  picture.detail_label =
      applied ? "score (left), weight as applied (right)" : "score (left), before the division (right)";
  picture.row_labels = marked_labels(tokens, measures, picture.rows);
  const std::vector<std::string> keys = labels_of(tokens, cols);
  picture.col_labels = keys;
  picture.col_labels.resize(static_cast<std::size_t>(cols + kGap), " ");
  picture.col_labels.insert(picture.col_labels.end(), keys.begin(), keys.end());
  picture.col = {text("key: softmax | ", map.name), "", false};
  picture.diverging = has_negative(map);
  return picture;
}

RowMeasures add_implicit_map(Result& result, const WeightMap& softmax, const WeightMap& map,
                             const std::vector<std::string>& tokens) {
  const RowMeasures measures = measure_rows(map, softmax), soft = measure_rows(softmax, softmax);
  const Provenance from = measured_here("weights in double");
  result.heatmaps.push_back(side_by_side_maps(softmax, map, measures, tokens, "maps"));
  result.heatmaps.push_back(heatmap_of(softmax, soft, tokens, "softmax"));
  result.heatmaps.push_back(heatmap_of(map, measures, tokens, "implicit"));
  for (Plot plot : {distance_plot(map, measures, from), entropy_plot(map, measures, soft, from)}) {
    if (!plot.series.empty()) {
      result.plots.push_back(std::move(plot));
    }
  }
  if (!map.denominator.empty()) {
    result.plots.push_back(denominator_plot(map, measures, from));
  }
  if (measures.marked() > 0) {
    result.tables.push_back(marked_table(map, measures, tokens, from));
  }
  const auto count = [](auto n) { return static_cast<double>(n); };
  for (Scalar s :
       {scalar("distance", "mean distance to softmax's rows", measures.mean_distance, "", from),
        scalar("entropy", text("mean entropy, ", map.name), measures.mean_entropy, "", from, "nats"),
        scalar("entropy_softmax", "mean entropy, softmax", soft.mean_entropy, "", from, "nats"),
        scalar("entropy_uniform", "mean entropy of uniform rows", mean(uniform_entropy(map)), "",
               modelled_by("mean of ln(keys seen)"), "nats"),
        scalar("negative_weights", "weights below 0", count(measures.negative_weights), "count", from),
        scalar("marked_rows", "rows divided by a negative or vanishing sum", count(measures.marked()),
               "count", from)}) {
    result.scalars.push_back(std::move(s));
  }
  return measures;
}

}  // namespace alab
