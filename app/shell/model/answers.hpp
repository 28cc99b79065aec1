// What a student commits before a plot is shown, and how far off it was once the Result is there.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "labs/lab.hpp"
#include "reference/core/json.hpp"

namespace alab::shell {

/// A curve drawn with the mouse, in data coordinates, x ascending.
struct Stroke {
  std::vector<double> xs, ys;
  bool empty() const { return xs.empty(); }
  friend bool operator==(const Stroke&, const Stroke&) = default;
};

enum class AnswerKind { none, skipped, choice, number, curve };

/// none: not answered yet; the step's plots stay hidden.
struct Answer {
  AnswerKind kind = AnswerKind::none;
  int choice = -1;
  double number = 0;
  Stroke curve;
  friend bool operator==(const Answer&, const Answer&) = default;
};

Answer skipped_answer();
Answer choice_answer(int index);
Answer number_answer(double value);
Answer curve_answer(Stroke stroke);

/// The answer as words for {prediction}: the option's text, "3.5 MB", "a curve of slope 1.9"; "" when none or
/// skipped.
std::string answer_text(const Prediction& prediction, const Answer& answer);

enum class Verdict { none, right, close, wrong, skipped };

struct Judgement {
  Verdict verdict = Verdict::none;
  std::string words;  ///< one sentence: "3 % off, within 10 %"
};
/// number: right within the prediction's relative tolerance, close within three times that. curve: the median
/// factor between drawn and true values; right within tolerance (0.25 when none is given). The result may
/// lack the truth's key; then the sentence says so and the verdict is none.
Judgement judge_answer(const Prediction& prediction, const Answer& answer, const Result& result);

/// y of the stroke at x, linear between points (in log x when log_x); NaN outside.
double stroke_at(const Stroke& stroke, double x, bool log_x);

Json to_json(const Answer& answer);
/// Throws Error or Json::exception when the value is not an answer.
Answer answer_from_json(const Json& json);

}  // namespace alab::shell
