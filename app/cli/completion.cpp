// SPDX-License-Identifier: MIT
#include <iostream>

#include "app/cli/commands.hpp"
#include "kernels/roofline.hpp"
#include "kernels/rung.hpp"
#include "kernels/student/exercise.hpp"
#include "reference/cpu_forms.hpp"
#include "reference/model/input_sources.hpp"

namespace alab::cli {
namespace {

// What may follow: the script holds these lists, so that completing runs no program.
struct Words {
  std::string commands, options, labs, experiments, presets, params, inputs, ops, rungs, kernels, gpus,
      exercises;
};

void add(std::string& list, std::string_view word) {
  const std::string padded = text(" ", list, " ");
  if (padded.find(text(" ", word, " ")) == std::string::npos && word.find_first_of("\"' ") == word.npos) {
    list += text(list.empty() ? "" : " ", word);
  }
}

Words collect_words() {
  Words w;
  for (const Command* command : all_commands()) {
    add(w.commands, command->name);
    std::string options = "--help";
    for (const Option& option : command->options) {
      add(options, option.name);
    }
    w.options += text("    ", command->name, ") words=\"", options, "\" ;;\n");
  }
  for (const Lab* lab : all_labs()) {
    add(w.labs, lab->id);
    for (const Experiment& experiment : lab->experiments) {
      add(w.experiments, text(lab->id, "/", experiment.id));
      for (const Param* param : experiment.params) {
        add(w.params, text(param->key, "="));
      }
    }
    for (const Preset& preset : presets_of(*lab)) {
      add(w.presets, preset.name);
    }
  }
  for (const InputSource& input : list_inputs()) {
    add(w.inputs, input.name);
  }
  for (const CpuFamily& family : cpu_families()) {
    add(w.ops, family.name);
  }
  for (const RungBuild* build : executor_rungs()) {
    add(w.ops, build->rung->op);
    add(w.ops, text(build->rung->op, "/", build->rung->id));
    add(w.kernels, build->rung->op);
    add(w.kernels, text(build->rung->op, "/", build->rung->id));
    add(w.rungs, build->rung->id);
  }
  for (const student::Exercise* const exercise : student::all_exercises()) {
    add(w.exercises, exercise->id);
  }
  for (const std::string_view gpu : kRooflineDeviceNames) {
    add(w.gpus, gpu);
  }
  return w;
}

std::string script_of(const Words& w) {
  return text(
      "# bash completion for alab; load it with: source <(alab completion bash)\n"
      "_alab() {\n"
      "  local word=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\" words=\"\"\n"
      "  local files=\"\"\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    words=\"",
      w.commands, " --help\"\n", "  elif [ \"${word#-}\" != \"$word\" ]; then case \"${COMP_WORDS[1]}\" in\n",
      w.options,
      "  esac\n"
      "  else case \"$previous\" in\n"
      "    --backend) words=\"reference simulated cuda all\" ;;\n"
      "    --dtype) words=\"f32 f64\" ;;\n"
      "    --format) case \"${COMP_WORDS[1]}\" in\n"
      "      profile) words=\"md csv md,csv\" ;;\n"
      "      grade) words=\"gradescope classroom50 prairielearn junit csv\" ;;\n"
      "      *) words=\"csv json svg png html csv,json,svg,png,html\" ;;\n"
      "    esac ;;\n"
      "    --gpu) words=\"",
      w.gpus,
      "\" ;;\n"
      "    --input) words=\"",
      w.inputs, "\" ;;\n    --preset) words=\"", w.presets, "\" ;;\n    --rung) words=\"", w.rungs,
      "\" ;;\n    --set) words=\"", w.params,
      "\" ;;\n"
      "    --exercise) words=\"",
      w.exercises,
      "\" ;;\n"
      "    --student-from) words=\"folder file\" ;;\n"
      "    --out) files=-d ;;\n"
      "    --json) case \"${COMP_WORDS[1]}\" in bench|check|profile) files=-f ;; esac ;;\n"
      "    --junit|--starter) files=-f ;;\n"
      "    --order) words=\"ascending descending shuffled\" ;;\n"
      "    *) case \"${COMP_WORDS[1]}\" in\n"
      "      list) words=\"labs experiments kernels exercises algorithms inputs\" ;;\n"
      "      run) words=\"",
      w.labs, " ", w.experiments, "\" ;;\n      report) words=\"", w.labs, "\" ;;\n      bench) words=\"",
      w.ops, "\" ;;\n      profile) words=\"", w.kernels,
      "\" ;;\n"
      "      check) if [ \"$COMP_CWORD\" -eq 2 ] || [ \"$previous\" = --self-test ]; then words=\"",
      w.exercises,
      " all\"; else files=-f; fi ;;\n"
      "      eval|grade) files=-d ;;\n"
      "      completion) words=bash ;;\n"
      "      help) words=\"",
      w.commands,
      "\" ;;\n"
      "    esac ;;\n"
      "  esac; fi\n"
      "  if [ -n \"$files\" ]; then\n"
      "    compopt -o filenames 2>/dev/null\n"
      "    mapfile -t COMPREPLY < <(compgen \"$files\" -- \"$word\")\n"
      "  else\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
      "  fi\n"
      "  case \"${COMPREPLY[*]}\" in *=) compopt -o nospace 2>/dev/null ;; esac\n"
      "  return 0\n"
      "}\n"
      "complete -F _alab alab\n");
}

int run_completion(const Arguments& arguments, const Progress&) {
  require(arguments.positional().empty() ||
              (arguments.positional().size() == 1 && arguments.positional()[0] == "bash"),
          "completion exists for bash; write 'alab completion bash'");
  std::cout << script_of(collect_words());
  return kPassed;
}

}  // namespace

const Command completion_command{
    "completion",
    "completion [bash]",
    "Prints a bash script that completes commands, options, labs, experiments, presets, kernels and "
    "exercises.",
    "Use it now, or add the line to ~/.bashrc:\n  source <(alab completion bash)\n",
    {},
    run_completion};

}  // namespace alab::cli
