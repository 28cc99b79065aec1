// SPDX-License-Identifier: MIT
#include "kernels/student/gpu_program.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "kernels/student/compile_source.hpp"
#include "kernels/student/compiler_messages.hpp"
#include "kernels/student/limited_command.hpp"
#include "kernels/student/program_cache.hpp"
#include "kernels/student/read_source.hpp"
#include "kernels/student/sandbox.hpp"
#include "reference/core/error.hpp"
#include "reference/core/files.hpp"

namespace alab::student {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr const char* kInside = "/submission";
// nvcc's own programs reserve more than they touch.
constexpr std::size_t kAddressSpace = std::size_t{16} << 30;

constexpr std::string_view kNumbers =
    "#include <cfloat>\n#include <climits>\n#include <cmath>\n#include <cstddef>\n#include <cstdint>\n"
    "#include <cstdio>\n#include <cstring>\n#include <math_constants.h>\n"
    "namespace lab {\ntemplate <class Value>\n__device__ inline void watch(const char*, const Value&) "
    "{}\n}\n";
constexpr std::string_view kHalves = "#include <cuda_bf16.h>\n#include <cuda_fp16.h>\n";

// What launch.cu may use, as far as a compiler must know it: templates of kernels that it launches are
// compiled for it, and kernels that do not fit it are errors.
constexpr std::string_view kGiven = R"~(
namespace alab {
struct Stream;
struct Error { template <class... T> Error(const T&...); };
template <class... P, class... A>
void launch(Stream&, void (*)(P...), dim3, dim3, size_t, A... a) {
  static_assert(sizeof...(P) == sizeof...(A), "a kernel has another number of parameters than the statement's");
  ((void)static_cast<P>(a), ...);
}
namespace student {
struct Call {
  Stream& stream;
  int i(const char*) const;
  float f(const char*) const;
  float* f32(const char*) const;
  int* i32(const char*) const;
};
constexpr int cd(long long a, long long b) { return static_cast<int>((a + b - 1) / b); }
}
}
extern "C" __global__ void alab_hold(long long nanoseconds) {
  long long start, now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(start));
  do {
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  } while (now - start < nanoseconds);
}
)~";

std::string unit_of(const SourceReading& reading, std::string_view launch) {
  const std::string& source = reading.compilable;
  const bool halves = source.find("half") != std::string::npos || source.find("bf16") != std::string::npos ||
                      source.find("bfloat") != std::string::npos;
  std::string unit = text("#define ALAB_BUILD_CUDA 1\n", kNumbers, halves ? kHalves : "", "#line 1 \"",
                          kStudentFile, "\"\n", source, "\n");
  for (const std::string& name : reading.macros) {
    unit += text("#undef ", name, "\n");
  }
  unit += text("#line 1 \"", kLaunchFile, "\"\n", kGiven,
               "namespace alab_given {\nusing namespace alab;\nusing namespace alab::student;\n#line 1 \"",
               kLaunchFile, "\"\n", launch, "\n}\n");
  return unit;
}

fs::path first_nvcc() {
  std::vector<fs::path> candidates;
  if (const char* const given = std::getenv("CUDACXX")) {
    candidates.emplace_back(given);
  }
  const char* const variable = std::getenv("PATH");
  std::string_view rest = variable != nullptr ? variable : "/usr/bin:/bin";
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    candidates.push_back(fs::path(rest.substr(0, colon)) / "nvcc");
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  candidates.emplace_back("/usr/local/cuda/bin/nvcc");
  for (const fs::path& candidate : candidates) {
    std::error_code gone;
    if (candidate.is_absolute() && access(candidate.c_str(), X_OK) == 0 &&
        fs::is_regular_file(candidate, gone)) {
      return fs::canonical(candidate, gone);
    }
  }
  return {};
}

/// "13.0.88" of "Cuda compilation tools, release 13.0, V13.0.88".
std::string version_in(const std::string& printed) {
  const std::size_t at = printed.find(", V");
  return at == std::string::npos ? "" : printed.substr(at + 3, printed.find_first_of("\n ", at + 3) - at - 3);
}

Nvcc find_nvcc() {
  Nvcc found;
  found.program = first_nvcc();
  if (found.program.empty()) {
    found.unavailable =
        "nvcc was not found: install the CUDA toolkit 12 or newer "
        "(https://developer.nvidia.com/cuda-downloads) "
        "and put its bin folder on PATH";
    return found;
  }
  const Finished said = run_limited({found.program.string(), "--version"}, "/", {20, kAddressSpace}, {});
  found.version = version_in(said.output);
  if (found.version.empty() || std::atoi(found.version.c_str()) < 12) {
    found.unavailable =
        text(found.program.string(), " is ", found.version.empty() ? "no nvcc that works" : "version ",
             found.version, ": install the CUDA toolkit 12 or newer");
  }
  return found;
}

