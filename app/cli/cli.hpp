// The command line: alab COMMAND ... Each command is one file; main only dispatches.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/job.hpp"

namespace alab::cli {

/// Exit codes of every command: 0 done and passed, 1 a check failed, 2 the request could not be carried out;
/// 130 after Ctrl-C.
enum Exit { kPassed = 0, kFailed = 1, kBadRequest = 2, kInterrupted = 130 };

struct Option {
  std::string_view name;   ///< "--set"
  std::string_view value;  ///< "name=value", "DIR", "FILE"; empty for a flag
  std::string_view help;
};

struct Command {
  std::string_view name, usage, summary;
  std::string_view details;  ///< shown by --help: examples, exit codes
  std::span<const Option> options;
  int (*run)(const class Arguments& arguments, const Progress& progress);
};

/// Words and options of one call, checked against the command's list: unknown options are an Error that names
/// the nearest one.
class Arguments {
 public:
  Arguments(const Command& command, std::span<const std::string> words);
  const std::vector<std::string>& positional() const { return positional_; }
  bool has(std::string_view option) const { return values_.count(std::string(option)) > 0; }
  std::string value(std::string_view option, std::string_view fallback) const;  ///< last one given
  std::vector<std::string> values(std::string_view option) const;               ///< all, in order

 private:
  std::vector<std::string> positional_;
  std::map<std::string, std::vector<std::string>> values_;
};

/// In the order --help shows them.
std::span<const Command* const> all_commands();
std::string help_of(const Command& command);
std::string overview();

/// Parses, dispatches, turns Error into one sentence on stderr and exit code 2, and Ctrl-C into exit code 130
/// after the running work has stopped and removed what it had not finished.
int run(std::span<const std::string> words);

}  // namespace alab::cli
