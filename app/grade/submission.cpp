// SPDX-License-Identifier: MIT
#include "app/grade/submission.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <set>

#include "app/grade/texts.hpp"
#include "reference/core/error.hpp"
#include "reference/core/json.hpp"

namespace alab::grade {
namespace {

namespace fs = std::filesystem;

std::string lower(std::string_view name) {
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view base_of(std::string_view name) {
  const std::size_t slash = name.find_last_of("/\\");
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

// What archivers and desktops add by themselves.
bool passed_over(std::string_view name) {
  return name.starts_with('.') || name.starts_with("__MACOSX") || name.find("/.") != std::string_view::npos ||
         name.find("/__MACOSX") != std::string_view::npos;
}

bool is_source(std::string_view name) {
  return !passed_over(name) && lower(name).ends_with(".cu");
}
bool is_state(std::string_view name) {
  return base_of(name) == "state.json";
}

std::string short_of(std::string_view id) {
  return std::string(id.substr(0, id.find('_')));
}

std::string utc(std::time_t seconds) {
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> out{};
  std::strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return out.data();
}

// O_NOFOLLOW and the file's own kind: no link, pipe or device is opened, whatever happens meanwhile.
SubmittedFile read_plain_file(const fs::path& path, std::string name, const SubmissionLimits& limits) {
  SubmittedFile out{std::move(name), "", ""};
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) {
    out.trouble =
        errno == ELOOP ? "it is a symbolic link" : text("it cannot be read (", std::strerror(errno), ")");
    return out;
  }
  struct stat about {};
  if (::fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
    out.trouble = "it is no plain file";
  } else if (static_cast<std::uint64_t>(about.st_size) > limits.file_bytes) {
    out.trouble = text("it has ", about.st_size, " bytes; at most ", limits.file_bytes, " are read");
  } else {
    out.bytes.resize(static_cast<std::size_t>(limits.file_bytes) + 1);
    std::size_t have = 0;
    ssize_t got = 0;
    while (have < out.bytes.size() &&
           (got = ::read(file, out.bytes.data() + have, out.bytes.size() - have)) > 0) {
      have += static_cast<std::size_t>(got);
    }
    out.bytes.resize(have);
    if (got < 0) {
      out.trouble = text("it cannot be read (", std::strerror(errno), ")");
    }
  }
  ::close(file);
  return out;
}

// All plain names below a folder, in order; links to folders are not followed.
std::vector<std::string> names_below(const fs::path& folder, const SubmissionLimits& limits) {
  std::vector<std::string> names;
  std::uint64_t entries = 0;
  std::error_code why;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, why), end;
  require(!why, "the folder cannot be read: ", why.message());
  for (; at != end; at.increment(why)) {
    require(!why, "the folder cannot be read: ", why.message());
    require(++entries <= limits.entries, "the folder has more than ", limits.entries,
            " entries; hand in the .cu files alone");
    std::error_code ignored;
    if (at->symlink_status(ignored).type() == fs::file_type::directory) {
      if (static_cast<std::size_t>(at.depth()) + 1 >= limits.depth) {
        at.disable_recursion_pending();
      }
    } else {
      names.push_back(at->path().lexically_relative(folder).string());
    }
  }
  require(!why, "the folder cannot be read: ", why.message());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<SubmittedFile> read_folder(const fs::path& folder, const SubmissionLimits& limits) {
  std::vector<SubmittedFile> files;
  for (const std::string& name : names_below(folder, limits)) {
    if (is_source(name) || is_state(name)) {
      files.push_back(read_plain_file(folder / name, as_utf8(name), limits));
    }
  }
  return files;
}

std::vector<SubmittedFile> read_files(const Submission& submission, const SubmissionLimits& limits) {
  const fs::path& first = submission.paths.front();
  std::error_code ignored;
  if (fs::is_directory(first, ignored)) {
    return read_folder(first, limits);
  }
  if (lower(first.extension().string()) == ".zip") {
    return read_zip(first, limits, [](std::string_view name) { return is_source(name) || is_state(name); });
  }
  std::vector<SubmittedFile> files;
  for (const fs::path& path : submission.paths) {
    files.push_back(read_plain_file(path, as_utf8(path.filename().string()), limits));
  }
  return files;
}

std::time_t changed_at(const fs::path& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0 ? about.st_mtime : 0;
}

std::string newest_change(const Submission& submission, const SubmissionLimits& limits) {
  std::time_t newest = 0;
  for (const fs::path& path : submission.paths) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) {
      newest = std::max(newest, changed_at(path));
      continue;
    }
    for (const std::string& name : names_below(path, limits)) {
      newest = std::max(newest, is_source(name) ? changed_at(path / name) : 0);
    }
  }
  return newest == 0 ? "" : utc(newest);
}

// "exercises": {"1a_scores_naive": {"hints": [one entry per opened hint]}}, as the window keeps it; a damaged
// file counts as none.
void read_hints(const SubmittedFile& state, HandedIn& out) {
  try {
    const Json json = parse_json(state.bytes, state.name);
    for (const auto& [id, exercise] : json.at("exercises").items()) {
      const Json& hints = exercise.at("hints");
      require(hints.is_array(), "hints is no array");
      out.hints[id] = static_cast<int>(std::min<std::size_t>(hints.size(), 100));
    }
  } catch (const std::exception&) {
    out.hints.clear();
  }
}

// The one with the fewest folders before it, then the one with the exercise's full name, then the first by
// name.
bool goes_before(const SubmittedFile& a, const SubmittedFile& b, const std::string& exercise) {
  const auto rank = [&](const SubmittedFile& f) {
    return std::pair(std::count(f.name.begin(), f.name.end(), '/'),
                     lower(base_of(f.name)) != lower(exercise) + ".cu");
  };
  return rank(a) != rank(b) ? rank(a) < rank(b) : a.name < b.name;
}

void sort_in(std::vector<SubmittedFile> files, std::span<const std::string> exercises, HandedIn& out) {
  for (SubmittedFile& file : files) {
    if (is_state(file.name)) {
      read_hints(file, out);
      continue;
    }
    const std::string exercise = exercise_of_file(file.name, exercises);
    if (exercise.empty()) {
      out.notes.push_back(text("'", file.name, "' belongs to no exercise that is graded here."));
      continue;
    }
    auto [at, first] = out.sources.try_emplace(exercise, file);
    if (!first) {
      const bool better = goes_before(file, at->second, exercise);
      const std::string other = better ? at->second.name : file.name;
      if (better) {
        at->second = std::move(file);
      }
      out.notes.push_back(text("Two files belong to ", exercise, ": '", at->second.name, "' is graded, '",
                               other, "' is not."));
    }
  }
}

std::vector<fs::path> entries_of(const fs::path& dir) {
  std::error_code why;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(dir, why), end; !why && at != end; at.increment(why)) {
    entries.push_back(at->path());
  }
  require(!why, "cannot read the submissions in ", dir.string(), ": ", why.message(),
          "; give a folder with one folder or .zip per student");
  std::sort(entries.begin(), entries.end());
  return entries;
}

