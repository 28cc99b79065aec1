// SPDX-License-Identifier: MIT
#include "kernels/student/gpu/driver.hpp"

#include <dlfcn.h>

#include "reference/core/error.hpp"

namespace alab::student::driver {
namespace {

// By name, then where containers and WSL put it without telling the loader.
constexpr const char* kPlaces[] = {"libcuda.so.1", "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
                                   "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1",
                                   "/usr/local/cuda/compat/libcuda.so.1"};

void* open_library() {
  for (const char* const place : kPlaces) {
    if (void* const library = dlopen(place, RTLD_NOW | RTLD_GLOBAL)) {
      return library;
    }
  }
  throw Error(
      "no NVIDIA driver was found (libcuda.so.1): install the driver of your GPU and check with nvidia-smi");
}

template <class F>
void find(F*& function, void* library, const char* name) {
  function = reinterpret_cast<F*>(dlsym(library, name));
  require(function != nullptr, "the NVIDIA driver is too old (it has no ", name,
          "): install one for CUDA 12 or newer");
}

Driver load() {
  void* const library = open_library();
  Driver d{};
  find(d.init, library, "cuInit");
  find(d.version, library, "cuDriverGetVersion");
  find(d.device_count, library, "cuDeviceGetCount");
  find(d.device_get, library, "cuDeviceGet");
  find(d.device_name, library, "cuDeviceGetName");
  find(d.device_attribute, library, "cuDeviceGetAttribute");
  find(d.context_retain, library, "cuDevicePrimaryCtxRetain");
  find(d.context_use, library, "cuCtxSetCurrent");
  find(d.module_load, library, "cuModuleLoadData");
  find(d.module_function, library, "cuModuleGetFunction");
  find(d.function_attribute, library, "cuFuncGetAttribute");
  find(d.set_function_attribute, library, "cuFuncSetAttribute");
  find(d.launch, library, "cuLaunchKernel");
  find(d.allocate, library, "cuMemAlloc_v2");
  find(d.free, library, "cuMemFree_v2");
  find(d.to_device, library, "cuMemcpyHtoD_v2");
  find(d.to_host, library, "cuMemcpyDtoH_v2");
  find(d.fill, library, "cuMemsetD8_v2");
  find(d.wait, library, "cuCtxSynchronize");
  find(d.event_create, library, "cuEventCreate");
  find(d.event_record, library, "cuEventRecord");
  find(d.event_wait, library, "cuEventSynchronize");
  find(d.event_elapsed, library, "cuEventElapsedTime");
  find(d.error_text, library, "cuGetErrorString");
  return d;
}

}  // namespace

const Driver& driver() {
  static const Driver loaded = load();
  return loaded;
}

void check(Result code, const char* what) {
  if (code != 0) {
    const char* words = nullptr;
    driver().error_text(code, &words);
    throw Error(
        text("the GPU: ", words != nullptr ? words : "an error without a name", " (while ", what, ")"));
  }
}

}  // namespace alab::student::driver
