// The cards of a step: predict, explain with its lamps.
// SPDX-License-Identifier: MIT
#include <charconv>
#include <cmath>
#include <cstring>

#include "app/panels/checks_panel.hpp"
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "misc/cpp/imgui_stdlib.h"

namespace alab::shell {
namespace {

constexpr double kPause = 0.9;  ///< seconds between the plot and the explanation

ImVec4 verdict_color(const ui::Ui& ui, Verdict verdict) {
  switch (verdict) {
    case Verdict::right:
      return ui.colors().green;
    case Verdict::close:
      return ui.colors().amber;
    case Verdict::wrong:
      return ui.colors().orange;
    case Verdict::none:
    case Verdict::skipped:
      return ui.colors().muted;
  }
  return ui.colors().muted;
}

/// The typed number; powers of ten and a suffix k, M, G are understood.
bool read_number(const std::string& words, double* value, std::string* error) {
  std::string digits = words;
  double factor = 1;
  while (!digits.empty() && digits.back() == ' ') {
    digits.pop_back();
  }
  if (!digits.empty()) {
    const char last = digits.back();
    factor = last == 'k' ? 1e3 : (last == 'M' ? 1e6 : (last == 'G' ? 1e9 : 1));
    if (factor != 1) {
      digits.pop_back();
    }
  }
  const auto start = digits.find_first_not_of(' ');
  digits = start == std::string::npos ? "" : digits.substr(start);
  double number = 0;
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (bad != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(number)) {
    *error = words.empty() ? "Type a number first, for example 1.5 or 2e6"
                           : text("'", words, "' is not a number; write for example 1.5, 2e6 or 12k");
    return false;
  }
  *value = number * factor;
  return true;
}

void choice_rows(App& app, const Prediction& prediction, const Answer& answer, Draft& draft) {
  const bool open = answer.kind == AnswerKind::none;
  for (int i = 0; i < static_cast<int>(prediction.options.size()); ++i) {
    int mark = 0;
    const bool judged = !open && step_view(app)->revealed_at >= 0 && prediction.correct >= 0;
    if (judged && i == prediction.correct) {
      mark = 1;
    } else if (judged && i == answer.choice) {
      mark = -1;
    }
    const bool selected = open ? draft.choice == i : answer.choice == i;
    const std::string id = text("option", i);
    if (ui::radio_option(app.ui, id.c_str(), prediction.options[static_cast<std::size_t>(i)], selected, open,
                         mark)) {
      draft.choice = i;
    }
  }
}

/// True when Enter was pressed in the field.
bool number_row(App& app, const Prediction& prediction, Draft& draft) {
  ImGui::SetNextItemWidth(ui::em(9));
  const bool enter = ImGui::InputTextWithHint("##number", "your number", &draft.number,
                                              ImGuiInputTextFlags_EnterReturnsTrue);
  if (!prediction.unit.empty()) {
    ImGui::SameLine();
    ImGui::AlignTextToFramePadding();
    ui::muted(app.ui, prediction.unit);
  }
  if (!draft.error.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().orange);
    ui::paragraph(app.ui, draft.error, ui::Type::small);
    ImGui::PopStyleColor();
  }
  return enter;
}

void try_commit(App& app, const Prediction& prediction, Draft& draft) {
  draft.error.clear();
  if (prediction.kind == PredictionKind::choice && draft.choice >= 0) {
    commit_answer(app, choice_answer(draft.choice));
  } else if (prediction.kind == PredictionKind::number) {
    double value = 0;
    if (read_number(draft.number, &value, &draft.error)) {
      commit_answer(app, number_answer(value));
    }
  } else if (prediction.kind == PredictionKind::curve) {
    commit_answer(app, curve_answer(draft.curve));
  }
}

void open_prediction(App& app, const Prediction& prediction, Draft& draft) {
  bool enter = false;
  bool ready = false;
  if (prediction.kind == PredictionKind::choice) {
    choice_rows(app, prediction, {}, draft);
    ready = draft.choice >= 0;
  } else if (prediction.kind == PredictionKind::number) {
    enter = number_row(app, prediction, draft);
    ready = !draft.number.empty();
  } else {
    ui::paragraph(app.ui,
                  draft.curve.empty() ? "Draw the curve on the empty plot at the right: press and drag."
                                      : "Drawn. Drag again to mend it, or commit.",
                  ui::Type::small);
    ready = draft.curve.xs.size() >= 2;
  }
  ui::vspace(0.3F);
  if (ui::primary_button(app.ui, "Commit and run###commit", ready) || (enter && ready)) {
    try_commit(app, prediction, draft);
  }
  ImGui::SameLine();
  if (ui::quiet_button(app.ui, "Skip###skip")) {
    skip_prediction(app);
  }
  if (!ready) {
    ImGui::SameLine();
    ImGui::AlignTextToFramePadding();
    ui::muted(app.ui, prediction.kind == PredictionKind::choice ? "choose one" : "");
  }
}

void committed_prediction(App& app, const Prediction& prediction, const Answer& answer,
                          const StepView& view) {
  if (prediction.kind == PredictionKind::choice) {
    Draft none;
    choice_rows(app, prediction, answer, none);
  }
  if (answer.kind == AnswerKind::skipped) {
    ui::muted(app.ui, "You skipped this one.");
    return;
  }
  if (prediction.kind != PredictionKind::choice) {
    ui::text_as(app.ui, ui::Type::bold, text("You said: ", answer_text(prediction, answer)));
  }
  if (view.judgement.verdict != Verdict::none && view.explained != 0) {
    ImGui::PushStyleColor(ImGuiCol_Text, verdict_color(app.ui, view.judgement.verdict));
    ui::paragraph(app.ui, view.judgement.words, ui::Type::small);
    ImGui::PopStyleColor();
  }
}

void fill_explanation(App& app, const Step& step, StepView& view, const RunView& run) {
  if (view.explained == run.version) {
    return;
  }
  view.explained = run.version;
  const StepProgress& progress = *app.book.step_progress();
  if (view.judgement.verdict == Verdict::none) {  // the settings that were asked about, not later ones
    view.judgement = judge_answer(step.prediction, progress.answer, *run.result);
  }
  const std::string& source = app.book.section(*app.book.lab(), step.key).explain;
  try {
    view.explain =
        fill_placeholders(source, *run.result, run.params, answer_text(step.prediction, progress.answer));
  } catch (const std::exception& e) {
    view.explain = text(source, "\n\n*", e.what(), "*");
  }
}

}  // namespace

