// SPDX-License-Identifier: MIT
#include "app/grade/class_report.hpp"

#include <algorithm>
#include <set>

#include "app/grade/texts.hpp"
#include "reference/core/error.hpp"

namespace alab::grade {
namespace {

const GradedExercise* exercise_of(const StudentGrade& student, const std::string& id) {
  const auto at = std::find_if(student.exercises.begin(), student.exercises.end(),
                               [&](const GradedExercise& e) { return e.id == id; });
  return at == student.exercises.end() ? nullptr : &*at;
}

void count_checks(const GradedExercise& e, ExerciseStatistics& s, std::map<std::string, int>& diagnoses) {
  std::set<std::string> named;
  for (std::size_t i = 0; i < e.checks.size() && i < s.checks.size(); ++i) {
    s.checks[i].judged += 1;
    s.checks[i].failed += e.checks[i].passed ? 0 : 1;
    if (!e.checks[i].diagnosis.empty()) {
      named.insert(e.checks[i].diagnosis);
    }
  }
  for (const std::string& diagnosis : named) {
    diagnoses[diagnosis] += 1;
  }
}

void count_outcome(const GradedExercise& e, const std::string& student, ExerciseStatistics& s) {
  if (e.file.empty()) {
    s.missing.push_back(student);
    return;
  }
  s.handed_in += 1;
  s.mean += e.earned();
  s.full_marks += e.outcome == Outcome::judged && e.earned() >= e.points() ? 1 : 0;
  s.did_not_compile += e.outcome == Outcome::did_not_compile ? 1 : 0;
  s.not_allowed += e.outcome == Outcome::not_allowed ? 1 : 0;
  s.unreadable += e.outcome == Outcome::unreadable ? 1 : 0;
  s.not_judged += e.outcome == Outcome::not_judged ? 1 : 0;
}

ExerciseStatistics statistics_of(std::span<const StudentGrade> students, const AssignedExercise& exercise) {
  ExerciseStatistics s;
  s.id = exercise.id;
  s.title = exercise.title;
  s.points = exercise.points();
  for (const CheckInfo& info : exercise.checks) {
    s.checks.push_back({info, 0, 0});
  }
  std::map<std::string, int> diagnoses;
  double hints = 0;
  for (const StudentGrade& student : students) {
    const GradedExercise* e = exercise_of(student, exercise.id);
    if (e == nullptr) {
      s.missing.push_back(student.student);
      continue;
    }
    count_outcome(*e, student.student, s);
    if (e->outcome == Outcome::judged) {
      count_checks(*e, s, diagnoses);
    }
    if (const auto at = student.hints.find(exercise.id); at != student.hints.end()) {
      s.hint_files += 1;
      hints += at->second;
    }
  }
  s.mean = s.handed_in > 0 ? s.mean / s.handed_in : 0;
  s.mean_hints = s.hint_files > 0 ? hints / s.hint_files : 0;
  s.diagnoses.assign(diagnoses.begin(), diagnoses.end());
  std::stable_sort(s.diagnoses.begin(), s.diagnoses.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return s;
}

std::string remarks_of(const StudentGrade& student) {
  std::string out = student.refused;
  const auto add = [&](const std::string& words) { out += (out.empty() ? "" : " ") + words; };
  if (student.refused.empty() && !student.handed_in()) {
    add("Nothing was handed in.");
  }
  for (const GradedExercise& e : student.exercises) {
    switch (e.outcome) {
      case Outcome::did_not_compile:
        add(e.id + " does not compile.");
        break;
      case Outcome::not_allowed:
      case Outcome::not_judged:
      case Outcome::unreadable:
        add(text(e.id, ": ", e.message));
        break;
      default:
        break;
    }
  }
  for (const std::string& note : student.notes) {
    add(note);
  }
  return out;
}

}  // namespace

ClassSummary summarize(std::span<const StudentGrade> students, std::span<const AssignedExercise> exercises,
                       std::vector<std::string> notes) {
  ClassSummary out;
  out.students = students;
  out.notes = std::move(notes);
  for (const AssignedExercise& exercise : exercises) {
    out.exercises.push_back(statistics_of(students, exercise));
  }
  for (const StudentGrade& student : students) {
    if (!student.refused.empty()) {
      out.refused.push_back(student.student);
    } else if (!student.handed_in()) {
      out.nothing_handed_in.push_back(student.student);
    }
  }
  return out;
}

std::string class_csv(const ClassSummary& summary) {
  std::string out = "student,points,of";
  for (const ExerciseStatistics& e : summary.exercises) {
    out += "," + csv_cell(e.id);
  }
  out += ",remarks\r\n";
  for (const StudentGrade& student : summary.students) {
    out += text(csv_cell(student.student), ",", points_text(student.earned()), ",",
                points_text(student.points()));
    for (const ExerciseStatistics& s : summary.exercises) {
      const GradedExercise* e = exercise_of(student, s.id);
      out += "," + (e == nullptr || e->file.empty() ? std::string() : points_text(e->earned()));
    }
    out += "," + csv_cell(remarks_of(student)) + "\r\n";
  }
  return out;
}

Json class_json(const ClassSummary& summary) {
  Json exercises = Json::array();
  for (const ExerciseStatistics& s : summary.exercises) {
    Json checks = Json::array();
    for (const CheckStatistics& c : s.checks) {
      checks.push_back({{"id", c.info.id},
                        {"title", c.info.title},
                        {"visibility", c.info.visibility},
                        {"points", c.info.points},
                        {"judged", c.judged},
                        {"failed", c.failed}});
    }
    Json diagnoses = Json::array();
    for (const auto& [diagnosis, students] : s.diagnoses) {
      diagnoses.push_back({{"diagnosis", diagnosis}, {"students", students}});
    }
    exercises.push_back(
        {{"exercise", s.id},
         {"title", s.title},
         {"points", s.points},
         {"handed_in", s.handed_in},
         {"mean", s.mean},
         {"full_marks", s.full_marks},
         {"did_not_compile", s.did_not_compile},
         {"not_allowed", s.not_allowed},
         {"unreadable", s.unreadable},
         {"not_judged", s.not_judged},
         {"checks", checks},
         {"diagnoses", diagnoses},
         {"hints",
          s.hint_files > 0 ? Json({{"students", s.hint_files}, {"mean", s.mean_hints}}) : Json(nullptr)},
         {"missing", s.missing}});
  }
  Json students = Json::array();
  for (const StudentGrade& g : summary.students) {
    Json points = Json::object();
    for (const GradedExercise& e : g.exercises) {
      points[e.id] = e.file.empty() ? Json(nullptr) : Json(e.earned());
    }
    students.push_back({{"student", g.student},
                        {"file", text("students/", file_name_of(g.student), ".json")},
                        {"points", g.points()},
                        {"earned", g.earned()},
                        {"exercises", points},
                        {"remarks", remarks_of(g)}});
  }
  return {{"schema", "attention-lab/class/v1"},
          {"students", students},
          {"exercises", exercises},
          {"nothing_handed_in", summary.nothing_handed_in},
          {"refused", summary.refused},
          {"notes", summary.notes}};
}

}  // namespace alab::grade
