// The part of the CUDA driver's interface that running kernels takes, found in libcuda when the program runs:
// a build without the CUDA toolkit has it as well. Types and numbers are those of the CUDA Driver API
// reference. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace alab::student::driver {

using Result = int;  ///< 0: success
using Device = int;
using Address = std::uint64_t;  ///< CUdeviceptr
using Context = struct ContextOfDriver*;
using Module = struct ModuleOfDriver*;
using Function = struct FunctionOfDriver*;
using Queue = struct QueueOfDriver*;  ///< CUstream
using Event = struct EventOfDriver*;

constexpr int kMajor = 75, kMinor = 76, kSharedOptIn = 97;        ///< of CUdevice_attribute
constexpr int kStaticShared = 1, kThreads = 0, kMostDynamic = 8;  ///< of CUfunction_attribute
constexpr int kNoDevice = 100;                                    ///< CUDA_ERROR_NO_DEVICE

struct Driver {
  Result (*init)(unsigned flags);
  Result (*version)(int* version);
  Result (*device_count)(int* count);
  Result (*device_get)(Device* device, int ordinal);
  Result (*device_name)(char* name, int length, Device device);
  Result (*device_attribute)(int* value, int attribute, Device device);
  Result (*context_retain)(Context* context, Device device);
  Result (*context_use)(Context context);
  Result (*module_load)(Module* module, const void* image);
  Result (*module_function)(Function* function, Module module, const char* name);
  Result (*function_attribute)(int* value, int attribute, Function function);
  Result (*set_function_attribute)(Function function, int attribute, int value);
  Result (*launch)(Function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                   unsigned block_y, unsigned block_z, unsigned shared_bytes, Queue queue, void** arguments,
                   void** extra);
  Result (*allocate)(Address* address, std::size_t bytes);
  Result (*free)(Address address);
  Result (*to_device)(Address to, const void* from, std::size_t bytes);
  Result (*to_host)(void* to, Address from, std::size_t bytes);
  Result (*fill)(Address at, unsigned char value, std::size_t bytes);
  Result (*wait)();
  Result (*event_create)(Event* event, unsigned flags);
  Result (*event_record)(Event event, Queue queue);
  Result (*event_wait)(Event event);
  Result (*event_elapsed)(float* milliseconds, Event from, Event to);
  Result (*error_text)(Result code, const char** text);
};

/// @throws Error: there is no NVIDIA driver here, with what to install
const Driver& driver();

/// @throws Error "the GPU: WORDS OF THE DRIVER (while WHAT)" unless code is 0
void check(Result code, const char* what);

}  // namespace alab::student::driver
