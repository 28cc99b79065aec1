// The judge cannot be fooled: outputs that are nearly right, empty or misplaced fail it.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "kernels/backend.hpp"
#include "reference/core/rng.hpp"

using namespace alab;

namespace {

// A small op of our own: weighted means of rows of v, with one index as output.
const Param kRows = int_param("rows", "rows", "rows", "Rows of v.", 50, 1, 1000);
const Param* const kParams[] = {&kRows};
constexpr std::string_view kShapes[] = {"rows=50"};

std::vector<BufferSpec> buffers(const ParamSet& problem) {
  const std::int64_t n = problem.integer(kRows);
  return {{"w", {n, n}, BufferRole::input},
          {"v", {n, 8}, BufferRole::input},
          {"o", {n, 8}, BufferRole::output},
          {"largest", {n}, BufferRole::output, ElementType::i32}};
}
HostArrays inputs(const ParamSet& problem, const InputSource&, const Progress&) {
  Rng rng(7);
  HostArrays arrays;
  for (const BufferSpec& spec : buffers(problem)) {
    if (spec.role == BufferRole::input) {
      Tensor<float> t(spec.shape);
      std::generate(t.span().begin(), t.span().end(), [&] { return static_cast<float>(rng.uniform()); });
      arrays.f32[spec.name] = t;
    }
  }
  return arrays;
}
template <class T>
Tensor<T> means(const HostArrays& in) {
  const Tensor<float>&w = in.f32.at("w"), &v = in.f32.at("v");
  Tensor<T> o({w.extent(0), 8});
  for (std::int64_t i = 0; i < w.extent(0); ++i) {
    T total = 0;
    for (std::int64_t j = 0; j < w.extent(1); ++j) {
      total += static_cast<T>(w(i, j));
      for (std::int64_t c = 0; c < 8; ++c) {
        o(i, c) += static_cast<T>(w(i, j)) * static_cast<T>(v(j, c));
      }
    }
    for (std::int64_t c = 0; c < 8; ++c) {
      o(i, c) /= total;
    }
  }
  return o;
}
std::int64_t largest_of(const Tensor<float>& w, std::int64_t row) {
  const float* first = w.data() + row * w.extent(1);
  return std::max_element(first, first + w.extent(1)) - first;
}
TruthArrays reference(const ParamSet&, const HostArrays& in) {
  TruthArrays truth;
  truth["o"] = means<double>(in);
  Tensor<double> largest({in.f32.at("w").extent(0)});
  for (std::int64_t i = 0; i < largest.size(); ++i) {
    largest[i] = static_cast<double>(largest_of(in.f32.at("w"), i));
  }
  truth["largest"] = largest;
  return truth;
}
HostArrays plain(const ParamSet&, const HostArrays& in) {
  HostArrays arrays;
  arrays.f32["o"] = means<float>(in);
  return arrays;
}
const Op kOp{"row_means", "Row means", "o = w v / sum(w)", kParams, kShapes,
             buffers,     inputs,      reference,          plain,   nullptr};
const Rung kRung{
    .op = "row_means", .id = "00_host", .title = "host", .teaches = "", .limit = "", .source = ""};

// What a rung leaves behind, computed on the host and then spoilt.
enum class Spoil {
  nothing,
  zeros,
  mean_of_v,
  not_a_number,
  missing_tail,
  one_index,
  one_element,
  past_end,
  before_start,
  input,
  throws
};
Spoil spoil_now = Spoil::nothing;

void run(Stream&, const ParamSet& problem, const ParamSet&, const Buffers& b) {
  const std::int64_t n = problem.integer(kRows);
  HostArrays in;
  in.f32["w"] = Tensor<float>({n, n}, std::vector<float>(b.f32("w"), b.f32("w") + n * n));
  in.f32["v"] = Tensor<float>({n, 8}, std::vector<float>(b.f32("v"), b.f32("v") + n * 8));
  Tensor<float> o = means<float>(in);
  float* out = b.f32("o");
  const std::int64_t written = spoil_now == Spoil::missing_tail ? n * 8 - 1 : n * 8;
  std::copy(o.data(), o.data() + written, out);
  for (std::int64_t i = 0; i < n; ++i) {
    b.i32("largest")[i] = static_cast<std::int32_t>(largest_of(in.f32["w"], i));
  }
  switch (spoil_now) {
    case Spoil::zeros:
      std::fill(out, out + n * 8, 0.0f);
      break;
    case Spoil::mean_of_v:
      for (std::int64_t c = 0; c < 8; ++c) {
        float mean = 0;
        for (std::int64_t j = 0; j < n; ++j) {
          mean += in.f32["v"](j, c) / static_cast<float>(n);
        }
        for (std::int64_t i = 0; i < n; ++i) {
          out[i * 8 + c] = mean;
        }
      }
      break;
    case Spoil::not_a_number:
      out[17] = std::nanf("");
      break;
    case Spoil::one_index:
      b.i32("largest")[3] += 1;
      break;
    case Spoil::one_element:
      out[n * 4] *= 1.001f;
      break;
    case Spoil::past_end:
      out[n * 8] = 0;
      break;
    case Spoil::before_start:
      out[-1] = 0;
      break;
    case Spoil::input:
      b.f32("v")[n * 8 - 1] += 1;
      break;
    case Spoil::throws:
      throw Error("the launch went wrong");
    default:
      break;
  }
}
const RungBuild kBuild{&kRung, run};

RungRun run_spoilt(Spoil spoil) {
  spoil_now = spoil;
  const ParamSet problem(kOp.params);
  const HostArrays in = inputs(problem, synthetic_inputs().front(), {});
  return run_rung(kOp, kBuild, Backend::simulated, problem, ParamSet(kRung.tiles), in,
                  judge(kOp, problem, in), {}, {});
}

std::string failed_checks(const RungRun& run) {
  std::string keys;
  for (const Check& check : run.checks) {
    keys += check.passed() ? "" : check.key + " ";
  }
  return keys;
}

}  // namespace

