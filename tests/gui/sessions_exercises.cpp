// Exercises: type a kernel, read what is wrong with it, take a hint, crash, pass, go on after a restart.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "imgui_internal.h"
#include "reference/core/files.hpp"
#include "tests/gui/steps.hpp"

namespace alab::gui_test {
namespace {

using shell::ExerciseTab;
using shell::ExerciseView;

constexpr const char* kExercise = "1a_scores_naive";

ExerciseView& page() {
  return *shell::exercise_view(app());
}

const student::Verdict& verdict() {
  return page().verdict->verdict;
}

std::string_view given(std::string_view name) {
  return student::file_of(*student::find_exercise(kExercise), name);
}

/// What is out of view has no name that could be looked for.
void scroll_to(ImGuiTestContext* ctx, const char* tail) {
  ImGuiWindow* body = ctx->WindowInfo("//lesson/body").Window;
  IM_CHECK(body != nullptr);
  for (float y = 0; y <= body->ScrollMax.y + 100 && !exists(ctx, "//lesson", tail); y += 100) {
    ImGui::SetScrollY(body, y);
    ctx->Yield(3);
  }
}

/// The editor indents by itself.
std::string without_indents(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' || (!out.empty() && out.back() != '\n')) {
      out += c;
    }
  }
  return out;
}

/// All of it anew, by the keyboard.
void type(ImGuiTestContext* ctx, std::string_view text) {
  page().code.focus();
  ctx->Yield(3);
  IM_CHECK(page().code.focused());
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_A);
  ctx->KeyPress(ImGuiKey_Delete);
  ctx->KeyChars(without_indents(text).c_str());
  ctx->Yield(3);
}

/// Ctrl+S, and waits for the verdict.
void check(ImGuiTestContext* ctx) {
  const std::uint64_t before = page().verdicts;
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_S);
  ctx->Yield(2);
  IM_CHECK(page().tab == ExerciseTab::verdict);
  const auto arrived = [&] { return page().verdicts > before || !app().exercises.judge.error().empty(); };
  IM_CHECK(wait_for(ctx, 120, arrived));
  ctx->Yield(3);
  if (!app().exercises.judge.error().empty()) {
    ctx->LogError("%s", app().exercises.judge.error().c_str());
  }
  if (page().verdict != nullptr && !page().verdict->needs_consent.empty()) {  // no bubblewrap here
    click(ctx, "//lesson", "###agree");
    IM_CHECK(wait_for(ctx, 120, [&] { return page().verdicts > before + 1; }));
    ctx->Yield(3);
  }
  IM_CHECK(page().verdict != nullptr);
  IM_CHECK(page().verdict->needs_consent.empty());
}

void opened_by_its_name(ImGuiTestContext* ctx) {
  ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_K);
  ctx->Yield(2);
  ctx->KeyChars("exercise 1a");
  ctx->Yield(2);
  ctx->KeyPress(ImGuiKey_Enter);
  ctx->Yield(3);
  IM_CHECK(shell::exercise_view(app()) != nullptr);
  IM_CHECK_STR_EQ(page().draft.text().c_str(), std::string(given("starter.cu")).c_str());
  IM_CHECK(page().broken.empty());
  picture(ctx, "exercise_task");
  check(ctx);
  IM_CHECK(verdict().compiled);
  IM_CHECK(!verdict().passed());
  IM_CHECK(app().book.find_exercise(kExercise)->state() == shell::ExerciseState::tried);
  IM_CHECK(wait_for(ctx, 5, [] { return page().draft.saved(); }));
}

void error_on_its_line(ImGuiTestContext* ctx) {
  type(ctx, "__global__ void scores_naive() {\nint a = 1;\na = b;\n}\n");
  check(ctx);
  IM_CHECK(!verdict().compiled);
  const auto error = std::ranges::find_if(
      page().marks, [](const shell::LineMark& m) { return m.kind == shell::MarkKind::error && m.line > 0; });
  IM_CHECK(error != page().marks.end());
  const auto index = static_cast<std::size_t>(error - page().marks.begin());
  const int line = page().code.line_of(index);
  IM_CHECK(line > 0);
  page().code.go_to_line(1);
  ctx->Yield(3);
  click(ctx, "//instruments", text("mark", index, "/line/link"));
  ctx->Yield(3);
  IM_CHECK_EQ(page().code.cursor_line(), line);
  picture(ctx, "exercise_error");
}

