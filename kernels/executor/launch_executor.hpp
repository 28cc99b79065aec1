// alab::launch for a rung's file that the host compiler builds; see kernels/launch.cuh.
// SPDX-License-Identifier: MIT
#pragma once

#include <cuda_runtime.h>  // the executor's own, from kernels/executor/include

#include <cstddef>
#include <tuple>
#include <utility>

#include "kernels/executor/stream.hpp"

namespace alab {
inline namespace ALAB_BUILD_NAMESPACE {

/// A stream and the source line that launches on it.
struct LaunchSite {
  LaunchSite(Stream& s, executor::Site w = executor::Site::current()) : stream(s), where(w) {}
  Stream& stream;
  executor::Site where;
};

/// Runs kernel over the grid; all of it is done when the call returns.
/// @param dynamic_bytes  size of the kernel's `extern __shared__` array
/// @throws Error on a launch out of CUDA's limits, a divergent barrier, or what a thread threw; Cancelled on
/// stop
template <class... Parameters, class... Arguments>
void launch(LaunchSite site, void (*kernel)(Parameters...), executor::dim3 grid, executor::dim3 block,
            std::size_t dynamic_bytes, Arguments&&... arguments) {
  struct Call {
    void (*kernel)(Parameters...);
    std::tuple<Parameters...> parameters;
  };
  const Call call{kernel,
                  std::tuple<Parameters...>(static_cast<Parameters>(std::forward<Arguments>(arguments))...)};
  executor::Launch record;
  record.invoke = [](const void* erased) {
    const Call& c = *static_cast<const Call*>(erased);
    [&c]<std::size_t... I>(std::index_sequence<I...>) {
      c.kernel(std::get<I>(c.parameters)...);
    }
    (std::index_sequence_for<Parameters...>{});
  };
  record.call = &call;
  record.call_bytes = sizeof call;
  record.kernel = reinterpret_cast<const void*>(kernel);
#if defined(ALAB_BUILD_COUNTED)
  record.counted = true;
#endif
  record.grid = grid;
  record.block = block;
  record.dynamic_bytes = dynamic_bytes;
  record.where = site.where;
  auto* stream = dynamic_cast<executor::ExecutorStream*>(&site.stream);
  require(stream != nullptr, "launch in ", executor::describe(site.where),
          ": this build of the kernel runs on the CPU executor, the stream belongs to another backend");
  stream->submit(record);
}

}  // namespace ALAB_BUILD_NAMESPACE
}  // namespace alab

#if defined(ALAB_BUILD_FLOPS)
/// buffers.f32 of the build whose float counts.
inline auto alab_arrays(const alab::Buffers& buffers) {
  return [&buffers](std::string_view name) { return reinterpret_cast<alab_float*>(buffers.f32(name)); };
}
#endif
