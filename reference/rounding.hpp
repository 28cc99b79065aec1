// Narrow number formats emulated by rounding, so that a student sees where fp16 or bf16 loses digits on any
// machine. Round to nearest, ties to even; IEEE 754-2019, section 3.6.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace alab {

/// full: the type of the run, untouched.
enum class NumberFormat { full, fp32, bf16, fp16 };
std::string_view to_string(NumberFormat format);

/// The value of the format nearest to x; overflow becomes infinity of x's sign, tiny values become subnormal
/// or 0, NaN stays NaN. fp16 holds at most 65504, bf16 and fp32 about 3.39e38 and 3.40e38.
template <class T>
T rounded(T x, NumberFormat format);
/// rounded() of every element, in place.
template <class T>
void round_all(std::span<T> values, NumberFormat format);

/// Largest finite value; infinity for full.
double largest_of(NumberFormat format);
/// Smallest positive value, subnormals included; 0 for full.
double smallest_of(NumberFormat format);
/// Nats between 1 and overflow: ln(largest). 11.09 for fp16, 88.72 for bf16 and fp32; infinity for full.
double nats_of(NumberFormat format);

}  // namespace alab