void wrong_one_named(ImGuiTestContext* ctx) {
  type(ctx, given("wrong/no_scale.cu"));
  check(ctx);
  IM_CHECK(verdict().compiled);
  const auto& checks = verdict().checks;
  const auto failed = std::ranges::find_if(checks, [](const auto& c) { return c.diagnosis.has_value(); });
  IM_CHECK(failed != checks.end());
  IM_CHECK(failed->diagnosis->sentence.find("scale") != std::string::npos);
  IM_CHECK(failed->error_map.has_value());
  picture(ctx, "exercise_wrong");
  scroll_to(ctx, "worst/link");
  click(ctx, "//lesson", "worst/link");
  ctx->Yield(2);
  const int line = shell::line_of_writer(*failed->error_map);
  IM_CHECK(line > 0);
  scroll_to(ctx, "writer/link");
  picture(ctx, "exercise_worst");
  click(ctx, "//lesson", "writer/link");
  ctx->Yield(2);
  IM_CHECK_EQ(page().code.cursor_line(), line);
}

void hints_one_by_one(ImGuiTestContext* ctx) {
  click(ctx, "//lesson", "tabs/###2");
  ctx->Yield(2);
  IM_CHECK(page().tab == ExerciseTab::hints);
  click(ctx, "//lesson", "hint0/###open");
  click(ctx, "//lesson", "hint1/###open");
  const auto& hints = app().book.find_exercise(kExercise)->hints;
  IM_CHECK_EQ(hints.size(), 2U);
  IM_CHECK(hints[1].section == 1);
  IM_CHECK(hints[1].time > 1'600'000'000);
  picture(ctx, "exercise_hints");
}

void crash_leaves_the_window_alone(ImGuiTestContext* ctx) {
  type(ctx,
       "__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {\n"
       "S[1000000000L * N] = *Q;\n__builtin_trap();\n}\n");
  check(ctx);
  IM_CHECK(verdict().compiled);
  IM_CHECK(!verdict().passed());
  IM_CHECK_EQ(verdict().earned(), 0.0);
  IM_CHECK(page().draft.text().find("__builtin_trap") != std::string::npos);
  picture(ctx, "exercise_crash");
}

void solved_by_typing(ImGuiTestContext* ctx) {
  click(ctx, "//lesson", "tabs/###3");
  ctx->Yield(2);
  IM_CHECK(!app().book.find_exercise(kExercise)->passed);  // and so the solution is not shown
  type(ctx, given("solution.cu"));
  check(ctx);
  for (const student::CheckVerdict& one : verdict().checks) {
    if (one.status != student::Status::passed) {
      ctx->LogError("%s: %s", one.id.c_str(), one.sentence.c_str());
    }
  }
  IM_CHECK(verdict().passed());
  IM_CHECK(app().book.find_exercise(kExercise)->passed);
  IM_CHECK(app().book.find_exercise(kExercise)->earned == verdict().points());
  picture(ctx, "exercise_passed");
  click(ctx, "//lesson", "###compare");
  ctx->Yield(3);
  IM_CHECK(page().tab == ExerciseTab::solution);
  picture(ctx, "exercise_solution");
}

void own_kernel_is_counted(ImGuiTestContext* ctx) {
  click(ctx, "//lesson", "tabs/###1");
  ctx->Yield(2);
  const shell::MemoryDesk& desk = app().desk;
  const std::uint64_t before = desk.counts.version();
  click(ctx, "//lesson", "###own_memory");
  ctx->Yield(3);
  IM_CHECK(desk.open);
  IM_CHECK(desk.exercise == page().exercise);
  const auto counted = [&] { return desk.counts.version() > before || !desk.counts.error().empty(); };
  IM_CHECK(wait_for(ctx, 60, counted));
  ctx->Yield(3);
  if (!desk.counts.error().empty()) {
    ctx->LogError("%s", desk.counts.error().c_str());
  }
  IM_CHECK(desk.source.count != nullptr);
  IM_CHECK(desk.source.count->profile.run.passed);
  IM_CHECK(desk.source.own == page().draft.text());
  IM_CHECK(desk.line.line > 0);
  IM_CHECK(desk.source.texts.front().line(desk.line.line)->requests.size() > 3);
  picture(ctx, "exercise_memory");
  click(ctx, "//desk", "###roofline");
  ctx->Yield(2);
  IM_CHECK_EQ(desk.roofline.sheet->table("bytes")->rows.size(), 1U);
  picture(ctx, "exercise_roofline");
  click(ctx, "//desk", "###back");
  ctx->Yield(2);
  IM_CHECK(!desk.open);
  IM_CHECK(shell::exercise_view(app()) != nullptr);
}

void reset_and_undo(ImGuiTestContext* ctx) {
  const std::string mine = page().draft.text();
  click(ctx, "//instruments", "reset/###button");
  ctx->Yield(2);
  IM_CHECK(page().draft.is_starter());
  IM_CHECK(page().code.text() == page().draft.text());
  click(ctx, "//instruments", "undo/###button");
  ctx->Yield(2);
  IM_CHECK_STR_EQ(page().draft.text().c_str(), mine.c_str());
  IM_CHECK(wait_for(ctx, 10, [] { return page().draft.saved(); }));
  IM_CHECK(read_file(page().draft.file()) == mine);
  click(ctx, "//lesson", "tabs/###1");
  ctx->Yield(2);
  click(ctx, "//lesson", "###next_exercise");
  ctx->Yield(2);
  IM_CHECK(page().exercise->id != std::string_view(kExercise));
}

void after_a_restart(ImGuiTestContext* ctx) {
  IM_CHECK(app().book.open_exercise(kExercise));
  ctx->Yield(3);
  const auto& progress = *app().book.find_exercise(kExercise);
  IM_CHECK(progress.passed);
  IM_CHECK_EQ(progress.hints.size(), 2U);
  const std::string mine = page().draft.text();
  IM_CHECK(!page().draft.is_starter());
  IM_CHECK(!page().code.can_undo());
  page().code.focus();
  ctx->Yield(3);
  bool crash = false;
  for (int i = 0; i < 60 && !crash; ++i) {
    ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
    ctx->Yield(2);
    crash = page().draft.text().find("__builtin_trap") != std::string::npos;
  }
  IM_CHECK(crash);  // undo leads to what was typed before the restart
  for (int i = 0; i < 60 && page().draft.text() != mine; ++i) {
    ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Y);
    ctx->Yield(2);
  }
  IM_CHECK_STR_EQ(page().draft.text().c_str(), mine.c_str());
}

