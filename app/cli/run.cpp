// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <iostream>

#include "app/cli/commands.hpp"
#include "app/export/export.hpp"
#include "reference/model/input_sources.hpp"

namespace alab::cli {
namespace {

struct Request {
  Target target;
  std::vector<std::string> assignments;
  std::string input = "normal";
  bool simulated = true, cuda = true;
};

Preset preset_named(const Lab& lab, std::string_view name) {
  std::vector<std::string> names;
  for (const Preset& preset : presets_of(lab)) {
    if (preset.name == name) {
      return preset;
    }
    names.push_back(preset.name);
  }
  std::string known;
  for (const std::string& one : names) {
    known += (known.empty() ? "" : ", ") + one;
  }
  throw Error(text("lab ", lab.id, " has no preset '", name, "'", did_you_mean(name, names),
                   " it has: ", known.empty() ? "none" : known));
}

Request request_of(const Arguments& arguments) {
  require(arguments.positional().size() == 1,
          "'alab run' needs one lab or LAB/EXPERIMENT; 'alab list experiments' shows them");
  Request request;
  request.target = target_named(arguments.positional()[0]);
  if (arguments.has("--preset")) {
    const Preset preset = preset_named(*request.target.lab, arguments.value("--preset", ""));
    const Experiment* experiment = find_experiment(*request.target.lab, preset.experiment);
    require(experiment != nullptr, "preset '", preset.name, "' names an unknown experiment '",
            preset.experiment, "'");
    const bool named = arguments.positional()[0].find('/') != std::string::npos;
    require(!named || request.target.experiments[0] == experiment, "preset '", preset.name,
            "' belongs to experiment ", preset.experiment, ", not to ", request.target.experiments[0]->id);
    request.target.experiments = {experiment};
    request.assignments.push_back(preset.settings);
    request.input = preset.input.empty() ? request.input : preset.input;
  }
  for (const std::string& assignment : arguments.values("--set")) {
    request.assignments.push_back(assignment);
  }
  request.input = arguments.value("--input", request.input);
  choose_backend(arguments.value("--backend", "all"), request.simulated, request.cuda);
  return request;
}

// An assignment must fit at least one experiment; one that fits some is applied to those.
ParamSet params_for(const Experiment& experiment, const std::vector<std::string>& assignments, bool only_one,
                    std::vector<bool>& used) {
  ParamSet params(experiment.params);
  for (std::size_t i = 0; i < assignments.size(); ++i) {
    const std::string key = assignments[i].substr(0, assignments[i].find('='));
    const bool several = assignments[i].find(' ') != std::string::npos;
    if (only_one || several || params.find(key) != nullptr) {
      params.assign(assignments[i]);
      used[i] = true;
    }
  }
  return params;
}

std::string summary_of(const Result& result) {
  std::string out =
      text(result.lab, "/", result.experiment, "\n", result.params.empty() ? "" : "  " + result.params + "\n",
           result.input.empty() ? "" : "  input: " + result.input + "\n");
  std::vector<std::vector<std::string>> rows;
  for (const Scalar& s : result.scalars) {
    rows.push_back({"  " + s.label, text(format_value(s.value, s.hint), s.unit.empty() ? "" : " ", s.unit),
                    text("[", to_string(s.provenance.kind), ": ", s.provenance.source, "]")});
  }
  for (const Check& c : result.checks) {
    const char* verdict = c.passed() ? "passed" : (c.lamp ? "lamp off" : "FAILED");
    const std::string band = c.low == 0 ? text("at most ", format_value(c.high, "error"))
                                        : text(format_value(c.low, ""), " to ", format_value(c.high, ""));
    rows.push_back({text("  ", verdict, ": ", c.label),
                    text(format_value(c.value, c.low == 0 ? "error" : ""), " (", band, ")"),
                    text("[", to_string(c.provenance.kind), ": ", c.provenance.source, "]",
                         c.detail.empty() ? "" : " ", c.detail)});
  }
  out += aligned(rows);
  for (const std::string& note : result.notes) {
    out += "  note: " + note + "\n";
  }
  return out;
}

struct Job {
  const Experiment* experiment = nullptr;
  ParamSet params;
};

std::vector<Job> jobs_of(const Request& request) {
  std::vector<bool> used(request.assignments.size(), false);
  std::vector<Job> jobs;
  std::vector<std::string> keys;
  for (const Experiment* experiment : request.target.experiments) {
    jobs.push_back({experiment, params_for(*experiment, request.assignments,
                                           request.target.experiments.size() == 1, used)});
    for (const Param* param : experiment->params) {
      keys.emplace_back(param->key);
    }
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    const std::string key = request.assignments[i].substr(0, request.assignments[i].find('='));
    require(used[i], "no experiment of ", request.target.lab->id, " has the parameter '", key, "'",
            did_you_mean(key, keys), " 'alab list experiments --json' shows them");
  }
  return jobs;
}

ExportOptions export_options(const Arguments& arguments) {
  require(arguments.has("--out") || !arguments.has("--format"),
          "--format says how to write files; add --out DIR");
  ExportOptions options;
  options.formats = ExportFormats::parse(
      arguments.value("--format", png_unavailable().empty() ? "csv,json,svg,png,html" : "csv,json,svg,html"));
  require(!options.formats.png || png_unavailable().empty(), png_unavailable());
  options.folder = arguments.value("--out", "");
  if (arguments.has("--out")) {
    require_folder(options.folder);
  }
  return options;
}

// One Result as an object, several (a whole lab) as a list, whatever their number.
void print_json(const Arguments& arguments, const std::vector<Result>& results) {
  Json list = Json::array();
  for (const Result& result : results) {
    list.push_back(to_json(result));
  }
  const bool one = arguments.has("--preset") || arguments.positional()[0].find('/') != std::string::npos;
  std::cout << (one ? list.at(0) : list).dump(2) << "\n";
}

int run_run(const Arguments& arguments, const Progress& progress) {
  const Request request = request_of(arguments);
  const std::vector<Job> jobs = jobs_of(request);
  const InputSource input = resolve_input(request.input);
  require(input.unavailable.empty(), "the input '", request.input, "' cannot be used: ", input.unavailable);
  const ExportOptions options = export_options(arguments);
  const bool export_wanted = arguments.has("--out");
  const bool json = arguments.has("--json");
  const auto wrote = [&](const std::filesystem::path& path) {
    (json ? std::cerr : std::cout) << "  wrote " << path.string() << "\n";
  };
  const Progress line = shown(progress);
  std::vector<Result> results;
  for (const Job& job : jobs) {
    const Context context{input, line, request.simulated, request.cuda};
    results.push_back(run_experiment(*request.target.lab, *job.experiment, job.params, context));
    end_of_progress_line();
    if (!json) {
      std::cout << summary_of(results.back()) << std::flush;
    }
    if (export_wanted) {
      ExportOptions files = options;
      files.formats.html = false;
      std::ranges::for_each(export_result(*request.target.lab, results.back(), files, line), wrote);
    }
  }
  if (export_wanted && options.formats.html) {
    wrote(write_report(*request.target.lab, results, options, line));
  }
  end_of_progress_line();
  if (json) {
    print_json(arguments, results);
  }
  return std::ranges::all_of(results, [](const Result& r) { return r.passed(); }) ? kPassed : kFailed;
}

constexpr std::array<Option, 7> kOptions{{
    {"--set", "name=value", "a parameter; may be given several times"},
    {"--preset", "NAME", "a named set of parameters of the lab"},
    {"--input", "NAME",
     "where Q, K, V come from: normal, spike, smollm2:L17H5, case:DIR ... ('alab list inputs')"},
    {"--backend", "NAME", "reference, simulated, cuda or all (default: all that can be used here)"},
    {"--out", "DIR", "write the plots, tables and a report there"},
    {"--format", "LIST", "of csv,json,svg,png,html (default: all)"},
    {"--json", "", "print the Result as JSON instead of a summary"},
}};

}  // namespace

const Command run_command{
    "run",
    "run LAB[/EXPERIMENT] [options]",
    "Runs an experiment, or all experiments of a lab, and prints its numbers and checks.",
    "Examples:\n"
    "  alab run online_softmax\n"
    "  alab run ch10_02_flash_tiling --input smollm2:L17H5 --set seq_len=64 --out results\n\n"
    "JSON: {lab, experiment, params, input, passed, scalars, plots, heatmaps, tables, steppers, checks, "
    "notes},\n"
    "a list of these for a whole lab. Every number has a provenance {kind, source}; a check has key, value,\n"
    "low, high and lamp (true: it is shown and never fails a run). NaN and infinities are the strings "
    "\"NaN\",\n"
    "\"inf\" and \"-inf\".\n\n"
    "Exit code: 0 every check passed, 1 a check failed, 2 the request could not be carried out.\n",
    kOptions,
    run_run};

}  // namespace alab::cli
