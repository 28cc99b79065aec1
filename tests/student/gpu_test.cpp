// The backend cuda of students' kernels, on a machine without a GPU: nvcc where it is installed, and a
// stand-in for the driver (fake_cuda). tests/gpu/student.sh is for a GPU. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "kernels/student/gpu_case.hpp"
#include "kernels/student/gpu_judge.hpp"
#include "kernels/student/gpu_program.hpp"
#include "kernels/student/gpu_sanitizer.hpp"
#include "kernels/student/gpu_timing.hpp"
#include "kernels/student/plan.hpp"
#include "reference/core/files.hpp"
#include "tests/folders.hpp"
#include "tests/student/toy.hpp"

using namespace alab;
using namespace alab::student;
using alab::student::toy::says;

namespace {

constexpr int kHopper = 90;

StudentLimits limits() {
  StudentLimits out = student_limits();
  out.compile_seconds = 120;  // on a busy machine
  out.allow_without_bubblewrap = !containment().unavailable.empty();
  return out;
}

Program compiled(std::string_view exercise, std::string_view source) {
  return compile_for_gpu(*find_exercise(exercise), source, kHopper, limits(), {});
}

bool has_nvcc() {
  if (!nvcc().unavailable.empty()) {
    MESSAGE("skipped: ", nvcc().unavailable);
  }
  return nvcc().unavailable.empty();
}

/// Must come before the first use of the GPU in this program.
void take_fake_driver(const char* mode) {
  setenv("LD_LIBRARY_PATH", (tests::bin_folder() + "/fake_cuda").c_str(), 1);
  setenv("FAKE_CUDA", mode, 1);
}

CaseRun first_case(const char* mode, const Program& program) {
  take_fake_driver(mode);
  const Exercise& exercise = *find_exercise("1a");
  ParamSet shape(exercise.params);
  shape.assign("N=20 d=5 heads=2 scale=0.5");
  const HostArrays inputs = exercise.inputs(shape, "random", 1);
  const std::vector<GpuCase> cases(2, {{shape, "random", 1}, &inputs});
  const std::vector<CaseRun> runs = run_cases_on_gpu(exercise, program, cases, limits(), {});
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].verdict.sentence == runs[1].verdict.sentence);
  return runs[0];
}

}  // namespace

TEST_CASE("compute-sanitizer's words become findings on the student's lines") {
  const auto bounds = sanitizer_findings("memcheck", R"(========= COMPUTE-SANITIZER
========= Invalid __global__ write of size 4 bytes
=========     at scores_naive(const float *, const float *, float *, int, int, float)+0x3d0 in alab_student/student.cu:17
=========     by thread (3,1,0) in block (2,0,1)
=========     Access at 0x7f1c8a600190 is out of bounds
=========     Saved host backtrace up to driver entry point at kernel launch time
=========         Host Frame: launch.hpp:40 [0x1]
=========
========= Invalid __global__ write of size 4 bytes
=========     at scores_naive(const float *, const float *, float *, int, int, float)+0x3d0 in alab_student/student.cu:17
=========     by thread (4,1,0) in block (2,0,1)
=========     Access at 0x7f1c8a600194 is out of bounds
=========
========= Program hit CUDA_ERROR_LAUNCH_FAILED (error 719) due to "unspecified launch failure" on CUDA API call
========= ERROR SUMMARY: 3 errors
)");
  REQUIRE(bounds.size() == 1);
  CHECK(bounds[0].mistake == counted::Mistake::global_bounds);
  CHECK(bounds[0].line.line == 17);
  CHECK(bounds[0].count == 2);
  CHECK(bounds[0].thread == std::array<unsigned, 3>{3, 1, 0});
  CHECK(bounds[0].block == std::array<unsigned, 3>{2, 0, 1});
  CHECK(bounds[0].sentence ==
        "compute-sanitizer (memcheck): Invalid __global__ write of size 4 bytes in line 17, by thread (3, 1, "
        "0) of "
        "block (2, 0, 1)");

  const auto race = sanitizer_findings("racecheck", R"(========= COMPUTE-SANITIZER
========= Error: Race reported between Write access at void scores_tiled<(int)16>(const float *)+0x4f0 in student.cu:21
=========     and Read access at void scores_tiled<(int)16>(const float *)+0x5d0 in student.cu:24 [7680 hazards]
=========
========= RACECHECK SUMMARY: 1 hazard displayed (1 error, 0 warnings)
)");
  REQUIRE(race.size() == 1);
  CHECK(race[0].mistake == counted::Mistake::shared_race);
  CHECK(race[0].line.line == 21);
  CHECK(race[0].other_line.line == 24);
  CHECK(says(race[0].sentence, "Race reported between Write access in line 21 and an access in line 24"));

  CHECK(sanitizer_findings("initcheck", "========= COMPUTE-SANITIZER\n========= ERROR SUMMARY: 0 errors\n")
            .empty());
  CHECK(sanitizer_findings("memcheck", "").empty());
}

