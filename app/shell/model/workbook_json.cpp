// The workbook's state as JSON. What is unknown or out of range is left out and named, never fatal.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "app/shell/model/workbook.hpp"

namespace alab::shell {
namespace {

constexpr std::array<std::string_view, 5> kPageNames = {"overview", "step", "exercise", "quiz", "readings"};

Json page_json(const Workbook& book, const Lab& lab, const Page& page) {
  Json json = {{"kind", kPageNames[static_cast<std::size_t>(page.kind)]}};
  if (page.kind == PageKind::step) {
    json["step"] = lab.steps[static_cast<std::size_t>(page.step)].key;
  } else if (page.kind == PageKind::exercise) {
    json["exercise"] = book.exercises(lab)[static_cast<std::size_t>(page.step)]->id;
  }
  return json;
}

Page page_from(const Workbook& book, const Lab& lab, const Json& json) {
  const auto kind = json.at("kind").get<std::string>();
  const auto name = std::ranges::find(kPageNames, kind);
  require(name != kPageNames.end(), "'", kind, "' is no page");
  Page page{static_cast<PageKind>(name - kPageNames.begin()), -1};
  if (page.kind == PageKind::step) {
    const auto key = json.at("step").get<std::string>();
    const auto step = std::ranges::find_if(lab.steps, [&](const Step& s) { return s.key == key; });
    require(step != lab.steps.end(), "there is no step '", key, "'");
    page.step = static_cast<int>(step - lab.steps.begin());
  } else if (page.kind == PageKind::exercise) {
    const auto id = json.at("exercise").get<std::string>();
    const auto cards = book.exercises(lab);
    const auto card = std::ranges::find_if(cards, [&](const ExerciseCard* c) { return c->id == id; });
    require(card != cards.end(), "there is no exercise '", id, "'");
    page.step = static_cast<int>(card - cards.begin());
  }
  return page;
}

Json step_json(const StepProgress& step) {
  return {{"visited", step.visited},
          {"ran", step.ran},
          {"passed", step.passed},
          {"answer", to_json(step.answer)},
          {"params", alab::to_json(step.params)}};
}

Json input_json(const InputSelection& input) {
  return {{"name", input.name}, {"layer", input.layer}, {"head", input.head}, {"own_text", input.own_text},
          {"text", input.text}, {"book", input.book},   {"file", input.file}};
}

InputSelection input_from(const Json& json) {
  InputSelection input;
  input.name = json.value("name", input.name);
  input.layer = std::max(0, json.value("layer", input.layer));
  input.head = std::max(0, json.value("head", input.head));
  input.own_text = json.value("own_text", input.own_text);
  input.text = json.value("text", input.text);
  input.book = std::max(0, json.value("book", input.book));
  input.file = json.value("file", input.file);
  return input;
}

Json preferences_json(const Preferences& p) {
  return {{"dark", p.dark},
          {"motion", p.motion},
          {"welcomed", p.welcomed},
          {"scale", p.scale},
          {"backend", to_string(p.backend)},
          {"contents_width", p.contents_width},
          {"lesson_width", p.lesson_width},
          {"contents", p.contents},
          {"window_width", p.window_width},
          {"window_height", p.window_height},
          {"student", p.student},
          {"export_folder", p.export_folder},
          {"export_formats", p.export_formats}};
}

Preferences preferences_from(const Json& json) {
  Preferences p;
  p.dark = json.value("dark", p.dark);
  p.motion = json.value("motion", p.motion);
  p.welcomed = json.value("welcomed", p.welcomed);
  p.scale = std::clamp(json.value("scale", p.scale), kMinScale, kMaxScale);
  const auto backend = json.value("backend", std::string("all"));
  for (const auto choice :
       {BackendChoice::all, BackendChoice::reference, BackendChoice::simulated, BackendChoice::cuda}) {
    p.backend = to_string(choice) == backend ? choice : p.backend;
  }
  p.contents_width = std::clamp(json.value("contents_width", 0.0F), 0.0F, 60.0F);
  p.lesson_width = std::clamp(json.value("lesson_width", 0.0F), 0.0F, 200.0F);
  p.contents = std::clamp(json.value("contents", 0), -1, 1);
  p.window_width = std::clamp(json.value("window_width", 0), 0, 16384);
  p.window_height = std::clamp(json.value("window_height", 0), 0, 16384);
  p.student = json.value("student", p.student);
  p.export_folder = json.value("export_folder", p.export_folder);
  p.export_formats = json.value("export_formats", p.export_formats);
  return p;
}

void read_params(const Json& json, ParamSet& params, std::string_view where,
                 std::vector<std::string>& left_out) {
  for (const auto& [key, value] : json.items()) {
    try {
      alab::from_json(Json{{key, value}}, params);
    } catch (const std::exception& e) {
      left_out.push_back(text(where, ": ", e.what()));
    }
  }
}

/// Runs read and turns what it throws into one sentence.
template <class Read>
void reading(std::string_view what, std::vector<std::string>& left_out, Read read) {
  try {
    read();
  } catch (const std::exception& e) {
    left_out.push_back(text(what, ": ", e.what()));
  }
}

}  // namespace

Json Workbook::to_json() const {
  Json labs = Json::object();
  for (const Lab* lab : labs_) {
    const LabProgress* here = find_progress(*lab);
    if (here == nullptr) {
      continue;
    }
    Json json = {
        {"opened", here->opened}, {"page", page_json(*this, *lab, here->page)}, {"notes", here->notes}};
    json["steps"] = Json::object();
    for (const auto& [key, step] : here->steps) {
      json["steps"][key] = step_json(step);
    }
    json["quiz"] = Json::object();
    for (const auto& [key, option] : here->quiz) {
      json["quiz"][key] = option;
    }
    labs[std::string(lab->id)] = std::move(json);
  }
  for (const auto& [id, json] : other_labs_.items()) {
    labs[id] = json;
  }
  Json exercises = Json::object();
  for (const auto& [id, progress] : exercise_progress_) {
    exercises[id] = shell::to_json(progress);
  }
  return {{"version", kStateVersion},
          {"program", "attention lab"},
          {"lab", lab_ == nullptr ? "" : std::string(lab_->id)},
          {"input", input_json(input_)},
          {"preferences", preferences_json(preferences_)},
          {"exercises", std::move(exercises)},
          {"labs", std::move(labs)}};
}

void Workbook::read_lab(const Lab& lab, const Json& json, std::vector<std::string>& left_out) {
  LabProgress& here = progress(lab);
  here.opened = json.value("opened", false);
  here.notes = json.value("notes", std::string());
  reading(lab.id, left_out, [&] { here.page = page_from(*this, lab, json.at("page")); });
  for (const Step& step : lab.steps) {
    const std::string key(step.key);
    if (!json.contains("steps") || !json.at("steps").contains(key)) {
      continue;
    }
    const std::string where = text(lab.id, ", step ", key);
    reading(where, left_out, [&] {
      const Json& saved = json.at("steps").at(key);
      StepProgress& progress = ensure_step(lab, step);
      progress.visited = saved.value("visited", false);
      progress.ran = saved.value("ran", false);
      progress.passed = saved.value("passed", false);
      read_params(saved.value("params", Json::object()), progress.params, where, left_out);
      const Answer answer = answer_from_json(saved.at("answer"));
      require(answer.kind != AnswerKind::choice ||
                  (answer.choice >= 0 &&
                   static_cast<std::size_t>(answer.choice) < step.prediction.options.size()),
              "option ", answer.choice, " is not among the ", step.prediction.options.size(), " offered");
      progress.answer = answer;
    });
  }
  for (const QuizItem& item : lab.quiz) {
    const std::string key(item.key);
    if (json.contains("quiz") && json.at("quiz").contains(key)) {
      reading(text(lab.id, ", question ", key), left_out, [&] {
        const int option = json.at("quiz").at(key).get<int>();
        require(option >= 0 && static_cast<std::size_t>(option) < item.options.size(), "option ", option,
                " is not among the ", item.options.size(), " offered");
        here.quiz[key] = option;
      });
    }
  }
}

std::vector<std::string> Workbook::from_json(const Json& json) {
  require(json.is_object() && json.contains("version") && json.at("version").is_number_integer(),
          "it has no version number");
  const auto version = json.at("version").get<std::int64_t>();
  require(version >= 1 && version <= kStateVersion, "it has version ", version,
          "; this program reads versions 1 to ", kStateVersion);
  std::vector<std::string> left_out;
  progress_.clear();
  exercise_progress_.clear();
  undo_.clear();
  redo_.clear();
  editing_ = false;
  lab_ = nullptr;
  other_labs_ = Json::object();
  reading("input", left_out, [&] { input_ = input_from(json.value("input", Json::object())); });
  reading("preferences", left_out,
          [&] { preferences_ = preferences_from(json.value("preferences", Json::object())); });
  reading("exercises", left_out, [&] {
    const Json exercises = json.value("exercises", Json::object());
    for (const auto& [id, saved] : exercises.items()) {
      reading(text("exercise ", id), left_out,
              [&, id = &id, saved = &saved] { exercise_progress_[*id] = exercise_progress_from(*saved); });
    }
  });
  reading("labs", left_out, [&] {
    const Json labs = json.value("labs", Json::object());
    for (const auto& [id, saved] : labs.items()) {
      if (const Lab* lab = find(id)) {
        reading(id, left_out, [&, lab = lab, saved = &saved] { read_lab(*lab, *saved, left_out); });
      } else {
        other_labs_[id] = saved;
      }
    }
  });
  reading("lab", left_out, [&] {
    const auto id = json.value("lab", std::string());
    if (!id.empty() && !open(id)) {
      left_out.push_back(text("the lab '", id, "' is not part of this build"));
    }
  });
  changed();
  return left_out;
}

}  // namespace alab::shell
