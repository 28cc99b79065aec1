// How often does each form touch an element of a row? Counted while the form runs, not derived.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "labs/ch10_01_online_softmax/experiments.hpp"
#include "labs/ch10_01_online_softmax/forms.hpp"
#include "labs/ch10_01_online_softmax/row_input.hpp"
#include "labs/common/sweep.hpp"

namespace alab::ch10_01 {
namespace {

struct Counted {
  std::string_view key, name;
  Accesses x, y;       ///< of the scores and of the weights
  int expected;        ///< accesses per element
  bool top_k = false;  ///< also stores K values and K indices

  double per_element(std::size_t n) const {
    return static_cast<double>(x.total() + y.total()) / static_cast<double>(n);
  }
};

std::vector<Counted> count_forms(std::vector<float> row, int k, Winners<float>& fused) {
  std::vector<Counted> forms{{"naive", "naive", {}, {}, 3},
                             {"safe", "safe", {}, {}, 4},
                             {"online", "online", {}, {}, 3},
                             {"separate", "safe, then top-k", {}, {}, 5, true},
                             {"fused", "online with top-k, fused", {}, {}, 1, true}};
  std::vector<float> weights(row.size());
  const auto n = static_cast<std::int64_t>(row.size());
  const auto x = [&](std::size_t i) { return CountedRow<float>{row.data(), &forms[i].x}; };
  const auto y = [&](std::size_t i) { return CountedRow<float>{weights.data(), &forms[i].y}; };
  naive_softmax<float>(x(0), y(0), n);
  safe_softmax<float>(x(1), y(1), n);
  online_softmax<float>(x(2), y(2), n);
  softmax_then_topk<float>(x(3), y(3), n, k);
  fused = online_topk<float>(x(4), n, k);
  return forms;
}

Table count_table(const std::vector<Counted>& forms, std::size_t n, int k) {
  const Provenance counted =
      counted_by("every load and store of the row and of the weights, while the form ran");
  Table table;
  table.key = "counts";
  table.title = "Accesses to memory, by form";
  table.note = "Only arrays as long as the row count; m, d and the K winners live in registers.";
  table.columns = {"form",        "loads of x",      "loads of y",
                   "stores of y", "stores of top-k", "accesses per element"};
  const auto count = [&](std::int64_t value) {
    return Cell::number(static_cast<double>(value), "count", counted);
  };
  for (const Counted& f : forms) {
    table.rows.push_back(
        {Cell::words(std::string(f.name)), count(f.x.loads), count(f.y.loads), count(f.y.stores),
         Cell::number(f.top_k ? 2.0 * k : 0.0, "count", modelled_by("K values and K indices")),
         Cell::number(f.per_element(n), "", counted)});
  }
  return table;
}

Plot count_plot(const std::vector<Counted>& forms, std::size_t n) {
  const Provenance counted = counted_by("every load and store of the row and of the weights");
  Plot plot;
  plot.key = "per_element";
  plot.title = "Online saves one access of four; fusing top-k leaves one of five";
  plot.note = "One bar per form, left to right: naive, safe, online, safe then top-k, fused.";
  plot.x = {"form", "", false};
  plot.y = {"accesses per element", "", false};
  for (std::size_t i = 0; i < forms.size(); ++i) {
    plot.series.push_back(plain(text("bar_", forms[i].key), std::string(forms[i].name),
                                {static_cast<double>(i + 1)}, {forms[i].per_element(n)}, counted,
                                SeriesStyle::bars));
  }
  return plot;
}

/// The winners by a plain sort of the true weights, ties to the lower index.
std::vector<std::int64_t> true_winners(const std::vector<float>& row, int k) {
  std::vector<std::int64_t> order;
  for (std::size_t j = 0; j < row.size(); ++j) {
    if (row[j] != kMinusInf<float>) {
      order.push_back(static_cast<std::int64_t>(j));
    }
  }
  std::ranges::stable_sort(order, std::greater<>{},
                           [&](std::int64_t j) { return row[static_cast<std::size_t>(j)]; });
  order.resize(static_cast<std::size_t>(k), -1);
  return order;
}

void check_winners(Result& result, const std::vector<float>& row, const Winners<float>& fused) {
  const std::vector<std::int64_t> winners = true_winners(row, fused.k);
  const std::vector<double> truth = true_softmax(row);
  std::vector<float> got;
  std::vector<double> expected;
  double wrong = 0;
  for (std::size_t i = 0; i < winners.size(); ++i) {
    wrong += winners[i] == fused.index[i] ? 0 : 1;
    got.push_back(fused.value[i]);
    expected.push_back(winners[i] < 0 ? 0 : truth[static_cast<std::size_t>(winners[i])]);
  }
  const Provenance from = measured_here("fused form in float against a sort in double");
  result.checks.push_back(
      check_exactly("winner_indices", "fused top-k finds the sorted winners", wrong, 0, from));
  result.checks.push_back(
      check_at_most("winner_weights", "their weights are right to T32", rel_l2(got, expected), kT32, from));
}

}  // namespace

Result accesses(const ParamSet& params, const Context& context) {
  const Row row = current_row(context, params.integer(kCols), params.integer(kQuery),
                              static_cast<std::uint64_t>(params.integer(params::seed)));
  context.progress.step(0.6, "counting");
  const int k = params.integer32(kTopK);
  Winners<float> fused(k);
  const std::vector<Counted> forms = count_forms(row.scores, k, fused);
  Result result;
  result.input = row.description;
  result.plots.push_back(count_plot(forms, row.scores.size()));
  result.tables.push_back(count_table(forms, row.scores.size(), k));
  const Provenance counted = counted_by("every load and store of the row and of the weights");
  for (const Counted& f : forms) {
    result.scalars.push_back(scalar(text("per_element_", f.key), text("accesses per element, ", f.name),
                                    f.per_element(row.scores.size()), "", counted));
    result.checks.push_back(check_exactly(text("accesses_", f.key),
                                          text(f.name, ": exactly ", f.expected, " per element"),
                                          f.per_element(row.scores.size()), f.expected, counted));
  }
  check_winners(result, row.scores, fused);
  return result;
}

}  // namespace alab::ch10_01
