// alab::launch for the given launch code (launch.cu) as the workbook's own program has it: a kernel is named
// by a function of its signature, and looked up in what nvcc made of the student's source.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include "kernels/student/call.hpp"
#include "reference/core/error.hpp"

namespace alab {

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};

namespace student {

/// A stream on which kernels of a compiled source can be launched.
class KernelStream : public Stream {
 public:
  /// @param stub  the function that stands for the kernel
  /// @throws Error: no such kernel, or the driver refuses the launch
  virtual void submit(const void* stub, dim3 grid, dim3 block, void** arguments,
                      std::size_t dynamic_bytes) = 0;
};

/// launch.cu of an exercise, compiled with functions of the signatures in its checks.toml. Generated.
struct GivenLaunch {
  std::string_view exercise;
  Launcher run = nullptr;
};
std::span<const GivenLaunch> given_launches();

}  // namespace student

template <class... Parameters, class... Arguments>
void launch(Stream& stream, void (*stub)(Parameters...), dim3 grid, dim3 block, std::size_t dynamic_bytes,
            Arguments&&... arguments) {
  std::tuple<Parameters...> parameters(static_cast<Parameters>(std::forward<Arguments>(arguments))...);
  std::apply(
      [&](auto&... each) {
        void* pointers[] = {const_cast<void*>(static_cast<const void*>(&each))..., nullptr};
        dynamic_cast<student::KernelStream&>(stream).submit(reinterpret_cast<const void*>(stub), grid, block,
                                                            pointers, dynamic_bytes);
      },
      parameters);
}

}  // namespace alab
