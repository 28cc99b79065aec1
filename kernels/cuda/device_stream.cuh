// CUDA's resources as objects: every call is checked, memory and events free themselves.
// SPDX-License-Identifier: MIT
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/rung.hpp"
#include "reference/core/error.hpp"
#include "reference/core/job.hpp"

namespace alab::cuda {

/// Throws Error with file, line, expression and CUDA's own words unless code is cudaSuccess.
void check(cudaError_t code, const char* expression,
           std::source_location where = std::source_location::current());
#define ALAB_CUDA(expression) ::alab::cuda::check((expression), #expression)

/// Device memory between guard bands of all ones (NaN, -1).
class DeviceBuffer {
 public:
  static constexpr std::size_t kGuardBytes = 64 * 1024;
  /// guard 0: exactly the bytes asked for, left as they come.
  DeviceBuffer(std::string name, std::size_t bytes, bool scratch, std::size_t guard = kGuardBytes);
  DeviceBuffer(DeviceBuffer&& other) noexcept;
  DeviceBuffer& operator=(DeviceBuffer&&) = delete;
  ~DeviceBuffer();

  std::byte* data() const { return base_ + guard_; }
  const std::string& name() const { return name_; }
  std::size_t bytes() const { return bytes_; }
  bool scratch() const { return scratch_; }
  /// "" or where a guard band was written.
  std::string damage() const;

 private:
  std::string name_;
  std::size_t bytes_, guard_, padded_;
  bool scratch_;
  std::byte* base_ = nullptr;
};

class Event {
 public:
  Event() { ALAB_CUDA(cudaEventCreate(&handle_)); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { cudaEventDestroy(handle_); }
  cudaEvent_t get() const { return handle_; }

 private:
  cudaEvent_t handle_ = nullptr;
};

class DeviceStream : public Stream {
 public:
  explicit DeviceStream(const Progress& progress, std::size_t guard = DeviceBuffer::kGuardBytes);
  ~DeviceStream() override;
  DeviceStream(const DeviceStream&) = delete;
  DeviceStream& operator=(const DeviceStream&) = delete;

  void* array(std::string_view name, std::size_t bytes) override;
  void* scratch(std::string_view name, std::size_t bytes) override;
  std::size_t peak_scratch_bytes() const override { return scratch_bytes_; }
  void upload(void* to, const void* from, std::size_t bytes) override;
  void download(void* to, const void* from, std::size_t bytes) override;
  void set_zero(void* to, std::size_t bytes) override;
  std::string damage() override;
  double seconds(const std::function<void()>& work) override;

  /// Launches kernel (a __global__ function) with pointers to its arguments; raises its dynamic shared memory
  /// limit.
  void submit(const void* kernel, dim3 grid, dim3 block, void** arguments, std::size_t dynamic_bytes,
              std::source_location where);

 private:
  Progress progress_;
  std::size_t guard_;
  cudaStream_t handle_ = nullptr;
  std::vector<DeviceBuffer> buffers_;
  std::size_t scratch_bytes_ = 0;
};

}  // namespace alab::cuda
