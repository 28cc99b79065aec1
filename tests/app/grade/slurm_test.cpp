// Grading by a job array, with Slurm played by the test: who is in which task, what is asked again and what
// never, and that the class comes out as a local run writes it. SPDX-License-Identifier: MIT
#include "app/grade/slurm.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <mutex>

#include "app/grade/slurm_folder.hpp"
#include "tests/app/grade/fake_slurm.hpp"

namespace alab::grade {
namespace {

using app_test::contains;
using app_test::files_below;
using app_test::Scratch;
namespace fs = std::filesystem;

const std::vector<AssignedExercise> kExercises{
    {"1a_scores", "Scores", {{"values", "All", "visible", 4}}, "v1"},
    {"2a_never", "Never", {{"values", "All", "visible", 3}}, "v1"}};

// A class whose files say how they are judged, on this machine or on nodes that the test plays.
struct Class {
  Scratch scratch{"slurm"};
  std::map<std::string, int> judged;  ///< by student
  std::vector<std::string> said, done;
  std::mutex mutex;
  std::atomic<bool> waiting = false;  ///< it was said that Slurm holds an array back

  Class() {
    for (const char* student : {"anna", "bert", "carl", "dora", "emil", "o'neil %a", "Zoë"}) {
      hand_in(student, "pass");
    }
    fs::create_directories(scratch / "in/nobody");
    std::ofstream(scratch / "in/broken.zip") << "no zip";
  }
  void hand_in(const std::string& student, const std::string& word) const {
    fs::create_directories(scratch / "in" / student);
    std::ofstream(scratch / "in" / student / "1a.cu") << word;
  }
  GradeRequest request(const std::string& out) const {
    GradeRequest request;
    request.submissions = scratch / "in";
    request.out = scratch / out;
    request.exercises = kExercises;
    request.program = "test";
    return request;
  }
  JudgeSource judge() {
    return [this](const AssignedExercise& exercise, std::string_view source, const std::string& student,
                  const Progress&) {
      const std::scoped_lock lock(mutex);
      require(source != "no compiler", "g++ is not installed");
      ++judged[student];
      GradedExercise out = unjudged(exercise, Outcome::judged, "");
      out.checks[0].passed = source == "pass";
      out.checks[0].earned = source == "pass" ? 4 : 0;
      return out;
    };
  }
  GradeOutcome here(const std::string& out) { return grade_class(request(out), judge(), {}); }
  GradeOutcome slurm(const std::string& out, const Progress& progress = {}, SlurmRequest slurm = {}) {
    slurm.program = "/opt/it's here/alab";
    slurm.words = {(scratch / "in").string(), "--jobs", "1"};
    slurm.ask_seconds = 0.02;
    return grade_by_slurm(
        request(out), slurm, progress, [&](const StudentGrade& g) { done.push_back(g.student); },
        [&](const std::string& sentence) {
          said.push_back(sentence);
          waiting = waiting || contains(sentence, "waits for Slurm");
        });
  }
  // What a node does of a task: all of it, or its first students only.
  void run(const std::string& out, const std::vector<std::string>& students, std::size_t first = 99) {
    GradeRequest part = request(out);
    part.exercises = std::span(kExercises).first(1);
    part.only_handed_in = false;
    const std::size_t count = std::min(first, students.size());
    part.part.emplace(students.begin(), students.begin() + static_cast<std::ptrdiff_t>(count));
    grade_class(part, judge(), {});
  }
  std::string all_said() const {
    std::string all;
    for (const std::string& sentence : said) {
      all += sentence + "\n";
    }
    return all;
  }
  std::string results(const std::string& out) const {
    std::vector<std::string> names = files_below(scratch / out);
    std::sort(names.begin(), names.end());
    std::string all;
    for (const std::string& name : names) {
      all += name.starts_with("slurm/") ? "" : name + "\n" + read_file(scratch / out / name);
    }
    return all;
  }
  bool each_judged_once() const {
    return judged.size() == 7 &&
           std::all_of(judged.begin(), judged.end(), [](const auto& j) { return j.second == 1; });
  }
};

std::vector<std::string> as(const FakeArray& array, const std::string& state) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < array.tasks.size(); ++i) {
    lines.push_back(text(i, "|", state));
  }
  return lines;
}

}  // namespace

