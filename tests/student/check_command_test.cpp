#include <doctest/doctest.h>

#include <cmath>

#include "reference/core/json.hpp"
#include "tests/app/program.hpp"

namespace alab::app_test {
namespace {

const std::string kRight = R"(
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  const int j = blockIdx.x * blockDim.x + threadIdx.x, i = blockIdx.y * blockDim.y + threadIdx.y;
  if (i >= N || j >= N) return;
  const float* q = Q + (size_t(blockIdx.z) * N + i) * d;
  const float* k = K + (size_t(blockIdx.z) * N + j) * d;
  float sum = 0;
  for (int t = 0; t < d; ++t) sum += q[t] * k[t];
  S[(size_t(blockIdx.z) * N + i) * N + j] = sum * scale;
}
)";

std::string replaced(std::string source, const std::string& before, const std::string& after) {
  const std::size_t at = source.find(before);
  REQUIRE(at != std::string::npos);
  return source.replace(at, before.size(), after);
}

std::size_t count_of(const std::string& where, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = where.find(what); at != std::string::npos; at = where.find(what, at + 1)) {
    ++count;
  }
  return count;
}

bool says(const Ran& ran, const std::string& words) {
  return (ran.out + ran.err).find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("alab check: exit code, JSON and JUnit of a right, a wrong and a broken kernel") {
  const Scratch folder("check");
  const auto check = [&](const std::string& source) {
    write_file_atomic(folder / "k.cu", source);
    return alab({"check", "1a", (folder / "k.cu").string(), "--without-sandbox", "--json",
                 (folder / "v.json").string(), "--junit", (folder / "v.xml").string()});
  };
  const auto verdict = [&] { return read_json(folder / "v.json"); };
  const Ran right = check(kRight);
  CHECK_MESSAGE(right.code == 0, right.out, right.err);
  CHECK(verdict().at("passed") == true);
  CHECK(verdict().at("earned") == verdict().at("points"));
  const Ran wrong = check(replaced(kRight, "sum * scale", "sum"));
  CHECK(wrong.code == 1);
  CHECK_MESSAGE(says(wrong, "your output equals that of a kernel that leaves out the scale"), wrong.out);
  CHECK(verdict().at("passed") == false);
  CHECK(count_of(read_file(folder / "v.xml"), "<testcase") == verdict().at("checks").size());
  const Ran broken = check(replaced(kRight, "float sum = 0;", "float summe = 0;"));
  CHECK(broken.code == 1);
  CHECK_MESSAGE(says(broken, "line 8"), broken.out);
  CHECK_MESSAGE(says(broken, "^"), broken.out);
  CHECK(verdict().at("compiled") == false);
}

TEST_CASE("a kernel that writes outside gets the same verdict each time") {
  const Scratch folder("twice");
  write_file_atomic(folder / "k.cu", replaced(kRight, "if (i >= N || j >= N) return;", ""));
  const auto verdict = [&](const std::string& name) {
    alab(
        {"check", "1a", (folder / "k.cu").string(), "--without-sandbox", "--json", (folder / name).string()});
    auto json = read_json(folder / name);
    json.erase("seconds");
    json.erase("compile_seconds");
    return json;
  };
  const auto first = verdict("1.json");
  CHECK(first.at("passed") == false);
  CHECK(first == verdict("2.json"));
}

TEST_CASE("what the thread showed that wrote the worst element stands beside it") {
  const Scratch folder("watch_values");
  const std::string watched =
      replaced(kRight, "sum += q[t] * k[t];", "{ sum += q[t] * k[t]; lab::watch(\"su\\x1bm\", sum); }");
  write_file_atomic(folder / "k.cu", replaced(watched, "sum * scale", "sum * scale + 1"));
  alab({"check", "1a", (folder / "k.cu").string(), "--without-sandbox", "--json",
        (folder / "v.json").string()});
  const auto map = read_json(folder / "v.json").at("checks").at(0).at("error_map");
  REQUIRE(map.at("shown").size() == 1);
  const auto& sum = map.at("shown").at(0);
  CHECK(sum.at("name") == "su?m");  // what a terminal would obey is taken out
  CHECK(map.at("case").at("shape") == "N=37 d=10 heads=2 scale=0.3");
  REQUIRE(sum.at("values").size() == 10);
  const double got = map.at("worst").at("got");
  CHECK(std::abs(0.3 * sum.at("values").back().get<double>() + 1 - got) <= 1e-5 * std::abs(got));
}

TEST_CASE("alab check says what it cannot grade and why") {
  const Scratch folder("refusals");
  const auto refuses = [&](const std::vector<std::string>& words, const std::string& sentence) {
    std::vector<std::string> all{"check"};
    all.insert(all.end(), words.begin(), words.end());
    How how;
    how.environment["ALAB_DATA_DIR"] = (folder / "data").string();
    const Ran ran = alab(all, how);
    CHECK(ran.code == 2);
    CHECK_MESSAGE(says(ran, sentence), ran.err);
  };
  refuses({"9z"}, "there is no exercise '9z'");
  refuses({"1a", (folder / "none.cu").string()}, "none.cu");
  refuses({"1a"}, "--starter FILE.cu");
  refuses({"1a", "x.cu", "--backend", "cdua"}, "did you mean 'cuda'");
  refuses({"1a", "x.cu", "--backend", "cuda"}, "backend");
  refuses({}, "takes an EXERCISE");
}

TEST_CASE("a starter is written once, and the saved text is found") {
  const Scratch folder("starter");
  How how;
  how.environment["ALAB_DATA_DIR"] = (folder / "data").string();
  const std::string file = (folder / "mine.cu").string();
  CHECK(alab({"check", "1a", "--starter", file}).code == 0);
  CHECK(read_file(file).find("FILL") != std::string::npos);
  CHECK(alab({"check", "1a", "--starter", file}).code == 2);
  fs::create_directories(folder / "data" / "exercises");
  write_file_atomic(folder / "data" / "exercises" / "1a_scores_naive.cu", "this is no kernel");
  const Ran saved = alab({"check", "1a", "--without-sandbox"}, how);
  CHECK(saved.code == 1);
  CHECK(says(saved, "not run: it does not compile"));
  const Ran page = alab({"check", "1a", "--statement"});
  CHECK(says(page, "## Checks"));
}

TEST_CASE("--watch checks again after a save that renames a new file over the old one, until Ctrl-C") {
  const Scratch folder("watch");
  const fs::path file = folder / "w.cu", out = folder / "out.txt";
  write_file_atomic(file, "first text");
  How how;
  how.stdout_file = out.string();
  const auto shown = [&](std::size_t times) {
    return fs::exists(out) && count_of(read_file(out), "watching") >= times;
  };
  bool saved = false;
  how.interrupt_when = [&] {
    if (!saved && shown(1)) {
      write_file_atomic(file, "second text");
      saved = true;
    }
    return shown(2);
  };
  const Ran ran = alab({"check", "1a", file.string(), "--without-sandbox", "--watch"}, how);
  CHECK(ran.code == 130);
  CHECK(count_of(read_file(out), "it does not compile") == 2);
}

}  // namespace alab::app_test
