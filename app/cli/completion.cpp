// SPDX-License-Identifier: MIT
#include <iostream>

#include "app/cli/commands.hpp"

namespace alab::cli {
namespace {

int run_completion(const Arguments& arguments, const Progress&) {
  require(arguments.positional().empty() || arguments.positional()[0] == "bash",
          "completion exists for bash; write 'alab completion bash'");
  std::string commands;
  std::string cases;
  for (const Command* command : all_commands()) {
    commands += text(command->name, " ");
    std::string options = "--help";
    for (const Option& option : command->options) {
      options += text(" ", option.name);
    }
    cases += text("    ", command->name, ") words=\"", options, "\" ;;\n");
  }
  std::string labs;
  for (const Lab* lab : all_labs()) {
    labs += text(lab->id, " ");
    for (const Experiment& experiment : lab->experiments) {
      labs += text(lab->id, "/", experiment.id, " ");
    }
  }
  std::cout
      << "# bash completion for alab; load it with: source <(alab completion bash)\n"
         "_alab() {\n"
         "  local word=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\" words=\"\"\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W \""
      << commands
      << "--help\" -- \"$word\"))\n    return\n  fi\n"
         "  case \"$previous\" in\n"
         "    --backend) words=\"reference simulated cuda all\" ;;\n"
         "    --dtype) words=\"f32 f64\" ;;\n"
         "    --format) words=\"csv json svg png html csv,json,svg,png,html\" ;;\n"
         "    --out | --json) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
         "    list) words=\"labs experiments kernels exercises algorithms inputs\" ;;\n"
         "    run | report) words=\""
      << labs
      << "\" ;;\n    eval) COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n"
         "  esac\n"
         "  if [ -z \"$words\" ] || [ \"${word#-}\" != \"$word\" ]; then case \"${COMP_WORDS[1]}\" in\n"
      << cases
      << "  esac; fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -F _alab alab\n";
  return kPassed;
}

}  // namespace

const Command completion_command{
    "completion",
    "completion [bash]",
    "Prints a bash script that completes commands, options, labs and experiments.",
    "Use:\n  source <(alab completion bash)\n",
    {},
    run_completion};

}  // namespace alab::cli
