// SPDX-License-Identifier: MIT
#include "app/grade/slurm.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "app/grade/slurm_folder.hpp"
#include "app/grade/slurm_queue.hpp"
#include "app/grade/texts.hpp"
#include "reference/core/error.hpp"

namespace alab::grade {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Why tasks wait that will start by themselves; squeue(1), JOB REASON CODES. Any other is shown.
constexpr std::array<std::string_view, 8> kPassing{"",         "Priority",          "Resources",  "BeginTime",
                                                   "Cleaning", "JobArrayTaskLimit", "Dependency", "Prolog"};

class SlurmGrader {
 public:
  SlurmGrader(const GradeRequest& request, const SlurmRequest& slurm, const Progress& progress,
              const std::function<void(const StudentGrade&)>& done,
              const std::function<void(const std::string&)>& say)
      : request_(request),
        slurm_(slurm),
        progress_(progress),
        done_(done),
        say_(say),
        folder_(request.out),
        roster_(request_, progress) {
    for (const std::string& id : ids_of(roster_.exercises())) {
      slurm_.words.insert(slurm_.words.end(), {"--exercise", id});
    }
    if (std::exchange(request_.again, false)) {
      forget_results();
    }
    for (std::size_t i = 0; i < roster_.submissions().size(); ++i) {
      const ReadSubmission& who = roster_.submissions()[i];
      const StudentGrade earlier = roster_.earlier(who);
      kept_before_ += count_kept(who, earlier);
      if (!roster_.settled(who, earlier)) {
        open_[who.submission.student] = {i, changed(who), false};
      }
    }
  }

  GradeOutcome run() {
    try {
      work();
    } catch (const Cancelled&) {
      gather(true);
      if (!rounds().empty() && !open_.empty()) {
        const std::string& job = rounds().back().job;
        say_(text("array ", job, " goes on; the same command waits for it, 'scancel ", job, "' ends it"));
      }
      throw;
    } catch (const Error&) {
      gather(true);
      throw;
    }
    remove_unfinished_files(request_.out);
    GradeOutcome outcome = gather(false);
    folder_.finish();
    outcome.judged = std::max(0, outcome.kept - kept_before_);
    outcome.kept -= outcome.judged;
    return outcome;
  }

 private:
  struct Open {
    std::size_t submission;
    fs::file_time_type seen;  ///< when the result was changed that did not settle it
    bool told;                ///< a task of this run left that result
  };

  const std::vector<SlurmRound>& rounds() const { return folder_.state().rounds; }

  void forget_results() const {
    require(rounds().empty(),
            "an array of an earlier run is not gathered yet; without --again this goes on with it");
    for (const ReadSubmission& who : roster_.submissions()) {
      std::error_code none;
      fs::remove(result_of(request_, who.submission.student), none);
    }
  }

  int count_kept(const ReadSubmission& who, const StudentGrade& earlier) const {
    int kept = 0;
    for (const AssignedExercise& exercise : roster_.exercises()) {
      const std::optional<GradedExercise> known = roster_.known(who, exercise, earlier);
      kept += known && !known->key.empty() ? 1 : 0;
    }
    return kept;
  }

  fs::file_time_type changed(const ReadSubmission& who) const {
    std::error_code none;
    const auto time = fs::last_write_time(result_of(request_, who.submission.student), none);
    return none ? fs::file_time_type::min() : time;
  }

  // ---- arrays
  void work() {
    if (!rounds().empty() && !open_.empty()) {
      say_(text("array ", rounds().back().job, " of an earlier run is gathered first"));
      watch(rounds().back());
    }
    for (std::vector<std::string> todo = left(); !todo.empty(); todo = left()) {
      progress_.step(0, "submitting");
      const SlurmRound& round = folder_.submit(slurm_, tasks_of(todo));
      say_(text("array ", round.job, ": ", todo.size(), " submissions in ", round.tasks.size(), " tasks"));
      watch(round);
    }
  }

  std::vector<std::string> left() const {
    std::vector<std::string> students;
    for (const auto& [student, open] : open_) {
      if (folder_.state().tries_of(student) < slurm_.tries && !given_up_.contains(student)) {
        students.push_back(student);
      }
    }
    return students;
  }

  // Who is tried again is alone in a task, so that a submission that never ends costs nobody else a try.
  ArrayTasks tasks_of(const std::vector<std::string>& students) const {
    const bool first = std::all_of(students.begin(), students.end(), [&](const std::string& student) {
      return folder_.state().tries_of(student) == 0;
    });
    const std::size_t usual = (students.size() + kStudentsPerTask - 1) / kStudentsPerTask;
    const std::size_t wanted = !first ? students.size() : slurm_.tasks > 0 ? slurm_.tasks : usual;
    return split(students, std::min(wanted, most_tasks()));
  }

  // Until no result is missing, or Slurm has said twice that nothing of the array is left: between two tries
  // of a task there may be a moment when it is in no list. Results are read after Slurm was asked, so that
  // what a task wrote before it ended is seen.
  void watch(const SlurmRound& round) {
    tasks_.clear();
    bool worked = false;
    for (int quiet = 0; !open_.empty(); pause()) {
      const bool live = ask(round);
      worked = worked || live;
      quiet = live ? 0 : quiet + 1;
      collect();
      if (quiet == 2) {
        break;
      }
    }
    explain(round, worked);
  }

