// Finding labs, running experiments, and reading the texts that lie beside them: text.md and presets.json.
// SPDX-License-Identifier: MIT
#include "labs/lab.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "reference/core/json.hpp"

namespace alab {

std::span<const LabFiles> all_lab_files();

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_key(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
  });
}

/// Reads text.md line by line into sections; knows the line number for its messages.
class LessonReader {
 public:
  std::vector<LessonSection> read(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      ++line_;
      take(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    require(!in_explain_, "text.md line ", explain_line_,
            ": :::explain is never closed; end it with a line :::");
    require(!in_code_, "text.md: a ``` block in section '", last_key(), "' is never closed");
    for (LessonSection& section : sections_) {
      section.body = trimmed(section.body);
      section.explain = trimmed(section.explain);
    }
    return std::move(sections_);
  }

 private:
  void take(std::string_view raw) {
    const std::string_view line = trimmed(raw);
    if (line.starts_with("```")) {
      in_code_ = !in_code_;
    } else if (!in_code_ && raw.starts_with("## ")) {
      return open_section(trimmed(raw.substr(3)));
    } else if (!in_code_ && line.starts_with(":::")) {
      return fence(trimmed(line.substr(3)));
    }
    if (sections_.empty()) {
      require(line.empty() || raw.starts_with("# "), "text.md line ", line_,
              ": text before the first section; start it with a line '## key'");
      return;
    }
    std::string& target = in_explain_ ? sections_.back().explain : sections_.back().body;
    target.append(raw).push_back('\n');
  }

  void open_section(std::string_view key) {
    require(is_key(key), "text.md line ", line_, ": '", key,
            "' is no section key; use small letters, digits and _ as in the Step's key");
    require(!in_explain_, "text.md line ", explain_line_, ": :::explain is not closed before section '", key,
            "'");
    require(keys_.insert(std::string(key)).second, "text.md line ", line_, ": section '", key,
            "' is there twice");
    sections_.push_back({std::string(key), "", ""});
  }

  void fence(std::string_view word) {
    require(!sections_.empty(), "text.md line ", line_, ": ::: before the first section");
    if (word.empty()) {
      require(in_explain_, "text.md line ", line_, ": ::: closes nothing; open it with :::explain");
      in_explain_ = false;
      return;
    }
    require(word == "explain", "text.md line ", line_, ": unknown block ':::", word,
            "'; the known one is :::explain");
    require(!in_explain_ && sections_.back().explain.empty(), "text.md line ", line_, ": section '",
            last_key(), "' has two :::explain blocks; keep one");
    in_explain_ = true;
    explain_line_ = line_;
  }

  std::string last_key() const { return sections_.empty() ? "" : sections_.back().key; }

  std::vector<LessonSection> sections_;
  std::set<std::string> keys_;
  bool in_explain_ = false, in_code_ = false;
  int line_ = 0, explain_line_ = 0;
};

std::string scalar_text(const Result& result, std::string_view key) {
  const Scalar* scalar = result.scalar(key);
  require(scalar != nullptr, "placeholder {scalar:", key, "}: experiment '", result.experiment,
          "' gives no such scalar");
  const std::string value = format_value(scalar->value, scalar->hint);
  return scalar->unit.empty() ? value : value + " " + scalar->unit;
}

std::string check_text(const Result& result, std::string_view key) {
  const Check* check = result.check(key);
  require(check != nullptr, "placeholder {check:", key, "}: experiment '", result.experiment,
          "' gives no such check");
  return format_value(check->value, "");
}

std::string param_text(const ParamSet& params, std::string_view key) {
  const Param* param = params.find(key);
  require(param != nullptr, "placeholder {param:", key, "}: the experiment has no such parameter");
  return params.text_of(*param);
}

/// The replacement of what stands between the braces, or nothing when it is LaTeX (in_math) and no
/// placeholder.
std::optional<std::string> replacement(std::string_view inside, bool in_math, const Result& result,
                                       const ParamSet& params, std::string_view prediction) {
  const auto colon = inside.find(':');
  const std::string_view kind = inside.substr(0, colon);
  const std::string_view key =
      colon == std::string_view::npos ? std::string_view{} : inside.substr(colon + 1);
  if (inside == "prediction") {
    return prediction.empty() ? "nothing (you skipped it)" : std::string(prediction);
  }
  const bool placeholder = is_key(kind) && (key.empty() ? colon == std::string_view::npos : is_key(key));
  if (placeholder && kind == "scalar") {
    return scalar_text(result, key);
  }
  if (placeholder && kind == "param") {
    return param_text(params, key);
  }
  if (placeholder && kind == "check") {
    return check_text(result, key);
  }
  require(in_math, "unknown placeholder {", inside,
          "}: known are {prediction}, {scalar:key}, {param:key}, {check:key}");
  return std::nullopt;
}

std::string setting_text(const Json& value, std::string_view where) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  require(value.is_number() || value.is_boolean(), where,
          " must be a number, true, false or the name of an option");
  return value.dump();
}

