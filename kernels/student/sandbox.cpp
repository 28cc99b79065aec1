// SPDX-License-Identifier: MIT
#include "kernels/student/sandbox.hpp"

#include <unistd.h>

#include <cstdlib>
#include <system_error>

#include "kernels/student/limited_command.hpp"
#include "reference/core/error.hpp"

namespace alab::student {
namespace {

namespace fs = std::filesystem;

fs::path find_bubblewrap() {
  const char* const variable = std::getenv("PATH");
  std::string_view rest = variable != nullptr ? variable : "/usr/bin:/bin";
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const fs::path candidate = fs::path(rest.substr(0, colon)) / "bwrap";
    if (candidate.is_absolute() && access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  return {};
}

const fs::path& bubblewrap_program() {
  static const fs::path path = find_bubblewrap();
  return path;
}

// /lib and its kin are links into /usr on most systems and folders on some.
void add_system_folders(std::vector<std::string>& words) {
  words.insert(words.end(), {"--ro-bind", "/usr", "/usr"});
  for (const char* const name : {"/lib", "/lib64", "/lib32", "/bin", "/sbin"}) {
    std::error_code none;
    if (fs::is_symlink(name, none)) {
      words.insert(words.end(), {"--symlink", fs::read_symlink(name, none).string(), name});
    } else if (fs::is_directory(name, none)) {
      words.insert(words.end(), {"--ro-bind", name, name});
    }
  }
  // The line tables of the C library are long, and would be read at each start.
  if (std::error_code none; fs::is_directory("/usr/lib/debug", none)) {
    words.insert(words.end(), {"--tmpfs", "/usr/lib/debug"});
  }
  for (const char* const name : {"/etc/alternatives", "/etc/ld.so.cache", "/nix/store", "/gnu/store"}) {
    words.insert(words.end(), {"--ro-bind-try", name, name});
  }
}

std::vector<std::string> words_of(const fs::path& program, std::span<const fs::path> readable) {
  std::vector<std::string> words{program.string(), "--unshare-all", "--die-with-parent", "--new-session"};
  add_system_folders(words);
  words.insert(words.end(), {"--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"});
  for (const fs::path& path : readable) {
    words.insert(words.end(), {"--ro-bind", path.string(), path.string()});
  }
  return words;
}

}  // namespace

Containment try_bubblewrap(const fs::path& given) {
  const fs::path program = given.empty() ? bubblewrap_program() : given;
  if (program.empty() || access(program.c_str(), X_OK) != 0) {
    return {false,
            "bubblewrap (bwrap), in which students' kernels run, is not installed: sudo apt-get install "
            "bubblewrap"};
  }
  std::vector<std::string> command = words_of(program, {});
  command.push_back("/usr/bin/true");
  CommandLimits limits;
  limits.wall_seconds = 20;
  const Finished finished = run_limited(command, "/", limits, {});
  if (finished.ended && finished.exit_code == 0) {
    return {true, ""};
  }
  return {false, text("bubblewrap is installed and does not work here (",
                      finished.output.substr(0, finished.output.find('\n')),
                      "): the system must allow namespaces to users (on Ubuntu: sudo sysctl -w "
                      "kernel.apparmor_restrict_unprivileged_userns=0; in a container: start it with "
                      "--security-opt seccomp=unconfined)")};
}

const Containment& containment() {
  static const Containment found = try_bubblewrap({});
  return found;
}

bool uses_bubblewrap(const StudentLimits& limits) {
  const Containment& found = containment();
  require(found.bubblewrap || limits.allow_without_bubblewrap, found.unavailable,
          ". With --without-sandbox kernels run as your own programs do, held by limits on time and memory "
          "alone: say so only for files that you trust");
  return found.bubblewrap;
}

std::vector<std::string> bubblewrap(std::span<const fs::path> readable) {
  return words_of(bubblewrap_program(), readable);
}

}  // namespace alab::student