  // Between two questions to Slurm; results are looked for more often.
  void pause() {
    const auto end = Clock::now() + std::chrono::duration<double>(slurm_.ask_seconds);
    while (Clock::now() < end && !open_.empty()) {
      for (int i = 0; i < 40 && Clock::now() < end; ++i) {
        const std::size_t all = roster_.submissions().size(), ready = all - open_.size();
        progress_.step(static_cast<double>(ready) / static_cast<double>(all),
                       text(ready, " of ", all, " submissions", standing_));
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
      collect();
    }
  }

  // True while something of the array may still leave results, and while Slurm does not say.
  bool ask(const SlurmRound& round) {
    std::string why;
    const std::optional<SlurmQueue> queue = ask_squeue(round.name, why);
    if (!queue) {
      say_once(text("squeue does not answer (", why, "); waiting"));
      return true;
    }
    std::size_t running = 0, waiting = 0;
    for (const auto& [task, now] : queue->tasks) {
      const bool pending = now.waits();
      tasks_[task] = now;
      running += now.live() && !pending ? 1 : 0;
      waiting += pending ? 1 : 0;
      if (pending && std::find(kPassing.begin(), kPassing.end(), now.reason) == kPassing.end()) {
        say_once(text("array ", round.job, " waits for Slurm: ", now.reason));
      }
    }
    standing_ = text("; array ", round.job, ": ", running, " running, ", waiting, " queued");
    return running + waiting > 0;
  }

  // Listing the folder first makes a network file system show what other machines wrote.
  void collect() {
    std::set<fs::path> there;
    std::error_code none;
    for (fs::directory_iterator at(request_.out / "students", none), end; !none && at != end;
         at.increment(none)) {
      there.insert(at->path().filename());
    }
    for (auto at = open_.begin(); at != open_.end();) {
      const bool is_there = there.contains(result_of(request_, at->first).filename());
      at = is_there && settled_now(at->second) ? open_.erase(at) : std::next(at);
    }
  }

  bool settled_now(Open& open) {
    const ReadSubmission& who = roster_.submissions()[open.submission];
    const fs::file_time_type now = changed(who);
    if (now == std::exchange(open.seen, now)) {
      return false;
    }
    const StudentGrade grade = roster_.earlier(who);
    open.told = true;
    if (!roster_.settled(who, grade)) {
      return false;
    }
    report(grade);
    return true;
  }

  void report(const StudentGrade& grade) {
    if (done_ && reported_.insert(grade.student).second) {
      done_(grade);
    }
  }

  // What became of the tasks that left no result of somebody.
  void explain(const SlurmRound& round, bool worked) {
    std::optional<SlurmQueue> accounts;
    for (std::size_t task = 0; task < round.tasks.size(); ++task) {
      std::string missing;
      for (const std::string& student : round.tasks[task]) {
        missing += open_.contains(student) ? text(missing.empty() ? "" : ", ", one_line(student)) : "";
      }
      if (missing.empty()) {
        continue;
      }
      if (!tasks_.contains(task)) {
        accounts = accounts ? accounts : ask_sacct(round.name);
        tasks_[task] = accounts->tasks[task];
      }
      const bool cancelled = worked && tasks_[task].state.starts_with("CANCELLED");
      const std::string last = folder_.last_words(round, task);
      const std::string how = text("task ", round.job, "_", task, " of Slurm ", how_it_ended(tasks_[task]),
                                   last.empty() ? "" : text("; the last line of its log is '", last, "'"));
      say_(text(how, cancelled ? "; it is not submitted again" : "", "; without a result: ", missing));
      for (const std::string& student : round.tasks[task]) {
        lost_[student] = how;
        if (cancelled) {
          given_up_.insert(student);
        }
      }
    }
  }

  void say_once(const std::string& sentence) {
    if (said_.insert(sentence).second) {
      say_(sentence);
    }
  }

  // ---- the class
  // In place of the judge: a task's own word on why it could not, or what became of the task.
  GradedExercise lost(const AssignedExercise& exercise, const std::string& student) const {
    const auto open = open_.find(student);
    if (open != open_.end() && open->second.told) {
      const StudentGrade left = roster_.earlier(roster_.submissions()[open->second.submission]);
      for (const GradedExercise& e : left.exercises) {
        if (e.id == exercise.id && e.outcome == Outcome::not_judged) {
          return unjudged(exercise, Outcome::not_judged, e.message);
        }
      }
    }
    const auto at = lost_.find(student);
    return unjudged(
        exercise, Outcome::not_judged,
        text("Could not be judged: ", at == lost_.end() ? "it was not submitted to Slurm" : at->second, "."));
  }

  GradeOutcome gather(bool interrupted) {
    GradeRequest request = request_;
    request.settled_only = interrupted;
    request.jobs = 1;
    return grade_class(
        request,
        [&](const AssignedExercise& exercise, std::string_view, const std::string& student, const Progress&) {
          return lost(exercise, student);
        },
        {}, [&](const StudentGrade& grade) { report(grade); });
  }

  GradeRequest request_;
  SlurmRequest slurm_;
  const Progress& progress_;
  const std::function<void(const StudentGrade&)>& done_;
  const std::function<void(const std::string&)>& say_;
  SlurmFolder folder_;
  const Roster roster_;
  std::map<std::string, Open> open_;         // by student: not settled
  std::map<std::size_t, SlurmTask> tasks_;   // of the array that is watched, as last heard of
  std::map<std::string, std::string> lost_;  // by student: what became of the task
  std::set<std::string> given_up_, reported_, said_;
  std::string standing_;
  int kept_before_ = 0;
};

}  // namespace

GradeOutcome grade_by_slurm(const GradeRequest& request, const SlurmRequest& slurm, const Progress& progress,
                            const std::function<void(const StudentGrade&)>& done,
                            const std::function<void(const std::string&)>& say) {
  require_slurm();
  return SlurmGrader(request, slurm, progress, done, say).run();
}

}  // namespace alab::grade