TEST_CASE("a check passes when it passes on both backends") {
  CheckVerdict right, wrong;
  right.status = Status::passed;
  wrong.status = Status::failed;
  right.earned = 2;
  wrong.sentence = "S[0] is 1, expected 2";
  const CheckVerdict on_both = merged(right, &right, "GPU");
  CHECK(on_both.status == Status::passed);
  CHECK(on_both.judged_on == "GPU, executor");
  const CheckVerdict gpu_wrong = merged(right, &wrong, "GPU");
  CHECK(gpu_wrong.status == Status::failed);
  CHECK(gpu_wrong.earned == 0);
  CHECK(gpu_wrong.sentence == "right on the executor, not on GPU: S[0] is 1, expected 2");
  const CheckVerdict here_wrong = merged(wrong, &right, "GPU");
  CHECK(here_wrong.status == Status::failed);
  CHECK(says(here_wrong.sentence, "S[0] is 1, expected 2 (on the executor; on GPU the check passes)"));
  CHECK(merged(right, nullptr, "GPU").judged_on == "executor");
}

TEST_CASE("every exercise with an op has a larger case that the op's rungs take as well") {
  for (const Exercise* const exercise : all_exercises()) {
    CAPTURE(exercise->id);
    const ParamSet shape = timing_shape(*exercise, manifest_of(*exercise));
    std::int64_t elements = 0;
    for (const BufferSpec& spec : exercise->buffers(shape)) {
      elements += element_count(spec.shape);
    }
    CHECK(elements <= std::int64_t{1} << 22);
    CHECK(elements >= 512);
    if (!exercise->op.empty()) {
      CHECK_NOTHROW(problem_of(*exercise, shape));
    }
  }
}

TEST_CASE("nvcc's errors stand on the student's lines, and what may not be compiled is refused") {
  if (!has_nvcc()) {
    return;
  }
  const std::string head =
      "__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {\n";
  const Program unknown = compiled("1a", head + "  S[0] = nothing_here;\n}\n");
  CHECK(unknown.file.empty());
  REQUIRE_FALSE(unknown.diagnostics.empty());
  CHECK(unknown.diagnostics[0].line == 2);
  CHECK(says(unknown.diagnostics[0].text, "nothing_here"));
  const Program shared =
      compiled("1a", head + "  __shared__ float s[1 << 20];\n  s[threadIdx.x] = 1;\n  S[0] = s[N];\n}\n");
  CHECK(shared.file.empty());
  REQUIRE_FALSE(shared.diagnostics.empty());
  CHECK(says(shared.diagnostics[0].text, "shared data"));
  const Program assembly = compiled("1a", head + "  asm(\"trap;\");\n}\n");
  CHECK(says(assembly.refused, "assembly"));
}

TEST_CASE("a solution runs through nvcc and alab_gpu with a stand-in for the driver") {
  if (!has_nvcc()) {
    return;
  }
  const Exercise& exercise = *find_exercise("1a");
  const std::string_view source = file_of(exercise, "solution.cu");
  const Program program = compiled("1a", source);
  REQUIRE_FALSE(program.file.empty());
  CHECK(compiled("1a", source).seconds == 0);  // from the cache

  CHECK(first_case("right", program).verdict.sentence.empty());
  CHECK(says(first_case("past_end", program).damage,
             "buffer 'S' of 3200 bytes was written at byte 3200, past its end"));
  CHECK(first_case("input", program).changed == std::vector<std::string>{"K"});
  CHECK(std::isnan(first_case("nothing", program).outputs.f32.at("S")[0]));
  CHECK(says(first_case("illegal", program).verdict.sentence, "an illegal memory access was encountered"));

  take_fake_driver("right");
  CHECK(gpu_device().name == "Fake GPU");
  CHECK(gpu_device().sm == kHopper);
  const Verdict v =
      judge_on_gpu(exercise, manifest_of(exercise), source, limits(), {}, {.sanitizer = false}, {});
  CHECK(v.passed());
  REQUIRE(v.gpu.has_value());
  CHECK(v.gpu->timing->seconds == doctest::Approx(5e-4));
  for (const CheckVerdict& c : v.checks) {
    CAPTURE(c.id);
    CHECK(c.judged_on == (c.kind == "values" || c.kind == "clean" ? "Fake GPU, executor" : "executor"));
  }
  take_fake_driver("past_end");
  const Verdict damaged =
      judge_on_gpu(exercise, manifest_of(exercise), source, limits(), {}, {.sanitizer = false}, {});
  CHECK_FALSE(damaged.passed());
  for (const CheckVerdict& c : damaged.checks) {
    CAPTURE(c.id);
    CHECK((c.status == Status::failed) == (c.kind == "clean"));
  }
}
