// SPDX-License-Identifier: MIT
#include "app/shell/app.hpp"

#include <algorithm>
#include <cmath>

#include "app/shell/model/exercise_catalog.hpp"
#include "imgui_internal.h"
#include "kernels/backend.hpp"

namespace alab::shell {
namespace {

constexpr float kLessonMinimum = 480, kContentsWidth = 250, kIconsBelow = 1500;
constexpr double kRest = 0.25;  // seconds that a setting stays put before the full run

void open_asked_kernel(App& app, const Lab& lab) {
  const std::string& kernel = app.options.kernel;
  if (kernel.empty()) {
    return;
  }
  const std::string op = kernel.substr(0, kernel.find('/')), rung = kernel.substr(op.size() + 1);
  const auto rungs = desk_rungs(op);
  require(std::ranges::count(ops_of_lab(lab.id), op) > 0, "--kernel ", kernel, ": the lab '", lab.id,
          "' has no kernels of '", op, "'; 'alab list kernels' shows all");
  require(std::ranges::any_of(rungs, [&](const RungBuild* b) { return b->rung->id == rung; }), "--kernel ",
          kernel, ": '", op, "' has no rung '", rung, "'; 'alab list kernels' shows all");
  open_desk(app, op, rung);
  const bool ladder = app.options.panel == "roofline";
  (ladder ? app.desk.wish.memory_tab : app.desk.wish.after_count) = app.options.panel;
  (ladder ? app.desk.ladder_soon : app.desk.count_soon) = true;
}

void open_asked_page(App& app) {
  const Options& options = app.options;
  if (!options.exercise.empty()) {
    const student::Exercise* exercise = student::find_exercise(options.exercise);
    require(exercise != nullptr && app.book.open_exercise(exercise->id), "--exercise ", options.exercise,
            ": there is no such exercise; 'alab list exercises' shows all");
    app.exercises.run_soon = options.answered;
    change_preferences(app, [](Preferences& p) { p.welcomed = true; });
    return;
  }
  if (options.lab.empty()) {
    return;
  }
  const Lab& lab = lab_named(options.lab, app.book.labs());
  if (options.step > 0) {
    require(static_cast<std::size_t>(options.step) <= lab.steps.size(), "--step ", options.step,
            ": the lab '", lab.id, "' has ", lab.steps.size(), " steps");
    app.book.open(lab.id, {PageKind::step, options.step - 1});
  } else if (!options.page.empty()) {
    const PageKind kind = options.page == "quiz"
                              ? PageKind::quiz
                              : (options.page == "readings" ? PageKind::readings : PageKind::overview);
    require(app.book.open(lab.id, {kind, -1}), "the lab '", lab.id, "' has no page '", options.page, "'");
  } else {
    app.book.open(lab.id);
  }
  change_preferences(app, [](Preferences& p) { p.welcomed = true; });
  open_asked_kernel(app, lab);
}

void fill_hooks(App& app) {
  app.ui.hooks.export_item = [&app](std::string_view key) {
    app.exports.only = std::string(key);
    app.exports.given = app.desk.open ? app.desk.roofline.sheet : nullptr;
    app.exports.open = true;
  };
  app.ui.hooks.copied = [&app](std::string_view what) { say(app, text("Copied ", what), 3); };
  app.ui.hooks.open_glossary = [&app](std::string_view word) {
    app.glossary_word = std::string(word);
    app.glossary_open = true;
  };
  app.markdown.open_link = [&app](const std::string& target) { open_link(app, target); };
}

/// Enough tiles to watch for a while.
void lively(ParamSet& params) {
  for (const auto& [key, wanted] : {std::pair{"seq_len", 64.0}, {"block_m", 8.0}, {"block_n", 8.0}}) {
    const Param* param = params.find(key);
    if (param != nullptr && param->min <= wanted && wanted <= param->max) {
      params.set(key, wanted);
    }
  }
}

/// An induction head on a book when there is one, else on its own sentence.
InputSelection alice(const InputCatalog& catalog) {
  InputSelection selection = selection_of(catalog, kModelInput, {});
  const auto book = std::ranges::find(catalog.book_names, "alice");
  if (book != catalog.book_names.end()) {
    selection.own_text = false;
    selection.book = static_cast<int>(book - catalog.book_names.begin());
  }
  return selection;
}

/// The stepper that the first screen plays: a preset whose step brings a stepper forward, on a real head when
/// the weights are here.
void open_hero(App& app) {
  const bool real = source_of(app.catalog, selection_of(app.catalog, kModelInput, {})).unavailable.empty();
  for (auto lab = app.book.labs().rbegin(); lab != app.book.labs().rend(); ++lab) {
    for (const Step& step : (*lab)->steps) {
      const Experiment* experiment = find_experiment(**lab, step.experiment);
      if (experiment == nullptr ||
          (step.focus != "tiles" && step.focus.find("step") == std::string_view::npos)) {
        continue;
      }
      RunRequest request;
      request.lab = app.hero_lab = *lab;
      request.step = app.hero_step = &step;
      request.experiment = experiment;
      request.params = ParamSet(experiment->params);
      request.params.assign(step.settings);
      request.backend = BackendChoice::reference;
      lively(request.params);
      request.input = source_of(app.catalog, real ? alice(app.catalog) : InputSelection{});
      app.runner.submit(std::move(request));
      app.hero = true;
      app.hero_view = std::make_shared<StepView>();
      app.hero_view->results.focus = std::string(step.focus);
      return;
    }
  }
}

Layout measure(const App& app, ImVec2 size) {
  const Preferences& p = app.book.preferences();
  const float scale = p.scale;
  const float em = ui::kBodySize * ImGui::GetStyle().FontScaleMain * ImGui::GetStyle().FontScaleDpi;
  Layout layout;
  layout.top = std::round(2.75F * em);
  layout.bottom = std::round(1.9F * em);
  layout.icons_only =
      p.contents < 0 || (p.contents == 0 && size.x < kIconsBelow * std::max(1.0F, scale * 0.9F));
  layout.contents = layout.icons_only
                        ? std::round(3.3F * em)
                        : std::clamp(p.contents_width > 0 ? p.contents_width * em : kContentsWidth * scale,
                                     9 * em, 0.3F * size.x);
  const float rest = size.x - layout.contents;
  const float fair = std::clamp(0.42F * rest, kLessonMinimum, 38 * em);
  layout.contents = std::round(layout.contents);
  layout.lesson = std::clamp(p.lesson_width > 0 ? p.lesson_width * em : fair, kLessonMinimum,
                             std::max(kLessonMinimum, rest - 22 * em));
  layout.lesson = std::round(layout.lesson);
  return layout;
}

/// A thin strip between columns: drag moves it, double click restores the default.
void splitter(App& app, const char* id, float x, float top, float height, float Preferences::*width,
              float start) {
  ImGui::SetNextWindowPos({x - 4, top});
  ImGui::SetNextWindowSize({8, height});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, {1, 1});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
  ImGui::Begin(id, nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav |
                   ImGuiWindowFlags_NoFocusOnAppearing);
  ImGui::InvisibleButton("drag", {8, std::max(1.0F, height)});
  const bool active = ImGui::IsItemActive();
  if (ImGui::IsItemHovered() || active) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    ImGui::GetWindowDrawList()->AddRectFilled({x - 1, top}, {x + 1, top + height},
                                              ui::u32(app.ui.colors().blue));
  }
  const float em = ui::em(1);
  if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
    change_preferences(app, [](Preferences& p) { p.contents_width = p.lesson_width = 0; });
  } else if (active && ImGui::IsMouseDragging(ImGuiMouseButton_Left, 1)) {
    const float wanted = (ImGui::GetIO().MousePos.x - start) / em;
    change_preferences(app, [&](Preferences& p) { p.*width = std::clamp(wanted, 3.0F, 150.0F); });
  }
  ImGui::End();
  ImGui::PopStyleVar(3);
}

