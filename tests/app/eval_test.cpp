// `alab eval` on a user's own tensors: right ones, and those that are wrong in every usual way.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "reference/core/json.hpp"
#include "reference/core/npy.hpp"
#include "tests/app/program.hpp"

namespace alab::app_test {
namespace {

constexpr float kHidden = -std::numeric_limits<float>::infinity();

Tensor<float> wavy(Shape shape, double step) {
  Tensor<float> out(std::move(shape));
  for (std::int64_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(std::sin(step * static_cast<double>(i + 1)));
  }
  return out;
}

void write_meta(const fs::path& folder, const std::string& params,
                const std::string& algorithm = "softmax_attention") {
  write_file_atomic(folder / "meta.json",
                    text("{\"algorithm\": \"", algorithm, "\", \"params\": ", params, "}"));
}

/// Two heads, 9 queries, 13 keys, widths 16 and 8, in f32.
void write_case(const fs::path& folder, const std::string& params = "{\"causal\": true}") {
  write_npy(folder / "q.npy", wavy({2, 9, 16}, 0.7));
  write_npy(folder / "k.npy", wavy({2, 13, 16}, 0.37));
  write_npy(folder / "v.npy", wavy({2, 13, 8}, 0.11));
  write_meta(folder, params);
}

Ran eval(const fs::path& folder, const fs::path& out, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"eval", folder.string(), "--out", out.string()};
  words.insert(words.end(), more.begin(), more.end());
  return alab(words);
}

double largest_difference(const fs::path& a, const fs::path& b) {
  const Tensor<double> x = read_npy<double>(a);
  const Tensor<double> y = read_npy<double>(b);
  REQUIRE(x.shape() == y.shape());
  double largest = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double d = std::abs(x[i] - y[i]);
    largest = d <= largest ? largest : d;  // NaN stays
  }
  return largest;
}

const std::vector<std::string> kSimulated{"--backend", "simulated"};

}  // namespace

TEST_CASE("own tensors give the same on the reference, in double, and on every rung that takes them") {
  const Scratch scratch("same");
  write_case(scratch.path());
  CHECK(eval(scratch.path(), scratch / "single").code == 0);
  CHECK(eval(scratch.path(), scratch / "double", {"--dtype", "f64"}).code == 0);
  CHECK(largest_difference(scratch / "single/o.npy", scratch / "double/o.npy") <= 1e-6);
  CHECK(largest_difference(scratch / "single/lse.npy", scratch / "double/lse.npy") <= 1e-6);
  for (const char* rung : {"00_naive", "30_fa2_order", "50_split_kv"}) {
    CAPTURE(rung);
    const Ran ran = eval(scratch.path(), scratch / rung, {"--backend", "simulated", "--rung", rung});
    CAPTURE(ran.err);
    CHECK(ran.code == 0);
    CHECK(contains(ran.out, rung));
    CHECK(largest_difference(scratch / rung / "o.npy", scratch / "double/o.npy") <= 1e-6);
    CHECK(largest_difference(scratch / rung / "lse.npy", scratch / "double/lse.npy") <= 1e-6);
  }
}

TEST_CASE("a backward case runs on its kernels, which are handed the forward's output and logsumexp") {
  const Scratch scratch("backward");
  write_case(scratch.path());
  write_npy(scratch / "do.npy", wavy({2, 9, 8}, 0.23));
  write_meta(scratch.path(), "{\"causal\": true}", "softmax_attention_backward");
  CHECK(eval(scratch.path(), scratch / "double", {"--dtype", "f64"}).code == 0);
  const Ran kernel = eval(scratch.path(), scratch / "kernel", kSimulated);
  CAPTURE(kernel.err);
  CHECK(kernel.code == 0);
  for (const char* name : {"dq.npy", "dk.npy", "dv.npy", "o.npy", "lse.npy"}) {
    CAPTURE(name);
    CHECK(largest_difference(scratch / "kernel" / name, scratch / "double" / name) <= 1e-6);
  }
}

TEST_CASE("a mask of zeros and ones hides the same keys on the reference and on a kernel") {
  const Scratch scratch("mask");
  write_case(scratch.path(), "{\"mask\": \"boolean\"}");
  Tensor<float> mask({9, 13});
  Tensor<float> added({9, 13});
  for (std::int64_t i = 0; i < mask.size(); ++i) {
    mask[i] = i % 3 == 0 ? 0.0F : 1.0F;
    added[i] = i % 3 == 0 ? kHidden : 0.0F;
  }
  write_npy(scratch / "mask.npy", mask);
  CHECK(eval(scratch.path(), scratch / "boolean").code == 0);
  const Ran kernel = eval(scratch.path(), scratch / "kernel", kSimulated);
  CAPTURE(kernel.err);
  CHECK(kernel.code == 0);
  write_case(scratch.path(), "{}");
  write_npy(scratch / "mask.npy", added);
  CHECK(eval(scratch.path(), scratch / "added").code == 0);
  CHECK(largest_difference(scratch / "boolean/o.npy", scratch / "added/o.npy") == 0);
  CHECK(largest_difference(scratch / "kernel/o.npy", scratch / "added/o.npy") <= 1e-6);
}

