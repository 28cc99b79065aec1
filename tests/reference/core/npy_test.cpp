#include "reference/core/npy.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "reference/core/files.hpp"

using namespace alab;

namespace {

std::string file_with(const std::string& header, const std::string& data, char major = 1) {
  std::string out = "\x93NUMPY";
  out += major;
  out += '\0';
  out += static_cast<char>(header.size() & 0xff);
  out += static_cast<char>((header.size() >> 8) & 0xff);
  if (major > 1) {
    out += std::string(2, '\0');
  }
  return out + header + data;
}

std::string floats(std::initializer_list<float> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(float)};
}

std::string why_not(const std::string& bytes) {
  try {
    parse_npy<float>(bytes);
  } catch (const Error& e) {
    return e.what();
  }
  return "read";
}

}  // namespace

TEST_CASE("a tensor written as .npy reads back bit for bit") {
  const auto file =
      std::filesystem::temp_directory_path() / ("alab_npy_" + std::to_string(::getpid()) + " with space.npy");
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{2, 0, 4}, Shape{1, 2, 3, 4}}) {
    Tensor<double> tensor(shape);
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      tensor[i] = 0.1 * static_cast<double>(i);
    }
    write_npy(file, tensor);
    CHECK(read_npy<double>(file) == tensor);
    CHECK(read_file(file).size() % 64 == (static_cast<std::size_t>(tensor.size()) * 8) % 64);
  }
  std::filesystem::remove(file);
}

TEST_CASE("Fortran order is transposed to C order") {
  const auto t = parse_npy<float>(
      file_with("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", floats({1, 4, 2, 5, 3, 6})));
  CHECK(t(0, 0) == 1);
  CHECK(t(0, 2) == 3);
  CHECK(t(1, 0) == 4);
}

TEST_CASE("versions 2 and 3, other dtypes and half precision are read") {
  CHECK(parse_npy<float>(
            file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", floats({7}), 2))[0] == 7);
  CHECK(parse_npy<float>(
            file_with("{'shape': (1,), 'fortran_order': False, 'descr': '<f4'}", floats({7}), 3))[0] == 7);
  CHECK(parse_npy<double>(file_with("{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }",
                                    std::string("\x00\x3c\x00\xfc\x01\x00", 6)))[0] == 1.0);
  CHECK(parse_npy<double>(file_with("{'descr': '<i8', 'fortran_order': False, 'shape': (), }",
                                    std::string("\x05\0\0\0\0\0\0\0", 8)))[0] == 5.0);
}

TEST_CASE("a bad file is refused in one sentence and without a huge allocation") {
  const std::string f4 = "{'descr': '<f4', 'fortran_order': False, 'shape': ";
  CHECK(why_not("").find("not a .npy file") != std::string::npos);
  CHECK(why_not("PK\x03\x04 something else").find("not a .npy file") != std::string::npos);
  CHECK(why_not(file_with(f4 + "(4,), }", floats({1, 2}))).find("truncated") != std::string::npos);
  CHECK(why_not(file_with(f4 + "(99999999999999,), }", "")).find("2^40") != std::string::npos);
  CHECK(why_not(file_with(f4 + "(9223372036854775807, 9223372036854775807), }", "")).find("2^63") !=
        std::string::npos);
  CHECK(why_not(file_with(f4 + "(-1,), }", "")).find("extent") != std::string::npos);
  CHECK(why_not(file_with("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", floats({1})))
            .find("'>f4'") != std::string::npos);
  CHECK(why_not(file_with("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", floats({1})))
            .find("little-endian") != std::string::npos);
  CHECK(why_not(file_with("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", floats({1})))
            .find("structured") != std::string::npos);
  CHECK(why_not(file_with("{'fortran_order': False, 'shape': (1,), }", floats({1}))).find("lacks") !=
        std::string::npos);
  CHECK(why_not(file_with(f4 + "(1,), }", floats({1}), 9)).find("version 9") != std::string::npos);
  CHECK(why_not(std::string("\x93NUMPY\x01\0\xff\xff", 10)).find("truncated") != std::string::npos);
}
