// Submissions that attack, hang or crash: each ends with a verdict that says why, and the next one is graded.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "kernels/student/judge.hpp"
#include "reference/core/files.hpp"
#include "reference/core/json.hpp"
#include "tests/folders.hpp"

using namespace alab;
using namespace alab::student;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestSource = std::size_t{1} << 20;
constexpr double kSlowestVerdict = 60;  // of one submission, on a busy machine

fs::path folder() {
  return fs::path(tests::source_folder()) / "tests/student/hostile";
}

Verdict judged(const std::string& source) {
  const Exercise* const exercise = find_exercise("1a_scores_naive");
  REQUIRE(exercise != nullptr);
  StudentLimits limits = student_limits();
  limits.compile_seconds = 6;
  limits.run.wall_seconds = 3;
  JudgeOptions options;
  options.first_failure = true;
  return judge_source(*exercise, manifest_of(*exercise), source, limits, options, {});
}

/// Everything that the verdict says.
std::string words_of(const Verdict& verdict) {
  std::string words = verdict.refused;
  for (const Diagnostic& d : verdict.diagnostics) {
    words += "\n" + d.text;
  }
  for (const CheckVerdict& check : verdict.checks) {
    words += "\n" + check.sentence;
  }
  return words;
}

/// Some attacks meet one limit or another first: then words is a list.
bool says_one_of(const std::string& said, const Json& words) {
  const auto says = [&](const Json& w) { return said.find(w.get<std::string>()) != std::string::npos; };
  return words.is_array() ? std::any_of(words.begin(), words.end(), says) : says(words);
}

}  // namespace

TEST_CASE("every hostile submission ends with a verdict that says why") {
  if (!containment().unavailable.empty()) {
    MESSAGE("skipped: ", containment().unavailable);
    return;
  }
  const Json expected = read_json(folder() / "expected.json");
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() == ".cu") {
      files.insert(entry.path().stem().string());
    }
  }
  CHECK(files.size() >= 40);
  CHECK(files.size() == expected.size());
  for (const auto& [name, words] : expected.items()) {
    CAPTURE(name);
    REQUIRE(files.count(name) == 1);
    const Verdict verdict = judged(read_file(folder() / (name + ".cu"), kLongestSource));
    const std::string said = words_of(verdict);
    CAPTURE(said);
    CHECK(verdict.seconds < kSlowestVerdict);
    // Harmless: the attack has no effect, and the kernel beside it is right.
    CHECK(verdict.passed() == (words == "harmless"));
    CHECK((words == "harmless" || says_one_of(said, words)));
  }
  const Exercise* const exercise = find_exercise("1a_scores_naive");
  CHECK(judged(std::string(file_of(*exercise, "solution.cu"))).passed());
  CHECK(!fs::exists("/tmp/alab_was_here"));
}