TEST_CASE("what is wrong with a case is one sentence, code 2, and no output") {
  struct Wrong {
    const char* what;
    std::function<void(const fs::path&)> spoil;
    std::string says;
    std::vector<std::string> options = {};
  };
  const auto bytes_of = [](const fs::path& file) { return read_file(file); };
  const std::vector<Wrong> all = {
      {"no meta.json", [](const fs::path& f) { fs::remove(f / "meta.json"); }, "meta.json"},
      {"meta.json is no JSON", [](const fs::path& f) { write_file_atomic(f / "meta.json", "{\"algo"); },
       "meta.json"},
      {"no algorithm", [](const fs::path& f) { write_file_atomic(f / "meta.json", "{}"); }, "algorithm"},
      {"unknown algorithm", [](const fs::path& f) { write_meta(f, "{}", "softmax_atention"); },
       "softmax_attention"},
      {"params are no object", [](const fs::path& f) { write_meta(f, "[1]"); }, "params"},
      {"unknown param", [](const fs::path& f) { write_meta(f, "{\"casual\": true}"); }, "casual"},
      {"ill-typed param", [](const fs::path& f) { write_meta(f, "{\"causal\": 3}"); }, "causal"},
      {"missing tensor", [](const fs::path& f) { fs::remove(f / "k.npy"); }, "k.npy"},
      {"truncated tensor",
       [&](const fs::path& f) {
         const std::string bytes = bytes_of(f / "v.npy");
         write_file_atomic(f / "v.npy", bytes.substr(0, bytes.size() - 10));
       },
       "truncated"},
      {"no npy at all", [](const fs::path& f) { write_file_atomic(f / "q.npy", "1 2 3\n"); }, "q.npy"},
      {"a dtype that is not read",
       [&](const fs::path& f) {
         std::string bytes = bytes_of(f / "q.npy");
         bytes.replace(bytes.find("<f4"), 3, ">f4");
         write_file_atomic(f / "q.npy", bytes);
       },
       ">f4"},
      {"complex numbers",
       [&](const fs::path& f) {
         std::string bytes = bytes_of(f / "q.npy");
         bytes.replace(bytes.find("<f4"), 3, "<c8");
         write_file_atomic(f / "q.npy", bytes);
       },
       "<c8"},
      {"shapes that disagree",
       [](const fs::path& f) {
         write_npy(f / "k.npy", wavy({2, 12, 16}, 1));
       },
       "k"},
      {"too few axes", [](const fs::path& f) { write_npy(f / "v.npy", wavy({13}, 1)); }, "v"},
      {"a folder where a tensor should be",
       [](const fs::path& f) {
         fs::remove(f / "v.npy");
         fs::create_directories(f / "v.npy");
       },
       "v.npy"},
      {"dtype", [](const fs::path&) {}, "f16", {"--dtype", "f16"}},
      {"rung on the reference", [](const fs::path&) {}, "--rung", {"--rung", "00_naive"}},
      {"double on a kernel", [](const fs::path&) {}, "f32", {"--dtype", "f64", "--backend", "simulated"}},
      {"unknown rung", [](const fs::path&) {}, "00_naive", {"--backend", "simulated", "--rung", "00_nave"}},
      {"unknown backend", [](const fs::path&) {}, "cuda", {"--backend", "cudda"}},
      {"a head that no kernel takes",
       [](const fs::path& f) {
         for (const char* name : {"q", "k", "v"}) {
           write_npy(f / text(name, ".npy"), wavy({1, 4, 300}, 1));
         }
       },
       "head_dim",
       {"--backend", "simulated"}},
  };
  for (const Wrong& wrong : all) {
    for (const bool simulated : {false, true}) {
      if (simulated && !wrong.options.empty()) {
        continue;
      }
      const Scratch scratch("wrong");
      write_case(scratch.path());
      wrong.spoil(scratch.path());
      const Ran ran = eval(scratch.path(), scratch / "out", simulated ? kSimulated : wrong.options);
      CAPTURE(wrong.what);
      CAPTURE(simulated);
      CAPTURE(ran.err);
      CHECK(ran.code == 2);
      CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
      CHECK(contains(ran.err, wrong.says));
      CHECK(files_below(scratch / "out").empty());
    }
  }
}

TEST_CASE("a case folder that is not there, and outputs that cannot be written, are sentences") {
  const Scratch scratch("where");
  CHECK(contains(eval(scratch / "nowhere", scratch / "out").err, "nowhere"));
  write_case(scratch.path());
  write_file_atomic(scratch / "a file", "in the way");
  const Ran ran = eval(scratch.path(), scratch / "a file" / "out");
  CHECK(ran.code == 2);
  CHECK(contains(ran.err, "cannot write"));
  How full;
  full.largest_file = 512;
  const Ran little = alab({"eval", scratch.path().string(), "--out", (scratch / "out").string()}, full);
  CHECK(little.code == 2);
  for (const std::string& name : files_below(scratch / "out")) {
    CHECK_NOTHROW(read_npy<float>(scratch / "out" / name));  // lse is small enough to be there, whole
  }
}

TEST_CASE("Ctrl-C ends an evaluation that takes long") {
  const Scratch scratch("long");
  for (const char* name : {"q", "k", "v"}) {
    write_npy(scratch / text(name, ".npy"), wavy({8, 4096, 64}, 0.3));
  }
  write_meta(scratch.path(), "{}");
  const auto start = std::chrono::steady_clock::now();
  How how;
  how.interrupt_when = [&] {
    return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(400);
  };
  const Ran ran = alab({"eval", scratch.path().string(), "--out", (scratch / "out").string()}, how);
  CHECK(ran.code == 130);
  CHECK(ran.seconds < 3);
  CHECK(files_below(scratch / "out").empty());
}

}  // namespace alab::app_test
