// SPDX-License-Identifier: MIT
#include "reference/core/npy.hpp"

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include "reference/core/files.hpp"

static_assert(std::endian::native == std::endian::little,
              "the .npy reader copies little-endian data as it is");

namespace alab {
namespace {

constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;

// A cursor over the header's Python dict literal; only what numpy writes is accepted.
class HeaderText {
 public:
  explicit HeaderText(std::string_view text) : rest_(text) {}

  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    require(take(c), "the .npy header is malformed: expected '", c, "' before '", rest_.substr(0, 20), "'");
  }
  std::string_view quoted() {
    skip_space();
    require(!rest_.empty() && (rest_.front() == '\'' || rest_.front() == '"'),
            "the .npy header is malformed: expected a quoted word before '", rest_.substr(0, 20),
            "' (structured dtypes are not read; save a plain f4 or f8 array)");
    const std::size_t end = rest_.find(rest_.front(), 1);
    require(end != std::string_view::npos, "the .npy header is malformed: a quote is not closed");
    const std::string_view word = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return word;
  }
  bool boolean() {
    skip_space();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (rest_.starts_with(word)) {
        rest_.remove_prefix(word.size());
        return value;
      }
    }
    throw Error("the .npy header is malformed: fortran_order is neither True nor False");
  }
  Shape tuple() {
    Shape shape;
    expect('(');
    while (!take(')')) {
      skip_space();
      std::int64_t extent = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      require(error == std::errc() && extent >= 0, "the .npy header is malformed: '", rest_.substr(0, 20),
              "' is not an extent of 0 or more");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      shape.push_back(extent);
      require(shape.size() <= 32, "the .npy shape has more than 32 axes");
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) {
      rest_.remove_prefix(1);
    }
  }
  std::string_view rest_;
};

std::size_t item_size(std::string_view descr) {
  if (descr == "<f4" || descr == "<i4") {
    return 4;
  }
  if (descr == "<f8" || descr == "<i8") {
    return 8;
  }
  if (descr == "<f2") {
    return 2;
  }
  throw Error(text("the .npy dtype '", descr,
                   "' is not read here; save the array as little-endian f4 or f8, ",
                   "for example a.astype('<f4')"));
}

template <class S>
S load(const char* at) {
  S value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fU;
  const std::uint32_t mantissa = bits & 0x3ffU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1.0p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t word =
      exponent == 31 ? (0x7f800000U | (mantissa << 13)) : (((exponent + 112) << 23) | (mantissa << 13));
  return std::bit_cast<float>(sign | word);
}

template <class T>
T element(std::string_view descr, const char* at) {
  if (descr == "<f4") {
    return static_cast<T>(load<float>(at));
  }
  if (descr == "<f8") {
    return static_cast<T>(load<double>(at));
  }
  if (descr == "<i4") {
    return static_cast<T>(load<std::int32_t>(at));
  }
  if (descr == "<i8") {
    return static_cast<T>(load<std::int64_t>(at));
  }
  return static_cast<T>(half_to_float(load<std::uint16_t>(at)));
}

// Flat index in the file of the element with flat C-order index i.
std::int64_t fortran_index(std::int64_t i, const Shape& shape) {
  std::int64_t flat = 0;
  std::int64_t stride = element_count(shape);
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    stride /= shape[axis];
    flat += (i % shape[axis]) * stride;
    i /= shape[axis];
  }
  return flat;
}

template <class T>
constexpr std::string_view descr_of() {
  if constexpr (std::is_same_v<T, float>) {
    return "<f4";
  } else if constexpr (std::is_same_v<T, double>) {
    return "<f8";
  } else {
    return "<i4";
  }
}

}  // namespace

