// Device query and the device side of a Stream.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <vector>

#include "kernels/cuda/device.hpp"
#include "kernels/cuda/device_stream.cuh"

namespace alab::cuda {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr int kOnes = 0xFF;
constexpr int kOldestSm = 80;  // the oldest architecture the rungs are compiled for

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

std::string version(int number) {
  return text(number / 1000, ".", number % 1000 / 10);
}

// Keeps the GPU busy while the host queues the work to be timed, so that launch overhead is not measured.
__global__ void hold(long long nanoseconds) {
  long long start, now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(start));
  do {
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  } while (now - start < nanoseconds);
}

std::string why_no_device(cudaError_t code, int driver) {
  const std::string gpu = gpu_of_kernel_driver();
  if (driver == 0) {
    return gpu.empty() ? "no NVIDIA GPU or driver was found: kernels run on the CPU executor"
                       : text("this machine has ", gpu,
                              " but libcuda was not found: install the driver's libraries "
                              "(Debian: apt install libcuda1) and start again");
  }
  if (code == cudaErrorInsufficientDriver) {
    return text("the NVIDIA driver supports CUDA ", version(driver), " and this program needs ",
                version(CUDART_VERSION), ": update the driver, or rebuild with an older CUDA toolkit");
  }
  return text("CUDA finds no usable GPU (", cudaGetErrorString(code),
              "): check nvidia-smi and CUDA_VISIBLE_DEVICES; kernels run on the CPU executor");
}

}  // namespace

void check(cudaError_t code, const char* expression, std::source_location where) {
  if (code != cudaSuccess) {
    cudaGetLastError();  // clears what can be cleared
    throw Error(text("CUDA: ", cudaGetErrorString(code), " (", cudaGetErrorName(code), ") in ", expression,
                     ", ", where.file_name(), ":", where.line()));
  }
}

CudaDevice query_device() {
  CudaDevice device;
  int driver = 0, count = 0;
  cudaDriverGetVersion(&driver);
  const cudaError_t code = cudaGetDeviceCount(&count);
#if defined(ALAB_CUDA_COMPILES_ONLY)
  if (code == cudaSuccess && count > 0) {
    device.unavailable =
        "this program was built where no GPU was found, and its kernels only to show that they compile: "
        "build it "
        "again here (./app/run.sh --build-only); kernels run on the CPU executor";
    return device;
  }
#endif
  if (code != cudaSuccess || count == 0) {
    cudaGetLastError();
    device.unavailable = why_no_device(code == cudaSuccess ? cudaErrorNoDevice : code, driver);
    return device;
  }
  cudaDeviceProp properties{};
  if (const cudaError_t failed = cudaGetDeviceProperties(&properties, 0); failed != cudaSuccess) {
    device.unavailable = why_no_device(failed, driver);
    return device;
  }
  device.name = properties.name;
  device.sm = properties.major * 10 + properties.minor;
  device.driver = "CUDA " + version(driver);
  device.usable = device.sm >= kOldestSm;
  if (!device.usable) {
    device.unavailable =
        text(device.name, " has compute capability ", properties.major, ".", properties.minor,
             " and the kernels need 8.0 or newer: they run on the CPU executor");
  }
  return device;
}

std::unique_ptr<Stream> make_stream(const Progress& progress) {
  const CudaDevice& device = cuda_device();
  require(device.usable, device.unavailable);
  return std::make_unique<DeviceStream>(progress);
}

std::unique_ptr<Stream> make_bare_stream(const Progress& progress) {
  const CudaDevice& device = cuda_device();
  require(device.usable, device.unavailable);
  return std::make_unique<DeviceStream>(progress, 0);
}

DeviceBuffer::DeviceBuffer(std::string name, std::size_t bytes, bool scratch, std::size_t guard)
    : name_(std::move(name)),
      bytes_(bytes),
      guard_(guard),
      padded_(guard == 0 ? bytes : round_up(bytes, kAlignment)),
      scratch_(scratch) {
  require(bytes > 0, "buffer '", name_, "' has no elements: check the problem's extents");
  std::size_t free = 0, total = 0;
  ALAB_CUDA(cudaMemGetInfo(&free, &total));
  require(padded_ + 2 * guard_ <= free, "buffer '", name_, "' needs ", bytes, " bytes and the GPU has ", free,
          " free: choose a smaller problem");
  ALAB_CUDA(cudaMalloc(&base_, padded_ + 2 * guard_));
  if (guard_ > 0) {
    ALAB_CUDA(cudaMemset(base_, kOnes, padded_ + 2 * guard_));
  }
}

DeviceBuffer::DeviceBuffer(DeviceBuffer&& other) noexcept
    : name_(std::move(other.name_)),
      bytes_(other.bytes_),
      guard_(other.guard_),
      padded_(other.padded_),
      scratch_(other.scratch_),
      base_(std::exchange(other.base_, nullptr)) {}

