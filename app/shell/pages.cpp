// The pages of a lab beside its steps: overview, quiz, reading list; and the first screen of all.
// SPDX-License-Identifier: MIT
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"

namespace alab::shell {
namespace {

void title(App& app, std::string_view words) {
  ui::paragraph(app.ui, words, ui::Type::heading1);
  ui::vspace(0.5F);
}

void small_heading(App& app, std::string_view words) {
  ui::vspace(0.6F);
  ui::text_as(app.ui, ui::Type::heading3, words);
  ui::vspace(0.25F);
}

void quiz_item(App& app, const QuizItem& item, int number) {
  const LabProgress* progress = app.book.find_progress(*app.book.lab());
  const auto answered = progress->quiz.find(item.key);
  const bool open = answered == progress->quiz.end();
  ImGui::PushID(std::string(item.key).c_str());
  app.markdown.draw(app.ui, "question", text("**", number, ".** ", item.question));
  ui::vspace(0.15F);
  for (int i = 0; i < static_cast<int>(item.options.size()); ++i) {
    const bool chosen = !open && answered->second == i;
    const int mark = open ? 0 : (i == item.correct ? 1 : (chosen ? -1 : 0));
    const std::string id = text("option", i);
    if (ui::radio_option(app.ui, id.c_str(), item.options[static_cast<std::size_t>(i)], chosen, open, mark)) {
      app.book.answer_quiz(item.key, i);
    }
  }
  if (!open && !item.why.empty()) {
    ui::vspace(0.2F);
    ui::begin_card(app.ui, "why", ui::CardKind::explain,
                   answered->second == item.correct ? "Right" : "Not quite");
    app.markdown.draw(app.ui, "text", item.why);
    ui::end_card();
  }
  ui::vspace(0.9F);
  ImGui::PopID();
}

void erratum(App& app, const Reading& reading, int index) {
  const std::string id = text("erratum", index);
  ui::begin_card(app.ui, id.c_str(), ui::CardKind::errata);
  std::string words = text("**The list says:** ", reading.says, "\n\n**Right:** ", reading.right);
  if (!reading.evidence.empty()) {
    words += text("\n\n**Evidence:** ", reading.evidence);
  }
  app.markdown.draw(app.ui, "text", words);
  ui::end_card();
}

void exercise_list(App& app, const Lab& lab) {
  const auto cards = app.book.exercises(lab);
  if (cards.empty()) {
    return;
  }
  small_heading(app, "Exercises: write the kernel yourself");
  for (const ExerciseCard* card : cards) {
    const ExerciseProgress* progress = app.book.find_exercise(card->id);
    const bool passed = progress != nullptr && progress->passed;
    ui::text_colored(passed ? app.ui.colors().green : app.ui.colors().line_strong,
                     passed ? ICON_FA_CIRCLE_CHECK : ICON_FA_CODE);
    ImGui::SameLine();
    if (ui::link_text(app.ui, card->id.c_str(), text(card->number, "  ", card->title))) {
      app.book.open_exercise(card->id);
    }
  }
}

}  // namespace

void draw_overview(App& app, const Lab& lab) {
  ui::muted(app.ui, text("Chapter ", lab.chapter));
  title(app, lab.title);
  app.markdown.draw(app.ui, "question", lab.question, 0, 19);
  ui::vspace(0.5F);
  if (!lab.objectives.empty()) {
    small_heading(app, "You will");
    std::string list;
    for (const std::string_view objective : lab.objectives) {
      list += text("- ", objective, "\n");
    }
    app.markdown.draw(app.ui, "objectives", list);
  }
  small_heading(app, "Steps");
  for (std::size_t i = 0; i < lab.steps.size(); ++i) {
    const Step& step = lab.steps[i];
    const bool done = app.book.step_done(lab, step);
    ui::text_colored(done ? app.ui.colors().green : app.ui.colors().line_strong,
                     done ? ICON_FA_CIRCLE_CHECK : ICON_FA_CIRCLE);
    ImGui::SameLine();
    const std::string id = text("step", i);
    if (ui::link_text(app.ui, id.c_str(), text(i + 1, "  ", unnumbered(step.title)))) {
      app.book.open(lab.id, {PageKind::step, static_cast<int>(i)});
    }
  }
  exercise_list(app, lab);
  ui::vspace(0.6F);
  if (!lab.steps.empty() &&
      ui::primary_button(app.ui, app.book.fraction(lab) > 0 ? "Go on###begin" : "Begin###begin")) {
    int first = 0;
    while (first + 1 < static_cast<int>(lab.steps.size()) &&
           app.book.step_done(lab, lab.steps[static_cast<std::size_t>(first)])) {
      ++first;
    }
    app.book.open(lab.id, {PageKind::step, first});
  }
}

void draw_quiz(App& app, const Lab& lab) {
  title(app, "Quiz");
  int right = 0;
  const LabProgress& progress = app.book.progress(lab);
  for (const QuizItem& item : lab.quiz) {
    const auto found = progress.quiz.find(item.key);
    right += found != progress.quiz.end() && found->second == item.correct ? 1 : 0;
  }
  ui::muted(app.ui, progress.quiz.empty() ? "One answer each; a click commits it."
                                          : text(progress.quiz.size(), " of ", lab.quiz.size(), " answered, ",
                                                 right, " right"));
  ui::vspace(0.6F);
  int number = 0;
  for (const QuizItem& item : lab.quiz) {
    quiz_item(app, item, ++number);
  }
}

void draw_readings(App& app, const Lab& lab) {
  title(app, "Reading list");
  int index = 0;
  for (const Reading& reading : lab.readings) {
    ImGui::PushID(index);
    std::string words = text("**", reading.citation, "**");
    if (!reading.where.empty()) {
      words += text("  \n", reading.where);
    }
    if (!reading.url.empty()) {
      words += text("  \n[", reading.url, "](", reading.url, ")");
    }
    app.markdown.draw(app.ui, "citation", words);
    if (!reading.says.empty()) {
      ui::vspace(0.3F);
      erratum(app, reading, index);
    }
    ui::vspace(0.7F);
    ImGui::PopID();
    ++index;
  }
}

void draw_welcome(App& app) {
  const auto labs = app.book.labs();
  title(app, "Attention, step by step");
  ui::paragraph(
      app.ui,
      "A workbook: predict, run, and see why. What plays at the right is real: one head, tile by tile.");
  ui::vspace(0.8F);
  const auto leave = [&] { leave_hero(app); };
  if (labs.empty()) {
    ui::paragraph(app.ui, "This build holds no labs: add a folder under labs/ and build again.");
    return;
  }
  if (ui::primary_button(app.ui, "Start with lab 1###start")) {
    leave();
    app.book.open(labs.front()->id, {PageKind::overview, -1});
    return;
  }
  ui::vspace(1.0F);
  ui::text_as(app.ui, ui::Type::heading3, "I know attention: take me to …");
  ui::vspace(0.3F);
  for (const Lab* lab : labs) {
    ImGui::PushID(std::string(lab->id).c_str());
    if (ui::link_text(app.ui, "open", lab->title)) {
      leave();
      app.book.open(lab->id, {PageKind::overview, -1});
    }
    ui::paragraph(app.ui, lab->question, ui::Type::small);
    ui::vspace(0.35F);
    ImGui::PopID();
  }
  ui::vspace(0.4F);
  ui::muted(app.ui, "Ctrl+K searches everything. F1 helps. Progress is saved as you go.");
}

}  // namespace alab::shell
