// Norm, effective rank and half-lives of recurrent states, and the stepper that plays them.
// SPDX-License-Identifier: MIT
#include "labs/common/state_view.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numbers>

#include "labs/common/sweep.hpp"
#include "reference/core/eigen_view.hpp"

namespace alab {
namespace {

constexpr std::int64_t kMostCells = 1 << 19;  // map values of one stepper

std::string name_of(const StateTrace& trace, std::int64_t t) {
  const auto at = static_cast<std::size_t>(t);
  return at < trace.tokens.size() ? text("'", trace.tokens[at], "' (token ", t, ")") : text("Token ", t);
}

double change(const StateTrace& trace, std::int64_t t) {
  if (t == 0) {
    return state_norm(trace.at(0));
  }
  const auto now = trace.at(t), before = trace.at(t - 1);
  double sum = 0;
  for (std::size_t i = 0; i < now.size(); ++i) {
    sum += (now[i] - before[i]) * (now[i] - before[i]);
  }
  return std::sqrt(sum);
}

struct Course {
  std::vector<double> position, norm, rank, change;
};

Course course_of(const StateTrace& trace, std::int64_t tokens) {
  Course c;
  for (std::int64_t t = 0; t < tokens; ++t) {
    c.position.push_back(static_cast<double>(t));
    c.norm.push_back(state_norm(trace.at(t)));
    c.rank.push_back(effective_rank(trace.at(t), trace.rows, trace.cols));
    c.change.push_back(change(trace, t));
  }
  return c;
}

std::string caption(const StateTrace& trace, const Course& course, std::int64_t t) {
  const auto at = static_cast<std::size_t>(t);
  const std::string who = name_of(trace, t);
  if (!std::isfinite(course.norm[at])) {
    return who + " leaves a state that is not finite.";
  }
  if (t == 0) {
    return who + " writes the first outer product: rank 1.";
  }
  const double growth = course.norm[at] - course.norm[at - 1];
  return text(who, " changes the state by ", format_value(course.change[at], ""), "; its norm ",
              growth >= 0 ? "grows to " : "falls to ", format_value(course.norm[at], ""), ".");
}

Heatmap map_of(const StateTrace& trace, const std::string& key) {
  Heatmap map;
  map.key = key + "_map";
  map.title = "State S_t";
  map.note = "One cell per pair of key channel and value channel; zero is the middle of the scale.";
  map.value_label = "S";
  map.row = {trace.row_label, "", false};
  map.col = {trace.col_label, "", false};
  map.rows = trace.rows;
  map.cols = trace.cols;
  map.diverging = true;
  map.provenance = trace.provenance;
  return map;
}

}  // namespace

std::int64_t StateTrace::size() const {
  return rows * cols > 0 ? static_cast<std::int64_t>(states.size()) / (rows * cols) : 0;
}

std::span<const double> StateTrace::at(std::int64_t t) const {
  require(t >= 0 && t < size(), "state ", t, " is outside this trace, which has 0 .. ", size() - 1);
  return std::span<const double>(states).subspan(static_cast<std::size_t>(t * rows * cols),
                                                 static_cast<std::size_t>(rows * cols));
}

void StateTrace::add(std::span<const double> state) {
  require(static_cast<std::int64_t>(state.size()) == rows * cols, "a state of ", state.size(),
          " entries does not fit a trace of ", rows, " x ", cols, " states");
  states.insert(states.end(), state.begin(), state.end());
}

void StateTrace::add(std::span<const float> state) {
  add(std::vector<double>(state.begin(), state.end()));
}

double state_norm(std::span<const double> state) {
  double sum = 0;
  for (const double v : state) {
    sum += v * v;
  }
  return std::sqrt(sum);
}

double effective_rank(std::span<const double> state, std::int64_t rows, std::int64_t cols) {
  const ConstMatrixMap<double> s(state.data(), rows, cols);
  if (!s.allFinite()) {
    return std::nan("");
  }
  const double largest = s.cwiseAbs().maxCoeff();
  if (largest == 0) {
    return 0;
  }
  const RowMatrix<double> unit = s / largest;
  const Eigen::MatrixXd gram =
      rows <= cols ? Eigen::MatrixXd(unit * unit.transpose()) : Eigen::MatrixXd(unit.transpose() * unit);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram, Eigen::EigenvaluesOnly);
  const Eigen::VectorXd squares = solver.eigenvalues();
  // Eigenvalues of the Gram matrix are squares: below this share they are rounding.
  const double floor = squares.maxCoeff() * static_cast<double>(gram.rows()) * 1e-15;
  std::vector<double> singular;
  double sum = 0;
  for (Eigen::Index i = 0; i < squares.size(); ++i) {
    if (squares[i] > floor) {
      singular.push_back(std::sqrt(squares[i]));
      sum += singular.back();
    }
  }
  double entropy = 0;
  for (const double value : singular) {
    entropy -= value / sum * std::log(value / sum);
  }
  return std::exp(entropy);
}

