// The one doctor: what it finds, what it says of the rest, and that the command line shows all of it.
// SPDX-License-Identifier: MIT
#include "app/doctor/doctor.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/app/program.hpp"

namespace alab::app_test {
namespace {

/// Environment variables of this process, put back at the end.
class Changed {
 public:
  explicit Changed(const Environment& environment) {
    for (const auto& [name, value] : environment) {
      const char* before = std::getenv(name.c_str());
      before_[name] = before == nullptr ? "" : before;
      set(name, value);
    }
  }
  ~Changed() {
    for (const auto& [name, value] : before_) {
      set(name, value);
    }
  }
  Changed(const Changed&) = delete;
  Changed& operator=(const Changed&) = delete;

 private:
  static void set(const std::string& name, const std::string& value) {
    value.empty() ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), value.c_str(), 1);
  }
  Environment before_;
};

Finding named(const std::vector<Finding>& findings, std::string_view name) {
  const auto at = std::ranges::find_if(findings, [&](const Finding& f) { return f.name == name; });
  REQUIRE(at != findings.end());
  return *at;
}

}  // namespace

TEST_CASE("everything the workbook leans on is looked for once, and what is missing says what to do") {
  const std::vector<Finding> findings = examine_machine();
  std::set<std::string> names;
  for (const Finding& f : findings) {
    CAPTURE(f.name);
    CHECK(names.insert(f.name).second);
    CHECK_FALSE(f.detail.empty());
    CHECK(f.next.empty() == f.found);
    CHECK((f.loses.empty() || !f.found));
    CHECK((f.command.empty() || !f.found));
  }
  for (const char* name :
       {"C++ compiler", "GPU", "GPU driver", "display", "sandbox", "fonts for export", "locale",
        "model weights", "books", "state folder", "PNG export", "zip submissions"}) {
    CHECK(names.contains(name));
  }
}

TEST_CASE("a machine with nothing: each thing is missing for its own reason") {
  const Scratch scratch("bare");
  write_file_atomic(scratch / "a file", "in the way");
  const Changed changed({{"PATH", scratch.path().string()},
                         {"DISPLAY", ""},
                         {"WAYLAND_DISPLAY", ""},
                         {"ALAB_CACHE_DIR", scratch.path().string()},
                         {"ALAB_DATA_DIR", (scratch / "a file" / "below").string()}});
  const std::vector<Finding> findings = examine_machine();
  for (const char* name : {"C++ compiler", "sandbox", "display", "model weights", "books", "state folder"}) {
    CAPTURE(name);
    CHECK_FALSE(named(findings, name).found);
  }
  CHECK(contains(named(findings, "model weights").command, "app/run.sh"));
  CHECK(contains(named(findings, "books").detail, "0 of "));
  CHECK(contains(named(findings, "state folder").command, "ALAB_DATA_DIR"));
  CHECK(contains(named(findings, "display").command, "--headless"));
  CHECK_FALSE(usable(findings));
}

TEST_CASE("a folder that can be written is found and nothing is left in it") {
  const Scratch scratch("data");
  const Changed changed({{"ALAB_DATA_DIR", (scratch / "data").string()}});
  const std::vector<Finding> findings = examine_machine();
  CHECK(named(findings, "state folder").found);
  CHECK(usable(findings));
  CHECK(files_below(scratch.path()).empty());
}

TEST_CASE(
    "alab doctor shows the same findings, as text and as JSON, and its code tells of what is required") {
  const Scratch scratch("doctor");
  const Changed changed({{"ALAB_DATA_DIR", (scratch / "data").string()}, {"DISPLAY", ""}});
  const std::vector<Finding> findings = examine_machine();
  const Ran json = alab({"doctor", "--json"});
  CHECK(json.code == 0);
  CHECK(parse_json(json.out, "doctor") == to_json(findings));
  const Ran shown = alab({"doctor"});
  for (const Finding& f : findings) {
    CAPTURE(f.name);
    CHECK(contains(shown.out, f.name));
    CHECK(contains(shown.out, f.detail));
    CHECK(contains(shown.out, f.command));
  }
  How nowhere;
  nowhere.environment = {{"ALAB_DATA_DIR", "/dev/null/x"}};
  CHECK(alab({"doctor"}, nowhere).code == 1);
}

}  // namespace alab::app_test
