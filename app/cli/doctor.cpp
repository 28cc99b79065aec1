// SPDX-License-Identifier: MIT
#include "app/doctor/doctor.hpp"

#include <array>
#include <iostream>

#include "app/cli/commands.hpp"

namespace alab::cli {
namespace {

std::string shown_findings(const std::vector<Finding>& findings) {
  std::vector<std::vector<std::string>> rows;
  for (const Finding& f : findings) {
    rows.push_back({f.found ? "  found" : "  missing", f.name, f.detail});
    if (!f.loses.empty()) {
      rows.push_back({"", "", "without it: " + f.loses});
    }
    if (!f.next.empty()) {
      rows.push_back({"", "", text("next: ", f.next, f.command.empty() ? "" : ":   ", f.command)});
    }
  }
  return aligned(rows);
}

int run_doctor(const Arguments& arguments, const Progress&) {
  require(arguments.positional().empty(), "'alab doctor' takes no names");
  const std::vector<Finding> findings = examine_machine();
  std::cout << (arguments.has("--json") ? to_json(findings).dump(2) + "\n" : shown_findings(findings));
  return usable(findings) ? kPassed : kFailed;
}

constexpr std::array<Option, 1> kOptions{{{"--json", "", "the same as JSON"}}};

}  // namespace

const Command doctor_command{
    "doctor",
    "doctor [--json]",
    "Says what was found on this machine, what is lost without the rest, and how to get it.",
    "JSON: a list of {name, found, required, detail, loses, next, command}; the last three are empty when\n"
    "the thing was found.\n\n"
    "Exit code: 0 the workbook can do its work here, 1 something that it requires is missing.\n",
    kOptions,
    run_doctor};

}  // namespace alab::cli
