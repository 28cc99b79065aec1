// A stand-in for libcuda.so.1 without a GPU: memory is the host's, and of all kernels it knows scores_naive.
// $FAKE_CUDA says what that does: right (default), nothing, past_end, input, illegal. For the tests of
// alab_gpu. SPDX-License-Identifier: MIT
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Address = std::uint64_t;
constexpr int kIllegalAddress = 700, kNotFound = 500;

struct Function {
  std::string name;
};

bool g_broken = false;

std::string_view mode() {
  const char* const value = std::getenv("FAKE_CUDA");
  return value != nullptr ? value : "right";
}

template <class T>
T argument(void** arguments, int i) {
  return *static_cast<T*>(arguments[i]);
}

void scores(unsigned heads, void** a) {
  const auto* const q = argument<const float*>(a, 0);
  auto* const k = argument<float*>(a, 1);
  auto* const s = argument<float*>(a, 2);
  const int n = argument<int>(a, 3), d = argument<int>(a, 4);
  const auto scale = argument<float>(a, 5);
  for (unsigned h = 0; h < heads; ++h) {
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < n; ++j) {
        float sum = 0;
        for (int t = 0; t < d; ++t) {
          sum += q[(h * n + i) * d + t] * k[(h * n + j) * d + t];
        }
        s[(h * n + i) * n + j] = scale * sum;
      }
    }
  }
  if (mode() == "past_end") {
    s[static_cast<std::size_t>(heads) * n * n] = 1;
  } else if (mode() == "input") {
    k[0] += 1;
  }
}

}  // namespace

extern "C" {
int cuInit(unsigned) {
  return 0;
}
int cuDriverGetVersion(int* version) {
  *version = 13000;
  return 0;
}
int cuDeviceGetCount(int* count) {
  *count = 1;
  return 0;
}
int cuDeviceGet(int* device, int) {
  *device = 0;
  return 0;
}
int cuDeviceGetName(char* name, int length, int) {
  std::strncpy(name, "Fake GPU", static_cast<std::size_t>(length));
  return 0;
}
int cuDeviceGetAttribute(int* value, int attribute, int) {
  *value = attribute == 75 ? 9 : attribute == 76 ? 0 : 232448;
  return 0;
}
int cuDevicePrimaryCtxRetain(void** context, int) {
  *context = nullptr;
  return 0;
}
int cuCtxSetCurrent(void*) {
  return 0;
}
int cuModuleLoadData(void** module, const void*) {
  *module = nullptr;
  return 0;
}
int cuModuleGetFunction(void** function, void*, const char* name) {
  *function = new Function{name};
  return std::strlen(name) > 0 ? 0 : kNotFound;
}
int cuFuncGetAttribute(int* value, int, void*) {
  *value = 0;
  return 0;
}
int cuFuncSetAttribute(void*, int, int) {
  return 0;
}
int cuLaunchKernel(void* function, unsigned, unsigned, unsigned grid_z, unsigned, unsigned, unsigned,
                   unsigned, void*, void** arguments, void**) {
  g_broken = g_broken || mode() == "illegal";
  const bool known = static_cast<Function*>(function)->name.find("scores_naive") != std::string::npos;
  if (known && !g_broken && mode() != "nothing") {
    scores(grid_z, arguments);
  }
  return 0;
}
int cuMemAlloc_v2(Address* address, std::size_t bytes) {
  *address = reinterpret_cast<Address>(std::malloc(bytes));
  return 0;
}
int cuMemFree_v2(Address address) {
  std::free(reinterpret_cast<void*>(address));
  return 0;
}
int cuMemcpyHtoD_v2(Address to, const void* from, std::size_t bytes) {
  std::memcpy(reinterpret_cast<void*>(to), from, bytes);
  return g_broken ? kIllegalAddress : 0;
}
int cuMemcpyDtoH_v2(void* to, Address from, std::size_t bytes) {
  std::memcpy(to, reinterpret_cast<const void*>(from), bytes);
  return g_broken ? kIllegalAddress : 0;
}
int cuMemsetD8_v2(Address at, unsigned char value, std::size_t bytes) {
  std::memset(reinterpret_cast<void*>(at), value, bytes);
  return g_broken ? kIllegalAddress : 0;
}
int cuCtxSynchronize() {
  return g_broken ? kIllegalAddress : 0;
}
int cuEventCreate(void** event, unsigned) {
  *event = nullptr;
  return 0;
}
int cuEventRecord(void*, void*) {
  return 0;
}
int cuEventSynchronize(void*) {
  return g_broken ? kIllegalAddress : 0;
}
int cuEventElapsedTime(float* milliseconds, void*, void*) {
  *milliseconds = 0.5F;
  return 0;
}
int cuGetErrorString(int code, const char** words) {
  *words = code == kIllegalAddress ? "an illegal memory access was encountered" : "an error";
  return 0;
}
}
