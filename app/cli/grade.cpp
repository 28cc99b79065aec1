// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <iostream>
#include <thread>

#include "app/cli/commands.hpp"
#include "app/cli/grade_slurm.hpp"
#include "app/export/program.hpp"
#include "app/grade/course.hpp"
#include "app/grade/texts.hpp"

namespace alab::cli {
namespace {

grade::StudentFrom student_from(const std::string& word) {
  require(word == "folder" || word == "file", "--student-from is '", word, "'; choose folder or file");
  return word == "folder" ? grade::StudentFrom::folder : grade::StudentFrom::file;
}

// All exercises of the build, or those named, each by its id or a beginning that only it has ("1a").
std::vector<grade::AssignedExercise> chosen(const std::vector<std::string>& names) {
  std::vector<grade::AssignedExercise> all = grade::course_exercises();
  if (names.empty()) {
    return all;
  }
  std::vector<grade::AssignedExercise> out;
  for (const std::string& name : names) {
    const student::Exercise* exercise = student::find_exercise(name);
    std::vector<std::string> ids;
    for (const grade::AssignedExercise& e : all) {
      ids.push_back(e.id);
    }
    require(exercise != nullptr, "there is no exercise '", name, "'", did_you_mean(name, ids),
            " 'alab list exercises' shows them");
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& e) { return e.id == exercise->id; });
    const bool twice =
        std::any_of(out.begin(), out.end(), [&](const auto& e) { return e.id == exercise->id; });
    if (!twice) {
      out.push_back(*at);
    }
  }
  return out;
}

// One submission alone, as an autograder has it, uses the cores that other students would.
unsigned runs_of_a_submission(const grade::GradeRequest& request) {
  std::vector<std::string> strays;
  const std::vector<std::string> ids = grade::ids_of(request.exercises);
  const std::size_t count =
      request.part ? request.part->size()
                   : grade::find_submissions(request.submissions, request.student_from, ids, strays).size();
  return std::max(1U, request.jobs / static_cast<unsigned>(std::clamp<std::size_t>(count, 1, 256)));
}

void print_student(const grade::StudentGrade& g) {
  std::string line = text("  ", grade::points_text(g.earned()), " of ", grade::points_text(g.points()), "  ",
                          grade::one_line(g.student));
  if (!g.refused.empty()) {
    line += "  not read";
  } else if (!g.handed_in()) {
    line += "  nothing handed in";
  }
  for (const grade::GradedExercise& e : g.exercises) {
    if (e.outcome == grade::Outcome::not_judged) {
      line += text("  ", e.id, " not judged: ", grade::one_line(e.message));
    }
  }
  end_of_progress_line();
  std::cout << line << "\n" << std::flush;
}

grade::GradeRequest request_of(const Arguments& arguments,
                               const std::vector<grade::AssignedExercise>& exercises) {
  const bool part = arguments.has("--slurm-part"), slurm = arguments.has("--slurm");
  const unsigned cores = slurm ? 1 : std::max(1U, std::thread::hardware_concurrency());
  for (const std::string_view option : kSlurmOptions) {
    require(slurm || !arguments.has(option), option, " goes with --slurm; add it, or leave ", option, " out");
  }
  grade::GradeRequest request;
  request.submissions = arguments.positional().front();
  request.out = arguments.value("--out", "grades");
  request.exercises = exercises;
  request.only_handed_in = !arguments.has("--exercise");
  request.student_from = student_from(arguments.value("--student-from", "folder"));
  request.jobs = count_of(arguments, "--jobs", cores, 256);
  request.again = arguments.has("--again");
  request.program = program_name();
  if (part) {
    const std::vector<std::string> students =
        grade::students_of_this_task(arguments.value("--slurm-part", ""));
    request.part.emplace(students.begin(), students.end());
  }
  if (arguments.has("--format")) {
    request.formats = grade::Formats::parse(arguments.value("--format", ""));
  }
  return request;
}

grade::GradeOutcome grade_here(const Arguments& arguments, const grade::GradeRequest& request,
                               const Progress& progress) {
  student::StudentLimits limits = student::student_limits();
  limits.allow_without_bubblewrap = arguments.has("--without-sandbox");
  const std::string& why = student::containment().unavailable;
  require(
      why.empty() || limits.allow_without_bubblewrap,
      "students' kernels are not run without a sandbox: ", why,
      ". Where nothing else can be reached, --without-sandbox runs them with limits on time and memory only");
  const auto starts = [&](const std::string& student) {
    if (request.part) {
      std::cout << "judging " << grade::one_line(student) << "\n" << std::flush;
    }
  };
  return grade::grade_class(request, grade::judge_of_this_build(limits, runs_of_a_submission(request)),
                            shown(progress), print_student, starts);
}

void print_sentence(const std::string& sentence) {
  end_of_progress_line();
  std::cout << sentence << "\n" << std::flush;
}

