// Looks for an NVIDIA GPU without CUDA, to tell "no GPU" from "GPU, but built without nvcc".
// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <string>

#include "kernels/cuda/device.hpp"

namespace alab::cuda {

std::string gpu_of_kernel_driver() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", ignored)) {
    std::ifstream file(entry.path() / "information");
    for (std::string line; std::getline(file, line);) {
      if (line.rfind("Model:", 0) == 0) {
        const std::size_t name = line.find_first_not_of(" \t", 6);
        return name == std::string::npos ? "an NVIDIA GPU" : line.substr(name);
      }
    }
  }
  return std::filesystem::exists("/dev/nvidia0", ignored) ? "an NVIDIA GPU" : "";
}

}  // namespace alab::cuda