NpyHeader parse_npy_header(std::string_view bytes) {
  require(bytes.size() >= 10 && bytes.substr(0, 6) == "\x93NUMPY",
          "this is not a .npy file: the first six bytes are not \\x93NUMPY; save it with numpy.save");
  const auto major = static_cast<unsigned char>(bytes[6]);
  require(1 <= major && major <= 3, "the .npy version ", int{major},
          " is unknown; versions 1, 2 and 3 are read");
  const std::size_t prefix = major == 1 ? 10 : 12;
  require(bytes.size() >= prefix, "the .npy file ends inside its header");
  const std::size_t length =
      major == 1 ? load<std::uint16_t>(bytes.data() + 8) : load<std::uint32_t>(bytes.data() + 8);
  require(length <= bytes.size() - prefix, "the .npy header claims ", length, " bytes, the file has only ",
          bytes.size() - prefix, " after the prefix; the file is truncated");

  NpyHeader header;
  header.data_offset = prefix + length;
  HeaderText cursor(bytes.substr(prefix, length));
  int seen = 0;
  cursor.expect('{');
  while (!cursor.take('}')) {
    const std::string_view key = cursor.quoted();
    cursor.expect(':');
    if (key == "descr") {
      header.descr = cursor.quoted();
      seen |= 1;
    } else if (key == "fortran_order") {
      header.fortran_order = cursor.boolean();
      seen |= 2;
    } else if (key == "shape") {
      header.shape = cursor.tuple();
      seen |= 4;
    } else {
      throw Error(text("the .npy header has an unknown key '", key, "'"));
    }
    if (!cursor.take(',')) {
      cursor.expect('}');
      break;
    }
  }
  require(seen == 7, "the .npy header lacks descr, fortran_order or shape");
  if (header.descr.size() == 3 && (header.descr[0] == '=' || header.descr[0] == '|')) {
    header.descr[0] = '<';
  }
  const std::int64_t count = element_count(header.shape);
  require(count <= kMaxElements, "the .npy shape ", to_string(header.shape), " has more than 2^40 elements");
  const auto needed = static_cast<std::size_t>(count) * item_size(header.descr);
  require(needed <= bytes.size() - header.data_offset, "the .npy shape ", to_string(header.shape), " needs ",
          needed, " bytes of data, the file holds ", bytes.size() - header.data_offset, "; it is truncated");
  return header;
}

template <class T>
Tensor<T> parse_npy(std::string_view bytes) {
  const NpyHeader header = parse_npy_header(bytes);
  const char* data = bytes.data() + header.data_offset;
  const std::size_t item = item_size(header.descr);
  Tensor<T> out(header.shape);
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const std::int64_t at = header.fortran_order ? fortran_index(i, header.shape) : i;
    out[i] = element<T>(header.descr, data + static_cast<std::size_t>(at) * item);
  }
  return out;
}

template <class T>
Tensor<T> read_npy(const std::filesystem::path& file) {
  const std::string bytes = read_file(file, std::size_t{1} << 34);
  try {
    return parse_npy<T>(bytes);
  } catch (const Error& e) {
    throw Error(text(file.string(), ": ", e.what()));
  }
}

template <class T>
void write_npy(const std::filesystem::path& file, const Tensor<T>& tensor) {
  std::string shape;
  for (const std::int64_t extent : tensor.shape()) {
    shape += std::to_string(extent) + (tensor.rank() == 1 ? "," : ", ");
  }
  if (tensor.rank() > 1) {
    shape.resize(shape.size() - 2);
  }
  std::string dict =
      text("{'descr': '", descr_of<T>(), "', 'fortran_order': False, 'shape': (", shape, "), }");
  dict.append(63 - (10 + dict.size()) % 64, ' ');
  dict += '\n';
  require(dict.size() <= std::numeric_limits<std::uint16_t>::max(), "shape ", to_string(tensor.shape()),
          " has too many axes for .npy");
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(dict.size() & 0xff);
  bytes += static_cast<char>(dict.size() >> 8);
  bytes += dict;
  bytes.append(reinterpret_cast<const char*>(tensor.data()),
               static_cast<std::size_t>(tensor.size()) * sizeof(T));
  write_file_atomic(file, bytes);
}

template Tensor<float> parse_npy<float>(std::string_view);
template Tensor<double> parse_npy<double>(std::string_view);
template Tensor<float> read_npy<float>(const std::filesystem::path&);
template Tensor<double> read_npy<double>(const std::filesystem::path&);
template void write_npy<float>(const std::filesystem::path&, const Tensor<float>&);
template void write_npy<double>(const std::filesystem::path&, const Tensor<double>&);
template void write_npy<std::int32_t>(const std::filesystem::path&, const Tensor<std::int32_t>&);

}  // namespace alab
