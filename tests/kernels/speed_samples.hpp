// Kernels that tests/kernels/counted_speed.cpp times.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/rung.hpp"

namespace alab::fast_build {
/// c = a b of n x n, n a multiple of 32.
void run_product(Stream& stream, bool tiled, int n);
}  // namespace alab::fast_build
namespace alab::counted_build {
void run_product(Stream& stream, bool tiled, int n);
}  // namespace alab::counted_build
