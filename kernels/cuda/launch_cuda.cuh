// alab::launch for a rung's file that nvcc builds; see kernels/launch.cuh.
// SPDX-License-Identifier: MIT
#pragma once

#include <tuple>
#include <utility>

#include "kernels/cuda/device_stream.cuh"

namespace alab {
inline namespace ALAB_BUILD_NAMESPACE {

/// A stream and the source line that launches on it.
struct LaunchSite {
  LaunchSite(Stream& s, std::source_location w = std::source_location::current()) : stream(s), where(w) {}
  Stream& stream;
  std::source_location where;
};

/// Puts kernel on the stream. The same contract as the executor's launch, except that it returns at once:
/// a fault inside the kernel shows at the next copy or at Stream::damage.
template <class... Parameters, class... Arguments>
void launch(LaunchSite site, void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t dynamic_bytes,
            Arguments&&... arguments) {
  std::tuple<Parameters...> parameters(static_cast<Parameters>(std::forward<Arguments>(arguments))...);
  auto* stream = dynamic_cast<cuda::DeviceStream*>(&site.stream);
  require(stream != nullptr, site.where.file_name(), ":", site.where.line(),
          ": this build of the kernel runs on a GPU, the stream belongs to another backend");
  std::apply(
      [&](auto&... each) {
        void* pointers[] = {const_cast<void*>(static_cast<const void*>(&each))..., nullptr};
        stream->submit(reinterpret_cast<const void*>(kernel), grid, block, pointers, dynamic_bytes,
                       site.where);
      },
      parameters);
}

}  // namespace ALAB_BUILD_NAMESPACE
}  // namespace alab
