// A Stream whose kernels are those that nvcc made of a student's source, on GPU 0. SPDX-License-Identifier:
// MIT
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "kernels/student/gpu/driver.hpp"
#include "kernels/student/gpu/launch.hpp"

namespace alab::student {

class GpuStream : public KernelStream {
 public:
  /// @param image  a cubin for this GPU
  /// @param bare   without guard bands, and outputs stay as the memory comes: for tools that watch memory
  GpuStream(std::span<const std::byte> image, bool bare);
  ~GpuStream() override;
  GpuStream(const GpuStream&) = delete;
  GpuStream& operator=(const GpuStream&) = delete;

  void* array(std::string_view name, std::size_t bytes) override;
  void* scratch(std::string_view name, std::size_t bytes) override { return array(name, bytes); }
  std::size_t peak_scratch_bytes() const override { return 0; }
  void upload(void* to, const void* from, std::size_t bytes) override;
  void upload_unwritten(void* to, const void* from, std::size_t bytes) override;
  void download(void* to, const void* from, std::size_t bytes) override;
  void set_zero(void* to, std::size_t bytes) override;
  std::string damage() override;
  /// By events, with the GPU kept busy while the host queues the work, so that no launch is waited for.
  double seconds(const std::function<void()>& work) override;
  void submit(const void* stub, dim3 grid, dim3 block, void** arguments, std::size_t dynamic_bytes) override;
  void wait();

 private:
  struct Array {
    std::string name;
    driver::Address base = 0;
    std::size_t bytes = 0, padded = 0;
  };
  driver::Function kernel_of(const void* stub);

  std::size_t guard_;
  bool bare_;
  driver::Module module_ = nullptr;
  std::map<std::string, std::string> names_;  ///< of the kernels in the image: as written, as compiled
  std::map<const void*, driver::Function> kernels_;
  std::vector<Array> arrays_;
};

/// Kernels of a cubin: "void scores_tiled<16>(float const*, ...)" or "scores_naive(float const*, ...)", and
/// the name in the image.
std::map<std::string, std::string> kernel_names(std::span<const std::byte> image);

}  // namespace alab::student