TEST_CASE("right outputs pass and are timed with the executor's name") {
  const RungRun run = run_spoilt(Spoil::nothing);
  CHECK(run.passed);
  CHECK(run.checks.size() == 4);
  CHECK(run.seconds > 0);
  CHECK(run.time_provenance.kind == Provenance::measured);
  CHECK(run.time_provenance.source == "CPU executor on " + cpu_name() + " (not a GPU time)");
}

TEST_CASE("wrong outputs fail the judge and are not timed") {
  const std::pair<Spoil, std::string> cases[] = {{Spoil::zeros, "error_o "},
                                                 {Spoil::mean_of_v, "error_o "},
                                                 {Spoil::not_a_number, "error_o "},
                                                 {Spoil::missing_tail, "error_o "},
                                                 {Spoil::one_index, "error_largest "},
                                                 {Spoil::one_element, "error_o "},
                                                 {Spoil::past_end, "guards "},
                                                 {Spoil::before_start, "guards "},
                                                 {Spoil::input, "inputs "},
                                                 {Spoil::throws, "runs "}};
  for (const auto& [spoil, keys] : cases) {
    CAPTURE(static_cast<int>(spoil));
    const RungRun run = run_spoilt(spoil);
    CHECK_FALSE(run.passed);
    CHECK(failed_checks(run) == keys);
    CHECK(run.seconds == 0);
  }
}

TEST_CASE("a failed check says where") {
  CHECK(run_spoilt(Spoil::past_end)
            .checks[2]
            .detail.find("buffer 'o' of 1600 bytes was written at byte 1600") == 0);
  CHECK(run_spoilt(Spoil::input).checks[3].detail == "changed: v");
  CHECK(run_spoilt(Spoil::one_index).checks[1].detail.find("element 3 is") == 0);
  CHECK(run_spoilt(Spoil::throws).checks.back().detail == "the launch went wrong");
}

TEST_CASE("an input of the wrong shape is refused by name") {
  const ParamSet problem(kOp.params);
  HostArrays in = inputs(problem, synthetic_inputs().front(), {});
  const Judged judged = judge(kOp, problem, in);
  in.f32.at("v") = Tensor<float>({50, 7});
  const RungRun run =
      run_rung(kOp, kBuild, Backend::simulated, problem, ParamSet(kRung.tiles), in, judged, {}, {});
  CHECK(run.checks.back().detail == "input 'v' must have shape [50, 8], got [50, 7]");
}

TEST_CASE("median and spread are the middle and half the middle half") {
  CHECK(median_and_spread({}).median == 0);
  CHECK(median_and_spread({3}).median == 3);
  CHECK(median_and_spread({3}).half_iqr == 0);
  const Spread s = median_and_spread({5, 1, 2, 4, 3});
  CHECK(s.median == 3);
  CHECK(s.half_iqr == 1);
  CHECK(median_and_spread({1, 2}).median == 1.5);
}

TEST_CASE("backends have one name each") {
  CHECK(backend_from("simulated") == Backend::simulated);
  CHECK(backend_from("cuda") == Backend::cuda);
  CHECK(backend_from("reference") == Backend::reference);
  CHECK_FALSE(backend_from("gpu").has_value());
}

TEST_CASE("an unknown buffer is named with those that exist") {
  Buffers b;
  float x = 0;
  b.add("q", &x);
  b.add("v", &x);
  CHECK_THROWS_WITH_AS(b.f32("o"), "the op has no buffer 'o': its buffers are q, v", Error);
}
