// SPDX-License-Identifier: MIT
#include "app/shell/model/answers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace alab::shell {
namespace {

constexpr std::array<std::string_view, 5> kKindNames = {"none", "skipped", "choice", "number", "curve"};
constexpr double kDefaultCurveTolerance = 0.25;
constexpr double kCloseFactor = 3;

std::string percent(double fraction) {
  const double value = 100 * fraction;
  return text(value < 10 ? std::round(value * 10) / 10 : std::round(value), " %");
}

/// "12 %", or beyond twice the truth "a factor of 18".
std::string distance(double said, double truth, double off) {
  const double factor = truth != 0 ? said / truth : 0;
  return factor > 2 ? text("a factor of ", format_value(factor, "")) : percent(off);
}

Judgement by_distance(double off, double tolerance, std::string words) {
  if (off <= tolerance) {
    return {Verdict::right, std::move(words)};
  }
  return {off <= kCloseFactor * tolerance ? Verdict::close : Verdict::wrong, std::move(words)};
}

Judgement judge_choice(const Prediction& prediction, const Answer& answer) {
  if (prediction.correct < 0) {
    return {Verdict::none, "this question has no single right answer"};
  }
  if (answer.choice == prediction.correct) {
    return {Verdict::right, "as you said"};
  }
  return {Verdict::wrong, text("it is: ", prediction.options[static_cast<std::size_t>(prediction.correct)])};
}

Judgement judge_number(const Prediction& prediction, const Answer& answer, const Result& result) {
  const Scalar* truth = result.scalar(prediction.truth);
  if (truth == nullptr) {
    return {Verdict::none, text("the run gave no '", prediction.truth, "' to compare with")};
  }
  const double scale = std::abs(truth->value);
  const double off = scale > 0 ? std::abs(answer.number - truth->value) / scale : std::abs(answer.number);
  if (!std::isfinite(off)) {
    return {Verdict::none, "the run gave no finite value to compare with"};
  }
  const std::string value = format_value(truth->value, truth->hint);
  const std::string unit = truth->unit.empty() ? "" : " " + truth->unit;
  return by_distance(off, prediction.tolerance,
                     text("it was ", value, unit, "; you are ", distance(answer.number, truth->value, off),
                          " off (", percent(prediction.tolerance), " counts as right)"));
}

const Series* series_of(const Plot& plot, std::string_view key) {
  const auto found = std::ranges::find_if(plot.series, [&](const Series& s) { return s.key == key; });
  return found == plot.series.end() ? nullptr : &*found;
}

Judgement judge_curve(const Prediction& prediction, const Answer& answer, const Result& result) {
  const Plot* plot = result.plot(prediction.plot);
  const Series* series = plot == nullptr ? nullptr : series_of(*plot, prediction.series);
  if (series == nullptr) {
    return {Verdict::none, text("the run gave no '", prediction.series, "' to compare with")};
  }
  std::vector<double> offs;
  const double span =
      series->ys.empty() ? 0 : *std::ranges::max_element(series->ys) - *std::ranges::min_element(series->ys);
  for (std::size_t i = 0; i < series->xs.size(); ++i) {
    const double drawn = stroke_at(answer.curve, series->xs[i], plot->x.log);
    const double truth = series->ys[i];
    const double off = plot->y.log && drawn > 0 && truth > 0
                           ? std::exp(std::abs(std::log(drawn / truth))) - 1
                           : std::abs(drawn - truth) / (span > 0 ? span : 1);
    if (std::isfinite(off)) {
      offs.push_back(off);
    }
  }
  if (offs.empty()) {
    return {Verdict::none, "your curve lies outside the range that was run"};
  }
  std::ranges::nth_element(offs, offs.begin() + static_cast<std::ptrdiff_t>(offs.size() / 2));
  const double median = offs[offs.size() / 2];
  const double tolerance = prediction.tolerance > 0 ? prediction.tolerance : kDefaultCurveTolerance;
  return by_distance(median, tolerance,
                     plot->y.log
                         ? text("half of your points are within a factor of ", format_value(1 + median, ""))
                         : text("half of your points are within ", percent(median), " of the range"));
}

}  // namespace

