// SPDX-License-Identifier: MIT
#include "reference/model/gguf.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "reference/core/error.hpp"

namespace alab {
namespace {

// Value types of the format's metadata.
enum : std::uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64 };

constexpr std::uint64_t width_of(std::uint32_t type) {
  constexpr std::uint64_t kWidth[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type <= kF64 ? kWidth[type] : 0;
}

template <class T>
T load(const char* at) {
  static_assert(std::endian::native == std::endian::little,
                "the reader copies little-endian numbers as they are");
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

float load_half(const char* at) {
  return Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(load<std::uint16_t>(at)));
}

// Names inside a broken file may be any bytes of any length: a message shows at most 120, printable.
template <class Part>
auto shown(const Part& part) {
  if constexpr (std::is_convertible_v<Part, std::string_view>) {
    std::string line(std::string_view(part).substr(0, 120));
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c < 32 || c > 126; }, '?');
    return line;
  } else {
    return part;
  }
}

template <class... Parts>
[[noreturn]] void damaged(const std::string& name, const Parts&... parts) {
  throw Error(text(name, ": ", shown(parts)...,
                   "; the file is damaged or of another kind: fetch it again with ./app/run.sh"));
}

void dequantise_q8_0(const char* in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t b = 0; b < blocks; ++b, in += 34, out += 32) {
    const float d = load_half(in);
    std::int8_t q[32];
    std::memcpy(q, in + 2, sizeof q);
    for (int i = 0; i < 32; ++i) {
      out[i] = d * static_cast<float>(q[i]);
    }
  }
}

void dequantise_q4_1(const char* in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t b = 0; b < blocks; ++b, in += 20, out += 32) {
    const float d = load_half(in), m = load_half(in + 2);
    std::uint8_t q[16];
    std::memcpy(q, in + 4, sizeof q);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>(q[i] & 15) + m;
    }
    for (int i = 0; i < 16; ++i) {
      out[i + 16] = d * static_cast<float>(q[i] >> 4) + m;
    }
  }
}

}  // namespace

std::string_view to_string(GgufType type) {
  switch (type) {
    case GgufType::f32:
      return "F32";
    case GgufType::f16:
      return "F16";
    case GgufType::q4_1:
      return "Q4_1";
    case GgufType::q8_0:
      return "Q8_0";
  }
  return "unknown";
}

std::int64_t block_elements(GgufType type) {
  return type == GgufType::q4_1 || type == GgufType::q8_0 ? 32 : 1;
}

std::int64_t block_bytes(GgufType type) {
  switch (type) {
    case GgufType::f32:
      return 4;
    case GgufType::f16:
      return 2;
    case GgufType::q4_1:
      return 20;
    case GgufType::q8_0:
      return 34;
  }
  return 0;
}

void dequantise_row(const GgufTensor& tensor, std::int64_t row, std::span<float> out) {
  require(row >= 0 && row < tensor.rows, "row ", row, " of tensor ", tensor.name, " is outside 0..",
          tensor.rows - 1);
  require(static_cast<std::int64_t>(out.size()) == tensor.cols, "tensor ", tensor.name, " has ", tensor.cols,
          " columns, the buffer ", out.size());
  const std::int64_t blocks = tensor.cols / block_elements(tensor.type);
  const char* in = tensor.bytes.data() + row * blocks * block_bytes(tensor.type);
  switch (tensor.type) {
    case GgufType::f32:
      std::memcpy(out.data(), in, out.size() * sizeof(float));
      break;
    case GgufType::f16:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = load_half(in + 2 * i);
      }
      break;
    case GgufType::q8_0:
      dequantise_q8_0(in, blocks, out.data());
      break;
    case GgufType::q4_1:
      dequantise_q4_1(in, blocks, out.data());
      break;
  }
}