void take_finished(App& app) {
  Runner::Finished finished{};
  if (!app.runner.poll(&finished) || finished.sweep || finished.quick || app.hero) {
    return;
  }
  const bool current = app.book.lab() == finished.lab && app.book.step() == finished.step;
  const bool hidden = current && app.book.prediction_open();
  if (!hidden) {
    app.book.mark_ran(*finished.lab, *finished.step, finished.passed);
  }
  StepView* view = step_view(app);
  if (current && view != nullptr && view->revealed_at < 0 && !hidden) {
    view->revealed_at = ImGui::GetTime();
  }
}

/// Once a moved setting rests, its quick look is followed by the full run; at most once, so that a cancelled
/// one stays cancelled.
void complete_quick_look(App& app) {
  const RunView run = run_view(app);
  if (run.phase != RunPhase::done || !run.quick() || run.version == app.quick.completed) {
    app.quick.seen = app.quick.completed;
    return;
  }
  if (app.quick.seen != run.version || ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
    app.quick.seen = run.version;
    app.quick.since = ImGui::GetTime();
  } else if (ImGui::GetTime() - app.quick.since >= kRest) {
    app.quick.completed = run.version;
    run_step(app);
  }
}

/// The lab's words; where it has kernels, those of "Code and memory" that it does not explain itself.
void fill_glossary(App& app, const Lab& lab) {
  auto& glossary = app.ui.glossary;
  glossary.clear();
  const auto add = [&](const Term& term) {
    if (std::ranges::none_of(glossary, [&](const ui::GlossaryEntry& e) { return e.word == term.word; })) {
      glossary.push_back({std::string(term.word), std::string(term.symbol), std::string(term.meaning)});
    }
  };
  std::ranges::for_each(lab.glossary, add);
  if (!ops_of_lab(lab.id).empty()) {
    std::ranges::for_each(memory_terms(), add);
  }
}

