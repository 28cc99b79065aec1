// SPDX-License-Identifier: MIT
#include "kernels/student/gpu/gpu_stream.hpp"

#include <cxxabi.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>

#include "reference/core/error.hpp"

namespace alab::student {
namespace {

using driver::check;

constexpr std::size_t kGuardBytes = 64 * 1024, kUnit = 256;
constexpr unsigned char kOnes = 0xFF;
constexpr std::size_t kPlainShared = 48 * 1024;  // beyond it a kernel must ask (CUDA Programming Guide)
constexpr long long kHoldNanoseconds = 50'000;

driver::Address address_of(const void* p) {
  return reinterpret_cast<driver::Address>(p);
}

std::string demangled(const std::string& name) {
  int status = 0;
  char* const text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  const std::string out = status == 0 && text != nullptr ? text : name;
  std::free(text);
  return out;
}

/// A stub's namespace is the program's own.
std::string without_namespace(std::string name) {
  for (std::size_t at; (at = name.find("alab_given_")) != std::string::npos;) {
    name.erase(at, name.find("::", at) + 2 - at);
  }
  return name;
}

std::string before_parameters(const std::string& name) {
  return name.substr(0, name.find('('));
}

/// Makes CUDA ready on GPU 0.
void begin() {
  const driver::Driver& d = driver::driver();
  check(d.init(0), "starting CUDA");
  driver::Device device = 0;
  check(d.device_get(&device, 0), "looking for a GPU");
  driver::Context context = nullptr;
  check(d.context_retain(&context, device), "making a context");
  check(d.context_use(context), "making a context");
}

std::string damage_of(const std::string& name, std::size_t bytes, std::span<const unsigned char> before,
                      std::span<const unsigned char> after) {
  const auto changed = [](unsigned char byte) { return byte != kOnes; };
  if (const auto hit = std::find_if(before.begin(), before.end(), changed); hit != before.end()) {
    return text("buffer '", name, "' was written ", before.end() - hit, " bytes before its start");
  }
  if (const auto hit = std::find_if(after.begin(), after.end(), changed); hit != after.end()) {
    return text("buffer '", name, "' of ", bytes, " bytes was written at byte ",
                bytes + static_cast<std::size_t>(hit - after.begin()), ", past its end");
  }
  return "";
}

}  // namespace

std::map<std::string, std::string> kernel_names(std::span<const std::byte> image) {
  constexpr std::string_view kSection = ".text.";
  const std::string_view bytes(reinterpret_cast<const char*>(image.data()), image.size());
  std::map<std::string, std::string> names;
  for (std::size_t at = 0; (at = bytes.find(kSection, at)) != std::string_view::npos;) {
    at += kSection.size();
    const std::size_t end = std::min(bytes.find('\0', at), bytes.size());
    const std::string name(bytes.substr(at, end - at));
    names[demangled(name)] = name;
  }
  return names;
}

GpuStream::GpuStream(std::span<const std::byte> image, bool bare)
    : guard_(bare ? 0 : kGuardBytes), bare_(bare), names_(kernel_names(image)) {
  begin();
  check(driver::driver().module_load(&module_, image.data()), "loading the compiled kernels");
}

GpuStream::~GpuStream() {
  for (const Array& a : arrays_) {
    driver::driver().free(a.base);
  }
}

void* GpuStream::array(std::string_view name, std::size_t bytes) {
  Array a{std::string(name), 0, bytes, bare_ ? bytes : (bytes + kUnit - 1) / kUnit * kUnit};
  const std::size_t all = a.padded + 2 * guard_;
  check(driver::driver().allocate(&a.base, all), "allocating an array");
  if (!bare_) {
    check(driver::driver().fill(a.base, kOnes, all), "filling guard bands");
  }
  arrays_.push_back(a);
  return reinterpret_cast<void*>(a.base + guard_);
}

void GpuStream::upload(void* to, const void* from, std::size_t bytes) {
  check(driver::driver().to_device(address_of(to), from, bytes), "copying an input");
}

void GpuStream::upload_unwritten(void* to, const void* from, std::size_t bytes) {
  if (!bare_) {
    upload(to, from, bytes);
  }
}

void GpuStream::download(void* to, const void* from, std::size_t bytes) {
  check(driver::driver().to_host(to, address_of(from), bytes), "running the kernel");
}

void GpuStream::set_zero(void* to, std::size_t bytes) {
  check(driver::driver().fill(address_of(to), 0, bytes), "setting an array to zero");
}

void GpuStream::wait() {
  check(driver::driver().wait(), "running the kernel");
}

std::string GpuStream::damage() {
  wait();
  for (const Array& a : arrays_) {
    std::vector<unsigned char> before(guard_), after(a.padded - a.bytes + guard_);
    if (bare_) {
      return "";
    }
    download(before.data(), reinterpret_cast<const void*>(a.base), before.size());
    download(after.data(), reinterpret_cast<const void*>(a.base + guard_ + a.bytes), after.size());
    if (std::string what = damage_of(a.name, a.bytes, before, after); !what.empty()) {
      return what;
    }
  }
  return "";
}

double GpuStream::seconds(const std::function<void()>& work) {
  const driver::Driver& d = driver::driver();
  static const auto make = [&] {
    driver::Event event = nullptr;
    check(d.event_create(&event, 0), "making an event");
    return event;
  };
  static const driver::Event start = make(), stop = make();
  driver::Function hold = nullptr;
  check(d.module_function(&hold, module_, "alab_hold"), "looking for the kernel that holds the GPU");
  long long nanoseconds = kHoldNanoseconds;
  void* arguments[] = {&nanoseconds, nullptr};
  check(d.launch(hold, 1, 1, 1, 1, 1, 1, 0, nullptr, arguments, nullptr), "holding the GPU");
  check(d.event_record(start, nullptr), "timing");
  work();
  check(d.event_record(stop, nullptr), "timing");
  check(d.event_wait(stop), "running the kernel");
  float milliseconds = 0;
  check(d.event_elapsed(&milliseconds, start, stop), "timing");
  return 1e-3 * static_cast<double>(milliseconds);
}

driver::Function GpuStream::kernel_of(const void* stub) {
  if (const auto known = kernels_.find(stub); known != kernels_.end()) {
    return known->second;
  }
  Dl_info info{};
  require(dladdr(stub, &info) != 0 && info.dli_sname != nullptr,
          "a kernel of launch.cu has no name in this program: build all programs again");
  const std::string wanted = without_namespace(demangled(info.dli_sname));
  auto at = names_.find(wanted);
  if (at == names_.end()) {  // extern "C" has no parameters in its name
    at = names_.find(before_parameters(wanted));
  }
  if (at == names_.end()) {
    const auto same = std::find_if(names_.begin(), names_.end(), [&](const auto& n) {
      return before_parameters(n.first) == before_parameters(wanted);
    });
    throw Error(same == names_.end() ? text("there is no kernel ", wanted,
                                            " at global scope: its name must be that of the statement")
                                     : text("your kernel is ", same->first, " and the statement's ", wanted,
                                            ": on a GPU the parameters must have exactly these types"));
  }
  driver::Function function = nullptr;
  check(driver::driver().module_function(&function, module_, at->second.c_str()), "looking for a kernel");
  return kernels_[stub] = function;
}

void GpuStream::submit(const void* stub, dim3 grid, dim3 block, void** arguments, std::size_t dynamic_bytes) {
  const driver::Driver& d = driver::driver();
  const driver::Function kernel = kernel_of(stub);
  int fixed = 0, limit = 0;
  check(d.function_attribute(&fixed, driver::kStaticShared, kernel), "asking for a kernel's shared memory");
  check(d.device_attribute(&limit, driver::kSharedOptIn, 0), "asking for the GPU's shared memory");
  require(dynamic_bytes + static_cast<std::size_t>(fixed) <= static_cast<std::size_t>(limit),
          "a block asks for ", dynamic_bytes + static_cast<std::size_t>(fixed),
          " bytes of shared memory and this GPU gives at most ", limit);
  if (dynamic_bytes + static_cast<std::size_t>(fixed) > kPlainShared) {
    check(d.set_function_attribute(kernel, driver::kMostDynamic, static_cast<int>(dynamic_bytes)),
          "asking for more shared memory");
  }
  check(d.launch(kernel, grid.x, grid.y, grid.z, block.x, block.y, block.z,
                 static_cast<unsigned>(dynamic_bytes), nullptr, arguments, nullptr),
        "launching a kernel");
}

}  // namespace alab::student