Answer skipped_answer() {
  return {AnswerKind::skipped, -1, 0, {}};
}
Answer choice_answer(int index) {
  return {AnswerKind::choice, index, 0, {}};
}
Answer number_answer(double value) {
  return {AnswerKind::number, -1, value, {}};
}
Answer curve_answer(Stroke stroke) {
  return {AnswerKind::curve, -1, 0, std::move(stroke)};
}

std::string answer_text(const Prediction& prediction, const Answer& answer) {
  switch (answer.kind) {
    case AnswerKind::choice:
      return answer.choice >= 0 && static_cast<std::size_t>(answer.choice) < prediction.options.size()
                 ? std::string(prediction.options[static_cast<std::size_t>(answer.choice)])
                 : "";
    case AnswerKind::number:
      return prediction.unit.empty() ? text(answer.number) : text(answer.number, " ", prediction.unit);
    case AnswerKind::curve: {
      const double slope = loglog_slope(answer.curve.xs, answer.curve.ys);
      return std::isfinite(slope) ? text("a curve of slope ", std::round(slope * 100) / 100) : "your curve";
    }
    case AnswerKind::none:
    case AnswerKind::skipped:
      return "";
  }
  return "";
}

Judgement judge_answer(const Prediction& prediction, const Answer& answer, const Result& result) {
  switch (answer.kind) {
    case AnswerKind::none:
      return {};
    case AnswerKind::skipped:
      return {Verdict::skipped, "you skipped the prediction"};
    case AnswerKind::choice:
      return judge_choice(prediction, answer);
    case AnswerKind::number:
      return judge_number(prediction, answer, result);
    case AnswerKind::curve:
      return judge_curve(prediction, answer, result);
  }
  return {};
}

double stroke_at(const Stroke& stroke, double x, bool log_x) {
  const auto& xs = stroke.xs;
  if (xs.size() < 2 || x < xs.front() || x > xs.back()) {
    return std::nan("");
  }
  const auto upper = std::ranges::lower_bound(xs, x);
  const std::size_t i = std::max<std::size_t>(1, static_cast<std::size_t>(upper - xs.begin()));
  const auto place = [&](double value) { return log_x && xs.front() > 0 ? std::log(value) : value; };
  const double width = place(xs[i]) - place(xs[i - 1]);
  const double t = width > 0 ? (place(x) - place(xs[i - 1])) / width : 0;
  return stroke.ys[i - 1] + t * (stroke.ys[i] - stroke.ys[i - 1]);
}

Json to_json(const Answer& answer) {
  Json json = {{"kind", kKindNames[static_cast<std::size_t>(answer.kind)]}};
  if (answer.kind == AnswerKind::choice) {
    json["choice"] = answer.choice;
  } else if (answer.kind == AnswerKind::number) {
    json["number"] = answer.number;
  } else if (answer.kind == AnswerKind::curve) {
    json["xs"] = answer.curve.xs;
    json["ys"] = answer.curve.ys;
  }
  return json;
}

Answer answer_from_json(const Json& json) {
  const auto kind = json.at("kind").get<std::string>();
  if (kind == "none") {
    return {};
  }
  if (kind == "skipped") {
    return skipped_answer();
  }
  if (kind == "choice") {
    return choice_answer(json.at("choice").get<int>());
  }
  if (kind == "number") {
    return number_answer(json.at("number").get<double>());
  }
  require(kind == "curve", "'", kind, "' is no kind of answer; none, skipped, choice, number and curve are");
  Stroke stroke{json.at("xs").get<std::vector<double>>(), json.at("ys").get<std::vector<double>>()};
  require(stroke.xs.size() == stroke.ys.size() && std::ranges::is_sorted(stroke.xs),
          "a drawn curve needs as many ys as xs, and xs in ascending order");
  return curve_answer(std::move(stroke));
}

}  // namespace alab::shell
