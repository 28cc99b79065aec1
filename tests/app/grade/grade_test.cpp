// Grading with a judge of the test's own: resume, determinism, every student gets a result, every format's
// fields. SPDX-License-Identifier: MIT
#include "app/grade/grade.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <regex>

#include "app/grade/error_picture.hpp"
#include "app/grade/texts.hpp"
#include "reference/core/files.hpp"
#include "tests/app/program.hpp"

namespace alab::grade {
namespace {

using app_test::contains;
using app_test::files_below;
using app_test::Scratch;
namespace fs = std::filesystem;

const std::vector<AssignedExercise> kExercises{
    {"1a_scores",
     "Scores",
     {{"values", "Every score", "visible", 4}, {"secret", "Secret shapes", "hidden", 2}},
     "v1"},
    {"1b_softmax", "Softmax", {{"values", "Every row", "visible", 1.5}}, "v1"},
    {"2a_never", "Never handed in", {{"values", "All", "visible", 3}}, "v1"}};

const std::string kEvil = "=cmd|'/c calc'!A1 <script>alert(\"1\")</script>\x01]]>";
// As a folder's name.
const std::string kEvilName = "=cmd|'c calc'!A1 <script>alert(\"1\")\x01]]>";

// The source says what happens: pass, fail, compile error, forbidden, broken judge.
GradedExercise judge_by_word(const AssignedExercise& exercise, std::string_view source, const std::string&,
                             const Progress& progress) {
  progress.step(0, "");
  require(source != "broken", "the compiler is not installed");
  if (source == "compile") {
    return unjudged(exercise, Outcome::did_not_compile, "line 3: expected ';' <here>");
  }
  if (source == "forbidden") {
    return unjudged(exercise, Outcome::not_allowed, "A constructor would run before main.");
  }
  GradedExercise out = unjudged(exercise, Outcome::judged, "");
  for (GradedCheck& c : out.checks) {
    c.passed = source == "pass" || (source == "visible" && c.shown());
    c.earned = c.passed ? c.info.points : 0;
    c.text = c.passed ? "" : "S[0, 3] is 1, expected 2. " + kEvil;
    c.diagnosis = c.passed ? "" : "your output equals that of: no mask";
  }
  out.verdict = {{"source", source}};
  return out;
}

struct Class {
  Scratch scratch{"class"};
  std::atomic<int> calls = 0;

