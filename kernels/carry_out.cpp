// SPDX-License-Identifier: MIT
#include "kernels/carry_out.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "reference/core/error.hpp"

namespace alab {
namespace {

constexpr std::int32_t kUnwrittenIndex = std::numeric_limits<std::int32_t>::min();

std::size_t bytes_of(const BufferSpec& spec) {
  return static_cast<std::size_t>(element_count(spec.shape)) * 4;
}

template <class T>
const void* find_input(const BufferSpec& spec, const std::map<std::string, Tensor<T>, std::less<>>& arrays) {
  const auto at = arrays.find(spec.name);
  require(at != arrays.end(), "input '", spec.name, "' must have shape ", to_string(spec.shape),
          " and is missing");
  require(at->second.shape() == spec.shape, "input '", spec.name, "' must have shape ", to_string(spec.shape),
          ", got ", to_string(at->second.shape()));
  return at->second.data();
}

/// An input as given, or what an output holds before the run.
std::vector<std::uint32_t> words_before(const BufferSpec& spec, const HostArrays& inputs, bool zeroed) {
  const auto count = static_cast<std::size_t>(element_count(spec.shape));
  if (spec.role == BufferRole::output) {
    const std::uint32_t unwritten =
        spec.type == ElementType::f32 ? 0xFFFFFFFFu : static_cast<std::uint32_t>(kUnwrittenIndex);
    return std::vector<std::uint32_t>(count, zeroed ? 0u : unwritten);
  }
  const void* const from = spec.type == ElementType::f32 ? find_input<float>(spec, inputs.f32)
                                                         : find_input<std::int32_t>(spec, inputs.i32);
  std::vector<std::uint32_t> words(count);
  if (count > 0) {
    std::memcpy(words.data(), from, count * 4);
  }
  return words;
}

}  // namespace

Placement::Placement(Stream& stream, const std::vector<BufferSpec>& specs, const HostArrays& inputs,
                     std::span<const std::string> zeroed)
    : stream_(stream) {
  for (const BufferSpec& spec : specs) {
    const bool is_zeroed = std::find(zeroed.begin(), zeroed.end(), spec.name) != zeroed.end();
    Array a{spec, words_before(spec, inputs, is_zeroed), nullptr};
    if (!a.before.empty()) {
      a.device = stream.array(spec.name, bytes_of(spec));
      const bool written = spec.role == BufferRole::input || is_zeroed;
      (stream.*(written ? &Stream::upload : &Stream::upload_unwritten))(a.device, a.before.data(),
                                                                        bytes_of(spec));
    }
    buffers_.add(spec.name, a.device);
    arrays_.push_back(std::move(a));
  }
}

std::vector<std::uint32_t> Placement::fetch(const Array& array) const {
  std::vector<std::uint32_t> words(array.before.size());
  if (!words.empty()) {
    stream_.download(words.data(), array.device, bytes_of(array.spec));
  }
  return words;
}

HostArrays Placement::outputs() const {
  HostArrays outputs;
  for (const Array& a : arrays_) {
    if (a.spec.role != BufferRole::output) {
      continue;
    }
    const std::vector<std::uint32_t> words = fetch(a);
    const auto filled = [&](auto tensor) {
      if (!words.empty()) {
        std::memcpy(tensor.data(), words.data(), words.size() * 4);
      }
      return tensor;
    };
    if (a.spec.type == ElementType::f32) {
      outputs.f32[a.spec.name] = filled(Tensor<float>(a.spec.shape));
    } else {
      outputs.i32[a.spec.name] = filled(Tensor<std::int32_t>(a.spec.shape));
    }
  }
  return outputs;
}

std::vector<std::string> Placement::changed() const {
  std::vector<std::string> names;
  for (const Array& a : arrays_) {
    if (a.spec.role == BufferRole::input && fetch(a) != a.before) {
      names.push_back(a.spec.name);
    }
  }
  return names;
}

}  // namespace alab
