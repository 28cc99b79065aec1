// By libbacktrace, which comes with g++ and reads the program's own DWARF tables.
// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/source_lines.hpp"

#include <backtrace.h>
#include <cxxabi.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "kernels/executor/short_file.hpp"

namespace alab::counted {
namespace {

void ignore(void*, const char*, int) {}

backtrace_state* program() {
  static backtrace_state* const state = backtrace_create_state(nullptr, 1, ignore, nullptr);
  return state;
}

bool is_kernel_file(std::string_view file) {
  return file.find("/kernels/executor/") == std::string_view::npos && !file.starts_with("/usr/");
}

// Called from the innermost inlined function outwards; a result other than 0 ends it.
int take_frame(void* out, std::uintptr_t, const char* file, int line, const char*) {
  auto& found = *static_cast<Line*>(out);
  if (file == nullptr || line == 0) {
    return 0;
  }
  found = {std::string(executor::short_file(file)), line};
  return is_kernel_file(file) ? 1 : 0;
}

// Called for each frame of a stack, innermost first. Allocates nothing.
int take_device_frame(void* out, std::uintptr_t, const char* file, int line, const char*) {
  const std::string_view name = file != nullptr ? executor::short_file(file) : "";
  if ((!name.ends_with(".cu") && !name.ends_with(".cuh")) || line == 0 || !is_kernel_file(file)) {
    return 0;
  }
  auto& found = *static_cast<FixedLine*>(out);
  found.line = line;
  name.copy(found.file.data(), found.file.size() - 1);
  return 1;
}

void take_symbol(void* out, std::uintptr_t, const char* name, std::uintptr_t, std::uintptr_t) {
  if (name != nullptr) {
    *static_cast<std::string*>(out) = name;
  }
}

void erase_all(std::string& text, std::string_view word) {
  for (std::size_t at; (at = text.find(word)) != std::string::npos;) {
    text.erase(at, word.size());
  }
}

}  // namespace

Line line_of_return(std::uintptr_t address) {
  static std::mutex mutex;
  static std::map<std::uintptr_t, Line> known;
  const std::lock_guard lock(mutex);
  const auto [at, fresh] = known.try_emplace(address);
  if (fresh && program() != nullptr) {
    backtrace_pcinfo(program(), address - 1, take_frame, ignore, &at->second);
  }
  return at->second;
}

FixedLine line_of_stack() {
  FixedLine line;
  if (program() != nullptr) {
    backtrace_full(program(), 0, take_device_frame, ignore, &line);
  }
  return line;
}

std::string kernel_name(const void* code) {
  std::string symbol;
  if (program() != nullptr) {
    backtrace_syminfo(program(), reinterpret_cast<std::uintptr_t>(code), take_symbol, ignore, &symbol);
  }
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> readable(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
  if (status != 0) {
    return symbol.empty() ? "kernel" : symbol;
  }
  std::string name = readable.get();
  erase_all(name, "(anonymous namespace)::");
  erase_all(name, "alab::counted_build::");
  if (const std::size_t call = name.find('('); call != std::string::npos) {
    name.erase(call);
  }
  if (name.starts_with("void ")) {
    name.erase(0, 5);
  }
  return name;
}

}  // namespace alab::counted