  void hand_in(const std::string& student, const std::string& file, const std::string& word) const {
    fs::create_directories(dir() / student);
    std::ofstream(dir() / student / file) << word;
  }
  fs::path dir() const { return scratch / "in"; }
  GradeOutcome grade(const std::string& out, unsigned jobs = 1, bool again = false,
                     const Progress& progress = {},
                     const std::function<void(const StudentGrade&)>& done = {}) {
    GradeRequest request;
    request.submissions = dir();
    request.out = scratch / out;
    request.exercises = kExercises;
    request.jobs = jobs;
    request.again = again;
    request.program = "test";
    return grade_class(
        request,
        [this](const auto&... a) {
          ++calls;
          return judge_by_word(a...);
        },
        progress, done);
  }
  std::string read(const std::string& file) const { return read_file(scratch / file); }
  Json json(const std::string& file) const { return read_json(scratch / file); }
};

void fill(const Class& c) {
  c.hand_in("anna", "1a.cu", "pass");
  c.hand_in("anna", "1b.cu", "pass");
  c.hand_in("bert", "1a_scores.cu", "fail");
  c.hand_in("carl", "1a.cu", "compile");
  c.hand_in("dora", "1a.cu", "visible");
  c.hand_in(kEvilName, "1a.cu", "forbidden");
  fs::create_directories(c.dir() / "emil");
  std::ofstream(c.dir() / "frida.zip") << "no zip";
}

std::string everything_below(const fs::path& folder) {
  std::vector<std::string> names = files_below(folder);
  std::sort(names.begin(), names.end());
  std::string out;
  for (const std::string& name : names) {
    out += name + "\n" + read_file(folder / name);
  }
  return out;
}

}  // namespace

TEST_CASE("every submission gets its results, and exercises that nobody handed in do not count") {
  Class c;
  fill(c);
  const GradeOutcome outcome = c.grade("out");
  REQUIRE(outcome.students.size() == 7);
  CHECK(outcome.exercises.size() == 2);
  CHECK(outcome.judged == 6);
  CHECK(outcome.not_judged == 0);
  const Json anna = c.json("out/students/anna.json");
  CHECK(anna.at("earned") == 7.5);
  CHECK(anna.at("points") == 7.5);
  CHECK(anna.at("exercises")[0].at("verdict").at("source") == "pass");
  CHECK(c.json("out/students/carl.json").at("exercises")[0].at("outcome") == "did_not_compile");
  CHECK(c.json("out/students/emil.json").at("exercises")[0].at("outcome") == "not_handed_in");
  CHECK(contains(c.json("out/students/frida.json").at("refused").get<std::string>(),
                 "The submission was not read"));
  CHECK(files_below(c.scratch / "out").size() == 7 * 5 + 3);
  const Json summary = c.json("out/class.json");
  CHECK(summary.at("nothing_handed_in") == Json::array({"emil"}));
  CHECK(summary.at("refused") == Json::array({"frida"}));
  const Json first = summary.at("exercises")[0];
  CHECK(first.at("handed_in") == 5);
  CHECK(first.at("did_not_compile") == 1);
  CHECK(first.at("not_allowed") == 1);
  CHECK(first.at("full_marks") == 1);
  CHECK(first.at("checks")[0].at("failed") == 1);
  CHECK(first.at("checks")[1].at("failed") == 2);
  CHECK(first.at("checks")[1].at("judged") == 3);
  CHECK(first.at("diagnoses")[0].at("students") == 2);
}

TEST_CASE("the same submissions give the same bytes, with any number of jobs, resumed or again") {
  Class c;
  fill(c);
  c.grade("one");
  c.grade("four", 4);
  const std::string one = everything_below(c.scratch / "one");
  CHECK(one == everything_below(c.scratch / "four"));
  c.calls = 0;
  const GradeOutcome resumed = c.grade("four");
  CHECK(c.calls == 0);
  CHECK(resumed.kept == 6);
  CHECK(one == everything_below(c.scratch / "four"));
  c.grade("four", 1, true);
  CHECK(c.calls == 6);
  CHECK(one == everything_below(c.scratch / "four"));
  c.calls = 0;
  c.hand_in("anna", "1b.cu", "fail");
  std::ofstream(c.scratch / "four/students/bert.json") << "{damaged";
  c.grade("four");
  CHECK(c.calls == 2);
  CHECK(c.json("four/students/anna.json").at("earned") == 6);
}

TEST_CASE("an interrupted run leaves whole files and goes on where it was") {
  Class c;
  fill(c);
  std::stop_source stop;
  Progress progress;
  progress.stop = stop.get_token();
  int seen = 0;
  const auto interrupt = [&](const StudentGrade&) {
    if (++seen == 3) {
      stop.request_stop();
    }
  };
  CHECK_THROWS_AS(c.grade("out", 1, false, progress, interrupt), Cancelled);
  const int judged = c.calls;
  CHECK(judged < 6);
  CHECK(files_below(c.scratch / "out").size() == 3 * 5 + 3);
  CHECK(contains(c.read("out/class.html"), "4 of 7 submissions are not graded yet"));
  c.grade("out");
  CHECK(c.calls == 6);
  c.grade("fresh");
  CHECK(everything_below(c.scratch / "out") == everything_below(c.scratch / "fresh"));
}

TEST_CASE("what cannot be judged here is said, costs no other student, and is judged by the next run") {
  Class c;
  c.hand_in("anna", "1a.cu", "broken");
  c.hand_in("bert", "1a.cu", "pass");
  const GradeOutcome first = c.grade("out");
  CHECK(first.not_judged == 1);
  CHECK(contains(c.read("out/students/anna.json"), "Could not be judged: the compiler is not installed."));
  CHECK(c.json("out/students/bert.json").at("earned") == 6);
  c.calls = 0;
  c.grade("out");
  CHECK(c.calls == 1);
  CHECK_THROWS_WITH_AS(c.grade("in"), doctest::Contains("choose another folder for --out"), Error);
  fs::remove_all(c.dir());
  CHECK_THROWS_AS(c.grade("out"), Error);
  fs::create_directories(c.dir());
  CHECK_THROWS_WITH_AS(c.grade("out"), doctest::Contains("there are no submissions"), Error);
}

TEST_CASE("a folder of results among the submissions is nobody's") {
  Class c;
  c.hand_in("anna", "1a.cu", "pass");
  CHECK(c.grade("in/results").students.size() == 1);
  CHECK(c.grade("in/results").students.size() == 1);
}

TEST_CASE("Gradescope: the fields of its specification, hidden checks marked so") {
  Class c;
  fill(c);
  c.grade("out");
  const Json j = c.json("out/gradescope/dora/results.json");
  CHECK(j.at("score") == 4);
  CHECK(j.at("stdout_visibility") == "hidden");
  CHECK(contains(j.at("output").get<std::string>(), "4 of 4 points in the checks shown"));
  REQUIRE(j.at("tests").size() == 3);
  const Json hidden = j.at("tests")[1];
  CHECK(hidden.at("name") == "1a_scores: Secret shapes");
  CHECK(hidden.at("number") == "1a.2");
  CHECK(hidden.at("score") == 0);
  CHECK(hidden.at("max_score") == 2);
  CHECK(hidden.at("status") == "failed");
  CHECK(hidden.at("visibility") == "hidden");
  CHECK(hidden.at("extra_data").at("diagnosis") == "");
  for (const Json& test : j.at("tests")) {
    CHECK(test.at("output_format") == "text");
    CHECK(test.at("tags").is_array());
    CHECK((test.at("status") == "passed" || test.at("status") == "failed"));
  }
  CHECK(contains(c.json("out/gradescope/carl/results.json").at("tests")[0].at("output").get<std::string>(),
                 "'1a.cu' does not compile:\nline 3"));
}

TEST_CASE("Classroom 50: whole points, a time of the submission, no text of a hidden check") {
  Class c;
  fill(c);
  c.grade("out");
  const Json j = c.json("out/classroom50/dora/result.json");
  CHECK(j.at("schema") == "classroom50/result/v1");
  for (const char* field :
       {"classroom", "assignment", "submission", "commit", "release", "review", "datetime"}) {
    CHECK(!j.at(field).get<std::string>().empty());
  }
  CHECK(std::regex_match(j.at("datetime").get<std::string>(),
                         std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")));
  CHECK(j.at("score").is_number_integer());
  CHECK(j.at("score") == 4);
  CHECK(j.at("max-score") == 8);
  long sum = 0;
  for (const Json& test : j.at("tests")) {
    CHECK(test.at("passed").is_boolean());
    CHECK(test.at("score").is_number_integer());
    sum += test.at("max-score").get<long>();
  }
  CHECK(sum == 8);
  CHECK(j.at("tests")[1].at("test-name") == "1a_scores: hidden check 2");
  CHECK(!contains(c.read("out/classroom50/dora/result.json"), "Secret shapes"));
  CHECK(!contains(j.at("tests")[1].dump(), "expected 2"));
  Classroom50Context context;
  context.commit = "https://example.org/c";
  context.datetime = "2026-10-01T00:00:00Z";
  const Json stamped = classroom50_json(student_grade_from_json(c.json("out/students/dora.json")), context);
  CHECK(stamped.at("commit") == "https://example.org/c");
  CHECK(stamped.at("datetime") == "2026-10-01T00:00:00Z");
}

TEST_CASE("PrairieLearn: score from 0 to 1, points on every test, under 1 MB, ungradable when nothing came") {
  Class c;
  fill(c);
  c.grade("out");
  const Json j = c.json("out/prairielearn/dora/results.json");
  CHECK(j.at("gradable") == true);
  CHECK(j.at("score").get<double>() == doctest::Approx(4 / 7.5));
  for (const Json& test : j.at("tests")) {
    CHECK(test.contains("name"));
    CHECK(test.at("points").is_number());
    CHECK(test.at("max_points").is_number());
    CHECK(test.at("images").is_array());
  }
  CHECK(!contains(j.dump(), "Secret shapes"));
  CHECK(c.json("out/prairielearn/emil/results.json").at("gradable") == false);
  CHECK(c.json("out/prairielearn/frida/results.json").at("format_errors").size() == 1);
  StudentGrade long_one = student_grade_from_json(c.json("out/students/bert.json"));
  for (int i = 0; i < 300; ++i) {
    long_one.exercises[0].checks.push_back(long_one.exercises[0].checks[0]);
    long_one.exercises[0].checks.back().text = std::string(20000, 'x');
  }
  CHECK(dumped(prairielearn_json(long_one), -1).size() < 1'000'000);
}

TEST_CASE("PrairieLearn shows where an output is wrong, as a PNG that is whole") {
  CHECK(base64("") == "");
  CHECK(base64("M") == "TQ==");
  CHECK(base64("Ma") == "TWE=");
  CHECK(base64("Man") == "TWFu");
  const Json map{{"output", "S"}, {"cell_rows", 2}, {"cell_cols", 3}, {"cells", {0, 2, 200, 1e6, 1, 0.5}}};
  StudentGrade g;
  g.exercises.push_back(unjudged(kExercises[0], Outcome::judged, ""));
  g.exercises[0].file = "1a.cu";
  g.exercises[0].verdict = {{"checks", {{{"error_map", map}}, {{"error_map", map}}}}};
  const Json j = prairielearn_json(g);
  REQUIRE(j.at("tests")[0].at("images").size() == 1);
  CHECK(j.at("tests")[1].at("images").empty());  // hidden
  const std::string url = j.at("tests")[0].at("images")[0].at("url");
  CHECK(url.starts_with("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAP8AAACqAgMAAA"));
  CHECK(url.size() < 30000);
  CHECK(error_picture_url(nullptr).empty());
  CHECK(error_picture_url({{"cell_rows", 2}, {"cell_cols", 3}, {"cells", {1}}}).empty());
}

TEST_CASE("JUnit: one suite per exercise, one case per check, and no character that XML forbids") {
  Class c;
  fill(c);
  c.grade("out");
  const std::string bert = c.read("out/junit/bert.xml");
  CHECK(contains(bert, "<testsuites name=\"bert\" tests=\"3\" failures=\"2\" errors=\"1\" skipped=\"0\">"));
  CHECK(
      contains(bert, "<testsuite name=\"1a_scores\" tests=\"2\" failures=\"2\" errors=\"0\" skipped=\"0\">"));
  CHECK(contains(bert, "<testcase classname=\"1a_scores\" name=\"Every score\">"));
  CHECK(contains(bert, "<failure type=\"judged\" message=\"S[0, 3] is 1, expected 2."));
  CHECK(contains(bert, "&lt;script&gt;"));
  CHECK(contains(bert, "]]&gt;"));
  CHECK(!contains(bert, "Secret shapes"));
  CHECK(contains(c.read("out/junit/anna.xml"), "<testcase classname=\"1b_softmax\" name=\"Every row\"/>"));
  CHECK(contains(c.read("out/junit/carl.xml"), "<error type=\"did_not_compile\" message=\""));
  for (const std::string& file : files_below(c.scratch / "out/junit")) {
    for (const char byte : c.read("out/junit/" + file)) {
      CHECK((static_cast<unsigned char>(byte) >= 0x20 || byte == '\n'));
    }
  }
}

TEST_CASE("the class's table and page hold no formula, no tag and no script of a student") {
  Class c;
  fill(c);
  c.grade("out");
  const std::string csv = c.read("out/class.csv"), html = c.read("out/class.html");
  CHECK(csv.starts_with("student,points,of,1a_scores,1b_softmax,remarks\r\n"));
  CHECK(contains(csv, "\nanna,7.5,7.5,6,1.5,\r\n"));
  CHECK(contains(csv, "\nemil,0,7.5,,,Nothing was handed in.\r\n"));
  CHECK(contains(csv, "'=cmd|"));
  CHECK(!contains(csv, "\n=cmd"));
  CHECK(!contains(csv, "\n\"=cmd"));
  CHECK(!contains(html, "<script"));
  CHECK(contains(html, "&lt;script&gt;"));
  CHECK(contains(html, "default-src 'none'"));
  CHECK(contains(html, "your output equals that of: no mask"));
  CHECK(contains(html, "Not handed in by: "));
}

TEST_CASE("formats are chosen by name") {
  const Formats two = Formats::parse("junit,csv");
  CHECK(two.junit);
  CHECK(two.csv);
  CHECK(!two.gradescope);
  CHECK_THROWS_WITH_AS(Formats::parse("canvas"), doctest::Contains("choose from gradescope"), Error);
  CHECK_THROWS_AS(Formats::parse(""), Error);
}

}  // namespace alab::grade