std::string text_field(const Json& object, const char* key, std::string_view name) {
  require(object.contains(key) && object.at(key).is_string(), "presets.json: preset '", name,
          "' needs a text \"", key, "\"");
  return object.at(key).get<std::string>();
}

Preset preset_from(const std::string& name, const Json& json) {
  require(json.is_object(), "presets.json: preset '", name, "' must be an object");
  for (const auto& [key, value] : json.items()) {
    require(key == "title" || key == "experiment" || key == "input" || key == "set", "presets.json: preset '",
            name, "' has an unknown key '", key, "'; known are title, experiment, input, set");
  }
  Preset preset{name, text_field(json, "title", name), text_field(json, "experiment", name), "", ""};
  preset.input = json.contains("input") ? text_field(json, "input", name) : "";
  if (json.contains("set")) {
    require(json.at("set").is_object(), "presets.json: preset '", name,
            "': \"set\" must be an object of values");
    for (const auto& [key, value] : json.at("set").items()) {
      const std::string one = text(key, "=", setting_text(value, text("presets.json: ", name, ".set.", key)));
      preset.settings += preset.settings.empty() ? one : " " + one;
    }
  }
  return preset;
}

}  // namespace

const LabFiles& files_of(const Lab& lab) {
  for (const LabFiles& files : all_lab_files()) {
    if (files.id == lab.id) {
      return files;
    }
  }
  throw Error(text("lab '", lab.id, "' has no text: its id must be the name of its folder under labs/"));
}

const Lab* find_lab(std::string_view id) {
  const auto labs = all_labs();
  const auto found = std::ranges::find_if(labs, [&](const Lab* lab) { return lab->id == id; });
  return found == labs.end() ? nullptr : *found;
}

const Experiment* find_experiment(const Lab& lab, std::string_view id) {
  const auto found = std::ranges::find_if(lab.experiments, [&](const Experiment& e) { return e.id == id; });
  return found == lab.experiments.end() ? nullptr : &*found;
}

Result run_experiment(const Lab& lab, const Experiment& experiment, const ParamSet& params,
                      const Context& context) {
  require(experiment.run != nullptr, "experiment '", experiment.id, "' of lab '", lab.id,
          "' has nothing to run");
  for (const Param* param : experiment.params) {
    require(params.has(*param), "experiment '", experiment.id, "' needs the parameter '", param->key,
            "', which the given set lacks; make the set from the experiment's own list");
  }
  require(!experiment.uses_input || context.input.unavailable.empty(), "input '", context.input.name,
          "' is not available: ", context.input.unavailable);
  Result result = experiment.run(params, context);
  result.lab = lab.id;
  result.experiment = experiment.id;
  result.params = params.describe();
  if (!result.quick.empty()) {
    result.checks.clear();
    result.notes.insert(result.notes.begin(), text("Quick look while a setting moves: ", result.quick, "."));
  }
  if (result.input.empty()) {
    result.input = experiment.uses_input ? context.input.label : std::string("made by the experiment");
  }
  return result;
}

std::vector<LessonSection> parse_lesson(std::string_view text_md) {
  return LessonReader().read(text_md);
}

std::string fill_placeholders(std::string_view text, const Result& result, const ParamSet& params,
                              std::string_view prediction) {
  std::string out;
  bool in_math = false, in_code = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      out.append(text.substr(i, 2));
      ++i;
      continue;
    }
    in_code = c == '`' && !in_math ? !in_code : in_code;
    if (c == '$' && !in_code) {
      const bool display = i + 1 < text.size() && text[i + 1] == '$';
      in_math = !in_math;
      out.append(display ? "$$" : "$");
      i += display ? 1 : 0;
      continue;
    }
    const auto close = c == '{' && !in_code ? text.find('}', i) : std::string_view::npos;
    if (close != std::string_view::npos) {
      if (const auto value =
              replacement(text.substr(i + 1, close - i - 1), in_math, result, params, prediction)) {
        out += *value;
        i = close;
        continue;
      }
    }
    out.push_back(c);
  }
  return out;
}

std::vector<Preset> presets_of(const Lab& lab) {
  return presets_of(files_of(lab));
}

std::vector<Preset> presets_of(const LabFiles& files) {
  const Json json = parse_json(files.presets_json, text(files.id, "/presets.json"));
  require(json.is_object(), files.id, "/presets.json must be one object: {\"name\": {...}, ...}");
  std::vector<Preset> presets;
  for (const auto& [name, value] : json.items()) {
    presets.push_back(preset_from(name, value));
  }
  return presets;
}

}  // namespace alab
