// 16-bit floats: every pattern, and arithmetic that is rounded once.
// SPDX-License-Identifier: MIT
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cmath>

#include "kernels/launch.cuh"
#include "reference/core/rng.hpp"
#include "tests/kernels/samples.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

using samples::Probe;
using Values = std::vector<double>;
constexpr int kPatterns = 65536;
constexpr int kSamples = 20000;

// What a format is, in arithmetic rather than bits: significand bits and exponent range.
struct Half {
  using Type = __half;
  using Pair = __half2;
  static constexpr int kDigits = 11, kMinExponent = -14, kMaxExponent = 15;
  static __device__ Type of(float x) { return __float2half_rn(x); }
  static __device__ float to_float(Type x) { return __half2float(x); }
  static __device__ Pair pair(float x, float y) { return __floats2half2_rn(x, y); }
};
struct Bfloat {
  using Type = __nv_bfloat16;
  using Pair = __nv_bfloat162;
  static constexpr int kDigits = 8, kMinExponent = -126, kMaxExponent = 127;
  static __device__ Type of(float x) { return __float2bfloat16_rn(x); }
  static __device__ float to_float(Type x) { return __bfloat162float(x); }
  static __device__ Pair pair(float x, float y) { return __floats2bfloat162_rn(x, y); }
};

// The value of a pattern by the definition of a binary floating format.
template <class Format>
double value_of(unsigned bits) {
  const int fraction_bits = Format::kDigits - 1, exponent_bits = 15 - fraction_bits;
  const int exponent = static_cast<int>(bits >> fraction_bits & ((1u << exponent_bits) - 1));
  const double fraction = bits & ((1u << fraction_bits) - 1), sign = bits >> 15 != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction == 0 ? sign * INFINITY : NAN;
  }
  return sign * (exponent == 0 ? std::ldexp(fraction, Format::kMinExponent - fraction_bits)
                               : std::ldexp((1 << fraction_bits) + fraction,
                                            exponent - 1 + Format::kMinExponent - fraction_bits));
}

// Nearest value of the format, ties to even, computed in long double.
template <class Format>
double nearest(long double x) {
  if (std::isnan(x) || std::isinf(x) || x == 0) {
    return static_cast<double>(x);
  }
  int exponent = 0;
  std::frexp(x, &exponent);
  const int unit = std::max(exponent - Format::kDigits, Format::kMinExponent - Format::kDigits + 1);
  const long double rounded = std::ldexp(std::nearbyint(std::ldexp(x, -unit)), unit);
  const long double limit = std::ldexp(1.0L, Format::kMaxExponent + 1);
  return std::fabs(rounded) >= limit ? (x < 0 ? -INFINITY : INFINITY) : static_cast<double>(rounded);
}

template <class Format>
__global__ void all_patterns(const unsigned short* bits, double* out) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const auto x = reinterpret_cast<const typename Format::Type*>(bits)[i];
  const float wide = Format::to_float(x);
  const auto back = Format::of(wide);
  out[i] = wide;
  out[kPatterns + i] = reinterpret_cast<const unsigned short&>(back);
}
template <class Format>
Values run_all_patterns(Stream& stream) {
  std::vector<unsigned short> bits(kPatterns);
  for (int i = 0; i < kPatterns; ++i) {
    bits[i] = static_cast<unsigned short>(i);
  }
  auto* in = static_cast<unsigned short*>(stream.array("bits", kPatterns * 2));
  auto* out = static_cast<double*>(stream.scratch("out", 2 * kPatterns * sizeof(double)));
  stream.upload(in, bits.data(), kPatterns * 2);
  launch(stream, all_patterns<Format>, dim3(256), dim3(256), 0, in, out);
  Values values(2 * kPatterns);
  stream.download(values.data(), out, values.size() * sizeof(double));
  return values;
}
template <class Format>
Values expect_all_patterns() {
  Values values(2 * kPatterns);
  for (int i = 0; i < kPatterns; ++i) {
    values[i] = value_of<Format>(i);
    values[kPatterns + i] = std::isnan(values[i]) ? 0x7fff : i;  // one NaN comes back for all
  }
  return values;
}

