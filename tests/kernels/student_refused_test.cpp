// What a student's source may not hold: each is refused with a sentence, on its line.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/student/check_object.hpp"
#include "kernels/student/compiler_messages.hpp"
#include "kernels/student/read_source.hpp"
#include "kernels/student/tokens.hpp"
#include "tests/kernels/student_samples.hpp"

using namespace alab;
using namespace alab::student;

namespace {

struct Refused {
  std::string_view source, words;
  int line = 1;
};

}  // namespace

TEST_CASE("tokens are those of the compiler's: joined lines, comments, strings, separators") {
  const auto words = [](std::string_view source) {
    std::vector<std::string> all;
    for (const Token& t : tokens_of(source)) {
      all.push_back(t.text);
    }
    return all;
  };
  using Strings = std::vector<std::string>;
  CHECK(words("as\\\nm(x)") == Strings{"asm", "(", "x", ")"});
  CHECK(words("/\\\n* asm */ a // b \\\n asm\nc") == Strings{"a", "c"});
  CHECK(words("1'000'000 + 0x1p-3f") == Strings{"1'000'000", "+", "0x1p-3f"});
  CHECK(words("\"/*\" asm \"*/\"") == Strings{"\"/*\"", "asm", "\"*/\""});
  CHECK(words("'\"' asm '\"'") == Strings{"'\"'", "asm", "'\"'"});
  CHECK(words("\"a\\\"b\" c") == Strings{"\"a\\\"b\"", "c"});
  const std::vector<Token> second = tokens_of("a\n  b\\\nc d");
  REQUIRE(second.size() == 3);
  CHECK(second[1].text == "bc");
  CHECK(second[1].line == 2);
  CHECK(second[1].column == 3);
  CHECK(second[2].line == 3);
}

TEST_CASE("what no kernel needs is refused before a compiler sees it") {
  const std::vector<Refused> all{
      {"void f() { asm(\"nop\"); }", "assembly"},
      {"void f() { __asm__ volatile(\"syscall\"); }", "assembly"},
      {"void f() { as\\\nm(\"nop\"); }", "assembly"},
      {"#define A asm\n", "assembly"},
      {"#define J(a, b) a##b\nJ(as, m)(\"nop\");", "## makes words"},
      {"%:include <stdlib.h>", "%: stands for #"},
      {"\n#include <stdlib.h>\n", "#include <stdlib.h> is not there", 2},
      {"#include \"/etc/passwd\"", "is not there"},
      {"#define H <stdlib.h>\n#include H", "is not there", 2},
      {"#include_next <math.h>", "#include_next is not for kernels"},
      {"#line 7 \"other.cu\"", "#line is not for kernels"},
      {"# 7 \"other.cu\"", "is not for kernels"},
      {"#pragma GCC optimize(\"O0\")", "#pragma GCC"},
      {"#pragma push_macro(\"asm\")", "#pragma push_macro"},
      {"_Pragma(\"GCC optimize\") void f();", "_Pragma"},
      {"__attribute__((constructor)) void f() {}", "'constructor'"},
      {"[[gnu::constructor]] void f() {}", "'gnu'"},
      {"__attribute__((aligned(16), section(\"alab_sites\"))) int x;", "'section'"},
      {"#define C constructor\n__attribute__((C)) void f() {}", "'C'", 2},
      {"#define ATTR __attribute__\nATTR((constructor)) void f() {}", "double parentheses"},
      {"#define __syncthreads() \n", "words of CUDA"},
      {"#undef threadIdx\n", "words of CUDA"},
      {"namespace alab { int x; }", "belongs to the workbook"},
      {"extern \"C\" void __tsan_write4(void*) {}", "belongs to the workbook"},
      {"auto s = R\"(asm)\";", "prefix"},
      {"auto c = L'\"'; asm(\"nop\"); auto d = '\"';", "prefix"},
  };
  for (const Refused& r : all) {
    CAPTURE(r.source);
    const SourceReading reading = read_source(r.source);
    REQUIRE_FALSE(reading.refusals.empty());
    CAPTURE(reading.refusals[0].text);
    CHECK(reading.refusals[0].text.find(r.words) != std::string::npos);
    CHECK(reading.refusals[0].line == r.line);
  }
  CHECK(read_source(std::string(kMostSource + 1, ' ')).refusals.at(0).text.find("256 KiB") !=
        std::string::npos);
  CHECK(read_source(std::string_view("a\0b", 3)).refusals.at(0).text.find("zero bytes") != std::string::npos);
}

TEST_CASE("what kernels do hold is taken, and its includes are left out") {
  const std::string source =
      "#include <cuda_runtime.h>\n#include \"cuda_fp16.h\"  // half\n#define TILE 16\n#ifndef BLOCK\n#define "
      "BLOCK 32\n"
      "#endif\n__global__ void __launch_bounds__(128) k(float* __restrict__ x) {\n  extern __shared__ float "
      "s[];\n"
      "  __attribute__((aligned(16))) float a[4]; [[maybe_unused]] int b = 1'000;\n#pragma unroll\n"
      "  for (int i = 0; i < 4; ++i) a[i] = s[i];  // asm \"\n  x[b] = a[0]; /* asm */ printf(\"asm %d\\n\", "
      "b);\n}\n";
  const SourceReading reading = read_source(source);
  for (const Diagnostic& d : reading.refusals) {
    FAIL_CHECK(d.line, ": ", d.text);
  }
  CHECK(reading.compilable.size() == source.size());
  CHECK(reading.compilable.find("include") == std::string::npos);
  CHECK(reading.compilable.substr(source.find("#define")) == source.substr(source.find("#define")));
  CHECK(reading.macros == std::vector<std::string>{"TILE", "BLOCK"});
  CHECK(reading.unclosed.line == 0);
  CHECK(read_source("void f() {\n  if (1) {\n}\n").unclosed.line == 1);
}