/// Takes bytes off the front; every take is checked against what is left.
class Gguf::Cursor {
 public:
  Cursor(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::string_view take(std::uint64_t count, std::string_view what) {
    if (count > bytes_.size() - at_) {
      damaged(name_, "it ends inside ", what, ": ", count, " bytes are needed at offset ", at_, ", ",
              bytes_.size() - at_, " are left");
    }
    const std::string_view piece = bytes_.substr(at_, count);
    at_ += count;
    return piece;
  }
  template <class T>
  T number(std::string_view what) {
    return load<T>(take(sizeof(T), what).data());
  }
  std::string_view words(std::string_view what) { return take(number<std::uint64_t>(what), what); }
  std::size_t at() const { return at_; }
  std::string_view since(std::size_t start) const { return bytes_.substr(start, at_ - start); }

 private:
  std::string_view bytes_;
  const std::string& name_;
  std::size_t at_ = 0;
};

Gguf::Gguf(std::string_view bytes, std::string name) : name_(std::move(name)) {
  Cursor cursor(bytes, name_);
  if (cursor.take(4, "the magic number") != "GGUF") {
    damaged(name_, "it does not start with 'GGUF'");
  }
  const auto version = cursor.number<std::uint32_t>("the version");
  if (version < 2 || version > 3) {
    damaged(name_, "GGUF version ", version, " is not known; versions 2 and 3 (little-endian) are read");
  }
  const auto tensor_count = cursor.number<std::uint64_t>("the tensor count");
  const auto value_count = cursor.number<std::uint64_t>("the metadata count");
  for (std::uint64_t i = 0; i < value_count; ++i) {
    read_value(cursor, cursor.words("a metadata key"));
  }
  const std::int64_t alignment = has("general.alignment") ? integer("general.alignment") : 32;
  if (alignment < 1 || alignment > (1 << 20) || !std::has_single_bit(static_cast<std::uint64_t>(alignment))) {
    damaged(name_, "general.alignment is ", alignment, ", not a power of two up to 1048576");
  }
  // The data section starts after the descriptions, so they are walked twice: once for their length.
  Cursor ahead = cursor;
  for (std::uint64_t i = 0; i < tensor_count; ++i) {
    ahead.words("a tensor name");
    const std::uint64_t dims = ahead.number<std::uint32_t>("the dimension count of a tensor");
    ahead.take(8 * dims + 12, "the description of a tensor");
  }
  const auto mask = static_cast<std::size_t>(alignment) - 1;
  const std::size_t start = (ahead.at() + mask) & ~mask;
  const std::string_view data = start <= bytes.size() ? bytes.substr(start) : std::string_view{};
  for (std::uint64_t i = 0; i < tensor_count; ++i) {
    read_tensor(cursor, data, alignment);
  }
}

void Gguf::read_value(Cursor& cursor, std::string_view key) {
  Value value;
  value.type = cursor.number<std::uint32_t>(key);
  if (value.type == kArray) {
    value.array = true;
    value.type = cursor.number<std::uint32_t>(key);
    value.count = cursor.number<std::uint64_t>(key);
    if (value.type == kArray) {
      damaged(name_, "metadata '", key, "' is an array of arrays");
    }
  }
  if (value.type > kF64) {
    damaged(name_, "metadata '", key, "' has the unknown type ", value.type);
  }
  const std::size_t start = cursor.at();
  if (value.type == kString) {
    for (std::uint64_t i = 0; i < value.count; ++i) {
      cursor.words(key);
    }
  } else {
    const std::uint64_t width = width_of(value.type);
    if (value.count > std::numeric_limits<std::uint64_t>::max() / width) {
      damaged(name_, "metadata '", key, "' claims ", value.count, " elements");
    }
    cursor.take(value.count * width, key);
  }
  value.payload = cursor.since(start);
  if (!values_.emplace(key, value).second) {
    damaged(name_, "metadata '", key, "' occurs twice");
  }
}

void Gguf::read_tensor(Cursor& cursor, std::string_view data, std::int64_t alignment) {
  GgufTensor tensor;
  tensor.name = cursor.words("a tensor name");
  const auto dims = cursor.number<std::uint32_t>(tensor.name);
  if (dims < 1 || dims > 4) {
    damaged(name_, "tensor '", tensor.name, "' has ", dims, " dimensions; 1 to 4 are allowed");
  }
  std::uint64_t count = 1;
  for (std::uint32_t i = 0; i < dims; ++i) {
    const auto extent = cursor.number<std::uint64_t>(tensor.name);
    if (extent < 1 || extent > (std::uint64_t{1} << 40) / count) {
      damaged(name_, "tensor '", tensor.name, "' has an extent of ", extent,
              "; at most 2^40 elements in all are allowed");
    }
    count *= extent;
    tensor.shape.insert(tensor.shape.begin(), static_cast<std::int64_t>(extent));
  }
  const auto type = cursor.number<std::uint32_t>(tensor.name);
  const auto offset = cursor.number<std::uint64_t>(tensor.name);
  if (type != 0 && type != 1 && type != 3 && type != 8) {
    damaged(name_, "tensor '", tensor.name, "' has storage type ", type,
            "; F32 (0), F16 (1), Q4_1 (3) and Q8_0 (8) are read");
  }
  tensor.type = static_cast<GgufType>(type);
  tensor.cols = tensor.shape.back();
  tensor.rows = static_cast<std::int64_t>(count) / tensor.cols;
  if (tensor.cols % block_elements(tensor.type) != 0) {
    damaged(name_, "tensor '", tensor.name, "' has rows of ", tensor.cols,
            " elements, not a whole number of ", to_string(tensor.type), " blocks of ",
            block_elements(tensor.type));
  }
  const std::uint64_t size = count / static_cast<std::uint64_t>(block_elements(tensor.type)) *
                             static_cast<std::uint64_t>(block_bytes(tensor.type));
  if (offset % static_cast<std::uint64_t>(alignment) != 0 || offset > data.size() ||
      size > data.size() - offset) {
    damaged(name_, "tensor '", tensor.name, "' of ", size, " bytes at offset ", offset, " lies outside the ",
            data.size(), " bytes of data or is not aligned to ", alignment);
  }
  tensor.bytes = data.substr(offset, size);
  if (!tensor_index_.emplace(tensor.name, tensors_.size()).second) {
    damaged(name_, "tensor '", tensor.name, "' occurs twice");
  }
  tensors_.push_back(std::move(tensor));
}

const Gguf::Value& Gguf::value(std::string_view key, bool array) const {
  const auto found = values_.find(key);
  if (found == values_.end()) {
    damaged(name_, "metadata '", key, "' is missing");
  }
  if (found->second.array != array) {
    damaged(name_, "metadata '", key, "' is ", array ? "not an array" : "an array");
  }
  return found->second;
}

std::int64_t Gguf::integer_at(const Value& value, std::uint64_t index, std::string_view key) const {
  const char* at = value.payload.data() + index * width_of(value.type);
  switch (value.type) {
    case kU8:
      return load<std::uint8_t>(at);
    case kI8:
      return load<std::int8_t>(at);
    case kU16:
      return load<std::uint16_t>(at);
    case kI16:
      return load<std::int16_t>(at);
    case kU32:
      return load<std::uint32_t>(at);
    case kI32:
      return load<std::int32_t>(at);
    case kI64:
      return load<std::int64_t>(at);
    case kU64:
      if (load<std::uint64_t>(at) <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return load<std::int64_t>(at);
      }
      damaged(name_, "metadata '", key, "' is ", load<std::uint64_t>(at), ", beyond 2^63 - 1");
    default:
      damaged(name_, "metadata '", key, "' is not an integer");
  }
}

std::int64_t Gguf::integer(std::string_view key) const {
  return integer_at(value(key, false), 0, key);
}

double Gguf::real(std::string_view key) const {
  const Value& v = value(key, false);
  const double number = v.type == kF32   ? load<float>(v.payload.data())
                        : v.type == kF64 ? load<double>(v.payload.data())
                                         : static_cast<double>(integer_at(v, 0, key));
  if (!std::isfinite(number)) {
    damaged(name_, "metadata '", key, "' is not finite");
  }
  return number;
}

bool Gguf::flag(std::string_view key) const {
  const Value& v = value(key, false);
  if (v.type != kBool) {
    damaged(name_, "metadata '", key, "' is not a boolean");
  }
  return v.payload[0] != 0;
}

std::string_view Gguf::words(std::string_view key) const {
  const Value& v = value(key, false);
  if (v.type != kString) {
    damaged(name_, "metadata '", key, "' is not a string");
  }
  return v.payload.substr(8);
}

std::vector<std::string_view> Gguf::word_list(std::string_view key) const {
  const Value& v = value(key, true);
  if (v.type != kString) {
    damaged(name_, "metadata '", key, "' is not an array of strings");
  }
  std::vector<std::string_view> list;
  list.reserve(v.count);  // each of them was walked when the file was read
  std::string_view left = v.payload;
  for (std::uint64_t i = 0; i < v.count; ++i) {
    const auto length = load<std::uint64_t>(left.data());
    list.push_back(left.substr(8, length));
    left.remove_prefix(8 + length);
  }
  return list;
}

std::vector<std::int64_t> Gguf::integer_list(std::string_view key) const {
  const Value& v = value(key, true);
  if (v.type == kString) {
    damaged(name_, "metadata '", key, "' is not an array of integers");
  }
  std::vector<std::int64_t> list(v.count);
  for (std::uint64_t i = 0; i < v.count; ++i) {
    list[i] = integer_at(v, i, key);
  }
  return list;
}

const GgufTensor* Gguf::find(std::string_view name) const {
  const auto found = tensor_index_.find(name);
  return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

const GgufTensor& Gguf::tensor(std::string_view name, const Shape& shape) const {
  const GgufTensor* found = find(name);
  if (found == nullptr) {
    damaged(name_, "tensor '", name, "' is missing");
  }
  if (found->shape != shape) {
    damaged(name_, "tensor '", name, "' has shape ", to_string(found->shape), ", ", to_string(shape),
            " is needed");
  }
  return *found;
}

}  // namespace alab