// "weber_1a.cu" is weber's: the longest beginning after which an exercise's file name follows.
std::string student_of_file(const std::string& name, std::span<const std::string> exercises) {
  for (std::size_t at = name.find_last_of("_- "); at != std::string::npos && at > 0;
       at = name.find_last_of("_- ", at - 1)) {
    if (!exercise_of_file(name.substr(at + 1), exercises).empty()) {
      return as_utf8(name.substr(0, name.find_last_not_of("_- ", at) + 1));
    }
  }
  return "";
}

std::vector<Submission> from_files(const fs::path& dir, std::span<const std::string> exercises,
                                   std::vector<std::string>& strays) {
  std::map<std::string, Submission> found;
  for (const fs::path& entry : entries_of(dir)) {
    const std::string name = entry.filename().string();
    if (passed_over(name)) {
      continue;
    }
    const std::string student = is_source(name) ? student_of_file(name, exercises) : "";
    if (student.empty()) {
      strays.push_back(as_utf8(name));
      continue;
    }
    Submission& submission = found[student];
    submission.student = student;
    submission.name = submission.name.empty() ? as_utf8(name) : submission.name;
    submission.paths.push_back(entry);
  }
  std::vector<Submission> out;
  for (auto& [student, submission] : found) {
    out.push_back(std::move(submission));
  }
  return out;
}

}  // namespace

std::string exercise_of_file(std::string_view name, std::span<const std::string> exercises) {
  const std::string base = lower(base_of(name));
  if (!base.ends_with(".cu")) {
    return "";
  }
  std::string best;
  std::size_t best_length = 0;
  for (const std::string& id : exercises) {
    for (const std::string& beginning : {lower(id), lower(short_of(id))}) {
      if (beginning.size() > best_length && base.starts_with(beginning)) {
        best = id;
        best_length = beginning.size();
      }
    }
  }
  return best;
}

std::vector<Submission> find_submissions(const fs::path& dir, StudentFrom from,
                                         std::span<const std::string> exercises,
                                         std::vector<std::string>& strays) {
  if (from == StudentFrom::file) {
    return from_files(dir, exercises, strays);
  }
  std::set<std::string> taken;
  std::vector<Submission> out;
  std::vector<fs::path> zips;
  for (const fs::path& entry : entries_of(dir)) {
    const std::string raw = entry.filename().string(), name = as_utf8(raw);
    std::error_code ignored;
    if (passed_over(name)) {
      continue;
    }
    if (fs::is_directory(entry, ignored)) {
      const std::string student = taken.insert(name).second ? name : text(name, "~", fingerprint(raw));
      out.push_back({student, name, {entry}});
    } else if (lower(entry.extension().string()) == ".zip") {
      zips.push_back(entry);
    } else {
      strays.push_back(name);
    }
  }
  for (const fs::path& zip : zips) {
    const std::string name = as_utf8(zip.filename().string()), stem = as_utf8(zip.stem().string());
    out.push_back({taken.insert(stem).second ? stem : name, name, {zip}});
  }
  std::sort(out.begin(), out.end(),
            [](const Submission& a, const Submission& b) { return a.student < b.student; });
  return out;
}

HandedIn read_submission(const Submission& submission, std::span<const std::string> exercises,
                         const SubmissionLimits& limits) {
  HandedIn out;
  try {
    sort_in(read_files(submission, limits), exercises, out);
    out.changed = newest_change(submission, limits);
  } catch (const Error& error) {
    out = {};
    out.refused = text("The submission was not read: ", error.what(), ".");
  }
  return out;
}

}  // namespace alab::grade
