// A student's source, the exercise's launch code and what every program has, as one program.
// SPDX-License-Identifier: MIT
#include "kernels/student/compile_source.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>

#include "kernels/executor/rewrite.hpp"
#include "kernels/student/check_object.hpp"
#include "kernels/student/compiler_messages.hpp"
#include "kernels/student/limited_command.hpp"
#include "kernels/student/program_cache.hpp"
#include "kernels/student/read_source.hpp"
#include "kernels/student/sandbox.hpp"
#include "kernels/student/student_build.hpp"
#include "kernels/student/tokens.hpp"
#include "reference/core/error.hpp"
#include "reference/core/files.hpp"

namespace alab::student {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr std::string_view kLauncher = "_ZN4alab7student16student_launcherE";
constexpr std::size_t kMostObject = std::size_t{128} << 20;
constexpr const char* kInside = "/submission";  // the work folder, as the compiler sees it

// All but the launcher becomes the object's own: what it calls itself stands in nobody's way, and of a
// function that the library has as well it keeps the copy whose accesses are counted.
constexpr const char* kLink =
    "objcopy=$1; launcher=$2; shift 2; \"$objcopy\" --remove-section=.group '--remove-section=.init_array*' "
    "\"--keep-global-symbol=$launcher\" student.o kernels.o && exec \"$@\"";

/// The translation unit behind the prelude.
std::string unit_of(const SourceReading& reading, std::string_view launch, Counts counts) {
  const auto rewritten = [&](std::string_view source, std::string_view file) {
    const std::string plain = executor::rewrite_cuda(source, file);
    return counts == Counts::operations ? executor::rewrite_floats(plain) : plain;
  };
  std::string unit = rewritten(reading.compilable, kStudentFile) + "\n";
  for (const std::string& name : reading.macros) {
    unit += text("#undef ", name, "\n");
  }
  unit += "namespace alab_given {\nusing namespace alab;\nusing namespace alab::student;\n";
  unit += rewritten(launch, kLaunchFile);
  unit +=
      "\n}\n#line 1 \"alab_student/end_of_file\"\nnamespace alab::student {\nextern const Launcher "
      "student_launcher;\n"
      "const Launcher student_launcher = &alab_given::run;\n}\n";
  return unit;
}

std::span<const std::string_view> flags_of(const StudentBuild& build, Counts counts) {
  return counts == Counts::operations ? build.counting_flags : build.flags;
}

std::string prelude_of(Counts counts) {
  return counts == Counts::operations ? "operations/prelude.cuh" : "prelude.cuh";
}

/// Of what every program is made of: another kit makes other programs.
std::string stamp_of(const StudentBuild& build, Counts counts) {
  std::string stamp;
  for (const std::string& name : {prelude_of(counts) + ".gch", std::string("base.o")}) {
    std::error_code failure;
    const fs::path file = fs::path(build.kit) / name;
    stamp += text(name, " ", fs::file_size(file, failure), " ",
                  fs::last_write_time(file, failure).time_since_epoch().count(), "\n");
    require(!failure, "students' kernels cannot be compiled: ", file.string(),
            " is missing; build all programs (./app/run.sh --build-only)");
  }
  stamp += text(build.compiler, " ", build.tools, " ", build.rules);
  for (const std::string_view flag : flags_of(build, counts)) {
    stamp += text(" ", flag);
  }
  return stamp;
}

class Compilation {
 public:
  Compilation(const StudentLimits& limits, const Progress& progress, Counts counts)
      : build_(student_build()),
        limits_(limits),
        progress_(progress),
        counts_(counts),
        boxed_(uses_bubblewrap(limits)) {}

  Program make(const SourceReading& reading, std::string_view unit) {
    write_file_atomic(work_.path() / "student.cpp", unit);
    compile();
    if (program_.diagnostics.empty() || !has_errors()) {
      check_and_link(reading);
    } else if (reading.unclosed.line != 0 &&
               std::none_of(program_.diagnostics.begin(), program_.diagnostics.end(), is_placed_error)) {
      program_.diagnostics.insert(program_.diagnostics.begin(), reading.unclosed);
    }
    return std::move(program_);
  }
  const WorkFolder& work() const { return work_; }
  /// False when a limit ended it: another time may be enough.
  bool lasting() const { return lasting_; }

 private:
  static bool is_placed_error(const Diagnostic& d) { return d.error && d.line != 0; }
  bool has_errors() const {
    return std::any_of(program_.diagnostics.begin(), program_.diagnostics.end(),
                       [](const Diagnostic& d) { return d.error; });
  }
  void error(std::string sentence) { program_.diagnostics.push_back({0, 0, true, std::move(sentence)}); }

  Finished run(const Words& command) const {
    Words all;
    if (boxed_) {
      std::vector<fs::path> readable{fs::path(build_.kit), fs::path(build_.source) / "kernels",
                                     fs::path(build_.source) / "reference"};
      if (!build_.tools.empty()) {
        readable.emplace_back(build_.tools);
      }
      if (!build_.compiler.starts_with("/usr/")) {
        readable.push_back(fs::path(build_.compiler).parent_path().parent_path());
      }
      all = bubblewrap(readable);
      all.insert(all.end(), {"--bind", work_.path().string(), kInside, "--chdir", kInside});
    }
    all.insert(all.end(), command.begin(), command.end());
    CommandLimits limits;
    limits.wall_seconds = limits_.compile_seconds;
    limits.memory_bytes = limits_.compile_bytes;
    return run_limited(all, work_.path(), limits, progress_);
  }

