#include <doctest/doctest.h>

#include "kernels/student/self_test.hpp"
#include "tests/student/toy.hpp"

using namespace alab::student;
using alab::student::toy::says;

namespace {

// The toy's checks.toml with one place changed; the error it gives, or "".
std::string refusal(std::string_view before, std::string_view after) {
  std::string source(toy::kManifest);
  const std::size_t at = source.find(before);
  REQUIRE_MESSAGE(at != std::string::npos, before);
  source.replace(at, before.size(), after);
  try {
    read_manifest(toy::kExercise, source, "checks.toml");
    return "";
  } catch (const alab::Error& error) {
    return error.what();
  }
}

bool refuses(std::string_view before, std::string_view after, std::string_view words) {
  const std::string sentence = refusal(before, after);
  INFO(sentence);
  CHECK(sentence.starts_with("checks.toml:"));
  CHECK_MESSAGE(says(sentence, words), sentence);
  return says(sentence, words);
}

}  // namespace

TEST_CASE("checks.toml is read whole") {
  const Manifest m = toy::manifest();
  REQUIRE(m.checks.size() == 5);
  CHECK(m.points() == 10);
  CHECK(m.checks[0].shapes[1].describe() == "N=33 d=4 heads=2 scale=2");
  CHECK(m.checks[0].tolerance == 5e-6);
  CHECK(m.checks[0].inputs == std::vector<std::string>{"random", "zeros"});
  CHECK(m.checks[1].visibility == Visibility::hidden);
  CHECK(m.checks[2].require.size() == 2);
  CHECK(m.checks[3].most == 2.2);
  CHECK(m.checks[4].kind == CheckKind::clean);
  CHECK(m.wrong[0].compare);
  CHECK_FALSE(m.wrong[1].compare);
  CHECK(m.check("traffic") == &m.checks[2]);
  CHECK(m.check("nothing") == nullptr);
}

TEST_CASE("what is wrong in checks.toml is named with its line and what may stand there") {
  refuses("points = 4", "pionts = 4", "did you mean 'points'");
  refuses("points = 4", "pionts = 4", "checks.toml:11:");
  refuses("points = 4", "points = \"4\"", "'points' must be a number");
  refuses("points = 4", "points = -1", "it goes from 0 to 1000");
  refuses("points = 4", "", "'points' is missing");
  refuses("id = \"secret\"", "id = \"values\"", "is taken by the check in line 7");
  refuses("id = \"secret\"", "id = \"Secret!\"", "a-z, 0-9 and _");
  refuses("kind = \"growth\"", "kind = \"grow\"", "there is no kind 'grow'; did you mean 'growth'?");
  refuses("visibility = \"hidden\"", "visibility = \"secret\"", "there is no visibility 'secret'");
  refuses("N=33 d=4 scale=2", "N=333 d=4", "shape \"N=333 d=4\"");
  refuses("N=33 d=4 scale=2", "N=33 D=4", "shape \"N=33 D=4\"");
  refuses("\"zeros\"]", "\"zeroes\"]", "there is no kind of input 'zeroes'; did you mean 'zeros'?");
  refuses("loads == heads*N*d", "laods == heads*N*d", "did you mean 'loads'?");
  refuses("loads == heads*N*d", "loads_of_Z == 1", "there is no counter or number 'loads_of_Z'");
  refuses("loads == heads*N*d", "loads ==", "character 9");
  refuses("loads == heads*N*d", "loads", "compares nothing");
  refuses("counter = \"loads + stores\"", "counter = \"loads < stores\"", "not a comparison");
  refuses("param = \"N\"", "param = \"M\"", "'M' cannot be doubled");
  refuses("shapes = [\"N=16 d=4\"]", "shapes = [\"N=100 d=4\"]", "'N' cannot be doubled");
  refuses("fails = \"memory\"", "fails = \"memroy\"", "did you mean 'memory'?");
  refuses("file = \"no_test.cu\"", "file = \"twice.cu\"", "is listed twice");
  refuses("file = \"no_test.cu\"", "file = \"../a.cu\"", "in wrong/");
  refuses("compare = false", "compare = \"no\"", "'compare' must be true or false");
  refuses("most = 2.2", "require = [\"loads == 1\"]", "there is no key for a check of kind growth 'require'");
  refuses("title = \"Rows, scaled\"", "title = 3", "'title' must be a text");
  refuses("title = \"Rows, scaled\"", "title = ", "this is not TOML");
  CHECK(says(refusal("[[check]]\nid = \"values\"", "[[check]]\nid = \"values\"\ntolerance = \"T64\""),
             "there is no tolerance 'T64'"));
}

TEST_CASE("a clean check needs a check above it, and an exercise needs points") {
  const std::string head(toy::kManifest.substr(0, toy::kManifest.find("[[check]]")));
  const auto read = [&](const std::string& rest) {
    return read_manifest(toy::kExercise, head + rest, "checks.toml");
  };
  CHECK_THROWS_WITH_AS(read(""), doctest::Contains("add a [[check]]"), alab::Error);
  CHECK_THROWS_WITH_AS(read("[[check]]\nid = \"a\"\ntitle = \"t\"\nkind = \"clean\"\npoints = 1\n"),
                       doctest::Contains("put another check first"), alab::Error);
}

TEST_CASE("the statement says what is checked, in the words of the checks") {
  const std::string page = statement_markdown(toy::kExercise, toy::manifest());
  for (const char* words :
       {"# Rows, scaled\n", "scale\\,X", "void scale_rows(const float* X", "**Launch.** One block per row.",
        "**Arrays.** X, Y [heads][N][d].", "10 points", "**Every element** (4 points)", "at most 5e-06",
        "`N=33 d=4 scale=2`", "Inputs: random, zeros", "`loads == heads*N*d`", "An element is read once.",
        "`loads + stores` grows at most 2.2 times", "1 more check is not shown (2 points)",
        "`loads` elements (4 bytes)"}) {
    CHECK_MESSAGE(says(page, words), words, " in\n", page);
  }
  CHECK_FALSE(says(page, "Other numbers"));
  CHECK_FALSE(says(page, "N=17"));
}

TEST_CASE("hidden inputs differ between students, visible ones do not") {
  const Manifest m = toy::manifest();
  CHECK(seed_of(m.checks[0], "0a_scale_rows", "ada") == 1);
  CHECK(seed_of(m.checks[1], "0a_scale_rows", "ada") == seed_of(m.checks[1], "0a_scale_rows", "ada"));
  CHECK(seed_of(m.checks[1], "0a_scale_rows", "ada") != seed_of(m.checks[1], "0a_scale_rows", "bob"));
  CHECK(seed_of(m.checks[1], "0a_scale_rows", "ada") != seed_of(m.checks[1], "0b_other", "ada"));
}

TEST_CASE("checks.toml of every exercise can be read, and its folder is complete") {
  for (const Exercise* const exercise : all_exercises()) {
    INFO(exercise->id);
    const Manifest m = manifest_of(*exercise);
    CHECK(file_problems(*exercise, m) == std::vector<std::string>{});
    CHECK(statement_markdown(*exercise, m).size() > 400);
    CHECK(m.wrong.size() >= 3);
  }
}
