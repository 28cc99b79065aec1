// SPDX-License-Identifier: MIT
#include "reference/core/json.hpp"

#include <cmath>
#include <limits>

#include "reference/core/files.hpp"

namespace alab {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxBytes = std::size_t{64} << 20;

// Depth is checked on the text, before the parser builds anything.
void check_depth(std::string_view json, std::string_view name) {
  int depth = 0;
  bool inside_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (inside_string) {
      i += c == '\\' ? 1 : 0;
      inside_string = c != '"';
    } else if (c == '"') {
      inside_string = true;
    } else if (c == '{' || c == '[') {
      require(++depth <= kMaxDepth, name, " is nested deeper than ", kMaxDepth, " levels");
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

Json number(double value) {
  if (std::isfinite(value)) {
    return value;
  }
  return std::isnan(value) ? "NaN" : (value > 0 ? "inf" : "-inf");
}

double number_from(const Json& json) {
  if (json.is_number()) {
    return json.get<double>();
  }
  const auto word = json.get<std::string>();
  if (word == "inf" || word == "-inf") {
    return word == "inf" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  }
  require(word == "NaN", "'", word, "' stands where a number is expected");
  return std::nan("");
}

template <class T>
Json numbers(const std::vector<T>& values) {
  Json out = Json::array();
  for (const T value : values) {
    out.push_back(number(static_cast<double>(value)));
  }
  return out;
}

template <class T>
std::vector<T> numbers_from(const Json& json) {
  std::vector<T> out;
  for (const Json& value : json) {
    out.push_back(static_cast<T>(number_from(value)));
  }
  return out;
}

Json json_of(const Provenance& p) {
  return {{"kind", to_string(p.kind)}, {"source", p.source}};
}
Provenance provenance_from(const Json& json) {
  const auto kind = json.at("kind").get<std::string>();
  for (const auto k : {Provenance::measured, Provenance::counted, Provenance::modelled, Provenance::recorded,
                       Provenance::paper}) {
    if (kind == to_string(k)) {
      return {k, json.at("source").get<std::string>()};
    }
  }
  throw Error(text("'", kind, "' is no provenance; measured, counted, modelled, recorded and paper are"));
}

Json json_of(const Axis& a) {
  return {{"label", a.label}, {"unit", a.unit}, {"log", a.log}};
}
Axis axis_from(const Json& json) {
  return {json.at("label"), json.at("unit"), json.at("log")};
}

Json json_of(const Scalar& s) {
  return {{"key", s.key},   {"label", s.label},
          {"unit", s.unit}, {"value", number(s.value)},
          {"hint", s.hint}, {"provenance", json_of(s.provenance)}};
}
Scalar scalar_from(const Json& j) {
  return {j.at("key"),
          j.at("label"),
          j.at("unit"),
          number_from(j.at("value")),
          provenance_from(j.at("provenance")),
          j.at("hint")};
}

Json json_of(const Series& s) {
  return {{"key", s.key},
          {"label", s.label},
          {"style", static_cast<int>(s.style)},
          {"slope", number(s.slope)},
          {"x", numbers(s.xs)},
          {"y", numbers(s.ys)},
          {"provenance", json_of(s.provenance)}};
}
Series series_from(const Json& j) {
  return {j.at("key"),
          j.at("label"),
          numbers_from<double>(j.at("x")),
          numbers_from<double>(j.at("y")),
          provenance_from(j.at("provenance")),
          static_cast<SeriesStyle>(j.at("style").get<int>()),
          number_from(j.at("slope"))};
}

template <class T, class F>
Json list(const std::vector<T>& items, F&& f) {
  Json out = Json::array();
  for (const T& item : items) {
    out.push_back(f(item));
  }
  return out;
}
template <class T, class F>
std::vector<T> list_from(const Json& json, F&& f) {
  std::vector<T> out;
  for (const Json& item : json) {
    out.push_back(f(item));
  }
  return out;
}

Json json_of(const Plot& p) {
  return {{"key", p.key},      {"title", p.title},
          {"note", p.note},    {"x", json_of(p.x)},
          {"y", json_of(p.y)}, {"series", list(p.series, [](const Series& s) { return json_of(s); })}};
}
Plot plot_from(const Json& j) {
  return {j.at("key"),          j.at("title"),        j.at("note"),
          axis_from(j.at("x")), axis_from(j.at("y")), list_from<Series>(j.at("series"), series_from)};
}

Json json_of(const Heatmap& h) {
  return {{"key", h.key},
          {"title", h.title},
          {"note", h.note},
          {"value_label", h.value_label},
          {"unit", h.unit},
          {"row", json_of(h.row)},
          {"col", json_of(h.col)},
          {"rows", h.rows},
          {"cols", h.cols},
          {"values", numbers(h.values)},
          {"row_labels", h.row_labels},
          {"col_labels", h.col_labels},
          {"diverging", h.diverging},
          {"detail", numbers(h.detail)},
          {"detail_label", h.detail_label},
          {"provenance", json_of(h.provenance)}};
}
Heatmap heatmap_from(const Json& j) {
  Heatmap h;
  h.key = j.at("key"), h.title = j.at("title"), h.note = j.at("note"), h.value_label = j.at("value_label"),
  h.unit = j.at("unit");
  h.row = axis_from(j.at("row")), h.col = axis_from(j.at("col")), h.rows = j.at("rows"),
  h.cols = j.at("cols");
  h.values = numbers_from<float>(j.at("values")), h.detail = numbers_from<float>(j.at("detail"));
  h.row_labels = j.at("row_labels").get<std::vector<std::string>>(),
  h.col_labels = j.at("col_labels").get<std::vector<std::string>>();
  h.diverging = j.at("diverging"), h.detail_label = j.at("detail_label"),
  h.provenance = provenance_from(j.at("provenance"));
  return h;
}

Json json_of(const Cell& c) {
  if (!c.has_number) {
    return c.text;
  }
  return {{"value", number(c.value)}, {"hint", c.hint}, {"provenance", json_of(c.provenance)}};
}
Cell cell_from(const Json& j) {
  return j.is_string()
             ? Cell::words(j)
             : Cell::number(number_from(j.at("value")), j.at("hint"), provenance_from(j.at("provenance")));
}
Json json_of(const Table& t) {
  return {{"key", t.key},
          {"title", t.title},
          {"note", t.note},
          {"columns", t.columns},
          {"rows", list(t.rows, [](const auto& row) {
             return list(row, [](const Cell& c) { return json_of(c); });
           })}};
}
Table table_from(const Json& j) {
  return {j.at("key"), j.at("title"), j.at("note"), j.at("columns").get<std::vector<std::string>>(),
          list_from<std::vector<Cell>>(j.at("rows"),
                                       [](const Json& row) { return list_from<Cell>(row, cell_from); })};
}

Json json_of(const Frame& f) {
  return {{"kind", static_cast<int>(f.kind)},
          {"row", f.row},
          {"col", f.col},
          {"caption", f.caption},
          {"values", numbers(f.values)}};
}
Frame frame_from(const Json& j) {
  return {static_cast<Frame::Kind>(j.at("kind").get<int>()), j.at("row"), j.at("col"), j.at("caption"),
          numbers_from<double>(j.at("values"))};
}
Json json_of(const Stepper& s) {
  Json out = {{"key", s.key},
              {"title", s.title},
              {"note", s.note},
              {"rows", s.rows},
              {"cols", s.cols},
              {"row_label", s.row_label},
              {"col_label", s.col_label},
              {"row_names", s.row_names},
              {"col_names", s.col_names},
              {"quantities", s.quantities},
              {"frames", list(s.frames, [](const Frame& f) { return json_of(f); })},
              {"provenance", json_of(s.provenance)}};
  if (has_map(s)) {
    out["map"] = json_of(s.map);
    out["map_values"] = numbers(s.map_values);
  }
  return out;
}
Stepper stepper_from(const Json& j) {
  Stepper s;
  s.key = j.at("key"), s.title = j.at("title"), s.note = j.at("note"), s.rows = j.at("rows"),
  s.cols = j.at("cols");
  s.row_label = j.at("row_label"), s.col_label = j.at("col_label");
  s.row_names = j.at("row_names").get<std::vector<std::string>>(),
  s.col_names = j.at("col_names").get<std::vector<std::string>>();
  s.quantities = j.at("quantities").get<std::vector<std::string>>(),
  s.frames = list_from<Frame>(j.at("frames"), frame_from);
  s.provenance = provenance_from(j.at("provenance"));
  if (j.contains("map")) {
    s.map = heatmap_from(j.at("map"));
    s.map_values = numbers_from<float>(j.at("map_values"));
  }
  return s;
}

Json json_of(const Check& c) {
  return {{"key", c.key},         {"label", c.label},       {"value", number(c.value)},
          {"low", number(c.low)}, {"high", number(c.high)}, {"lamp", c.lamp},
          {"passed", c.passed()}, {"detail", c.detail},     {"provenance", json_of(c.provenance)}};
}
Check check_from(const Json& j) {
  return {j.at("key"),
          j.at("label"),
          number_from(j.at("value")),
          number_from(j.at("low")),
          number_from(j.at("high")),
          provenance_from(j.at("provenance")),
          j.at("lamp"),
          j.at("detail")};
}

}  // namespace

Json parse_json(std::string_view json, std::string_view name) {
  require(json.size() <= kMaxBytes, name, " has ", json.size(), " bytes; at most ", kMaxBytes, " are read");
  check_depth(json, name);
  try {
    return Json::parse(json);
  } catch (const Json::exception& e) {
    throw Error(text(name, " is not valid JSON: ", e.what()));
  }
}

Json read_json(const std::filesystem::path& file) {
  return parse_json(read_file(file, kMaxBytes), file.string());
}

Json to_json(const ParamSet& params) {
  Json out = Json::object();
  for (const Param* p : params.schema()) {
    const double value = params.value(p->key);
    if (p->kind == ParamKind::boolean) {
      out[std::string(p->key)] = value != 0;
    } else if (p->kind == ParamKind::choice) {
      out[std::string(p->key)] = params.text_of(*p);
    } else {
      out[std::string(p->key)] =
          p->kind == ParamKind::integer ? Json(static_cast<std::int64_t>(value)) : Json(value);
    }
  }
  return out;
}

void from_json(const Json& json, ParamSet& params) {
  require(json.is_object(), "parameters must be a JSON object of name and value");
  for (const auto& [key, value] : json.items()) {
    if (value.is_string()) {
      params.set_text(key, value.get<std::string>());
    } else {
      require(value.is_number() || value.is_boolean(), key,
              " must be a number, true, false or an option's name");
      params.set(key, value.is_boolean() ? (value.get<bool>() ? 1.0 : 0.0) : value.get<double>());
    }
  }
}

Json to_json(const Result& r) {
  return {{"lab", r.lab},
          {"experiment", r.experiment},
          {"params", r.params},
          {"input", r.input},
          {"passed", r.passed()},
          {"scalars", list(r.scalars, [](const Scalar& s) { return json_of(s); })},
          {"plots", list(r.plots, [](const Plot& p) { return json_of(p); })},
          {"heatmaps", list(r.heatmaps, [](const Heatmap& h) { return json_of(h); })},
          {"tables", list(r.tables, [](const Table& t) { return json_of(t); })},
          {"steppers", list(r.steppers, [](const Stepper& s) { return json_of(s); })},
          {"checks", list(r.checks, [](const Check& c) { return json_of(c); })},
          {"notes", r.notes}};
}

Result result_from_json(const Json& j) {
  try {
    Result r;
    r.lab = j.at("lab"), r.experiment = j.at("experiment"), r.params = j.at("params"),
    r.input = j.at("input");
    r.scalars = list_from<Scalar>(j.at("scalars"), scalar_from);
    r.plots = list_from<Plot>(j.at("plots"), plot_from);
    r.heatmaps = list_from<Heatmap>(j.at("heatmaps"), heatmap_from);
    r.tables = list_from<Table>(j.at("tables"), table_from);
    r.steppers = list_from<Stepper>(j.at("steppers"), stepper_from);
    r.checks = list_from<Check>(j.at("checks"), check_from);
    r.notes = j.at("notes").get<std::vector<std::string>>();
    return r;
  } catch (const Json::exception& e) {
    throw Error(text("the file does not hold a Result: ", e.what()));
  }
}

}  // namespace alab