  void compile() {
    progress_.step(0, "compiling");
    Words command{std::string(build_.compiler)};
    const std::span<const std::string_view> flags = flags_of(build_, counts_);
    command.insert(command.end(), flags.begin(), flags.end());
    command.insert(command.end(), {"-include", text(build_.kit, "/", prelude_of(counts_)), "-fmax-errors=20",
                                   "-fdiagnostics-color=never", "-fno-diagnostics-show-caret",
                                   "-fmessage-length=0", "-c", "student.cpp", "-o", "student.o"});
    const Finished finished = run(command);
    program_.diagnostics = diagnostics_of(finished.output);
    if (!explain(finished, "the compiler") && (!finished.ended || finished.exit_code != 0) && !has_errors()) {
      error("the compiler ended without a word about this file: does it hold something unusual?");
      lasting_ = false;
    }
  }

  /// Says which limit ended it. False: none.
  bool explain(const Finished& finished, std::string_view who) {
    const auto printed = [&](std::string_view words) {
      return finished.output.find(words) != std::string::npos;
    };
    if (finished.too_late || printed("CPU time limit exceeded")) {
      program_.diagnostics.clear();
      error(text(
          who, " took longer than ", limits_.compile_seconds,
          " s and was stopped: a template or a constant expression is too large, or calls itself for ever"));
    } else if (printed("out of memory") || printed("virtual memory exhausted") ||
               printed("memory exhausted") || printed("Cannot allocate memory") ||
               printed("Killed signal terminated program")) {
      program_.diagnostics.clear();
      error(text(who, " needs more memory than ", limits_.compile_bytes >> 20,
                 " MB and was stopped: a template or an array of constants is too large"));
    } else if (printed("File too large") || printed("File size limit exceeded") ||
               printed("No space left on device")) {
      program_.diagnostics.clear();
      error(text(who, " made files larger than a kernel can need: an array of constants is too large"));
    } else {
      return false;
    }
    lasting_ = false;
    return true;
  }

  void check_and_link(const SourceReading& reading) {
    const std::string object = read_file(work_.path() / "student.o", kMostObject);
    for (const ObjectRefusal& refusal : refusals_of_object(object)) {
      refuse(refusal, reading);
    }
    if (program_.refused.empty()) {
      link();
    }
  }

  void refuse(const ObjectRefusal& refusal, const SourceReading& reading) {
    Diagnostic d{0, 0, true, refusal.sentence};
    if (!refusal.name.empty()) {
      for (const Token& token : tokens_of(reading.compilable)) {
        if (token.text == refusal.name) {
          d.line = token.line;
          d.column = token.column;
          break;
        }
      }
    }
    program_.refused = program_.refused.empty() ? d.text : program_.refused;
    program_.diagnostics.push_back(std::move(d));
  }

  void link() {
    progress_.step(0.8, "linking");
    const std::string kit(build_.kit);
    Words command{"/bin/sh",
                  "-c",
                  kLink,
                  "link",
                  std::string(build_.objcopy),
                  std::string(kLauncher),
                  std::string(build_.compiler),
                  "-o",
                  "student",
                  kit + "/front.o",
                  "kernels.o",
                  kit + "/back.o",
                  kit + "/base.o"};
    command.insert(command.end(), build_.libraries.begin(), build_.libraries.end());
    const Finished finished = run(command);
    const fs::path file = work_.path() / "student";
    if (explain(finished, "the linker")) {
      return;
    }
    require(finished.ended && finished.exit_code == 0 && fs::is_regular_file(file),
            "a student's kernel compiled and could not be linked (",
            finished.output.substr(0, finished.output.find('\n')), "): build all programs again");
    program_.file = file;
  }

  const StudentBuild& build_;
  const StudentLimits& limits_;
  const Progress& progress_;
  Counts counts_;
  bool boxed_, lasting_ = true;
  WorkFolder work_;
  Program program_;
};

Program refused(const SourceReading& reading) {
  Program program;
  program.diagnostics = reading.refusals;
  program.refused = reading.refusals.front().text;
  return program;
}

/// From what rewrite_cuda says: FILE:LINE: SENTENCE.
Program not_rewritten(std::string message) {
  const std::string file = text(kStudentFile, ":");
  const std::size_t colon = message.starts_with(file) ? message.find(':', file.size()) : std::string::npos;
  require(colon != std::string::npos, message);
  message.insert(colon + 1, " error:");
  Program program;
  program.diagnostics = diagnostics_of(message);
  return program;
}

}  // namespace

std::string without_mark(std::string_view source) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  source.remove_prefix(source.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  return std::string(source);
}

Program compile_source(std::string_view given, std::string_view launch, const StudentLimits& limits,
                       const Progress& progress, Counts counts) {
  const StudentBuild& build = student_build();
  require(build.unavailable.empty(), "students' kernels cannot be compiled: ", build.unavailable);
  const std::string source = without_mark(given);
  const SourceReading reading = read_source(source);
  if (!reading.refusals.empty()) {
    return refused(reading);
  }
  const ProgramKey key{source, std::string(launch), stamp_of(build, counts)};
  if (std::optional<Program> known = find_program(key)) {
    return *std::move(known);
  }
  const auto began = std::chrono::steady_clock::now();
  std::string unit;
  try {
    unit = unit_of(reading, launch, counts);
  } catch (const Error& e) {
    return not_rewritten(e.what());
  }
  Compilation compilation(limits, progress, counts);
  Program program = compilation.make(reading, unit);
  if (compilation.lasting()) {
    program = keep_program(key, std::move(program));
  }
  program.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return program;
}

}  // namespace alab::student
