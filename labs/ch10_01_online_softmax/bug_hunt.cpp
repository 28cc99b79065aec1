// Five wrong merges that look right, each run beside the right one on inputs that expose or hide it.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch10_01_online_softmax/experiments.hpp"
#include "labs/ch10_01_online_softmax/forms.hpp"
#include "labs/ch10_01_online_softmax/row_input.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/eigen_view.hpp"
#include "reference/core/rng.hpp"

namespace alab::ch10_01 {
namespace {

constexpr std::int64_t kTile = 8;   // keys merged at a time
constexpr std::int64_t kWidth = 8;  // elements of a value row

using Vector = Eigen::VectorXf;

/// What a merge keeps; normalised: o is already divided by d.
struct State {
  float m = kMinusInf<float>, d = 0;
  Vector o = Vector::Zero(kWidth);
};

/// A tile's own (m, d, o), o not normalised; (-inf, 0, 0) when every score is masked.
State own_state(std::span<const float> s, const RowMatrix<float>& v, std::int64_t first) {
  State t;
  t.m = *std::ranges::max_element(s);
  for (std::size_t j = 0; j < s.size() && t.m != kMinusInf<float>; ++j) {
    const float term = std::exp(s[j] - t.m);
    t.d += term;
    t.o += term * v.row(first + static_cast<std::int64_t>(j)).transpose();
  }
  return t;
}

float factor(float from, float to) {
  return from == kMinusInf<float> ? 0 : std::exp(from - to);
}

void merge_right(State& a, const State& t) {
  const float m = std::max(a.m, t.m);
  const float old = factor(a.m, m), own = factor(t.m, m);
  a = {m, a.d * old + t.d * own, a.o * old + t.o * own};
}

void merge_stale_max(State& a, const State& t) {
  const float m = std::max(a.m, t.m);
  const float own = factor(t.m, m);
  a = {m, a.d + t.d * own, a.o + t.o * own};
}

void merge_sums_only(State& a, const State& t) {
  a = {std::max(a.m, t.m), a.d + t.d, a.o + t.o};
}

void merge_no_guard(State& a, const State& t) {
  const float m = std::max(a.m, t.m);
  const float old = std::exp(a.m - m), own = std::exp(t.m - m);
  a = {m, a.d * old + t.d * own, a.o * old + t.o * own};
}

Vector normalised(const State& t) {
  return t.d > 0 ? Vector(t.o / t.d) : Vector(Vector::Zero(kWidth));
}

/// o of both sides is normalised, but weighed by e^m alone where d e^m belongs.
void merge_normalised_parts(State& a, const State& t) {
  const float m = std::max(a.m, t.m);
  const float old = factor(a.m, m), own = factor(t.m, m);
  const float sum = old + own;
  a = {m, a.d * old + t.d * own, sum > 0 ? Vector((a.o * old + normalised(t) * own) / sum) : a.o};
}

/// O2 = (l1/l2)^-1 O1 + P2 V2 as FlashAttention-2 prints it in section 2.3.1, o normalised.
void merge_fa2_printed(State& a, const State& t) {
  const float m = std::max(a.m, t.m);
  const float l = a.d * factor(a.m, m) + t.d * factor(t.m, m);
  const Vector own = l > 0 ? Vector(t.o * factor(t.m, m) / l) : Vector(Vector::Zero(kWidth));
  a = {m, l, a.d > 0 ? Vector(a.o / (a.d / l) + own) : own};
}

struct Bug {
  void (*merge)(State&, const State&);
  bool keeps_normalised;
};
constexpr Bug kMerges[] = {{merge_stale_max, false},
                           {merge_sums_only, false},
                           {merge_no_guard, false},
                           {merge_normalised_parts, true},
                           {merge_fa2_printed, true}};
static_assert(std::size(kMerges) == kBugs.size());

std::vector<float> ordered_scores(std::string_view order, std::int64_t cols, std::uint64_t seed) {
  if (order == "constant") {
    return std::vector<float>(static_cast<std::size_t>(cols), 1.0F);
  }
  const std::string_view name =
      order == "large" ? "large_logits" : (order == "masked_tile" ? "normal" : order);
  const Tensor<float> drawn = synthetic_rows(name, 1, cols, seed);
  std::vector<float> row(drawn.span().begin(), drawn.span().end());
  if (order == "masked_tile") {
    std::fill_n(row.begin(), kTile, kMinusInf<float>);
  }
  return row;
}

/// relL2 of the output after each tile, against the dense softmax over the keys so far.
std::vector<double> errors_by_tile(const Bug& form, const std::vector<float>& row,
                                   const RowMatrix<float>& v) {
  State state;
  std::vector<double> errors;
  const auto keys = static_cast<std::int64_t>(row.size());
  for (std::int64_t first = 0; first < keys; first += kTile) {
    const std::int64_t count = std::min(kTile, keys - first);
    form.merge(state, own_state(std::span<const float>(row).subspan(static_cast<std::size_t>(first),
                                                                    static_cast<std::size_t>(count)),
                                v, first));
    const std::vector<double> w = true_softmax({row.begin(), row.begin() + first + count});
    const Eigen::Map<const Eigen::VectorXd> weights(w.data(), first + count);
    const Eigen::VectorXd truth = v.topRows(first + count).cast<double>().transpose() * weights;
    const Vector got = form.keeps_normalised || state.d == 0 ? state.o : Vector(state.o / state.d);
    errors.push_back(
        rel_l2({got.data(), got.data() + got.size()}, {truth.data(), truth.data() + truth.size()}));
  }
  return errors;
}

double worst_of(const std::vector<double>& errors) {
  double worst = 0;
  for (const double e : errors) {
    worst = e <= worst || std::isnan(worst) ? worst : e;  // NaN stays, whatever follows it
  }
  return worst;
}

struct Hunt {
  double exposed = 0, worst_right = 0, on_order = 0;
  std::vector<double> broken_growth, right_growth;
};

Table hunt_table(const Bug& bug, std::string_view shown, const RowMatrix<float>& v, std::uint64_t seed,
                 Hunt& hunt) {
  const Provenance from = measured_here("float against double, largest error after any tile");
  Table table;
  table.key = "who_sees_it";
  table.title = "Which test input notices the bug?";
  table.note = "An input on which the wrong merge is within T32 cannot tell it from the right one.";
  table.columns = {"scores", "wrong merge", "right merge", "noticed"};
  for (const std::string_view order : kOrders) {
    const std::vector<float> row = ordered_scores(order, v.rows(), seed);
    const std::vector<double> broken = errors_by_tile(bug, row, v),
                              right = errors_by_tile({merge_right, false}, row, v);
    const bool same = worst_of(broken) <= kT32;
    hunt.exposed += same ? 0 : 1;
    hunt.worst_right = worst_of(right) <= hunt.worst_right ? hunt.worst_right : worst_of(right);
    if (order == shown) {
      hunt.on_order = worst_of(broken);
      hunt.broken_growth = broken;
      hunt.right_growth = right;
    }
    table.rows.push_back({Cell::words(std::string(order)), Cell::number(worst_of(broken), "error", from),
                          Cell::number(worst_of(right), "error", from), Cell::words(same ? "no" : "yes")});
  }
  return table;
}

Plot growth_plot(const Hunt& hunt, std::string_view order) {
  std::vector<double> keys;
  for (std::size_t t = 0; t < hunt.broken_growth.size(); ++t) {
    keys.push_back(static_cast<double>((t + 1) * kTile));
  }
  const Provenance from = measured_here("float against double");
  Plot plot;
  plot.key = "growth";
  plot.title = text("On ", order, " scores the wrong merge errs by ", format_value(hunt.on_order, ""));
  plot.note = "Where the wrong merge leaves the right one is the first tile that needed what it lacks.";
  plot.x = {"keys merged", "", false};
  plot.y = {"relL2 error of the output", "", true};
  plot.series = {plain("wrong", "wrong merge", keys, hunt.broken_growth, from, SeriesStyle::line_and_markers),
                 plain("right", "right merge", keys, hunt.right_growth, from, SeriesStyle::line_and_markers),
                 level("t32", "tolerance T32", keys.front(), keys.back(), kT32, modelled_by("5e-6"))};
  return plot;
}

}  // namespace

Result bug_hunt(const ParamSet& params, const Context& context) {
  const auto bug = static_cast<std::size_t>(params.value("bug"));
  const std::string_view order = kOrders[static_cast<std::size_t>(params.value("order"))];
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  context.progress.step(0.1, "merging wrongly");
  Rng rng(seed + 1);
  RowMatrix<float> v(params.integer(kShortCols), kWidth);
  for (float& x : v.reshaped<Eigen::RowMajor>()) {
    x = static_cast<float>(rng.normal());
  }
  Hunt hunt;
  Result result;
  result.input = text(order, " scores, seed ", seed);
  result.tables.push_back(hunt_table(kMerges[bug], order, v, seed, hunt));
  result.plots.push_back(growth_plot(hunt, order));
  const Provenance from = measured_here("float against double"),
                   counted = counted_by("inputs with an error above T32");
  result.scalars = {scalar("error_here", text("error of the wrong merge, ", order), hunt.on_order, "", from),
                    scalar("noticed_by", "inputs that notice the bug", hunt.exposed, "count", counted),
                    scalar("inputs", "inputs tried", static_cast<double>(kOrders.size()), "count",
                           counted_by("the list of inputs"))};
  result.checks = {check_between("bug_noticed", "at least one input notices the wrong merge", hunt.exposed, 1,
                                 static_cast<double>(kOrders.size()), counted),
                   check_at_most("right_t32", "the right merge is within T32 on every input",
                                 hunt.worst_right, kT32, from)};
  return result;
}

}  // namespace alab::ch10_01
