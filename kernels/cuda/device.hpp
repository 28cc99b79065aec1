// What the rest of the house may ask of CUDA, without its headers. Without nvcc, no_cuda.cc answers.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "kernels/backend.hpp"
#include "kernels/rung.hpp"
#include "reference/core/job.hpp"

namespace alab::cuda {

/// Never throws and needs no driver: what is missing is a sentence in `unavailable`.
CudaDevice query_device();
/// Device 0, one CUDA stream, memory with guard bands. Error when there is no usable device.
std::unique_ptr<Stream> make_stream(const Progress& progress);
/// The same without guard bands and with nothing filled, for tools that watch memory themselves.
std::unique_ptr<Stream> make_bare_stream(const Progress& progress);
/// "NVIDIA RTX ..." from the kernel driver's files, or "" when no NVIDIA driver is loaded.
std::string gpu_of_kernel_driver();

}  // namespace alab::cuda