DeviceBuffer::~DeviceBuffer() {
  cudaFree(base_);
}

std::string DeviceBuffer::damage() const {
  if (guard_ == 0) {
    return "";
  }
  const std::size_t tail = padded_ - bytes_ + guard_;
  std::vector<unsigned char> before(guard_), after(tail);
  ALAB_CUDA(cudaMemcpy(before.data(), base_, before.size(), cudaMemcpyDeviceToHost));
  ALAB_CUDA(cudaMemcpy(after.data(), data() + bytes_, tail, cudaMemcpyDeviceToHost));
  const auto changed = [](unsigned char byte) { return byte != kOnes; };
  if (const auto hit = std::find_if(before.begin(), before.end(), changed); hit != before.end()) {
    return text("buffer '", name_, "' was written ", before.end() - hit, " bytes before its start");
  }
  if (const auto hit = std::find_if(after.begin(), after.end(), changed); hit != after.end()) {
    return text("buffer '", name_, "' of ", bytes_, " bytes was written at byte ",
                bytes_ + static_cast<std::size_t>(hit - after.begin()), ", past its end");
  }
  return "";
}

DeviceStream::DeviceStream(const Progress& progress, std::size_t guard) : progress_(progress), guard_(guard) {
  ALAB_CUDA(cudaSetDevice(0));
  ALAB_CUDA(cudaStreamCreate(&handle_));
}

DeviceStream::~DeviceStream() {
  cudaStreamSynchronize(handle_);
  cudaStreamDestroy(handle_);
}

void* DeviceStream::array(std::string_view name, std::size_t bytes) {
  return buffers_.emplace_back(std::string(name), bytes, false, guard_).data();
}

void* DeviceStream::scratch(std::string_view name, std::size_t bytes) {
  const auto same = [&](const DeviceBuffer& b) {
    return b.scratch() && b.name() == name && b.bytes() == bytes;
  };
  if (const auto old = std::find_if(buffers_.begin(), buffers_.end(), same); old != buffers_.end()) {
    return old->data();
  }
  scratch_bytes_ += bytes;
  return buffers_.emplace_back(std::string(name), bytes, true, guard_).data();
}

void DeviceStream::upload(void* to, const void* from, std::size_t bytes) {
  ALAB_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, handle_));
  ALAB_CUDA(cudaStreamSynchronize(handle_));
}

void DeviceStream::download(void* to, const void* from, std::size_t bytes) {
  ALAB_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, handle_));
  ALAB_CUDA(cudaStreamSynchronize(handle_));
}

void DeviceStream::set_zero(void* to, std::size_t bytes) {
  ALAB_CUDA(cudaMemsetAsync(to, 0, bytes, handle_));
}

std::string DeviceStream::damage() {
  ALAB_CUDA(cudaStreamSynchronize(handle_));
  for (const DeviceBuffer& buffer : buffers_) {
    if (std::string what = buffer.damage(); !what.empty()) {
      return what;
    }
  }
  return "";
}

double DeviceStream::seconds(const std::function<void()>& work) {
  const Event start, stop;
  hold<<<1, 1, 0, handle_>>>(50'000);
  ALAB_CUDA(cudaGetLastError());
  ALAB_CUDA(cudaEventRecord(start.get(), handle_));
  work();
  ALAB_CUDA(cudaEventRecord(stop.get(), handle_));
  ALAB_CUDA(cudaEventSynchronize(stop.get()));
  float milliseconds = 0;
  ALAB_CUDA(cudaEventElapsedTime(&milliseconds, start.get(), stop.get()));
  return 1e-3 * static_cast<double>(milliseconds);
}

void DeviceStream::submit(const void* kernel, dim3 grid, dim3 block, void** arguments,
                          std::size_t dynamic_bytes, std::source_location where) {
  if (progress_.stop.stop_requested()) {
    throw Cancelled{};
  }
  int limit = 0;
  ALAB_CUDA(cudaDeviceGetAttribute(&limit, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0));
  require(dynamic_bytes <= static_cast<std::size_t>(limit), "the launch asks for ", dynamic_bytes,
          " bytes of dynamic shared memory and this GPU gives a block at most ", limit,
          ": use smaller tiles (", where.file_name(), ":", where.line(), ")");
  if (dynamic_bytes >
      48 * 1024) {  // beyond 48 KB a kernel must ask (CUDA C++ Programming Guide, shared memory)
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(dynamic_bytes)),
          "raising the kernel's dynamic shared memory limit", where);
  }
  check(cudaLaunchKernel(kernel, grid, block, arguments, dynamic_bytes, handle_), "launch", where);
  check(cudaGetLastError(), "launch", where);
}

}  // namespace alab::cuda
