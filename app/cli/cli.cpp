// SPDX-License-Identifier: MIT
#include "app/cli/cli.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <thread>

#include "app/cli/commands.hpp"
#include "app/export/program.hpp"
#include "reference/core/error.hpp"
#include "reference/core/param.hpp"

namespace alab::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

// A second Ctrl-C ends the program at once, should the work be slow to stop.
void interrupt(int signal) {
  interrupted = 1;
  std::signal(signal, SIG_DFL);
}

// Watches for Ctrl-C on a thread of its own, because a signal handler may not touch a stop_source.
class InterruptWatch {
 public:
  InterruptWatch() : thread_([this](const std::stop_token& done) { watch(done); }) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      std::signal(signal, interrupt);
    }
    std::signal(SIGPIPE, SIG_IGN);
  }
  std::stop_token token() const { return source_.get_token(); }

 private:
  void watch(const std::stop_token& done) {
    while (!done.stop_requested() && interrupted == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (interrupted != 0) {
      source_.request_stop();
    }
  }
  std::stop_source source_;
  std::jthread thread_;
};

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command* command : all_commands()) {
    names.emplace_back(command->name);
  }
  return names;
}

const Command& find_command(const std::string& name) {
  for (const Command* command : all_commands()) {
    if (command->name == name) {
      return *command;
    }
  }
  throw Error(text("there is no command '", name, "'", did_you_mean(name, command_names()),
                   " 'alab --help' lists them"));
}

// A reader that went away (alab list | head) is no failure; a full disk behind > FILE is.
void finish_output() {
  errno = 0;
  if (std::cout.flush()) {
    return;
  }
  const int why = errno;
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  const bool left = ::poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
  require(left || why == EPIPE, "the output could not be written",
          why == 0 ? std::string() : text(": ", std::strerror(why)), "; free some space or write elsewhere");
}

}  // namespace

Arguments::Arguments(const Command& command, std::span<const std::string> words) {
  std::vector<std::string> names;
  for (const Option& option : command.options) {
    names.emplace_back(option.name);
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string name = words[i];
    if (name.size() < 2 || name[0] != '-') {
      positional_.push_back(name);
      continue;
    }
    std::optional<std::string> inline_value;
    if (const auto equals = name.find('='); equals != std::string::npos && name.starts_with("--")) {
      inline_value = name.substr(equals + 1);
      name.resize(equals);
    }
    const auto at = std::find_if(command.options.begin(), command.options.end(),
                                 [&](const Option& o) { return o.name == name; });
    if (at == command.options.end()) {
      throw Error(text("'", name, "' is not an option of 'alab ", command.name, "'",
                       did_you_mean(name, names), " 'alab ", command.name, " --help' lists them"));
    }
    if (at->value.empty()) {
      require(!inline_value, name, " takes no value");
      values_[name].emplace_back();
    } else {
      require(inline_value || i + 1 < words.size(), name, " needs a value: ", name, " ", at->value);
      values_[name].push_back(inline_value ? *inline_value : words[++i]);
      require(!values_[name].back().empty(), name, " was given an empty value; it takes ", at->value);
    }
  }
}

std::string Arguments::value(std::string_view option, std::string_view fallback) const {
  const auto at = values_.find(std::string(option));
  return std::string(at == values_.end() ? fallback : std::string_view(at->second.back()));
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  const auto at = values_.find(std::string(option));
  return at == values_.end() ? std::vector<std::string>{} : at->second;
}

std::string help_of(const Command& command) {
  std::string out = text("Usage: alab ", command.usage, "\n\n", command.summary, "\n");
  if (!command.options.empty()) {
    out += "\nOptions:\n";
  }
  for (const Option& option : command.options) {
    std::string left = text("  ", option.name, option.value.empty() ? "" : " ", option.value);
    left.resize(std::max<std::size_t>(left.size() + 2, 30), ' ');
    out += left + std::string(option.help) + "\n";
  }
  return command.details.empty() ? out : out + "\n" + std::string(command.details);
}

std::string overview() {
  std::string out =
      "Usage: alab COMMAND ...\n\nThe attention lab workbook on the command line.\n\nCommands:\n";
  for (const Command* command : all_commands()) {
    std::string left = text("  ", command->name);
    left.resize(12, ' ');
    out += left + std::string(command->summary.substr(0, command->summary.find('\n'))) + "\n";
  }
  return out +
         "\n'alab COMMAND --help' explains one. 'alab --version' names this build.\n"
         "The window is the program attention_lab.\n";
}

int run(std::span<const std::string> words) {
  try {
    if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
      const bool about_one = words.size() > 1 && words[0] == "help";
      std::cout << (about_one ? help_of(find_command(words[1])) : overview());
      return words.empty() ? kBadRequest : kPassed;
    }
    if (words[0] == "--version") {
      std::cout << program_name() << "\n";
      return kPassed;
    }
    const Command& command = find_command(words[0]);
    const auto rest = words.subspan(1);
    if (std::find(rest.begin(), rest.end(), "--help") != rest.end() ||
        std::find(rest.begin(), rest.end(), "-h") != rest.end()) {
      std::cout << help_of(command);
      return kPassed;
    }
    const InterruptWatch watch;
    Progress progress;
    progress.stop = watch.token();
    const int code = command.run(Arguments(command, rest), progress);
    finish_output();
    return code;
  } catch (const Cancelled&) {
    end_of_progress_line();
    std::cerr << "alab: stopped; nothing was left half-written\n";
    return kInterrupted;
  } catch (const std::exception& error) {
    std::cout.flush();
    end_of_progress_line();
    std::cerr << "alab: " << error.what() << "\n";
    return kBadRequest;
  }
}

}  // namespace alab::cli