/// What happens when another page comes into view.
void enter_page(App& app) {
  if (app.shown_lab == app.book.lab() && app.shown_page == app.book.page()) {
    return;
  }
  if (app.shown_lab != app.book.lab() && app.book.lab() != nullptr) {
    fill_glossary(app, *app.book.lab());
  }
  app.desk.open = app.desk.open && app.shown_lab == nullptr;
  app.shown_lab = app.book.lab();
  app.shown_page = app.book.page();
  app.scroll_lesson_top = app.scroll_contents = true;
  const Experiment* experiment = app.book.experiment();
  std::vector<std::string_view> keys;
  if (experiment != nullptr) {
    for (const Param* param : experiment->params) {
      keys.push_back(param->key);
    }
  }
  ui::set_links(app.ui, keys);
  const Step* step = app.book.step();
  StepView* view = step_view(app);
  if (step == nullptr || view == nullptr) {
    return;
  }
  view->results.focus = std::string(step->focus);
  if (app.options.answered && app.book.prediction_open()) {
    app.book.skip();
    run_step(app);
    return;
  }
  const bool curve = app.book.prediction_open() && step->prediction.kind == PredictionKind::curve;
  const bool known = (app.book.step_progress()->ran || app.options.answered) && !app.book.prediction_open();
  if (experiment != nullptr && run_view(app).result == nullptr && (curve || known)) {
    run_step(app);
  }
}

}  // namespace

