// SPDX-License-Identifier: MIT
#include <array>
#include <iostream>

#include "app/cli/commands.hpp"
#include "kernels/rung.hpp"
#include "kernels/student/manifest.hpp"
#include "reference/algorithms.hpp"
#include "reference/model/input_sources.hpp"

namespace alab::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

struct Listing {
  std::string_view name;
  Json (*json)();
};

Json params_json(ParamList list) {
  Json out = Json::array();
  for (const Param* p : list) {
    Json one{{"key", p->key}, {"label", p->label}, {"unit", p->unit}, {"doc", p->doc}};
    const ParamSet defaults(std::vector<const Param*>{p});
    one["default"] = to_json(defaults).begin().value();
    if (p->kind == ParamKind::choice) {
      one["options"] = std::vector<std::string>(p->options.begin(), p->options.end());
    } else if (p->kind != ParamKind::boolean) {
      one["min"] = p->min;
      one["max"] = p->max;
    }
    out.push_back(one);
  }
  return out;
}

Json labs_json() {
  Json out = Json::array();
  for (const Lab* lab : all_labs()) {
    Json presets = Json::array();
    for (const Preset& preset : presets_of(*lab)) {
      presets.push_back(preset.name);
    }
    out.push_back({{"name", lab->id},
                   {"about", lab->title},
                   {"chapter", lab->chapter},
                   {"question", lab->question},
                   {"steps", lab->steps.size()},
                   {"presets", presets}});
  }
  return out;
}

Json experiments_json() {
  Json out = Json::array();
  for (const Lab* lab : all_labs()) {
    for (const Experiment& e : lab->experiments) {
      out.push_back({{"name", text(lab->id, "/", e.id)},
                     {"about", e.title},
                     {"what", e.what},
                     {"uses_input", e.uses_input},
                     {"params", params_json(e.params)}});
    }
  }
  return out;
}

Json kernels_json() {
  Json out = Json::array();
  for (const RungBuild* build : executor_rungs()) {
    const Rung& r = *build->rung;
    out.push_back({{"name", text(r.op, "/", r.id)},
                   {"about", r.title},
                   {"teaches", r.teaches},
                   {"limit", r.limit},
                   {"source", r.source},
                   {"min_sm", r.min_sm},
                   {"deterministic", r.deterministic},
                   {"params", params_json(find_op(r.op)->params)},
                   {"tiles", params_json(r.tiles)}});
  }
  return out;
}

Json exercises_json() {
  Json out = Json::array();
  for (const student::Exercise* const e : student::all_exercises()) {
    const student::Manifest m = student::manifest_of(*e);
    Json checks = Json::array();
    for (const student::CheckSpec& c : m.checks) {
      checks.push_back({{"id", c.id},
                        {"title", c.title},
                        {"kind", student::to_string(c.kind)},
                        {"points", c.points},
                        {"visibility", student::to_string(c.visibility)}});
    }
    out.push_back({{"name", e->id},
                   {"about", m.title},
                   {"lab", student::lab_of(*e)},
                   {"points", m.points()},
                   {"signature", m.signature},
                   {"op", e->op},
                   {"checks", checks}});
  }
  return out;
}

Json algorithms_json() {
  Json out = Json::array();
  for (const Algorithm& a : all_algorithms()) {
    const auto words = [](std::span<const std::string_view> list) {
      return std::vector<std::string>(list.begin(), list.end());
    };
    Json params = Json::array();
    for (const AlgorithmParam& p : a.params) {
      params.push_back({{"key", p.name}, {"doc", p.doc}, {"default", p.default_text}});
    }
    out.push_back({{"name", a.name},
                   {"about", a.doc},
                   {"inputs", words(a.inputs)},
                   {"optional_inputs", words(a.optional_inputs)},
                   {"outputs", words(a.outputs)},
                   {"layout", a.layout},
                   {"params", params},
                   {"op", a.op}});
  }
  return out;
}

Json inputs_json() {
  Json out = Json::array();
  for (const InputSource& s : list_inputs()) {
    out.push_back({{"name", s.name}, {"about", s.doc}, {"label", s.label}, {"unavailable", s.unavailable}});
  }
  return out;
}

constexpr std::array<Listing, 6> kListings{{{"labs", labs_json},
                                            {"experiments", experiments_json},
                                            {"kernels", kernels_json},
                                            {"exercises", exercises_json},
                                            {"algorithms", algorithms_json},
                                            {"inputs", inputs_json}}};

std::string as_text(const Json& list) {
  Rows rows;
  for (const Json& item : list) {
    std::string about = item.at("about").get<std::string>();
    if (item.contains("unavailable") && item.at("unavailable") != "") {
      about += "  (not here: " + item.at("unavailable").get<std::string>() + ")";
    }
    rows.push_back({"  " + item.at("name").get<std::string>(), about});
  }
  return rows.empty() ? "  none in this version\n" : aligned(rows);
}

int run_list(const Arguments& arguments, const Progress&) {
  require(arguments.positional().size() <= 1,
          "'alab list' takes one kind of thing at a time; see 'alab list --help'");
  const std::string wanted = arguments.positional().empty() ? "" : arguments.positional()[0];
  Json all = Json::object();
  std::vector<std::string> names;
  for (const Listing& listing : kListings) {
    names.emplace_back(listing.name);
    if (wanted.empty() || wanted == listing.name) {
      all[std::string(listing.name)] = listing.json();
    }
  }
  if (all.empty()) {
    throw Error(text("'", wanted, "' cannot be listed", did_you_mean(wanted, names),
                     " labs, experiments, kernels, exercises, algorithms and inputs can"));
  }
  if (arguments.has("--json")) {
    std::cout << (wanted.empty() ? all : all.front()).dump(2) << "\n";
    return kPassed;
  }
  for (const auto& [name, list] : all.items()) {
    std::cout << name << "\n" << as_text(list);
  }
  return kPassed;
}

constexpr std::array<Option, 1> kOptions{{{"--json", "", "everything known about each, as JSON"}}};

}  // namespace

const Command list_command{
    "list",
    "list [labs|experiments|kernels|exercises|algorithms|inputs] [--json]",
    "Shows what there is: labs, experiments, kernels, exercises, algorithms, inputs.",
    "Examples:\n  alab list labs\n  alab list kernels --json\n\n"
    "JSON: a list of objects that all have name and about; without a kind, an object with\n"
    "one such list per kind. Params are {key, label, unit, doc, default, min, max} or\n"
    "{..., options}.\n\n"
    "Exit code: 0, or 2 when the request could not be carried out.\n",
    kOptions,
    run_list};

}  // namespace alab::cli