std::vector<double> half_lives(std::span<const float> log_decay, std::int64_t channels) {
  require(channels > 0 && static_cast<std::int64_t>(log_decay.size()) % channels == 0 && !log_decay.empty(),
          log_decay.size(), " gates are no whole number of tokens of ", channels, " channels");
  std::vector<double> sums(static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < log_decay.size(); ++i) {
    sums[i % sums.size()] -= static_cast<double>(log_decay[i]);
  }
  const double tokens = static_cast<double>(log_decay.size()) / static_cast<double>(channels);
  for (double& sum : sums) {
    sum = std::numbers::ln2 / (sum / tokens);
  }
  return sums;
}

std::int64_t tokens_shown(const StateTrace& trace) {
  return std::min(trace.size(), std::max<std::int64_t>(1, kMostCells / (trace.rows * trace.cols)));
}

Stepper state_stepper(const StateTrace& trace, std::string key, std::string title) {
  const std::int64_t tokens = tokens_shown(trace);
  require(tokens > 0, "a state view needs at least one state, this trace has none");
  const Course course = course_of(trace, tokens);
  Stepper out;
  out.map = map_of(trace, key);
  out.key = std::move(key);
  out.title = std::move(title);
  out.note = tokens < trace.size()
                 ? text("The first ", tokens, " of ", trace.size(), " states; the colours keep one scale.")
                 : std::string("Play it: one frame is one token; the colours keep one scale throughout.");
  out.rows = 1;
  out.cols = tokens;
  out.row_label = "state";
  out.col_label = trace.tokens.empty() ? "position" : "token";
  for (std::size_t t = 0; t < static_cast<std::size_t>(tokens) && t < trace.tokens.size(); ++t) {
    out.col_names.push_back(trace.tokens[t]);
  }
  out.quantities = {"norm of S", "effective rank", "change of S"};
  out.provenance = trace.provenance;
  for (std::int64_t t = 0; t < tokens; ++t) {
    const auto at = static_cast<std::size_t>(t);
    out.frames.push_back({t + 1 < tokens ? Frame::compute : Frame::finish,
                          0,
                          t,
                          caption(trace, course, t),
                          {course.norm[at], course.rank[at], course.change[at]}});
    const auto state = trace.at(t);
    out.map_values.insert(out.map_values.end(), state.begin(), state.end());
  }
  const auto last = trace.at(tokens - 1);
  out.map.values.assign(last.begin(), last.end());
  return out;
}

Plot state_plot(const StateTrace& trace, std::string key) {
  const Course course = course_of(trace, tokens_shown(trace));
  Plot plot;
  plot.key = std::move(key);
  plot.title = text("Norm ", format_value(course.norm.back(), ""), ", effective rank ",
                    format_value(course.rank.back(), ""), " after ", course.norm.size(), " tokens");
  plot.note =
      "Norm: how much is stored. Effective rank: in how many directions, at most the smaller side of S.";
  plot.x = {"position t", "tokens", false};
  plot.y = {"norm, effective rank", "", false};
  plot.series = {plain("norm", "norm of S_t", course.position, course.norm, trace.provenance),
                 plain("rank", "effective rank of S_t", course.position, course.rank, trace.provenance)};
  return plot;
}

Plot half_life_plot(std::span<const double> lives, std::string key, Provenance provenance) {
  std::vector<double> sorted, channels;
  std::copy_if(lives.begin(), lives.end(), std::back_inserter(sorted),
               [](double life) { return std::isfinite(life); });
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const std::size_t endless = lives.size() - sorted.size();
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    channels.push_back(static_cast<double>(i + 1));
  }
  Plot plot;
  plot.key = std::move(key);
  plot.title = sorted.empty() ? std::string("No channel decays")
                              : text("Half-lives from ", format_value(sorted.back(), ""), " to ",
                                     format_value(sorted.front(), ""), " tokens",
                                     endless == 0 ? "" : text("; never decaying: ", endless));
  plot.note = "After one half-life a channel still holds half of what was written to it.";
  plot.x = {"channel, longest memory first", "", false};
  plot.y = {"half-life", "tokens", true};
  plot.series = {plain("half_life", "half-life", channels, sorted, std::move(provenance),
                       SeriesStyle::line_and_markers)};
  return plot;
}

}  // namespace alab