int run_grade(const Arguments& arguments, const Progress& progress) {
  require(arguments.positional().size() == 1,
          "grade needs one folder of submissions: alab grade DIR --out DIR; 'alab grade --help' shows an "
          "example");
  const std::vector<grade::AssignedExercise> exercises = chosen(arguments.values("--exercise"));
  const grade::GradeRequest request = request_of(arguments, exercises);
  const grade::GradeOutcome outcome =
      arguments.has("--slurm") ? grade::grade_by_slurm(request, slurm_request(arguments, request),
                                                       shown(progress), print_student, print_sentence)
                               : grade_here(arguments, request, progress);
  if (!request.part) {
    end_of_progress_line();
    std::cout << outcome.students.size() << " submissions, " << outcome.exercises.size()
              << " exercises: " << outcome.judged << " judged, " << outcome.kept
              << " kept from an earlier run, " << outcome.not_judged << " could not be judged\n"
              << "results are in " << request.out.string() << "; start with class.html\n";
  }
  return outcome.not_judged == 0 ? kPassed : kFailed;
}

constexpr std::array<Option, 16> kOptions{
    {{"--out", "DIR", "where results go (default grades)"},
     {"--exercise", "ID", "only this one, also for who did not hand it in; may be repeated: 1a"},
     {"--jobs", "N", "students at the same time (default: one per core; with --slurm 1)"},
     {"--format", "LIST", "of gradescope,classroom50,prairielearn,junit,csv (default: all)"},
     {"--student-from", "WHERE", "folder (default) or file: see below"},
     {"--again", "", "judge also what an earlier run has judged"},
     {"--without-sandbox", "", "where bubblewrap is missing: run students' code with limits only"},
     {"--slurm", "", "on a Slurm cluster, as a job array: see below; what follows goes with it"},
     {"--partition", "NAME", "as sbatch takes it"},
     {"--time", "LIMIT", "of each task, as sbatch takes it (default: the partition's)"},
     {"--slurm-tasks", "N", "of the array (default: one for each four submissions)"},
     {"--slurm-tries", "N", "of a submission whose task ended without its result (default 3)"},
     {"--slurm-setup", "COMMANDS", "of the shell, before a task's work: 'module load gcc'"},
     {"--slurm-options", "WORDS", "what else sbatch is given: '--account=cs101 --mem=4G'"},
     {"--slurm-ask", "SECONDS", "between two questions to Slurm (default 10)"},
     {"--slurm-part", "FILE", "what the tasks of the array are called with"}}};

}  // namespace

const Command grade_command{
    "grade",
    "grade DIR [--out DIR] [--exercise ID]... [--jobs N] [--format LIST] [--again] [--slurm]",
    "Grades a class: every submission in DIR, judged as 'alab check' judges one, in files for the "
    "instructor\n"
    "and for Gradescope, Classroom 50, PrairieLearn and JUnit readers.",
    "What students hand in: DIR has one folder or .zip per student, named after the student. In it, at any\n"
    "depth, files whose names begin with the exercise: 1a.cu, 1a_scores_naive.cu, '1a final.cu'. With\n"
    "--student-from file, DIR has the files themselves: weber_1a.cu, weber_1b.cu. Without --exercise, the\n"
    "exercises count that at least one student handed in. A state.json of the workbook beside the files "
    "tells\n"
    "how many hints were opened.\n\n"
    "Example:\n  alab grade submissions --out grades --exercise 1a --exercise 1b --jobs 4\n\n"
    "What comes out, in --out:\n"
    "  class.html                        the class: who got what, what fails how often and why, who is "
    "missing\n"
    "  class.csv, class.json             points by student and exercise; the same as data\n"
    "  students/STUDENT.json             everything about one student, also what hidden checks say\n"
    "  gradescope/STUDENT/results.json   tests with points and visibility\n"
    "  classroom50/STUDENT/result.json   classroom50/result/v1, whole points\n"
    "  prairielearn/STUDENT/results.json\n"
    "  junit/STUDENT.xml                 one testcase per check\n"
    "The last four are for the student: the text of a hidden check is in none, except where Gradescope hides "
    "it.\n\n"
    "A run that was interrupted goes on where it was: what is judged already, from the same source, checks "
    "and\n"
    "program, is kept. The same submissions give the same bytes. Each program of a student runs in a process "
    "of\n"
    "its own, under bubblewrap, with limits on time, memory and output; what cannot be read or run gets 0 "
    "points\n"
    "and a sentence, and the next student is graded. Time never decides about points.\n\n"
    "On a Slurm cluster: --slurm submits what has no result yet as a job array of a few submissions a task, "
    "shows\n"
    "results as they come, and writes the files of the class at the end, the same as without it. DIR, --out "
    "and\n"
    "this program must lie on a file system that the nodes share; g++ and bubblewrap must be on the nodes, "
    "or\n"
    "come by --slurm-setup. --jobs is then the number of cores of a task.\n"
    "Ctrl-C ends the watching, not the array: the same command finds it again, and submits only what is "
    "neither\n"
    "queued, nor running, nor judged. What a task did not judge, because its node was lost or its time ran "
    "out, is\n"
    "submitted again, each submission in a task of its own; who still has no verdict is named with the "
    "reason,\n"
    "and is tried again by the next run. Scripts, and what the tasks printed, are in OUT/slurm.\n"
    "  alab grade submissions --out grades --exercise 1a --slurm --partition short --time 30\n\n"
    "Exit code: 0 every submission has its result, 1 something could not be judged here (the next run tries\n"
    "again), 2 the request could not be carried out, 130 interrupted.\n",
    kOptions,
    run_grade};

}  // namespace alab::cli
