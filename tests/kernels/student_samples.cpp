// SPDX-License-Identifier: MIT
#include "tests/kernels/student_samples.hpp"

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>

namespace alab::student::samples {
namespace {

constexpr Param kN = int_param("N", "tokens", "tokens", "queries and keys", 20, 1, 4096);
constexpr Param kD = int_param("d", "width", "elements", "of queries and keys", 5, 1, 256);
constexpr Param kScale = real_param("scale", "scale", "", "factor on scores", 0.5, 0, 10);
constexpr std::array<const Param*, 3> kParams{&kN, &kD, &kScale};
constexpr std::array<std::string_view, 1> kInputs{"random"};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t n = shape.integer(kN), d = shape.integer(kD);
  return {{"Q", {n, d}}, {"K", {n, d}}, {"S", {n, n}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& shape, std::string_view, std::uint64_t seed) {
  HostArrays arrays;
  double next = static_cast<double>(seed);
  for (const char* const name : {"Q", "K"}) {
    Tensor<float> t({shape.integer(kN), shape.integer(kD)});
    for (float& x : t.span()) {
      next = std::fmod(next * 1.61803398875 + 0.318, 1.0);
      x = static_cast<float>(next - 0.5);
    }
    arrays.f32[name] = t;
  }
  return arrays;
}

TruthArrays reference(const ParamSet& shape, const HostArrays& in) {
  const std::int64_t n = shape.integer(kN), d = shape.integer(kD);
  const Tensor<float>&q = in.f32.at("Q"), &k = in.f32.at("K");
  Tensor<double> s({n, n});
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t c = 0; c < d; ++c) {
        s(i, j) += shape.real(kScale) * static_cast<double>(q(i, c)) * static_cast<double>(k(j, c));
      }
    }
  }
  return {{"S", s}};
}

constexpr Exercise kExercise{"0x_scores", kParams, kInputs, buffers, inputs, reference};

}  // namespace

const Exercise& exercise() {
  return kExercise;
}

std::string_view launch_text() {
  return R"(// SPDX-License-Identifier: MIT
void run(const Call& call) {
  const int N = call.i("N"), d = call.i("d");
  launch(call.stream, scores, dim3(cd(N, 16), cd(N, 16)), dim3(16, 16), 0, call.f32("Q"), call.f32("K"),
         call.f32("S"), N, d, call.f("scale"));
}
)";
}

std::string right_kernel() {
  return R"(#include <cuda_runtime.h>
__global__ void scores(const float* Q, const float* K, float* S, int N, int d, float scale) {
  const int j = blockIdx.x * 16 + threadIdx.x, i = blockIdx.y * 16 + threadIdx.y;
  if (i >= N || j >= N) return;
  float sum = 0;
  for (int c = 0; c < d; ++c)
    sum += Q[i * d + c] * K[j * d + c];
  S[i * N + j] = scale * sum;
}
)";
}

std::string changed_kernel(std::string_view what, std::string_view with) {
  std::string source = right_kernel();
  const std::size_t at = source.find(what);
  require(at != std::string::npos && source.find(what, at + 1) == std::string::npos, "'", what,
          "' does not stand once in the kernel");
  return source.replace(at, what.size(), with);
}

Case small_case() {
  Case c;
  c.shape = ParamSet(exercise().params);
  return c;
}

HostArrays inputs_of(const Case& c) {
  return exercise().inputs(c.shape, c.input, c.seed);
}

StudentLimits limits() {
  StudentLimits limits = student_limits();
  limits.allow_without_bubblewrap = true;
  limits.run.cpu_seconds = 60;
  limits.run.wall_seconds = 60;  // a busy machine may let a child wait for long
  return limits;
}

Program compiled(std::string_view source) {
  static const OwnCache cache;
  return compile_source(source, launch_text(), limits(), {});
}

CaseRun run(const Program& program, const Case& c) {
  return run_case(exercise(), program, c, inputs_of(c), limits(), {});
}

CaseRun run_source(std::string_view source) {
  const Program program = compiled(source);
  require(!program.file.empty(), "it did not compile: ",
          program.diagnostics.empty() ? program.refused : program.diagnostics.front().text);
  return run(program, small_case());
}

double error_of(const CaseRun& run, const Case& c) {
  const Tensor<double> truth = exercise().reference(c.shape, inputs_of(c)).at("S");
  const Tensor<float>& got = run.outputs.f32.at("S");
  double largest = 0;
  for (std::int64_t i = 0; i < truth.size(); ++i) {
    const double error = std::abs(static_cast<double>(got[i]) - truth[i]);
    largest = error <= largest ? largest : error;
  }
  return largest;
}

OwnCache::OwnCache()
    : folder((std::filesystem::temp_directory_path() / text("alab-student-", getpid())).string()) {
  const char* const now = std::getenv("ALAB_CACHE_DIR");
  before = now != nullptr ? now : "";
  setenv("ALAB_CACHE_DIR", folder.c_str(), 1);
}
OwnCache::~OwnCache() {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

}  // namespace alab::student::samples