TEST_CASE("the compiler's messages keep their lines and lose this machine's paths") {
  const std::vector<Diagnostic> d = diagnostics_of(
      "In file included from /home/me/kit/prelude.cuh:3:\n"
      "alab_student/student.cu: In function 'void k(float*)':\n"
      "alab_student/student.cu:4:3: error: 'q' was not declared in this scope\n"
      "alab_student/student.cu:2:7: note: suggested alternative: 'Q'\n"
      "alab_student/student.cu:3:9: warning: unused variable 'u' [-Wunused-variable]\n"
      "/home/me/kernels/launch.hpp: In instantiation of 'void f()':\n"
      "alab_student/student.cu:9:5:   required from here\n"
      "/home/me/kernels/launch.hpp:40:2: error: no matching function in '/home/me/kernels/launch.hpp'\n"
      "alab_student/launch.cu:3:20: error: 'scores' was not declared in this scope\n"
      "/usr/bin/ld: something else\n");
  REQUIRE(d.size() == 4);
  CHECK(d[0].line == 0);
  CHECK(d[0].text.find("given launch does not fit") != std::string::npos);
  CHECK(d[1].line == 3);
  CHECK_FALSE(d[1].error);
  CHECK(d[2].line == 4);
  CHECK(d[2].text == "'q' was not declared in this scope; line 2: suggested alternative: 'Q'");
  CHECK(d[3].line == 9);
  CHECK(d[3].text == "no matching function in 'launch.hpp'");
}

TEST_CASE("whatever bytes an object has, it is read within them") {
  CHECK_FALSE(refusals_of_object("").empty());
  CHECK_FALSE(refusals_of_object("\x7F"
                                 "ELF")
                  .empty());
  CHECK_FALSE(refusals_of_object(std::string(1000, '\xFF')).empty());
}

#if defined(ALAB_HAVE_COUNTED)

TEST_CASE("what is not on a GPU is refused by name, on the line that names it") {
  const std::vector<std::pair<std::string_view, std::string_view>> names{
      {"system", "int system(const char*) noexcept(false)"},
      {"exit", "void exit(int) noexcept"},
      {"abort", "void abort() noexcept"},
      {"fork", "int fork() noexcept"},
      {"socket", "int socket(int, int, int) noexcept"},
      {"dlsym", "void* dlsym(void*, const char*) noexcept"},
      {"syscall", "long syscall(long, ...) noexcept"},
      {"open", "int open(const char*, int, ...)"}};
  const std::vector<std::string_view> calls{"system(\"ls\")", "exit(1)",         "abort()",
                                            "fork()",         "socket(1, 1, 0)", "dlsym(0, 0)",
                                            "syscall(57)",    "open(\"x\", 0)"};
  std::string source, statements;
  for (std::size_t i = 0; i < names.size(); ++i) {
    source += text("extern \"C\" ", names[i].second, ";\n");
    statements += text("  if (i == ", i + 100, ") ", calls[i], ";\n");
  }
  source += "float helper(float);\n" +
            samples::changed_kernel("  S[i * N", statements + "  sum = helper(sum);\n  S[i * N");
  const Program program = samples::compiled(source);
  CHECK(program.file.empty());
  CAPTURE(program.diagnostics.at(0).text);
  CHECK_FALSE(program.refused.empty());
  const auto holds = [&](std::string_view words, int line) {
    return std::any_of(program.diagnostics.begin(), program.diagnostics.end(), [&](const Diagnostic& d) {
      return d.error && d.line == line && d.text.find(words) != std::string::npos;
    });
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    CAPTURE(names[i].first);
    CHECK(holds(text("your kernel calls '", names[i].first, "', which is not there on a GPU"),
                static_cast<int>(i) + 1));
  }
  CHECK(holds("'helper(float)', which it declares and nowhere defines", static_cast<int>(names.size()) + 1));
}

TEST_CASE("what would run before the launch, or at a function's first call, is refused") {
  const Program at_load = samples::compiled(
      "struct Early { Early(); }; int n; Early::Early() { ++n; } Early early;\n" + samples::right_kernel());
  CHECK(at_load.file.empty());
  CHECK(at_load.refused.find("before the kernel is launched") != std::string::npos);
  const Program late =
      samples::compiled("__device__ float* once() { static float* const p = new float[4]; return p; }\n" +
                        samples::changed_kernel("  S[i * N", "  sum += *once();\n  S[i * N"));
  CHECK(late.file.empty());
  CHECK(late.refused.find("static variable") != std::string::npos);
}

#endif
