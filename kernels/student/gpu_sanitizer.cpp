// SPDX-License-Identifier: MIT
#include "kernels/student/gpu_sanitizer.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <future>
#include <limits>

#include "kernels/student/gpu_program.hpp"
#include "kernels/student/limited_command.hpp"
#include "kernels/student/program_cache.hpp"
#include "reference/core/error.hpp"
#include "reference/core/files.hpp"

namespace alab::student {
namespace {

namespace fs = std::filesystem;
using counted::Finding;
using counted::Mistake;

constexpr std::array<std::string_view, 4> kTools{"memcheck", "racecheck", "synccheck", "initcheck"};
constexpr double kSeconds = 40;

fs::path find_sanitizer() {
  constexpr std::string_view kName = "compute-sanitizer";
  std::vector<fs::path> folders{nvcc().program.parent_path()};
  const char* const variable = std::getenv("PATH");
  std::string_view rest = variable != nullptr ? variable : "";
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    folders.emplace_back(rest.substr(0, colon));
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  folders.emplace_back("/usr/local/cuda/bin");
  for (const fs::path& folder : folders) {
    if (folder.is_absolute() && access((folder / kName).c_str(), X_OK) == 0) {
      return folder / kName;
    }
  }
  return {};
}

/// Numbers after each "student.cu:".
std::vector<int> lines_in(std::string_view words) {
  constexpr std::string_view kFile = "student.cu:";
  std::vector<int> lines;
  for (std::size_t at = 0; (at = words.find(kFile, at)) != std::string_view::npos;) {
    at += kFile.size();
    int line = 0;
    std::from_chars(words.data() + at, words.data() + words.size(), line);
    lines.push_back(line);
  }
  return lines;
}

/// "(1,0,0)" behind a word.
std::array<unsigned, 3> index_behind(std::string_view words, std::string_view word) {
  std::array<unsigned, 3> out{};
  std::size_t at = words.find(word);
  for (unsigned& one : out) {
    at = at == std::string_view::npos ? at : words.find_first_of("0123456789", at);
    if (at == std::string_view::npos) {
      return out;
    }
    const auto end = std::from_chars(words.data() + at, words.data() + words.size(), one).ptr;
    at = static_cast<std::size_t>(end - words.data());
  }
  return out;
}

bool has(std::string_view words, std::string_view word) {
  return words.find(word) != std::string_view::npos;
}

/// Nothing: the words are no finding of the tool.
std::optional<Mistake> mistake_of(std::string_view tool, std::string_view head) {
  if (has(head, "Race reported")) {
    return head.starts_with("Error") ? std::optional(Mistake::shared_race) : std::nullopt;
  }
  if (has(head, "isaligned")) {
    return Mistake::misaligned;
  }
  if (has(head, "Invalid __shared__")) {
    return Mistake::shared_bounds;
  }
  if (has(head, "Invalid __global__") || has(head, "Out-of-range")) {
    return Mistake::global_bounds;
  }
  if (has(head, "Invalid __")) {
    return Mistake::wild_address;
  }
  if (has(head, "Uninitialized")) {
    return Mistake::uninitialised_global;
  }
  if (tool == "synccheck" && (has(head, "Barrier error") || has(head, "Divergent"))) {
    return Mistake::divergent_barrier;
  }
  return std::nullopt;
}

/// Without the address in the kernel: lines say where.
std::string short_head(std::string_view head) {
  for (const std::string_view severity : {"Error: ", "Warning: "}) {
    head.remove_prefix(head.starts_with(severity) ? severity.size() : 0);
  }
  return std::string(head.substr(0, head.find(" at ")));
}

Finding finding_of(std::string_view tool, Mistake mistake, std::string_view head, const std::string& all) {
  Finding f;
  f.mistake = mistake;
  const std::vector<int> lines = lines_in(all);
  f.line = {"student.cu", lines.empty() ? 0 : lines[0]};
  if (mistake == Mistake::shared_race && lines.size() > 1) {
    f.other_line = {"student.cu", lines[1]};
  }
  f.sentence = text("compute-sanitizer (", tool, "): ", short_head(head));
  if (f.line.line > 0) {
    f.sentence += text(" in line ", f.line.line);
  }
  if (f.other_line.line > 0) {
    f.sentence += text(" and an access in line ", f.other_line.line);
  }
  if (has(all, "by thread (")) {
    f.thread = index_behind(all, "by thread (");
    f.block = index_behind(all, "in block (");
    f.sentence += text(", by thread (", f.thread[0], ", ", f.thread[1], ", ", f.thread[2], ") of block (",
                       f.block[0], ", ", f.block[1], ", ", f.block[2], ")");
  }
  return f;
}

void add(std::vector<Finding>& to, Finding f) {
  const auto same = std::find_if(to.begin(), to.end(), [&](const Finding& o) {
    return o.mistake == f.mistake && o.line == f.line && o.other_line == f.other_line;
  });
  if (same == to.end()) {
    to.push_back(std::move(f));
  } else {
    ++same->count;
  }
}

std::vector<std::string> command_of(const fs::path& sanitizer, std::string_view tool,
                                    const fs::path& request) {
  std::vector<std::string> words{"/usr/bin/env"};
  for (const char* const name : {"LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"}) {
    if (const char* const value = std::getenv(name)) {
      words.push_back(text(name, "=", value));
    }
  }
  words.insert(words.end(), {sanitizer.string(), "--tool", std::string(tool), "--print-limit", "20"});
  if (tool == "memcheck") {
    words.insert(words.end(), {"--padding", "512"});  // else what lies past an array may be its neighbour
  }
  words.insert(words.end(), {gpu_program().string(), request.string()});
  return words;
}

struct Said {
  std::vector<Finding> findings;
  std::string problem;  ///< "" or why the tool found nothing out
};

Said run_tool(const fs::path& sanitizer, std::string_view tool, const WorkFolder& work,
              const fs::path& request, const Progress& progress) {
  CommandLimits limits;
  limits.wall_seconds = kSeconds;
  limits.memory_bytes = std::numeric_limits<std::size_t>::max();
  limits.file_bytes = std::size_t{4} << 30;
  const Finished finished = run_limited(command_of(sanitizer, tool, request), work.path(), limits, progress);
  Said said{sanitizer_findings(tool, finished.output), ""};
  if (said.findings.empty() && !has(finished.output, "SUMMARY")) {
    said.problem =
        finished.too_late
            ? text(tool, " had not ended after ", kSeconds, " s")
            : text(tool, " did not work here (",
                   finished.output.substr(0, std::min<std::size_t>(200, finished.output.size())), ")");
  }
  return said;
}

}  // namespace

std::vector<Finding> sanitizer_findings(std::string_view tool, std::string_view printed) {
  constexpr std::string_view kMark = "=========";
  std::vector<Finding> found;
  std::string head, all;
  const auto close = [&] {
    if (const std::optional<Mistake> mistake = head.empty() ? std::nullopt : mistake_of(tool, head)) {
      add(found, finding_of(tool, *mistake, head, all));
    }
    head.clear();
  };
  while (!printed.empty()) {
    const std::size_t end = std::min(printed.find('\n'), printed.size());
    std::string_view line = printed.substr(0, end);
    printed.remove_prefix(std::min(end + 1, printed.size()));
    if (!line.starts_with(kMark)) {
      continue;
    }
    line.remove_prefix(kMark.size());
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    if (indent == line.size()) {
      continue;
    }
    if (indent == 1) {
      close();
      head = all = line.substr(1);
    } else {
      all += text("\n", line);
    }
  }
  close();
  return found;
}

SanitizerReport sanitize(const Exercise& exercise, const Program& program, const GpuCase& c,
                         const Progress& progress) {
  static const fs::path sanitizer = find_sanitizer();
  SanitizerReport report;
  if (sanitizer.empty()) {
    report.sentence =
        "compute-sanitizer, which comes with the CUDA toolkit, is not installed: races and accesses were "
        "judged on "
        "the executor alone";
    return report;
  }
  const WorkFolder work;
  const fs::path request = work.path() / "case";
  const GpuCase cases[] = {c};
  const std::vector<std::byte> bytes = gpu_request(exercise, program, cases, true, 0);
  write_file_atomic(request, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  std::vector<std::future<Said>> running;
  for (const std::string_view tool : kTools) {
    running.push_back(std::async(std::launch::async,
                                 [&, tool] { return run_tool(sanitizer, tool, work, request, progress); }));
  }
  std::string problems;
  for (std::future<Said>& one : running) {
    Said said = one.get();
    std::move(said.findings.begin(), said.findings.end(), std::back_inserter(report.findings));
    problems += said.problem.empty() ? "" : "; " + said.problem;
  }
  report.sentence =
      text("compute-sanitizer's memcheck, racecheck, synccheck and initcheck ran on ",
           c.what.shape.describe(), " and found ",
           report.findings.empty() ? "nothing" : text(report.findings.size(), " mistakes"), problems);
  return report;
}

}  // namespace alab::student
