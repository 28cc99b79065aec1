// Line-by-line rewriting of CUDA source for the host compiler.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "kernels/executor/rewrite.hpp"
#include "kernels/executor/subscripts.hpp"
#include "reference/core/error.hpp"

using alab::Error;
using alab::executor::rewrite_cuda;
using alab::executor::rewrite_floats;

namespace {

std::string body(std::string_view source) {
  const std::string out = rewrite_cuda(source, "a.cu");
  REQUIRE(out.rfind("#line 1 \"a.cu\"\n", 0) == 0);
  const std::string rest = out.substr(15);
  CHECK(std::count(rest.begin(), rest.end(), '\n') == std::count(source.begin(), source.end(), '\n'));
  return rest;
}

}  // namespace

TEST_CASE("unroll pragmas become the host compiler's") {
  CHECK(body("#pragma unroll\n") == "#pragma GCC unroll 64\n");
  CHECK(body("  #  pragma   unroll 4 // four\n") == "  #  pragma   GCC unroll 4\n");
  CHECK(body("#pragma unroll(8)\n") == "#pragma GCC unroll 8\n");
  CHECK(body("#pragma unroll kTile\n") == "#pragma GCC unroll 64\n");
  CHECK(body("#pragma nounroll\n") == "#pragma GCC unroll 1\n");
  CHECK(body("_Pragma(\"unroll 2\") for (;;) {}") == "_Pragma(\"GCC unroll 2\") for (;;) {}");
  CHECK(body("#pragma once\n") == "#pragma once\n");
  CHECK(body("#define unroll 3\n") == "#define unroll 3\n");
}

TEST_CASE("dynamic shared memory becomes a pointer to the block's") {
  const std::string tail = "(ALAB_DYNAMIC_SHARED);";
  CHECK(body("void f() { extern __shared__ float name[]; }") ==
        "void f() { [[maybe_unused]] float* const name = reinterpret_cast<float* >" + tail + " }");
  CHECK(body("void f() { extern __shared__ __align__(16) unsigned char raw []; }") ==
        "void f() { [[maybe_unused]] unsigned char* const raw = reinterpret_cast<unsigned char* >" + tail +
            " }");
  CHECK(body("void f() { extern __shared__ T x[][kWidth + 1]; }") ==
        "void f() { [[maybe_unused]] T (*const x)[kWidth + 1] = reinterpret_cast<T (*)[kWidth + 1]>" + tail +
            " }");
  CHECK(body("namespace a { extern __shared__ float s[]; }").find("static thread_local float* const s") !=
        std::string::npos);
  CHECK(body("extern __shared__\n alignas(16)\n float s[];\nint x;").find("\n\n") != std::string::npos);
  CHECK_THROWS_WITH_AS(
      rewrite_cuda("\n\nvoid f() { extern __shared__ float x; }", "a.cu"),
      "a.cu:3: extern __shared__ must declare an array without a size, as in `extern __shared__ float "
      "tile[];`",
      Error);
}

TEST_CASE("comments, strings and digit separators are left alone") {
  for (const char* same :
       {"// #pragma unroll\n", "/* extern __shared__ float x; */", "const char* s = \"__noinline__\";",
        "R\"(\n#pragma unroll\n)\"", "int n = 1'000; // '\nint m = 2'000;", "char c = '\"';\n",
        "int my__noinline__;", "__attribute__((__noinline__)) void f();"}) {
    CHECK(body(same) == same);
  }
  CHECK(body("__noinline__ void f();") == "__attribute__((noinline)) void f();");
  CHECK(body("int a = 1'0; __noinline__ int b();") == "int a = 1'0; __attribute__((noinline)) int b();");
}

TEST_CASE("a float that counts takes the place of float, of its constants and of its buffers") {
  CHECK(rewrite_floats("const float* x; float4 y; floats z;") == "const alab_float* x; float4 y; floats z;");
  CHECK(rewrite_floats("a = 1.5f + .5F - 2e-3f * 1'0.f;") ==
        "a = alab_float(1.5f) + alab_float(.5F) - alab_float(2e-3f) * alab_float(1'0.f);");
  CHECK(rewrite_floats("0x1p-3f 0xff 1.5 7 x2f 1e5") == "alab_float(0x1p-3f) 0xff 1.5 7 x2f 1e5");
  CHECK(rewrite_floats("m = -INFINITY; c = CUDART_PI_F; d = FLT_MAX;") ==
        "m = -alab_float(INFINITY); c = alab_float(CUDART_PI_F); d = alab_float(FLT_MAX);");
  CHECK(rewrite_floats("buffers.f32(\"x\")") == "alab_arrays(buffers)(\"x\")");
  CHECK(rewrite_floats("  #pragma  GCC unroll 64\nx\n") == "  #pragma GCC unroll 1\nx\n");
  CHECK(rewrite_floats("#pragma once\nx\n") == "\nx\n");
  for (const char* same : {"#include <float.h>\n", "// float 1.0f\n", "const char* s = \"float 1.0f\";",
                           "bufferf32(x) f32", "#"}) {
    CHECK(rewrite_floats(same) == same);
  }
}

TEST_CASE("subscripts of device code are found, declarations and host code are left alone") {
  const auto shifted = [](std::string_view source) {
    std::string out = alab::executor::with_shifts(source, "a.cu");
    for (std::size_t at; (at = out.find(") + alab_shift(")) != std::string::npos;) {
      out.replace(at, out.find(')', at + 3) + 1 - at, "+)");
    }
    return out;
  };
  CHECK(shifted("void host(int* a) { a[0] = 1; }") == "void host(int* a) { a[0] = 1; }");
  CHECK(shifted("__global__ void f(float* a) { a[i] = a[b[j]]; }") ==
        "__global__ void f(float* a) { a[(i+)] = a[(b[(j+)]+)]; }");
  CHECK(shifted("__device__ float g(float (&s)[4]) { return s[0]; }") ==
        "__device__ float g(float (&s)[4]) { return s[(0+)]; }");
  for (const char* declaration : {"float s[4] = {};", "__shared__ float t[8][9];", "const int* p[2];",
                                  "extern __shared__ float x[];", "for (int n[2] = {}; n;) {}",
                                  "std::array<int, 2> a;", "float u[2], v[3];", "auto f = [&](int i) {};"}) {
    const std::string source = std::string("__global__ void f() { ") + declaration + " }";
    CHECK(shifted(source) == source);
  }
  CHECK(shifted("__device__ void f() { y = x * t[i][j] + g(x * t[k]); }") ==
        "__device__ void f() { y = x * t[(i+)][(j+)] + g(x * t[(k+)]); }");
  CHECK(shifted("__device__ int h; void f() { a[1]; }") == "__device__ int h; void f() { a[1]; }");
}
