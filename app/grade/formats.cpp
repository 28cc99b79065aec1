// SPDX-License-Identifier: MIT
#include "app/grade/formats.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "app/grade/error_picture.hpp"
#include "app/grade/texts.hpp"
#include "reference/core/error.hpp"

namespace alab::grade {
namespace {

constexpr std::size_t kLongestText = 8000;  // of one check; PrairieLearn takes 1 MB altogether
constexpr std::size_t kPrairieLearnBytes = 900'000;

// One sentence about the whole exercise, when nothing of it could be judged.
std::string outcome_words(const GradedExercise& e) {
  switch (e.outcome) {
    case Outcome::judged:
      return "";
    case Outcome::not_handed_in:
      return text("No file for ", e.id, " was handed in.");
    case Outcome::did_not_compile:
      return text("'", e.file, "' does not compile:\n", e.message);
    default:
      return e.message;
  }
}

std::string short_of(const std::string& id) {
  return id.substr(0, id.find('_'));
}

// For formats that know no hidden tests: neither title nor text of one.
std::string open_name(const GradedCheck& c, std::size_t number) {
  return c.shown() ? c.info.title : text("hidden check ", number + 1);
}

std::string check_text(const GradedExercise& e, const GradedCheck& c) {
  if (c.passed) {
    return "";
  }
  const std::string whole = outcome_words(e);
  return cut_to(whole.empty() ? c.text : whole, kLongestText);
}

std::string open_text(const GradedExercise& e, const GradedCheck& c) {
  return c.passed || c.shown() || e.outcome != Outcome::judged
             ? check_text(e, c)
             : "This check is hidden: it runs inputs of its own on what the statement asks for.";
}

// Points of hidden checks are not told apart by a sum.
std::string sum_text(const GradedExercise& e) {
  double earned = 0, points = 0;
  bool all = true;
  for (const GradedCheck& c : e.checks) {
    all = all && c.shown();
    earned += c.shown() ? c.earned : 0;
    points += c.shown() ? c.info.points : 0;
  }
  return text(points_text(earned), " of ", points_text(points),
              all ? " points" : " points in the checks shown");
}

// What concerns the submission as a whole.
std::string overall_text(const StudentGrade& g) {
  std::string out = g.refused.empty() ? "" : g.refused + "\n";
  for (const std::string& note : g.notes) {
    out += note + "\n";
  }
  for (const GradedExercise& e : g.exercises) {
    const std::string whole = outcome_words(e);
    out += text(e.id, ": ", whole.empty() ? sum_text(e) : whole, "\n");
  }
  return cut_to(out, 4 * kLongestText);
}

// The error map of a failed check that students may see.
Json images_of(const GradedExercise& e, std::size_t i) {
  Json images = Json::array();
  if (e.checks[i].passed || !e.checks[i].shown() || !e.verdict.is_object() || !e.verdict.contains("checks") ||
      i >= e.verdict["checks"].size()) {
    return images;
  }
  const Json map = e.verdict["checks"][i].value("error_map", Json(nullptr));
  if (const std::string url = error_picture_url(map); !url.empty()) {
    images.push_back({{"label", error_picture_label(map)}, {"url", url}});
  }
  return images;
}

// Images go first, then texts, from the last test on, until PrairieLearn takes it.
void shorten(Json& result) {
  std::size_t bytes = dumped(result, -1).size();
  for (const std::string part : {"images", "output"}) {
    for (std::size_t i = result["tests"].size(); i > 0 && bytes > kPrairieLearnBytes; --i) {
      Json& field = result["tests"][i - 1][part];
      const std::size_t before = dumped(field, -1).size();
      field = part == "images" ? Json::array()
                               : Json("(left out: all texts together are longer than PrairieLearn takes)");
      bytes -= before - std::min(before, dumped(field, -1).size());
    }
  }
}

long whole_points(double points) {
  return std::lround(points);
}

void add_classroom50_tests(const GradedExercise& e, Json& tests, long& score, long& most) {
  for (std::size_t i = 0; i < e.checks.size(); ++i) {
    const GradedCheck& c = e.checks[i];
    const long points = whole_points(c.info.points);
    const long earned = c.passed ? points : std::min(points, static_cast<long>(std::floor(c.earned + 1e-9)));
    tests.push_back({{"test-name", text(e.id, ": ", open_name(c, i))},
                     {"passed", c.passed},
                     {"score", earned},
                     {"max-score", points},
                     {"message", open_text(e, c)}});
    score += earned;
    most += points;
  }
}

std::string environment(const char* name, std::string fallback) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::move(fallback) : as_utf8(value);
}

// JUnit's words: an error is when the test could not be run, a failure when it failed.
std::string testcase(const GradedExercise& e, std::size_t i) {
  const GradedCheck& c = e.checks[i];
  const std::string head =
      text("    <testcase classname=\"", xml_text(e.id), "\" name=\"", xml_text(open_name(c, i)), "\"");
  if (c.passed) {
    return head + "/>\n";
  }
  const std::string words = open_text(e, c);
  const std::string first = words.substr(0, words.find('\n'));
  const char* kind = e.outcome == Outcome::judged ? "failure" : "error";
  return text(head, ">\n      <", kind, " type=\"", to_string(e.outcome), "\" message=\"",
              xml_text(one_line(first)), "\">", xml_text(words), "</", kind, ">\n    </testcase>\n");
}

std::string counts(std::size_t tests, std::size_t failures, std::size_t errors) {
  return text(" tests=\"", tests, "\" failures=\"", failures, "\" errors=\"", errors, "\" skipped=\"0\"");
}

std::size_t not_passed(const GradedExercise& e) {
  return static_cast<std::size_t>(
      std::count_if(e.checks.begin(), e.checks.end(), [](const GradedCheck& c) { return !c.passed; }));
}

}  // namespace