App::App(std::span<const Lab* const> labs, const Options& asked, std::filesystem::path state_file)
    : options(asked), book(labs, {}, exercise_cards()), saver(state_file) {
  if (options.keeps_progress()) {
    const LoadReport report = load_state(state_file, book);
    if (!report.message.empty()) {
      notice = {report.message, -1};
    }
  }
  catalog = make_catalog(book.input());
  refresh_inputs(*this);
  fill_hooks(*this);
  open_asked_page(*this);
  if (!options.theme.empty()) {
    change_preferences(*this, [&](Preferences& p) { p.dark = options.theme == "dark"; });
  }
  if (!book.preferences().welcomed) {
    open_hero(*this);
  }
  ui.motion = book.preferences().motion;
  const InputSelection& in = book.input();
  input_choice = {in.name, in.layer, in.head, in.own_text, in.text, in.book, in.file};
  doctor.submit([](const Progress&) { return examine_machine(); });
}

void refresh_inputs(App& app) {
  app.input_entries.clear();
  for (const CatalogEntry& e : app.catalog.entries) {
    app.input_entries.push_back({e.name, e.label, e.doc, e.unavailable, e.command, e.model});
  }
  app.model_range = {app.catalog.layers, app.catalog.heads, app.catalog.books};
}

void refresh_theme(App& app, float dpi_scale) {
  const Preferences& p = app.book.preferences();
  ui::apply_theme(app.ui.theme, p.dark ? ui::ThemeKind::dark : ui::ThemeKind::paper, p.scale, dpi_scale);
  app.theme_dirty = false;
}

bool wants_frames(const App& app) {
  if (app.options.measure) {
    return true;  // as a hand on the mouse keeps it awake
  }
  if (app.runner.running() || app.desk.counts.running() || app.exporter.running() || app.saver.pending() ||
      app.doctor.status().state == JobState::running || app.theme_dirty || exercises_move(app) ||
      !app.options.screenshot.empty() || app.quick.seen != app.quick.completed) {
    return true;
  }
  if (app.hero_view != nullptr && panels::wants_frames(app.hero_view->results)) {
    return true;
  }
  const Step* step = app.book.step();
  const auto found =
      step == nullptr ? app.views.end() : app.views.find(text(app.book.lab()->id, "/", step->key));
  if (found == app.views.end()) {
    return false;  // what moved on another page waits there
  }
  const StepView& view = found->second;
  const bool waiting = view.revealed_at >= 0 && view.explained == 0;
  return waiting || panels::wants_frames(view.results);
}

StepView* step_view(App& app) {
  const Step* step = app.book.step();
  return step == nullptr ? nullptr : &app.views[text(app.book.lab()->id, "/", step->key)];
}

void draw_app(App& app) {
  if (app.started_at == 0) {
    app.started_at = ImGui::GetTime();
  }
  ui::begin_frame(app.ui);
  take_finished(app);
  take_count(app);
  update_exercises(app);
  if (app.findings.empty() && app.doctor.status().state == JobState::done) {
    app.findings = *app.doctor.result().second;
  }
  handle_keys(app);
  enter_page(app);
  complete_quick_look(app);
  const ImVec2 size = ImGui::GetMainViewport()->Size;
  app.columns = measure(app, size);
  const Layout& c = app.columns;
  draw_top_bar(app);
  draw_contents(app);
  const bool desk = app.desk.open && !app.hero && app.book.lab() != nullptr;
  if (desk) {
    draw_desk(app, *app.book.lab());
  } else {
    draw_lesson(app);
    draw_instruments(app);
  }
  draw_status_bar(app);
  const float height = size.y - c.top - c.bottom;
  if (!c.icons_only) {
    splitter(app, "split_contents", c.contents, c.top, height, &Preferences::contents_width, 0);
  }
  if (!desk) {
    splitter(app, "split_lesson", c.contents + c.lesson, c.top, height, &Preferences::lesson_width,
             c.contents);
  }
  draw_palette(app);
  draw_export(app);
  draw_doctor(app);
  draw_help(app);
  draw_glossary(app);
  if (app.options.keeps_progress()) {
    change_preferences(app, [&](Preferences& p) {
      p.window_width = static_cast<int>(size.x);
      p.window_height = static_cast<int>(size.y);
    });
  }
  app.saver.update(app.book);
}

}  // namespace alab::shell
