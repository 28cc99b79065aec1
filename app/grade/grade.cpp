// SPDX-License-Identifier: MIT
#include "app/grade/grade.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <fstream>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "app/grade/texts.hpp"
#include "reference/core/error.hpp"
#include "reference/core/files.hpp"

namespace alab::grade {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "1";

std::vector<std::string> ids_of(std::span<const AssignedExercise> exercises) {
  std::vector<std::string> ids;
  for (const AssignedExercise& e : exercises) {
    ids.push_back(e.id);
  }
  return ids;
}

// Two fingerprints, the second over the reverse, so that no two sources that a student could find share a
// key.
std::string key_of(const GradeRequest& request, const AssignedExercise& exercise, const std::string& student,
                   const std::string& source) {
  std::string all;
  for (const std::string_view part :
       {kFormat, std::string_view(request.program), std::string_view(exercise.id),
        std::string_view(exercise.version), std::string_view(student), std::string_view(source)}) {
    all += text(part.size(), ":", part);
  }
  const std::string reverse(all.rbegin(), all.rend());
  return fingerprint(all) + fingerprint(reverse);
}

fs::path result_of(const GradeRequest& request, const std::string& student) {
  return request.out / "students" / (file_name_of(student) + ".json");
}

// What an earlier run left; nothing when there is no such file, or when it is damaged.
StudentGrade earlier_grade(const GradeRequest& request, const std::string& student) {
  const fs::path file = result_of(request, student);
  std::error_code ignored;
  if (request.again || !fs::exists(file, ignored)) {
    return {};
  }
  try {
    return student_grade_from_json(read_json(file));
  } catch (const Error&) {
    return {};
  }
}

// Whole or not at all, as far as programs see; not forced to the disk, since the next run writes again what a
// power cut took. A file that already holds the bytes is left alone.
void write_into(const fs::path& file, std::string_view bytes) {
  std::error_code why;
  fs::create_directories(file.parent_path(), why);
  require(!why, "cannot write into ", file.parent_path().string(), ": ", why.message());
  if (fs::file_size(file, why) == bytes.size() && !why && read_file(file) == bytes) {
    return;
  }
  const fs::path temporary = file.string() + text(".tmp-", ::getpid());
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
  const bool written = out.good();
  out.close();
  if (written) {
    fs::rename(temporary, file, why);
  }
  if (!written || why) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw Error(text("cannot write ", file.string(), "; free some space or choose another folder for --out"));
  }
}

// The student's own file comes last: who has it has all others.
void write_student(const GradeRequest& request, const StudentGrade& g) {
  const std::string name = file_name_of(g.student);
  if (request.formats.gradescope) {
    write_into(request.out / "gradescope" / name / "results.json", dumped(gradescope_json(g)));
  }
  if (request.formats.classroom50) {
    write_into(request.out / "classroom50" / name / "result.json",
               dumped(classroom50_json(g, classroom50_context())));
  }
  if (request.formats.prairielearn) {
    write_into(request.out / "prairielearn" / name / "results.json", dumped(prairielearn_json(g), -1));
  }
  if (request.formats.junit) {
    write_into(request.out / "junit" / (name + ".xml"), junit_xml(g));
  }
  write_into(result_of(request, g.student), dumped(to_json(g), -1));
}

class ClassGrader {
 public:
  ClassGrader(const GradeRequest& request, const JudgeSource& judge, const Progress& progress,
              const std::function<void(const StudentGrade&)>& done)
      : request_(request), judge_(judge), progress_(progress), done_(done) {}

  GradeOutcome run() {
    find();
    read();
    grade_all();
    write_class();
    if (failure_) {
      std::rethrow_exception(failure_);
    }
    return std::move(outcome_);
  }

 private:
  struct Work {
    Submission submission;
    HandedIn handed_in;
    std::optional<StudentGrade> grade;
  };

  void find() {
    const std::vector<std::string> ids = ids_of(request_.exercises);
    const fs::path out = fs::weakly_canonical(request_.out);
    require(out != fs::weakly_canonical(request_.submissions), "results would lie among the submissions in ",
            out.string(), "; choose another folder for --out");
    std::vector<std::string> strays;
    for (Submission& s : find_submissions(request_.submissions, request_.student_from, ids, strays)) {
      if (fs::weakly_canonical(s.paths.front()) != out) {
        work_.push_back({std::move(s), {}, {}});
      }
    }
    require(!work_.empty(), "there are no submissions in ", request_.submissions.string(),
            request_.student_from == StudentFrom::folder
                ? "; give a folder with one folder or .zip per student"
                : "; give a folder with files like weber_1a.cu, or leave --student-from out");
    for (const std::string& stray : strays) {
      notes_.push_back(
          text("'", stray, "' in the folder of submissions belongs to nobody and was not graded."));
    }
  }

  // Everything is read before anything is judged: which exercises count depends on all, and sources are
  // small.
  void read() {
    const std::vector<std::string> ids = ids_of(request_.exercises);
    std::set<std::string> handed_in;
    for (Work& work : work_) {
      progress_.step(0, text("reading ", one_line(work.submission.name)));
      work.handed_in = read_submission(work.submission, ids, request_.limits);
      for (const auto& [id, file] : work.handed_in.sources) {
        handed_in.insert(id);
      }
    }
    for (const AssignedExercise& e : request_.exercises) {
      if (!request_.only_handed_in || handed_in.contains(e.id)) {
        outcome_.exercises.push_back(e);
      }
    }
  }

