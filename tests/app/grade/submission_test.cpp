// Submissions: what is found, what is refused with which sentence, and that nothing is followed or unpacked.
// SPDX-License-Identifier: MIT
#include "app/grade/submission.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "app/grade/texts.hpp"
#include "tests/app/grade/zip_bytes.hpp"
#include "tests/app/program.hpp"

namespace alab::grade {
namespace {

using app_test::contains;
using app_test::Scratch;
using grade_test::zip_of;
using grade_test::ZipEntry;
namespace fs = std::filesystem;

const std::vector<std::string> kIds{"1a_scores", "1b_softmax", "exam_final"};

void put(const fs::path& file, const std::string& bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

HandedIn read_one(const fs::path& path) {
  return read_submission({"s", path.filename().string(), {path}}, kIds);
}

HandedIn read_zip_of(const Scratch& scratch, const std::vector<ZipEntry>& entries) {
  put(scratch / "s.zip", zip_of(entries));
  return read_one(scratch / "s.zip");
}

std::string refusal(const std::vector<ZipEntry>& entries) {
  const Scratch scratch("zip");
  const HandedIn got = read_zip_of(scratch, entries);
  CHECK(got.sources.empty());
  return got.refused;
}

}  // namespace

TEST_CASE("a file belongs to the exercise that its name begins with") {
  CHECK(exercise_of_file("1a.cu", kIds) == "1a_scores");
  CHECK(exercise_of_file("hw/1A_mine final.CU", kIds) == "1a_scores");
  CHECK(exercise_of_file("1b_softmax.cu", kIds) == "1b_softmax");
  CHECK(exercise_of_file("exam.cu", kIds) == "exam_final");
  CHECK(exercise_of_file("1c.cu", kIds).empty());
  CHECK(exercise_of_file("1a.txt", kIds).empty());
  CHECK(exercise_of_file("scores_1a.cu", kIds).empty());
}

TEST_CASE("folders and zips of any name are found, in order, and hidden things are passed over") {
  const Scratch scratch("find");
  const std::string strange = "Zo\xC3\xAB  M\xC3\xBCller\nx";
  put(scratch / strange / "1a.cu", "a");
  put(scratch / "broken\xFF" / "1a.cu", "a");
  put(scratch / "broken\xFE" / "1a.cu", "a");
  fs::create_directories(scratch / "empty");
  put(scratch / "weber.zip", zip_of({{"1a.cu", "a"}}));
  put(scratch / "empty.zip", zip_of({}));
  put(scratch / ".DS_Store", "x");
  put(scratch / "__MACOSX" / "x", "x");
  put(scratch / "notes.txt", "x");
  std::vector<std::string> strays;
  const auto found = find_submissions(scratch.path(), StudentFrom::folder, kIds, strays);
  std::vector<std::string> names;
  for (const Submission& s : found) {
    names.push_back(s.student);
  }
  REQUIRE(names.size() == 6);
  CHECK(names[0] == strange);
  CHECK(names[1] == "broken\xEF\xBF\xBD");
  CHECK(names[2].starts_with("broken\xEF\xBF\xBD~"));
  CHECK(names[3] == "empty");
  CHECK(names[4] == "empty.zip");
  CHECK(names[5] == "weber");
  CHECK(strays == std::vector<std::string>{"notes.txt"});
  CHECK_THROWS_WITH_AS(find_submissions(scratch / "nowhere", StudentFrom::folder, kIds, strays),
                       doctest::Contains("cannot read the submissions"), Error);
}

TEST_CASE("with --student-from file the student is the part before the exercise") {
  const Scratch scratch("files");
  put(scratch / "weber_1a.cu", "a");
  put(scratch / "weber_1b_softmax.cu", "b");
  put(scratch / "anna lena - 1a_v2.cu", "c");
  put(scratch / "1a.cu", "nobody's");
  std::vector<std::string> strays;
  const auto found = find_submissions(scratch.path(), StudentFrom::file, kIds, strays);
  REQUIRE(found.size() == 2);
  CHECK(found[0].student == "anna lena");
  CHECK(found[1].student == "weber");
  CHECK(found[1].paths.size() == 2);
  CHECK(strays == std::vector<std::string>{"1a.cu"});
}

TEST_CASE("a folder is read without following links, pipes or large files") {
  const Scratch scratch("folder");
  const fs::path s = scratch / "s";
  put(s / "deep" / "1a.cu", "deep");
  put(s / "1a_scores.cu", "mine");
  put(scratch / "secret.cu", "secret");
  fs::create_symlink(scratch / "secret.cu", s / "1b.cu");
  REQUIRE(::mkfifo((s / "exam.cu").c_str(), 0600) == 0);
  put(s / "2z.cu", "x");
  HandedIn got = read_one(s);
  CHECK(got.refused.empty());
  CHECK(got.sources.at("1a_scores").bytes == "mine");
  CHECK(got.sources.at("1b_softmax").bytes.empty());
  CHECK(got.sources.at("1b_softmax").trouble == "it is a symbolic link");
  CHECK(got.sources.at("exam_final").trouble == "it is no plain file");
  REQUIRE(got.notes.size() == 2);
  CHECK(contains(got.notes[0], "'2z.cu' belongs to no exercise"));
  CHECK(contains(got.notes[1], "'1a_scores.cu' is graded, 'deep/1a.cu' is not"));
  CHECK(got.changed.size() == 20);
  fs::remove(s / "1b.cu");
  put(s / "1b.cu", std::string(300 << 10, 'x'));
  got = read_one(s);
  CHECK(got.sources.at("1b_softmax").trouble == "it has 307200 bytes; at most 262144 are read");
  if (::geteuid() != 0) {
    fs::permissions(s / "1a_scores.cu", fs::perms::none);
    CHECK(contains(read_one(s).sources.at("1a_scores").trouble, "Permission denied"));
  }
}

TEST_CASE("hints are read from the student's state.json, whatever it holds") {
  const Scratch scratch("state");
  put(scratch / "s" / "state.json",
      R"({"exercises": {"1a_scores": {"hints": [{"section": 0, "time": 5}, {"section": 1, "time": 9}]}}})");
  CHECK(read_one(scratch / "s").hints.at("1a_scores") == 2);
  for (const char* damaged :
       {"", "[]", "{\"exercises\": {\"1a\": 3}}", "{\"exercises\": {\"1a\": {\"hints\": \"x\"}}}"}) {
    put(scratch / "s" / "state.json", damaged);
    CHECK(read_one(scratch / "s").hints.empty());
  }
}

TEST_CASE("a zip is read into memory, and each trick is refused with a sentence") {
  if (!zip_unavailable().empty()) {
    MESSAGE(zip_unavailable());
    return;
  }
  {
    const Scratch scratch("zip");
    const HandedIn good = read_zip_of(
        scratch, {{"hw 1/", "", 0, 0, 040755}, {"hw 1/1a \xC3\xBC.cu", "kernel"}, {"readme.md", "x"}});
    CHECK(good.refused.empty());
    CHECK(good.sources.at("1a_scores").bytes == "kernel");
    CHECK(good.sources.at("1a_scores").name == "hw 1/1a \xC3\xBC.cu");
    const HandedIn damaged = read_zip_of(
        scratch, {{"1a.cu", "kernel", 0, 8, 0100644, 3,
                   "\x01" + grade_test::little(6, 2) + grade_test::little(0xFFF9, 2) + "kernel"}});
    CHECK(contains(damaged.sources.at("1a_scores").trouble, "it is damaged"));
    CHECK(damaged.sources.at("1a_scores").bytes.empty());
    put(scratch / "s.zip", "PK\x05\x06 no zip at all");
    CHECK(contains(read_one(scratch / "s.zip").refused, "the zip cannot be read"));
    put(scratch / "s.zip", zip_of({{"1a.cu", "kernel"}}).substr(0, 40));
    CHECK(contains(read_one(scratch / "s.zip").refused, "the zip cannot be read"));
    CHECK(!fs::exists(scratch / "hw 1"));
  }
  CHECK(contains(refusal({{"/1a.cu", "x"}}), "absolute path '/1a.cu'"));
  CHECK(contains(refusal({{"C:\\1a.cu", "x"}}), "absolute path"));
  CHECK(contains(refusal({{"a/../../1a.cu", "x"}}), "leads out of its folder"));
  CHECK(contains(refusal({{"..\\1a.cu", "x"}}), "leads out of its folder"));
  CHECK(
      contains(refusal({{"1a.cu", "/etc/passwd", 0, 0, 0120777}}), "'1a.cu' in the zip is a symbolic link"));
  CHECK(contains(refusal({{"1a.cu", "", 0, 0, 0020666}}), "neither a file nor a folder"));
  CHECK(contains(refusal({{"1a.cu", "x", 1}}), "is encrypted"));
  CHECK(contains(refusal({{"more.zip", "x"}}), "another archive, 'more.zip'"));
  CHECK(contains(refusal({{"more.tar.GZ", "x"}}), "another archive"));
  CHECK(contains(refusal({{"1a.cu", "PK\x03\x04..."}}), "is itself a zip"));
  CHECK(contains(refusal({{"1a.cu", "x"}, {"1a.cu", "y"}}), "twice"));
  CHECK(contains(refusal({{"pad", "x", 0, 8, 0100644, 60 << 20}}), "as zip bombs do"));
  CHECK(contains(refusal({{"pad", "x", 0, 8, 0100644, 1LL << 31}}), "unpacks to more than 64 MiB"));
  CHECK(contains(refusal(std::vector<ZipEntry>(80, {"pad", "x", 0, 8, 0100644, 1 << 20})), "twice"));
  std::vector<ZipEntry> many, sum;
  for (int i = 0; i < 2001; ++i) {
    many.push_back({std::to_string(i), ""});
  }
  for (int i = 0; i < 65; ++i) {
    sum.push_back({std::to_string(i), "x", 0, 8, 0100644, 1 << 20});
  }
  CHECK(contains(refusal(many), "2001 entries; at most 2000"));
  CHECK(contains(refusal(sum), "unpacks to more than 64 MiB"));
  std::string deep = "1a.cu";
  for (int i = 0; i < 20; ++i) {
    deep.insert(0, "d/");
  }
  CHECK(contains(refusal({{deep, "x"}}), "21 folders deep"));
}

TEST_CASE("texts are safe where they are shown") {
  CHECK(html_text("<b a='1'>\"&\x01") == "&lt;b a=&#39;1&#39;&gt;&quot;&amp;\xEF\xBF\xBD");
  CHECK(xml_text("]]>\x0B\xEF\xBF\xBF\n") == "]]&gt;\xEF\xBF\xBD\xEF\xBF\xBD\n");
  CHECK(as_utf8("\xC3\xBC \xC0\xAF \xED\xA0\x80 \xF4\x90\x80\x80 \xE2\x82") ==
        "\xC3\xBC \xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD "
        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD");
  for (const char* formula : {"=1+1", "+1", "-1", "@x", "\tx", "\rx"}) {
    const std::string cell = csv_cell(formula);
    CHECK((cell.starts_with("'") || cell.starts_with("\"'")));
  }
  CHECK(csv_cell("a,\"b\"\nc") == "\"a,\"\"b\"\"\nc\"");
  CHECK(csv_cell("plain name") == "plain name");
  CHECK(file_name_of("M\xC3\xBCller, Zo\xC3\xAB") == "M\xC3\xBCller, Zo\xC3\xAB");
  for (const char* tricky : {".", "..", "", "a\nb", "a~b", "../x", ".hidden"}) {
    const std::string name = file_name_of(tricky);
    CHECK(name.find('/') == std::string::npos);
    CHECK(name.find('\n') == std::string::npos);
    CHECK(!name.starts_with('.'));
    CHECK(contains(name, "~"));
  }
  CHECK(file_name_of("a\nb") != file_name_of("a_b"));
  CHECK(file_name_of(std::string(300, 'x')).size() < 150);
  CHECK(cut_to("\xC3\xBC\xC3\xBC", 3).starts_with("\xC3\xBC\n"));
}

}  // namespace alab::grade
