// SPDX-License-Identifier: MIT
#include "app/grade/record.hpp"

#include <algorithm>
#include <array>

#include "reference/core/error.hpp"

namespace alab::grade {
namespace {

constexpr std::string_view kSchema = "attention-lab/grade/v1";
constexpr std::array<std::string_view, 6> kOutcomes{"judged",          "not_handed_in", "unreadable",
                                                    "did_not_compile", "not_allowed",   "not_judged"};

Outcome outcome_named(const std::string& name) {
  const auto at = std::find(kOutcomes.begin(), kOutcomes.end(), name);
  require(at != kOutcomes.end(), "there is no outcome '", name, "'");
  return static_cast<Outcome>(at - kOutcomes.begin());
}

Json to_json(const GradedCheck& c) {
  return {{"id", c.info.id},         {"title", c.info.title},   {"visibility", c.info.visibility},
          {"points", c.info.points}, {"earned", c.earned},      {"passed", c.passed},
          {"text", c.text},          {"diagnosis", c.diagnosis}};
}

GradedCheck check_from_json(const Json& j) {
  GradedCheck c;
  c.info = {j.at("id"), j.at("title"), j.at("visibility"), j.at("points")};
  c.earned = j.at("earned");
  c.passed = j.at("passed");
  c.text = j.at("text");
  c.diagnosis = j.at("diagnosis");
  return c;
}

Json to_json(const GradedExercise& e) {
  Json checks = Json::array();
  for (const GradedCheck& c : e.checks) {
    checks.push_back(to_json(c));
  }
  return {{"exercise", e.id},     {"title", e.title},
          {"file", e.file},       {"outcome", to_string(e.outcome)},
          {"points", e.points()}, {"earned", e.earned()},
          {"message", e.message}, {"checks", checks},
          {"verdict", e.verdict}, {"judged_from", e.key}};
}

GradedExercise exercise_from_json(const Json& j) {
  GradedExercise e;
  e.id = j.at("exercise");
  e.title = j.at("title");
  e.file = j.at("file");
  e.outcome = outcome_named(j.at("outcome"));
  e.message = j.at("message");
  for (const Json& c : j.at("checks")) {
    e.checks.push_back(check_from_json(c));
  }
  e.verdict = j.at("verdict");
  e.key = j.at("judged_from");
  return e;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}

double AssignedExercise::points() const {
  double total = 0;
  for (const CheckInfo& c : checks) {
    total += c.points;
  }
  return total;
}

double GradedExercise::points() const {
  double total = 0;
  for (const GradedCheck& c : checks) {
    total += c.info.points;
  }
  return total;
}

double GradedExercise::earned() const {
  double total = 0;
  for (const GradedCheck& c : checks) {
    total += c.earned;
  }
  return total;
}

double StudentGrade::points() const {
  double total = 0;
  for (const GradedExercise& e : exercises) {
    total += e.points();
  }
  return total;
}

double StudentGrade::earned() const {
  double total = 0;
  for (const GradedExercise& e : exercises) {
    total += e.earned();
  }
  return total;
}

bool StudentGrade::handed_in() const {
  return std::any_of(exercises.begin(), exercises.end(),
                     [](const GradedExercise& e) { return !e.file.empty(); });
}

GradedExercise unjudged(const AssignedExercise& exercise, Outcome outcome, std::string message) {
  GradedExercise out;
  out.id = exercise.id;
  out.title = exercise.title;
  out.outcome = outcome;
  out.message = std::move(message);
  for (const CheckInfo& info : exercise.checks) {
    out.checks.push_back({info, false, 0, "", ""});
  }
  return out;
}

Json to_json(const StudentGrade& g) {
  Json exercises = Json::array();
  for (const GradedExercise& e : g.exercises) {
    exercises.push_back(to_json(e));
  }
  return {{"schema", kSchema},     {"student", g.student}, {"submission", g.submission},
          {"changed", g.changed},  {"points", g.points()}, {"earned", g.earned()},
          {"refused", g.refused},  {"notes", g.notes},     {"hints", g.hints},
          {"exercises", exercises}};
}

StudentGrade student_grade_from_json(const Json& j) try {
  require(j.at("schema") == kSchema, "the schema is not ", kSchema);
  StudentGrade g;
  g.student = j.at("student");
  g.submission = j.at("submission");
  g.changed = j.at("changed");
  g.refused = j.at("refused");
  g.notes = j.at("notes").get<std::vector<std::string>>();
  g.hints = j.at("hints").get<std::map<std::string, int>>();
  for (const Json& e : j.at("exercises")) {
    g.exercises.push_back(exercise_from_json(e));
  }
  return g;
} catch (const nlohmann::json::exception& error) {
  throw Error(text("this is no result of 'alab grade': ", error.what()));
}

std::string dumped(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace alab::grade