Formats Formats::parse(std::string_view list) {
  Formats out{false, false, false, false, false};
  const std::array<std::pair<std::string_view, bool*>, 5> known{{{"gradescope", &out.gradescope},
                                                                 {"classroom50", &out.classroom50},
                                                                 {"prairielearn", &out.prairielearn},
                                                                 {"junit", &out.junit},
                                                                 {"csv", &out.csv}}};
  for (std::size_t start = 0; start <= list.size();) {
    const std::size_t end = std::min(list.find(',', start), list.size());
    const std::string_view word = list.substr(start, end - start);
    const auto at = std::find_if(known.begin(), known.end(), [&](const auto& k) { return k.first == word; });
    require(at != known.end(), "there is no grade format '", word,
            "'; choose from gradescope, classroom50, prairielearn, junit, csv");
    *at->second = true;
    start = end + 1;
  }
  return out;
}

Json gradescope_json(const StudentGrade& g) {
  Json tests = Json::array();
  for (const GradedExercise& e : g.exercises) {
    for (std::size_t i = 0; i < e.checks.size(); ++i) {
      const GradedCheck& c = e.checks[i];
      tests.push_back({{"name", text(e.id, ": ", c.info.title)},
                       {"number", text(short_of(e.id), ".", i + 1)},
                       {"score", c.earned},
                       {"max_score", c.info.points},
                       {"status", c.passed ? "passed" : "failed"},
                       {"output", check_text(e, c)},
                       {"output_format", "text"},
                       {"visibility", c.info.visibility},
                       {"tags", {e.id, c.info.id}},
                       {"extra_data", {{"diagnosis", c.shown() ? c.diagnosis : ""}}}});
    }
  }
  return {{"score", g.earned()},           {"output", overall_text(g)},
          {"output_format", "text"},       {"test_output_format", "text"},
          {"test_name_format", "text"},    {"visibility", "visible"},
          {"stdout_visibility", "hidden"}, {"tests", tests}};
}

Classroom50Context classroom50_context() {
  Classroom50Context out;
  out.classroom = environment("CLASSROOM", out.classroom);
  out.assignment = environment("ASSIGNMENT", out.assignment);
  out.submission = environment("SUBMISSION_TAG", "");
  out.commit = environment("COMMIT_URL", "");
  out.release = environment("RELEASE_URL", "");
  out.review = environment("REVIEW_URL", out.commit);
  out.datetime = environment("ALAB_SUBMITTED_AT", "");
  return out;
}

Json classroom50_json(const StudentGrade& g, const Classroom50Context& context) {
  Json tests = Json::array();
  long score = 0;
  long most = 0;
  for (const GradedExercise& e : g.exercises) {
    add_classroom50_tests(e, tests, score, most);
  }
  const std::string changed = g.changed.empty() ? "1970-01-01T00:00:00Z" : g.changed;
  const auto or_else = [](const std::string& value, const std::string& other) {
    return value.empty() ? other : value;
  };
  return {{"schema", "classroom50/result/v1"},
          {"classroom", context.classroom},
          {"assignment", context.assignment},
          {"submission", or_else(context.submission, g.submission)},
          {"commit", or_else(context.commit, g.submission)},
          {"release", or_else(context.release, g.submission)},
          {"review", or_else(context.review, g.submission)},
          {"datetime", or_else(context.datetime, changed)},
          {"score", score},
          {"max-score", most},
          {"tests", tests}};
}

Json prairielearn_json(const StudentGrade& g) {
  Json tests = Json::array();
  for (const GradedExercise& e : g.exercises) {
    for (std::size_t i = 0; i < e.checks.size(); ++i) {
      const GradedCheck& c = e.checks[i];
      tests.push_back({{"name", text(e.id, ": ", open_name(c, i))},
                       {"description", e.title},
                       {"points", c.earned},
                       {"max_points", c.info.points},
                       {"message", c.passed ? "passed" : "failed"},
                       {"output", open_text(e, c)},
                       {"images", images_of(e, i)}});
    }
  }
  Json out{{"gradable", g.refused.empty() && g.handed_in()},
           {"score", g.points() > 0 ? std::clamp(g.earned() / g.points(), 0.0, 1.0) : 0.0},
           {"message", text(points_text(g.earned()), " of ", points_text(g.points()), " points")},
           {"output", overall_text(g)},
           {"images", Json::array()},
           {"tests", tests}};
  if (!out["gradable"].get<bool>()) {
    out["format_errors"] =
        Json::array({g.refused.empty() ? "No file of an exercise was handed in." : g.refused});
  }
  shorten(out);
  return out;
}

std::string junit_xml(const StudentGrade& g) {
  std::size_t tests = 0, failures = 0, errors = 0;
  std::string suites;
  for (const GradedExercise& e : g.exercises) {
    const std::size_t bad = not_passed(e);
    const std::size_t failed = e.outcome == Outcome::judged ? bad : 0;
    suites += text("  <testsuite name=\"", xml_text(e.id), "\"",
                   counts(e.checks.size(), failed, bad - failed), ">\n");
    for (std::size_t i = 0; i < e.checks.size(); ++i) {
      suites += testcase(e, i);
    }
    suites += "  </testsuite>\n";
    tests += e.checks.size();
    failures += failed;
    errors += bad - failed;
  }
  return text("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"",
              xml_text(one_line(g.student)), "\"", counts(tests, failures, errors), ">\n", suites,
              "</testsuites>\n");
}

}  // namespace alab::grade
