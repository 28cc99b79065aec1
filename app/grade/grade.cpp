// SPDX-License-Identifier: MIT
#include "app/grade/grade.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "app/grade/texts.hpp"
#include "reference/core/error.hpp"
#include "reference/core/files.hpp"

namespace alab::grade {
namespace {

namespace fs = std::filesystem;

// Several machines may write below one folder.
std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? file_name_of(name.data()) : "";
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
  const fs::path temporary = file.string() + text(".tmp-", host_name(), "-", ::getpid());
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
              const std::function<void(const StudentGrade&)>& done,
              const std::function<void(const std::string&)>& starts)
      : request_(request),
        judge_(judge),
        progress_(progress),
        done_(done),
        starts_(starts),
        roster_(request, progress),
        grades_(roster_.submissions().size()) {}

  GradeOutcome run() {
    outcome_.exercises = roster_.exercises();
    grade_all();
    gather();
    if (!request_.part) {
      write_class();
    }
    if (failure_) {
      std::rethrow_exception(failure_);
    }
    return std::move(outcome_);
  }

 private:
  void grade_all() {
    const auto threads = std::min<std::size_t>(std::max(1U, request_.jobs), grades_.size());
    std::vector<std::jthread> pool;
    for (std::size_t i = 1; i < threads; ++i) {
      pool.emplace_back([this] { take_work(); });
    }
    take_work();
  }

  void take_work() {
    for (std::size_t i = next_++; i < grades_.size(); i = next_++) {
      try {
        progress_.step(0, "");
        take(i);
      } catch (...) {
        const std::scoped_lock lock(mutex_);
        failure_ = failure_ ? failure_ : std::current_exception();
        next_ = grades_.size();
        return;
      }
    }
  }

  void take(std::size_t i) {
    const ReadSubmission& who = roster_.submissions()[i];
    const StudentGrade earlier = roster_.earlier(who);
    const bool settled = roster_.settled(who, earlier);
    if (settled || !request_.settled_only) {
      if (!settled && starts_) {
        const std::scoped_lock lock(mutex_);
        starts_(who.submission.student);
      }
      finish(i, grade(who, earlier));
    }
  }

  StudentGrade grade(const ReadSubmission& who, const StudentGrade& earlier) {
    StudentGrade out;
    out.student = who.submission.student;
    out.submission = who.submission.name;
    out.refused = who.handed_in.refused;
    out.notes = who.handed_in.notes;
    out.changed = who.handed_in.changed;
    out.hints = who.handed_in.hints;
    for (const AssignedExercise& exercise : outcome_.exercises) {
      const std::optional<GradedExercise> known = roster_.known(who, exercise, earlier);
      kept_ += known && !known->key.empty() ? 1 : 0;
      out.exercises.push_back(known ? *known : judged(who, exercise));
    }
    return out;
  }

  GradedExercise judged(const ReadSubmission& who, const AssignedExercise& exercise) {
    const SubmittedFile& file = who.handed_in.sources.at(exercise.id);
    GradedExercise out = judge(exercise, file, who.submission.student);
    if (out.outcome == Outcome::not_judged) {
      if (std::optional<GradedExercise> meanwhile = roster_.known(who, exercise, roster_.earlier(who))) {
        kept_ += 1;
        return *meanwhile;
      }
    }
    (out.outcome == Outcome::not_judged ? not_judged_ : judged_) += 1;
    out.file = file.name;
    out.key = roster_.key_of(who, exercise, file.bytes);
    return out;
  }

  GradedExercise judge(const AssignedExercise& exercise, const SubmittedFile& file,
                       const std::string& student) {
    Progress quiet;
    quiet.stop = progress_.stop;
    try {
      return judge_(exercise, file.bytes, student, quiet);
    } catch (const std::exception& error) {
      return unjudged(exercise, Outcome::not_judged,
                      text("Could not be judged: ", as_utf8(error.what()), "."));
    }
  }

  void finish(std::size_t i, StudentGrade grade) {
    write_student(request_, grade);
    const std::scoped_lock lock(mutex_);
    grades_[i] = std::move(grade);
    finished_ += 1;
    progress_.step(static_cast<double>(finished_) / static_cast<double>(grades_.size()),
                   text(finished_, " of ", grades_.size(), " submissions"));
    if (done_) {
      done_(*grades_[i]);
    }
  }

  void gather() {
    for (std::optional<StudentGrade>& grade : grades_) {
      if (grade) {
        outcome_.students.push_back(std::move(*grade));
      }
    }
    outcome_.judged = judged_;
    outcome_.kept = kept_;
    outcome_.not_judged = not_judged_;
  }

  void write_class() const {
    std::vector<std::string> notes = roster_.notes();
    if (const std::size_t left = grades_.size() - outcome_.students.size(); left > 0) {
      notes.push_back(text(left, " of ", grades_.size(),
                           " submissions are not graded yet: the run was interrupted; the "
                           "same command goes on."));
    }
    const ClassSummary summary = summarize(outcome_.students, outcome_.exercises, notes);
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
  const std::function<void(const std::string&)>& starts_;
  const Roster roster_;
  std::vector<std::optional<StudentGrade>> grades_;  // by submission
  GradeOutcome outcome_;
  std::mutex mutex_;
  std::size_t finished_ = 0;
  std::exception_ptr failure_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<int> judged_ = 0, kept_ = 0, not_judged_ = 0;
};

}  // namespace

GradeOutcome grade_class(const GradeRequest& request, const JudgeSource& judge, const Progress& progress,
                         const std::function<void(const StudentGrade&)>& done,
                         const std::function<void(const std::string&)>& starts) {
  return ClassGrader(request, judge, progress, done, starts).run();
}

}  // namespace alab::grade