TEST_CASE("an array grades the class as this machine would, each student once") {
  Class c;
  c.here("local");
  c.judged.clear();
  FakeArray seen;
  FakeSlurm slurm(c.scratch / "bin", [&](const FakeArray& array) {
    seen = array;
    for (const auto& task : array.tasks) {
      c.run("out", task);
      c.run("out", task);  // requeued after its work was done
    }
    slurm.queue(array, as(array, "COMPLETED|n1|None"));
  });
  const GradeOutcome outcome = c.slurm("out");
  CHECK(outcome.judged == 7);
  CHECK(outcome.kept == 0);
  CHECK(outcome.not_judged == 0);
  CHECK(outcome.students.size() == 9);
  CHECK(c.each_judged_once());
  CHECK(c.done.size() == 9);
  CHECK(c.results("out") == c.results("local"));
  CHECK(seen.tasks.size() == 2);  // of seven: who handed nothing in, or what cannot be read, needs no task
  CHECK(contains(read_file(seen.script), "--exercise' '1a_scores' --slurm-part"));
  CHECK(contains(c.all_said(), "array 101: 7 submissions in 2 tasks"));
  CHECK(c.slurm("out").kept == 7);
  CHECK(slurm.arrays() == 1);
  c.hand_in("bert", "fail");
  CHECK(c.slurm("out").judged == 1);
  CHECK(seen.tasks == ArrayTasks{{"bert"}});
}

TEST_CASE("what a lost node and a time limit left is submitted again, alone, and nothing that is there") {
  Class c;
  c.here("local");
  c.judged.clear();
  ArrayTasks second;
  FakeSlurm slurm(c.scratch / "bin", [&](const FakeArray& array) {
    if (array.number == 1) {
      c.run("out", array.tasks[0], 1);
      c.run("out", array.tasks[1], 2);
      write_file_atomic(c.scratch / "out/students/carl.json.tmp-n1-7", "{half");
      slurm.queue(array, {"0|NODE_FAIL|n1|NodeDown", "1|TIMEOUT|n2|TimeLimit"});
      return;
    }
    second = array.tasks;
    for (const auto& task : array.tasks) {
      c.run("out", task);
    }
    slurm.queue(array, as(array, "COMPLETED|n2|None"));
  });
  CHECK(c.slurm("out").judged == 7);
  CHECK(c.each_judged_once());
  CHECK(slurm.arrays() == 2);
  CHECK(second.size() == 4);
  CHECK(contains(c.all_said(), "task 101_0 of Slurm lost its node on n1"));
  CHECK(contains(c.all_said(), "task 101_1 of Slurm ran out of time on n2"));
  CHECK(c.results("out") == c.results("local"));
}

TEST_CASE("who has no verdict in the end is named with the reason, and tried again by the next run") {
  Class c;
  bool broken = true;
  ArrayTasks last;
  FakeSlurm slurm(c.scratch / "bin", [&](const FakeArray& array) {
    last = array.tasks;
    for (std::size_t i = 0; i < array.tasks.size(); ++i) {
      std::vector<std::string> task = array.tasks[i];
      std::erase_if(task, [&](const std::string& student) { return broken && student == "dora"; });
      c.run("out", task);
      write_file_atomic(log_file(array.script.parent_path(), {array.number, "", "", {}}, i),
                        "judging dora\nslurmstepd: error: DUE TO TIME LIMIT\n");
    }
    slurm.queue(array, as(array, "TIMEOUT|n2|TimeLimit"));
  });
  c.hand_in("emil", "no compiler");
  SlurmRequest two;
  two.tries = 2;
  const GradeOutcome outcome = c.slurm("out", {}, two);
  CHECK(outcome.not_judged == 2);
  CHECK(outcome.judged == 5);
  CHECK(slurm.arrays() == 2);
  CHECK(last == ArrayTasks{{"dora"}, {"emil"}});
  const std::string dora = read_file(c.scratch / "out/students/dora.json");
  CHECK(
      contains(dora,
               "Could not be judged: task 102_0 of Slurm ran out of time on n2; the last line of its log is "
               "'slurmstepd: error: DUE TO TIME LIMIT'."));
  CHECK(contains(read_file(c.scratch / "out/students/emil.json"),
                 "Could not be judged: g++ is not installed."));
  CHECK(contains(read_file(c.scratch / "out/class.csv"), "dora"));
  CHECK(contains(c.all_said(), "without a result: dora"));
  broken = false;
  c.hand_in("emil", "pass");
  CHECK(c.slurm("out").not_judged == 0);
  CHECK(last == ArrayTasks{{"dora", "emil"}});
  CHECK(c.each_judged_once());
}

