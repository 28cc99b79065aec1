// Runs the real alab program: arguments, environment, signals, limits; takes its exit code and output.
// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "reference/core/error.hpp"
#include "reference/core/files.hpp"
#include "tests/folders.hpp"

namespace alab::app_test {

namespace fs = std::filesystem;
using Environment = std::map<std::string, std::string>;  // an empty value removes the variable

/// A folder that goes away with the test. Its name has what names have in real life.
class Scratch {
 public:
  explicit Scratch(const std::string& name)
      : path_(fs::temp_directory_path() / text("alab app ", ::getpid(), " ", name, " Übung 例")) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& path() const { return path_; }
  fs::path operator/(const fs::path& name) const { return path_ / name; }

 private:
  fs::path path_;
};

struct Ran {
  int code = -1;  ///< 128 + signal when a signal ended it
  std::string out, err;
  double seconds = 0;
};

struct How {
  Environment environment = {};
  std::string stdout_file = {};               ///< instead of being taken
  std::size_t largest_file = 0;               ///< bytes; a longer write fails as on a full disk
  std::function<bool()> interrupt_when = {};  ///< Ctrl-C is sent once this is true
  double patience = 120;                      ///< seconds until it is killed
  fs::path folder = {};                       ///< where it runs
};

inline void become(const std::vector<std::string>& words, const How& how, const fs::path& out,
                   const fs::path& err) {
  const std::string target = how.stdout_file.empty() ? out.string() : how.stdout_file;
  ::dup2(::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
  ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
  for (const auto& [name, value] : how.environment) {
    value.empty() ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), value.c_str(), 1);
  }
  if (how.largest_file > 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{how.largest_file, how.largest_file};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  if (!how.folder.empty() && ::chdir(how.folder.c_str()) != 0) {
    ::_exit(126);
  }
  std::vector<char*> argv;
  for (const std::string& word : words) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

inline Ran run_program(const std::vector<std::string>& words, const How& how = {}) {
  static int count = 0;
  const fs::path base = fs::temp_directory_path() / text("alab-output-", ::getpid(), "-", ++count);
  const fs::path out = base.string() + ".out";
  const fs::path err = base.string() + ".err";
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const pid_t pid = ::fork();
  if (pid == 0) {
    become(words, how, out, err);
  }
  int status = 0;
  bool interrupted = false;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (!interrupted && how.interrupt_when && how.interrupt_when()) {
      interrupted = true;
      ::kill(pid, SIGINT);
    }
    if (elapsed() > how.patience) {
      ::kill(pid, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  Ran ran;
  ran.seconds = elapsed();
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ran.out = how.stdout_file.empty() ? read_file(out) : "";
  ran.err = read_file(err);
  fs::remove(out);
  fs::remove(err);
  return ran;
}

inline Ran alab(std::vector<std::string> words, const How& how = {}) {
  words.insert(words.begin(), alab::tests::bin_folder() + "/alab");
  return run_program(words, how);
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Files below a folder, by their names from there; files may come and go meanwhile.
inline std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code gone;
  for (auto at = fs::recursive_directory_iterator(folder, gone);
       !gone && at != fs::recursive_directory_iterator(); at.increment(gone)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored)) {
      names.push_back(at->path().lexically_relative(folder).string());
    }
  }
  return names;
}

}  // namespace alab::app_test