// Floats over the whole range of the format, many of them halfway between two of its values.
template <class Format>
std::vector<float> samples_of() {
  Rng rng(2026);
  std::vector<float> x;
  for (int i = 0; i < 3 * kSamples; ++i) {
    const int digits = 1 + static_cast<int>(rng.below(Format::kDigits + 3));
    const int low = std::max(Format::kMinExponent - Format::kDigits - 1, -40),
              high = std::min(Format::kMaxExponent, 14);
    const double significand =
        1 + std::floor(rng.uniform() * std::ldexp(1.0, digits)) / std::ldexp(1.0, digits);
    const int exponent = low + static_cast<int>(rng.below(static_cast<std::uint64_t>(high - low)));
    x.push_back(static_cast<float>((rng.below(2) != 0 ? -1 : 1) * std::ldexp(significand, exponent)));
  }
  return x;
}

constexpr int kOperations = 9;
template <class Format>
__global__ void arithmetic(const float* x, double* out) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= kSamples) {
    return;
  }
  const auto a = Format::of(x[3 * i]), b = Format::of(x[3 * i + 1]), c = Format::of(x[3 * i + 2]);
  const auto ab = Format::pair(x[3 * i], x[3 * i + 1]), cc = Format::pair(x[3 * i + 2], x[3 * i + 2]);
  const auto sums = __hadd2(ab, cc);
  const auto fused = __hfma2(ab, cc, cc);
  double* row = out + kOperations * i;
  row[0] = Format::to_float(a);
  row[1] = Format::to_float(__hadd(a, b));
  row[2] = Format::to_float(a - b);
  row[3] = Format::to_float(__hmul(a, b));
  row[4] = Format::to_float(__hfma(a, b, c));
  row[5] = __low2float(sums);
  row[6] = __high2float(sums);
  row[7] = __high2float(fused);
  row[8] = (__hgt(a, b) ? 4 : 0) + (a == b ? 2 : 0) + (__hle(__habs(b), __hneg(c)) ? 1 : 0);
}
template <class Format>
Values run_arithmetic(Stream& stream) {
  const std::vector<float> x = samples_of<Format>();
  auto* in = static_cast<float*>(stream.array("x", x.size() * sizeof(float)));
  auto* out = static_cast<double*>(stream.scratch("out", kOperations * kSamples * sizeof(double)));
  stream.upload(in, x.data(), x.size() * sizeof(float));
  launch(stream, arithmetic<Format>, dim3((kSamples + 127) / 128), dim3(128), 0, in, out);
  Values values(kOperations * kSamples);
  stream.download(values.data(), out, values.size() * sizeof(double));
  return values;
}
template <class Format>
Values expect_arithmetic() {
  const std::vector<float> x = samples_of<Format>();
  Values values;
  for (int i = 0; i < kSamples; ++i) {
    const long double a = nearest<Format>(x[3 * i]), b = nearest<Format>(x[3 * i + 1]),
                      c = nearest<Format>(x[3 * i + 2]);
    const double row[kOperations] = {
        nearest<Format>(a),
        nearest<Format>(a + b),
        nearest<Format>(a - b),
        nearest<Format>(a * b),
        nearest<Format>(a * b + c),
        nearest<Format>(a + c),
        nearest<Format>(b + c),
        nearest<Format>(b * c + c),
        (a > b ? 4.0 : 0.0) + (a == b ? 2.0 : 0.0) + (std::fabs(b) <= -c ? 1.0 : 0.0)};
    values.insert(values.end(), row, row + kOperations);
  }
  return values;
}

const Probe kProbes[] = {
    {"all 65536 half patterns there and back", run_all_patterns<Half>, expect_all_patterns<Half>},
    {"all 65536 bfloat16 patterns there and back", run_all_patterns<Bfloat>, expect_all_patterns<Bfloat>},
    {"half arithmetic rounds once", run_arithmetic<Half>, expect_arithmetic<Half>},
    {"bfloat16 arithmetic rounds once", run_arithmetic<Bfloat>, expect_arithmetic<Bfloat>},
};

}  // namespace

std::span<const Probe> half_probes() {
  return kProbes;
}

}  // namespace alab::ALAB_BUILD_NAMESPACE