/// "FILE(12): error: WORDS" and "FILE(12): catastrophic error: WORDS" as g++ writes them.
std::string as_gnu_writes(std::string_view printed) {
  std::string out;
  while (!printed.empty()) {
    const std::size_t end = std::min(printed.find('\n'), printed.size());
    std::string line(printed.substr(0, end));
    printed.remove_prefix(std::min(end + 1, printed.size()));
    const std::size_t open = line.find('('), close = line.find("): ", open);
    if (close != std::string::npos && close > open + 1 &&
        line.find_first_not_of("0123456789", open + 1) == close) {
      line = text(line.substr(0, open), ":", line.substr(open + 1, close - open - 1), ": ",
                  line.substr(close + 3));
      if (const std::size_t at = line.find("catastrophic error"); at != std::string::npos) {
        line.erase(at, std::string_view("catastrophic ").size());
      }
    }
    out += line + "\n";
  }
  return out;
}

/// Errors alone: warnings are g++'s, which has read the same text.
std::vector<Diagnostic> errors_in(const std::string& printed) {
  std::vector<Diagnostic> found = diagnostics_of(as_gnu_writes(printed));
  std::erase_if(found, [](const Diagnostic& d) { return !d.error; });
  constexpr std::string_view kPtxas = "ptxas ";
  for (std::size_t at = 0; found.empty() && (at = printed.find(kPtxas, at)) != std::string::npos; ++at) {
    const std::string line = printed.substr(at, printed.find('\n', at) - at);
    if (line.find("error") != std::string::npos || line.find("fatal") != std::string::npos) {
      found.push_back({0, 0, true, line});
    }
  }
  return found;
}

Finished run_nvcc(const WorkFolder& work, int sm, const StudentLimits& limits, const Progress& progress) {
  const fs::path& program = nvcc().program;
  Words words;
  if (uses_bubblewrap(limits)) {
    const fs::path toolkit = program.parent_path().parent_path();
    std::vector<fs::path> readable;
    if (!toolkit.string().starts_with("/usr")) {
      readable.push_back(toolkit);
    }
    words = bubblewrap(readable);
    words.insert(words.end(), {"--bind", work.path().string(), kInside, "--chdir", kInside});
  }
  words.insert(words.end(), {program.string(), "-cubin", "-std=c++20", text("-arch=sm_", sm), "-lineinfo",
                             "-w", "-allow-unsupported-compiler", "-o", "student.cubin", "student.cu"});
  CommandLimits allowed;
  allowed.wall_seconds = limits.compile_seconds;
  allowed.memory_bytes = kAddressSpace;
  return run_limited(words, work.path(), allowed, progress);
}

/// What keeps nvcc from compiling anything here is no fault of the source.
void require_toolchain(const Finished& finished, int sm) {
  const std::string& said = finished.output;
  require(
      said.find("sm_") == std::string::npos || said.find("is not defined for option") == std::string::npos,
      "nvcc ", nvcc().version, " does not know this GPU (sm_", sm, "): install a newer CUDA toolkit");
  const std::size_t fatal = std::min(said.find("nvcc fatal"), said.size());
  require(fatal == said.size(), "nvcc cannot compile here (",
          said.substr(fatal, said.find('\n', fatal) - fatal), "): it needs the g++ of this machine");
}

Program compiled(const SourceReading& reading, std::string_view launch, int sm, const WorkFolder& work,
                 const StudentLimits& limits, const Progress& progress, bool& lasting) {
  write_file_atomic(work.path() / "student.cu", unit_of(reading, launch));
  const Finished finished = run_nvcc(work, sm, limits, progress);
  Program program;
  const fs::path cubin = work.path() / "student.cubin";
  if (finished.ended && finished.exit_code == 0 && fs::is_regular_file(cubin)) {
    program.file = cubin;
    return program;
  }
  if (finished.too_late) {
    lasting = false;
    program.diagnostics = {{0, 0, true,
                            text("nvcc took longer than ", limits.compile_seconds,
                                 " s and was stopped: a template or a constant expression is too large")}};
    return program;
  }
  require_toolchain(finished, sm);
  program.diagnostics = errors_in(finished.output);
  if (program.diagnostics.empty()) {
    lasting = false;
    program.diagnostics = {{0, 0, true,
                            text("nvcc ended without a word about this file: ",
                                 finished.output.substr(0, finished.output.find('\n')))}};
  }
  return program;
}

}  // namespace

const Nvcc& nvcc() {
  static const Nvcc found = find_nvcc();
  return found;
}

Program compile_for_gpu(const Exercise& exercise, std::string_view given, int sm, const StudentLimits& limits,
                        const Progress& progress) {
  require(nvcc().unavailable.empty(), nvcc().unavailable);
  const std::string_view launch = file_of(exercise, "launch.cu");
  const std::string source = without_mark(given);
  const SourceReading reading = read_source(source);
  if (!reading.refusals.empty()) {
    Program program;
    program.diagnostics = reading.refusals;
    program.refused = reading.refusals.front().text;
    return program;
  }
  const ProgramKey key{source, std::string(launch),
                       text("cuda, nvcc ", nvcc().program.string(), " ", nvcc().version, ", sm_", sm, "\n",
                            kNumbers, kHalves, kGiven)};
  if (std::optional<Program> known = find_program(key)) {
    return *std::move(known);
  }
  const auto began = std::chrono::steady_clock::now();
  const WorkFolder work;
  bool lasting = true;
  Program program = compiled(reading, launch, sm, work, limits, progress, lasting);
  if (lasting) {
    program = keep_program(key, std::move(program));
  } else {
    program.file.clear();
  }
  program.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return program;
}

}  // namespace alab::student