void draw_predict_card(App& app, const Step& step, StepView& view) {
  const Answer answer = app.book.step_progress()->answer;
  ui::begin_card(app.ui, "predict", ui::CardKind::predict);
  app.markdown.draw(app.ui, "question", step.prediction.question);
  ui::vspace(0.35F);
  if (answer.kind == AnswerKind::none) {
    open_prediction(app, step.prediction, view.draft);
  } else {
    committed_prediction(app, step.prediction, answer, view);
  }
  ui::end_card();
}

void draw_explain_card(App& app, const Step& step, StepView& view, const RunView& run) {
  const std::string& source = app.book.section(*app.book.lab(), step.key).explain;
  const bool runs = app.book.experiment() != nullptr;
  if (!runs) {
    if (!source.empty() && !app.book.prediction_open()) {
      ui::begin_card(app.ui, "explain", ui::CardKind::explain);
      app.markdown.draw(app.ui, "text", source);
      ui::end_card();
    }
    return;
  }
  if (app.book.prediction_open() || run.result == nullptr || run.sweep || !app.book.step_progress()->ran) {
    return;
  }
  const bool first = view.explained == 0;
  if (first && view.revealed_at >= 0 && app.ui.motion && ImGui::GetTime() - view.revealed_at < kPause) {
    return;
  }
  fill_explanation(app, step, view, run);
  ui::begin_card(app.ui, "explain", ui::CardKind::explain);
  if (!view.explain.empty()) {
    app.markdown.draw(app.ui, "text", view.explain);
  }
  if (!step.lamps.empty()) {
    ui::vspace(0.5F);
    if (run.quick()) {
      ui::muted(app.ui, "The lamps follow with the full run.");
    } else {
      panels::checks_panel(app.ui, *run.result, step.lamps);
    }
  }
  ui::end_card();
}

}  // namespace alab::shell
