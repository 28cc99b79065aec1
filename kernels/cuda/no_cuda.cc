// The answers of a build without nvcc.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/device.hpp"
#include "reference/core/error.hpp"

namespace alab::cuda {

CudaDevice query_device() {
  CudaDevice device;
  const std::string gpu = gpu_of_kernel_driver();
  device.unavailable =
      gpu.empty()
          ? "no NVIDIA GPU was found and this program was built without nvcc: kernels run on the CPU executor"
          : text("this machine has ", gpu,
                 " but the program was built without nvcc, so that kernels run on the CPU executor: install "
                 "the CUDA toolkit 12 or newer (https://developer.nvidia.com/cuda-downloads), put nvcc on "
                 "PATH and run app/run.sh again");
  device.name = gpu;
  return device;
}

std::unique_ptr<Stream> make_stream(const Progress&) {
  throw Error(query_device().unavailable);
}

std::unique_ptr<Stream> make_bare_stream(const Progress&) {
  throw Error(query_device().unavailable);
}

}  // namespace alab::cuda
