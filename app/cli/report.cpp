// SPDX-License-Identifier: MIT
#include <array>
#include <iostream>

#include "app/cli/commands.hpp"
#include "app/export/export.hpp"
#include "reference/model/input_sources.hpp"

namespace alab::cli {
namespace {

// A preset whose input needs weights that are not here runs on a synthetic input, and says so.
InputSource input_of(const Preset& preset, Result& notes) {
  InputSource input = resolve_input(preset.input.empty() ? "normal" : preset.input);
  if (!input.unavailable.empty()) {
    notes.notes.push_back(
        text("Input '", preset.input, "' is not here (", input.unavailable, "); this ran on 'normal'."));
    input = resolve_input("normal");
  }
  return input;
}

Result run_preset(const Lab& lab, const Preset& preset, const Progress& progress) {
  const Experiment* experiment = find_experiment(lab, preset.experiment);
  require(experiment != nullptr, "preset '", preset.name, "' of ", lab.id, " names an unknown experiment '",
          preset.experiment, "'");
  ParamSet params(experiment->params);
  params.assign(preset.settings);
  Result notes;
  const InputSource input = input_of(preset, notes);
  Result result = run_experiment(lab, *experiment, params, Context{input, progress, true, true});
  result.notes.insert(result.notes.begin(), notes.notes.begin(), notes.notes.end());
  result.experiment = text(result.experiment, "_", preset.name);
  return result;
}

int run_report(const Arguments& arguments, const Progress& progress) {
  const std::filesystem::path out = arguments.value("--out", "lab-results");
  require_folder(out);
  const Progress line = shown(progress);
  std::vector<const Lab*> labs(all_labs().begin(), all_labs().end());
  if (!arguments.positional().empty()) {
    labs.clear();
    for (const std::string& name : arguments.positional()) {
      labs.push_back(&lab_named(name));
    }
  }
  int passed = 0;
  int failed = 0;
  for (const Lab* lab : labs) {
    ExportOptions options;
    options.folder = out / lab->id;
    options.formats.png = png_unavailable().empty();
    std::vector<Result> results;
    for (const Preset& preset : presets_of(*lab)) {
      results.push_back(run_preset(*lab, preset, line));
      ExportOptions files = options;
      files.formats.html = false;
      export_result(*lab, results.back(), files, line);
      end_of_progress_line();
      const bool ok = results.back().passed();
      (ok ? passed : failed) += 1;
      std::cout << (ok ? "  passed  " : "  FAILED  ") << lab->id << "  " << preset.title << "\n"
                << std::flush;
    }
    std::cout << "  report  " << write_report(*lab, results, options, line).string() << "\n";
    end_of_progress_line();
  }
  std::cout << passed << " presets passed, " << failed << " failed; plots, tables and reports are in "
            << out.string() << "\n";
  return failed == 0 ? kPassed : kFailed;
}

constexpr std::array<Option, 1> kOptions{{{"--out", "DIR", "where to write (default lab-results)"}}};

}  // namespace

const Command report_command{
    "report",
    "report [LAB...] [--out DIR]",
    "Runs every lab at its presets and writes the plots and a report of each.",
    "Example:\n  alab report --out results\n\n"
    "Exit code: 0 every check passed, 1 one failed, 2 the request could not be carried\n"
    "out.\n",
    kOptions,
    run_report};

}  // namespace alab::cli