/// Of each further lab the exercise that is judged soonest.
constexpr const char* kOfOtherLabs[] = {"2a", "3c", "4a", "5b", "6c", "7c"};

void solve(ImGuiTestContext* ctx, std::string_view id) {
  const student::Exercise* exercise = student::find_exercise(id);
  IM_CHECK(exercise != nullptr);
  shell::leave_hero(app());
  IM_CHECK(app().book.open_exercise(exercise->id));
  ctx->Yield(3);
  IM_CHECK(shell::exercise_view(app()) != nullptr);
  IM_CHECK(page().exercise == exercise);
  type(ctx, student::file_of(*exercise, "solution.cu"));
  check(ctx);
  for (const student::CheckVerdict& one : verdict().checks) {
    if (one.status != student::Status::passed) {
      ctx->LogError("%s: %s", one.id.c_str(), one.sentence.c_str());
    }
  }
  IM_CHECK(verdict().passed());
  IM_CHECK(app().book.find_exercise(exercise->id)->passed);
}

std::vector<Test> one_of_each_further_lab() {
  std::vector<Test> tests;
  for (const char* id : kOfOtherLabs) {
    tests.push_back(
        {text("exercise ", id, " is solved by typing"), [id](ImGuiTestContext* ctx) { solve(ctx, id); }});
  }
  return tests;
}

}  // namespace

std::vector<Session> exercise_sessions() {
  if (student::find_exercise(kExercise) == nullptr) {
    return {};
  }
  return {{"exercise",
           {{"an exercise is found by its number, and its starter fails", opened_by_its_name},
            {"a compiler's error stands on its line", error_on_its_line},
            {"a wrong kernel is named", wrong_one_named},
            {"hints open one by one and are kept", hints_one_by_one},
            {"a kernel that crashes leaves window and text alone", crash_leaves_the_window_alone},
            {"a typed solution passes and opens the given one", solved_by_typing},
            {"Code and memory shows the typed kernel", own_kernel_is_counted},
            {"starting over is undone, and the next exercise follows", reset_and_undo}}},
          {.name = "exercise_labs", .tests = one_of_each_further_lab()},
          {.name = "exercise_restart",
           .tests = {{"text, progress and undo survive a restart", after_a_restart}},
           .keeps_data = "exercise"}};
}

}  // namespace alab::gui_test