TEST_CASE("an interrupted run leaves the array alone, and the same command gathers it") {
  Class c;
  std::atomic<bool> go = false;
  FakeSlurm slurm(c.scratch / "bin", [&](const FakeArray& array) {
    c.run("out", array.tasks[0]);
    slurm.queue(array, {"0|COMPLETED|n1|None", "1|RUNNING|n2|None"});
    while (!go) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    c.run("out", array.tasks[1]);
    slurm.queue(array, as(array, "COMPLETED|n1|None"));
  });
  std::stop_source stop;
  Progress progress;
  progress.stop = stop.get_token();
  progress.report = [&](double, std::string_view what) {
    if (what.starts_with("5 of 9") && contains(std::string(what), "array 101: 1 running, 0 queued")) {
      CHECK_THROWS_WITH_AS(c.slurm("out"), doctest::Contains("is at work on"), Error);
      stop.request_stop();
    }
  };
  CHECK_THROWS_AS(c.slurm("out", progress), Cancelled);
  CHECK(contains(c.all_said(), "array 101 goes on"));
  CHECK(contains(read_file(c.scratch / "out/class.html"), "4 of 9 submissions are not graded yet"));
  GradeRequest again = c.request("out");
  again.again = true;
  CHECK_THROWS_WITH_AS(grade_by_slurm(again, {}, {}, {}, {}), doctest::Contains("without --again"), Error);
  go = true;
  CHECK(c.slurm("out").judged <= 4);
  CHECK(slurm.arrays() == 1);
  CHECK(c.each_judged_once());
  c.here("local");
  CHECK(c.results("out") == c.results("local"));
}

TEST_CASE("an array is never forgotten, whatever sbatch said and whenever the run was killed") {
  Class c;
  FakeSlurm slurm(c.scratch / "bin", [&](const FakeArray& array) {
    for (const auto& task : array.tasks) {
      c.run("out", task);
    }
    slurm.queue(array, as(array, "COMPLETED|n1|None"));
  });
  SUBCASE("sbatch failed, and yet Slurm has it") {
    slurm.flag("mute");
    CHECK(c.slurm("out").judged == 7);
    CHECK(slurm.arrays() == 1);
  }
  SUBCASE("the run was killed after sbatch and before its answer") {
    fs::create_directories(c.scratch / "out/slurm");
    SlurmState state{2, {{1, "alab-grade-x", "", {{"anna"}}}}};
    write_file_atomic(c.scratch / "out/slurm/run.json", dumped(to_json(state)));
    slurm.flag("down");
    CHECK_THROWS_WITH_AS(SlurmFolder(c.scratch / "out"), doctest::Contains("run this again when it answers"),
                         Error);
    slurm.no_flag("down");
    slurm.flag("queue", "77|0|RUNNING|n1|None\n");
    CHECK(SlurmFolder(c.scratch / "out").state().rounds.at(0).job == "77");
    write_file_atomic(c.scratch / "out/slurm/run.json", dumped(to_json(state)));
    slurm.no_flag("queue");
    CHECK(SlurmFolder(c.scratch / "out").state().rounds.empty());
    CHECK(SlurmFolder(c.scratch / "out").state().next_number == 2);
  }
  SUBCASE("squeue does not answer for a while") {
    slurm.flag("down");
    CHECK(c.slurm("out").judged == 7);
    CHECK(contains(c.all_said(), "squeue does not answer (slurm_load_jobs error"));
    CHECK(slurm.arrays() == 1);
  }
  CHECK_THROWS_AS(slurm_state_from_json(Json{{"schema", "other"}}), Error);
}

TEST_CASE("what a cluster allows, refuses or cancels is said, not worked around") {
  Class c;
  FakeSlurm slurm(c.scratch / "bin", [&](const FakeArray& array) {
    slurm.queue(array, as(array, "PENDING||PartitionTimeLimit"));
    while (!c.waiting) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    c.run("out", array.tasks[0]);
    slurm.queue(array, as(array, "CANCELLED||None"));
  });
  SUBCASE("no array is larger than MaxArraySize, and cancelled tasks are not submitted again") {
    slurm.flag("most", "2");
    SlurmRequest many;
    many.tasks = 5;
    const GradeOutcome outcome = c.slurm("out", {}, many);
    CHECK(outcome.not_judged == 4);
    CHECK(slurm.arrays() == 1);
    CHECK(contains(c.all_said(), "waits for Slurm: PartitionTimeLimit"));
    CHECK(contains(c.all_said(), "was cancelled; it is not submitted again"));
    CHECK(contains(c.all_said(), "in 2 tasks"));
  }
  SUBCASE("sbatch refuses") {
    slurm.flag("refuse");
    CHECK_THROWS_WITH_AS(c.slurm("out"), doctest::Contains("invalid partition specified: short"), Error);
    CHECK(fs::exists(c.scratch / "out/class.csv"));
    slurm.no_flag("refuse");
    CHECK(c.slurm("out").judged == 3);
  }
  SUBCASE("there is no Slurm") {
    fs::remove(c.scratch / "bin/squeue");
    CHECK_THROWS_WITH_AS(c.slurm("out"), doctest::Contains("slurm-client"), Error);
  }
}

}  // namespace alab::grade
