// Kernels that try to take the program down, for the program hostile_worker.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

#include "kernels/rung.hpp"

namespace alab::samples {

struct Hostile {
  std::string_view name;
  void (*run)(Stream& stream);
};

}  // namespace alab::samples

namespace alab::fast_build {
std::span<const samples::Hostile> hostile_kernels();
}
namespace alab::counted_build {
std::span<const samples::Hostile> hostile_kernels();
}
