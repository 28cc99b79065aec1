// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iostream>

#include "app/cli/commands.hpp"

namespace alab::cli {

const Lab& lab_named(std::string_view name) {
  std::vector<std::string> names;
  for (const Lab* lab : all_labs()) {
    const std::string_view short_name = lab->id.size() > 8 ? lab->id.substr(8) : lab->id;  // after "ch10_01_"
    if (lab->id == name || short_name == name) {
      return *lab;
    }
    names.emplace_back(lab->id);
    names.emplace_back(short_name);
  }
  throw Error(
      text("there is no lab '", name, "'", did_you_mean(name, names), " 'alab list labs' shows them"));
}

Target target_named(std::string_view name) {
  const std::size_t slash = name.find('/');
  Target target;
  target.lab = &lab_named(name.substr(0, slash));
  if (slash == std::string_view::npos) {
    for (const Experiment& experiment : target.lab->experiments) {
      target.experiments.push_back(&experiment);
    }
    return target;
  }
  const std::string_view wanted = name.substr(slash + 1);
  const Experiment* experiment = find_experiment(*target.lab, wanted);
  if (experiment == nullptr) {
    std::vector<std::string> names;
    for (const Experiment& e : target.lab->experiments) {
      names.emplace_back(e.id);
    }
    throw Error(text("lab ", target.lab->id, " has no experiment '", wanted, "'", did_you_mean(wanted, names),
                     " 'alab list experiments' shows them"));
  }
  target.experiments.push_back(experiment);
  return target;
}

const student::Exercise& exercise_named(const std::string& name) {
  if (const student::Exercise* const exercise = student::find_exercise(name)) {
    return *exercise;
  }
  std::vector<std::string> ids;
  for (const student::Exercise* const exercise : student::all_exercises()) {
    ids.emplace_back(exercise->id);
  }
  throw Error(text("there is no exercise '", name, "'", did_you_mean(name, ids),
                   " 'alab list exercises' shows them"));
}

student::StudentLimits student_limits_of(const Arguments& arguments) {
  student::StudentLimits limits = student::student_limits();
  limits.allow_without_bubblewrap = arguments.has("--without-sandbox");
  const std::string& why = student::containment().unavailable;
  require(why.empty() || limits.allow_without_bubblewrap, "kernels are not run without a sandbox: ", why,
          ". For code that you trust, --without-sandbox runs it with limits on time and memory only");
  return limits;
}

void choose_backend(std::string_view name, bool& simulated, bool& cuda) {
  const std::vector<std::string> known{"reference", "simulated", "cuda", "all"};
  require(std::find(known.begin(), known.end(), name) != known.end(), "there is no backend '", name, "'",
          did_you_mean(name, known), " choose reference, simulated, cuda or all");
  simulated = name == "simulated" || name == "all";
  cuda = name == "cuda" || name == "all";
  require(name != "cuda" || cuda_device().usable,
          "the backend cuda cannot be used here: ", cuda_device().unavailable);
}

Progress shown(const Progress& progress) {
  Progress out = progress;
  if (::isatty(STDERR_FILENO) != 0) {
    out.report = [](double fraction, std::string_view what) {
      std::fprintf(stderr, "\r\x1b[K%3.0f %%  %.*s", 100 * fraction,
                   static_cast<int>(std::min<std::size_t>(what.size(), 70)), what.data());
      std::fflush(stderr);
    };
  }
  return out;
}

void end_of_progress_line() {
  if (::isatty(STDERR_FILENO) != 0) {
    std::fputs("\r\x1b[K", stderr);
  }
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  const std::string close = nearest(word, known);
  return close.empty() ? ";" : text("; did you mean '", close, "'?");
}

void require_folder(const std::filesystem::path& folder) {
  std::error_code why;
  std::filesystem::create_directories(folder, why);
  if (!why && ::access(folder.c_str(), W_OK | X_OK) != 0) {
    why = std::error_code(errno, std::generic_category());
  }
  require(!why, "cannot write into ", folder.string(), ": ", why.message(),
          "; choose a folder that you may write to");
}

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) {
      widths[c] = std::max(widths[c], row[c].size());
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      line += row[c];
      if (c + 1 < row.size()) {
        line.append(widths[c] - row[c].size() + 2, ' ');
      }
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace alab::cli