  void grade_all() {
    const auto threads = std::min<std::size_t>(std::max(1U, request_.jobs), work_.size());
    std::vector<std::jthread> pool;
    for (std::size_t i = 1; i < threads; ++i) {
      pool.emplace_back([this] { take_work(); });
    }
    take_work();
  }

  void take_work() {
    for (std::size_t i = next_++; i < work_.size(); i = next_++) {
      try {
        progress_.step(0, "");
        finish(work_[i], grade(work_[i]));
      } catch (...) {
        const std::scoped_lock lock(mutex_);
        failure_ = failure_ ? failure_ : std::current_exception();
        next_ = work_.size();
        return;
      }
    }
  }

  StudentGrade grade(const Work& work) {
    StudentGrade out;
    out.student = work.submission.student;
    out.submission = work.submission.name;
    out.refused = work.handed_in.refused;
    out.notes = work.handed_in.notes;
    out.changed = work.handed_in.changed;
    out.hints = work.handed_in.hints;
    const StudentGrade earlier = earlier_grade(request_, out.student);
    for (const AssignedExercise& exercise : outcome_.exercises) {
      out.exercises.push_back(graded(work, exercise, earlier));
    }
    return out;
  }

  GradedExercise graded(const Work& work, const AssignedExercise& exercise, const StudentGrade& earlier) {
    if (!work.handed_in.refused.empty()) {
      return unjudged(exercise, Outcome::not_handed_in, work.handed_in.refused);
    }
    const auto at = work.handed_in.sources.find(exercise.id);
    if (at == work.handed_in.sources.end()) {
      return unjudged(exercise, Outcome::not_handed_in, "");
    }
    const SubmittedFile& file = at->second;
    if (!file.trouble.empty()) {
      GradedExercise out = unjudged(exercise, Outcome::unreadable,
                                    text("'", file.name, "' was not read: ", file.trouble, "."));
      out.file = file.name;
      return out;
    }
    const std::string key = key_of(request_, exercise, work.submission.student, file.bytes);
    const auto same = std::find_if(earlier.exercises.begin(), earlier.exercises.end(), [&](const auto& e) {
      return e.key == key && e.id == exercise.id && e.outcome != Outcome::not_judged;
    });
    GradedExercise out =
        same == earlier.exercises.end() ? judge(exercise, file, work.submission.student) : *same;
    kept_ += same == earlier.exercises.end() ? 0 : 1;
    out.file = file.name;
    out.key = key;
    return out;
  }

  GradedExercise judge(const AssignedExercise& exercise, const SubmittedFile& file,
                       const std::string& student) {
    Progress quiet;
    quiet.stop = progress_.stop;
    try {
      GradedExercise out = judge_(exercise, file.bytes, student, quiet);
      judged_ += 1;
      return out;
    } catch (const std::exception& error) {
      not_judged_ += 1;
      return unjudged(exercise, Outcome::not_judged,
                      text("Could not be judged: ", as_utf8(error.what()), "."));
    }
  }

  void finish(Work& work, StudentGrade grade) {
    write_student(request_, grade);
    const std::scoped_lock lock(mutex_);
    work.grade = std::move(grade);
    finished_ += 1;
    progress_.step(static_cast<double>(finished_) / static_cast<double>(work_.size()),
                   text(finished_, " of ", work_.size(), " submissions"));
    if (done_) {
      done_(*work.grade);
    }
  }

  void write_class() {
    for (Work& work : work_) {
      if (work.grade) {
        outcome_.students.push_back(std::move(*work.grade));
      }
    }
    outcome_.judged = judged_;
    outcome_.kept = kept_;
    outcome_.not_judged = not_judged_;
    if (const std::size_t left = work_.size() - outcome_.students.size(); left > 0) {
      notes_.push_back(text(left, " of ", work_.size(),
                            " submissions are not graded yet: the run was interrupted; the "
                            "same command goes on."));
    }
    const ClassSummary summary = summarize(outcome_.students, outcome_.exercises, notes_);
    if (request_.formats.csv) {
      write_into(request_.out / "class.csv", class_csv(summary));
    }
    write_into(request_.out / "class.json", dumped(class_json(summary)));
    write_into(request_.out / "class.html", class_html(summary));
  }

  const GradeRequest& request_;
  const JudgeSource& judge_;
  const Progress& progress_;
  const std::function<void(const StudentGrade&)>& done_;
  std::vector<Work> work_;
  std::vector<std::string> notes_;
  GradeOutcome outcome_;
  std::mutex mutex_;
  std::size_t finished_ = 0;
  std::exception_ptr failure_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<int> judged_ = 0, kept_ = 0, not_judged_ = 0;
};

}  // namespace

GradeOutcome grade_class(const GradeRequest& request, const JudgeSource& judge, const Progress& progress,
                         const std::function<void(const StudentGrade&)>& done) {
  return ClassGrader(request, judge, progress, done).run();
}

}  // namespace alab::grade
