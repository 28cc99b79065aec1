// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>

#include "app/cli/commands.hpp"
#include "app/cli/file_watch.hpp"
#include "kernels/student/gpu_case.hpp"
#include "kernels/student/gpu_judge.hpp"
#include "kernels/student/gpu_program.hpp"
#include "kernels/student/judge.hpp"
#include "kernels/student/saved_source.hpp"
#include "kernels/student/self_test.hpp"
#include "kernels/student/terminal.hpp"
#include "reference/core/files.hpp"

namespace alab::cli {
namespace {

namespace fs = std::filesystem;
using student::Exercise;

constexpr std::size_t kLongestSource = std::size_t{1} << 20;

struct Request {
  const Exercise* exercise = nullptr;
  student::Manifest manifest;
  fs::path source, json, junit;
  student::StudentLimits limits;
  student::JudgeOptions options;
  bool gpu = false;
  student::GpuOptions gpu_options;
};

bool on_gpu(const Arguments& arguments) {
  const std::string name = arguments.value("--backend", "simulated");
  const std::vector<std::string> known{"simulated", "cuda"};
  require(name == "simulated" || name == "cuda", "there is no backend '", name, "' for exercises",
          did_you_mean(name, known), " choose simulated or cuda");
  if (name != "cuda") {
    return false;
  }
  for (const std::string& why : {student::gpu_device().unavailable, student::nvcc().unavailable}) {
    require(why.empty(), "the backend cuda cannot be used here: ", why, "; simulated needs no GPU");
  }
  return true;
}

void require_folder_of(const fs::path& file) {
  if (!file.empty()) {
    require_folder(file.has_parent_path() ? file.parent_path() : fs::path("."));
  }
}

fs::path source_of(const Exercise& exercise, const std::vector<std::string>& words) {
  if (words.size() > 1) {
    return words[1];
  }
  const fs::path saved = student::saved_source(exercise);
  require(fs::exists(saved), "no file was named, and ", saved.string(),
          ", where the window saves your text, does not exist; 'alab check ", exercise.id.substr(0, 2),
          " --starter FILE.cu' writes a text to start from");
  return saved;
}

Request request_of(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.positional();
  require(words.size() == 1 || words.size() == 2,
          "'alab check' takes an EXERCISE and a FILE.cu, as in 'alab check 1a my.cu'; 'alab list exercises' "
          "shows "
          "the exercises");
  Request r;
  r.exercise = &exercise_named(words[0]);
  r.manifest = student::manifest_of(*r.exercise);
  r.source = source_of(*r.exercise, words);
  r.json = arguments.value("--json", "");
  r.junit = arguments.value("--junit", "");
  require_folder_of(r.json);
  require_folder_of(r.junit);
  r.gpu = on_gpu(arguments);
  r.gpu_options.sanitizer = !arguments.has("--without-sanitizer");
  r.limits = student_limits_of(arguments);
  r.options.student = arguments.value("--student", "");
  r.options.first_failure = arguments.has("--first-failure");
  return r;
}

bool in_colour() {
  return ::isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
}

int check_once(const Request& r, const std::string& source, const Progress& progress) {
  const student::Verdict verdict =
      r.gpu ? student::judge_on_gpu(*r.exercise, r.manifest, source, r.limits, r.options, r.gpu_options,
                                    shown(progress))
            : student::judge_source(*r.exercise, r.manifest, source, r.limits, r.options, shown(progress));
  end_of_progress_line();
  std::cout << student::shown(verdict, source, in_colour()) << std::flush;
  if (!r.json.empty()) {
    write_file_atomic(r.json, student::to_json(verdict).dump(2) + "\n");
  }
  if (!r.junit.empty()) {
    write_file_atomic(r.junit, student::junit_xml(verdict));
  }
  return verdict.passed() ? kPassed : kFailed;
}

// Until Ctrl-C. A save while kernels run stops them and begins anew.
int check_on_save(const Request& r, const Progress& progress) {
  FileWatch watch(r.source, kLongestSource);
  for (;;) {
    const std::string source = watch.next(progress);
    std::cout << "\n";
    try {
      const ChangeStop change(watch, progress);
      check_once(r, source, change.progress());
      std::cout << "  watching " << r.source.string() << "; Ctrl-C ends\n" << std::flush;
    } catch (const Cancelled&) {
      progress.step(0, "");
      end_of_progress_line();
    }
  }
}

int write_starter(const Arguments& arguments) {
  require(arguments.positional().size() == 1,
          "--starter takes one EXERCISE: 'alab check 1a --starter my.cu'");
  const Exercise& exercise = exercise_named(arguments.positional()[0]);
  const fs::path file = arguments.value("--starter", "");
  require(!fs::exists(file), file.string(), " exists and is not overwritten: choose another name");
  require_folder_of(file);
  write_file_atomic(file, student::file_of(exercise, "starter.cu"));
  std::cout << file.string() << " written; 'alab check " << exercise.id.substr(0, 2) << " " << file.string()
            << " --watch' checks it at every save\n";
  return kPassed;
}

int show_statement(const Arguments& arguments) {
  require(arguments.positional().size() == 1, "--statement takes one EXERCISE");
  const Exercise& exercise = exercise_named(arguments.positional()[0]);
  std::cout << student::statement_markdown(exercise, student::manifest_of(exercise));
  return kPassed;
}

int run_self_test(const Arguments& arguments, const Progress& progress) {
  require(arguments.positional().size() == 1, "--self-test takes one EXERCISE, or 'all'");
  std::vector<const Exercise*> exercises;
  if (arguments.positional()[0] == "all") {
    exercises.assign(student::all_exercises().begin(), student::all_exercises().end());
  } else {
    exercises.push_back(&exercise_named(arguments.positional()[0]));
  }
  const std::vector<student::SelfTestLine> lines =
      student::self_test(exercises, student_limits_of(arguments), 0, shown(progress));
  end_of_progress_line();
  std::string_view exercise;
  std::size_t failed = 0;
  for (const student::SelfTestLine& line : lines) {
    if (line.exercise != exercise) {
      exercise = line.exercise;
      std::cout << exercise << "\n";
    }
    std::cout << (line.problem.empty() ? "  holds   " : "  FAILED  ") << line.what << "\n";
    if (!line.problem.empty()) {
      ++failed;
      std::cout << student::indented(line.problem);
    }
  }
  std::cout << lines.size() - failed << " hold, " << failed << " failed\n";
  return failed == 0 ? kPassed : kFailed;
}

int run_check(const Arguments& arguments, const Progress& progress) {
  if (arguments.has("--starter")) {
    return write_starter(arguments);
  }
  if (arguments.has("--statement")) {
    return show_statement(arguments);
  }
  if (arguments.has("--self-test")) {
    return run_self_test(arguments, progress);
  }
  const Request r = request_of(arguments);
  return arguments.has("--watch") ? check_on_save(r, progress)
                                  : check_once(r, read_file(r.source, kLongestSource), progress);
}

constexpr std::array<Option, 11> kOptions{
    {{"--starter", "FILE", "write the text to start from there, and end"},
     {"--statement", "", "print what to do, as Markdown, and end"},
     {"--watch", "", "check again whenever the file is saved, until Ctrl-C"},
     {"--json", "FILE", "write the verdict there as well"},
     {"--junit", "FILE", "write it as JUnit XML, one testcase per check"},
     {"--first-failure", "", "leave out what can no longer change whether it passes"},
     {"--student", "NAME", "whose inputs hidden checks use (default: nobody's)"},
     {"--backend", "NAME", "simulated (default): no GPU is needed; cuda: on it as well, with a GPU and nvcc"},
     {"--without-sanitizer", "", "with --backend cuda: leave compute-sanitizer out, which takes seconds"},
     {"--without-sandbox", "",
      "run without bubblewrap, with limits on time and memory only: for your own code"},
     {"--self-test", "", "prove EXERCISE, or all of them: see below"}}};

}  // namespace

const Command check_command{
    "check",
    "check EXERCISE [FILE.cu] [options]",
    "Compiles a student's kernel, runs it on the exercise's cases and says what is wrong and where.",
    "EXERCISE is an id or its beginning, as in 1a; 'alab list exercises' shows them. Without FILE.cu the "
    "text is\n"
    "checked that the window has saved.\n\n"
    "Each case runs in three orders of blocks and threads, in a process of its own without network and "
    "without\n"
    "your files. Outputs are held against double precision; loads, stores and bank conflicts are counted and "
    "held\n"
    "to bounds; races, accesses out of bounds, barriers that some threads miss and reads of what nothing "
    "has\n"
    "written are found. Time is no criterion. A wrong output is compared with those of known mistakes.\n\n"
    "--backend cuda: nvcc compiles the text and its kernels run on GPU 0 as well, as device code alone, so "
    "that\n"
    "nothing of it runs on the host there. Values, guard zones around arrays and unchanged inputs must hold "
    "on\n"
    "both; a GPU has one order of its own. Counts, growth, races and barriers are judged on the executor, "
    "and\n"
    "by compute-sanitizer (memcheck, racecheck, synccheck, initcheck on one case) when it is installed. "
    "Kernels\n"
    "that pass are timed on a larger case, beside the fastest rung of their op.\n\n"
    "--self-test is for those who write exercises: the starter compiles, runs and fails; the solution passes "
    "with\n"
    "full points and no finding; every wrong solution fails the check that it is listed for, with the "
    "listed\n"
    "words; and no trivial output (zeros, NaN, means, copies of an input) passes a check of values.\n\n"
    "JSON: {exercise, title, student, backend, passed, points, earned, compiled, refused, note,\n"
    "diagnostics: [{line, column, error, text}], checks: [{id, title, kind, visibility, status, points, "
    "earned,\n"
    "criterion, judged_on, sentence, why, rule, runs, failed_runs, skipped_runs, first_failure: {shape, "
    "input, seed, "
    "order},\n"
    "first_bad: {element, expected, got}, diagnosis: {kind, sentence, mistake}, findings: [{mistake, "
    "sentence,\n"
    "where, other, block, thread, buffer, count}], counters: [{expression, now, relation, allowed, holds}],\n"
    "error_map}], sandbox, compile_seconds, seconds, gpu}; what does not apply is null or empty. NaN and "
    "infinities\n"
    "are the texts \"NaN\", \"inf\", \"-inf\". gpu, with --backend cuda: {device, judged, sanitizer, "
    "compile_seconds,\n"
    "seconds, timing: {shape, seconds, spread, repeats, rung, rung_seconds, rung_spread, rung_note, "
    "problem}}.\n\n"
    "Examples:\n  alab check 1a --statement\n  alab check 1a --starter scores.cu\n  alab check 1a scores.cu "
    "--watch\n"
    "  alab check 7a flash.cu --json verdict.json --junit verdict.xml\n  alab check 7a flash.cu --backend "
    "cuda\n  alab check --self-test all\n\n"
    "Exit code: 0 every check passed, 1 one failed or it does not compile, 2 it could not be graded: "
    "unknown\n"
    "exercise, no file, no compiler, no sandbox.\n",
    kOptions,
    run_check};

}  // namespace alab::cli
