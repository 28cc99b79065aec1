// PNG by its specification (ISO/IEC 15948): two bits a pixel, a palette, and deflate blocks that are stored
// as they are, which needs no compressor. SPDX-License-Identifier: MIT
#include "app/grade/error_picture.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "reference/core/error.hpp"

namespace alab::grade {
namespace {

constexpr std::int64_t kMostCells = 64, kPixels = 256;
// White, yellow, orange, dark red: also apart in grey.
constexpr std::string_view kPalette("\xF4\xF6\xF7\xF2\xC8\x4B\xD9\x6B\x1E\x6B\x10\x1C", 12);

struct Grid {
  std::int64_t rows = 0, cols = 0, scale = 1;
  std::vector<double> cells;
};

unsigned colour_of(double tolerances) {
  return tolerances <= 1 ? 0 : tolerances <= 100 ? 1 : tolerances <= 10000 ? 2 : 3;
}

std::string big_endian(std::uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> static_cast<unsigned>(shift));
  }
  return out;
}

std::uint32_t crc_of(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ (0xEDB88320U & (0U - (crc & 1U)));
    }
  }
  return ~crc;
}

std::string chunk(std::string_view kind, const std::string& bytes) {
  const std::string body = std::string(kind) + bytes;
  return big_endian(static_cast<std::uint32_t>(bytes.size())) + body + big_endian(crc_of(body));
}

std::string zlib_stored(const std::string& bytes) {
  std::string out = "\x78\x01";
  for (std::size_t from = 0; from < bytes.size(); from += 0xFFFF) {
    const auto length = static_cast<unsigned>(std::min<std::size_t>(0xFFFF, bytes.size() - from));
    const unsigned complement = ~length & 0xFFFFU;
    out += from + length == bytes.size() ? '\x01' : '\0';
    for (const unsigned number : {length, complement}) {
      out += static_cast<char>(number & 0xFFU);
      out += static_cast<char>(number >> 8U);
    }
    out += bytes.substr(from, length);
  }
  std::uint32_t a = 1, b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return out + big_endian(b << 16U | a);
}

std::string png_of(const Grid& grid) {
  const std::int64_t width = grid.cols * grid.scale, height = grid.rows * grid.scale;
  std::string pixels;
  for (std::int64_t y = 0; y < height; ++y) {
    std::string line(1 + static_cast<std::size_t>((width + 3) / 4), '\0');
    for (std::int64_t x = 0; x < width; ++x) {
      const auto cell = static_cast<std::size_t>(y / grid.scale * grid.cols + x / grid.scale);
      char& four = line[1 + static_cast<std::size_t>(x / 4)];
      four = static_cast<char>(static_cast<unsigned char>(four) | colour_of(grid.cells[cell])
                                                                      << (6 - 2 * (x % 4)));
    }
    pixels += line;
  }
  const std::string header = big_endian(static_cast<std::uint32_t>(width)) +
                             big_endian(static_cast<std::uint32_t>(height)) +
                             std::string("\x02\x03\0\0\0", 5);
  return "\x89PNG\r\n\x1A\n" + chunk("IHDR", header) + chunk("PLTE", std::string(kPalette)) +
         chunk("IDAT", zlib_stored(pixels)) + chunk("IEND", "");
}

Grid grid_of(const Json& map) {
  Grid grid;
  grid.rows = map.at("cell_rows");
  grid.cols = map.at("cell_cols");
  grid.cells = map.at("cells").get<std::vector<double>>();
  require(grid.rows > 0 && grid.cols > 0 && grid.rows <= kMostCells && grid.cols <= kMostCells &&
              grid.cells.size() == static_cast<std::size_t>(grid.rows * grid.cols),
          "the error map is ", grid.rows, " x ", grid.cols, " cells with ", grid.cells.size(), " values");
  grid.scale = std::max<std::int64_t>(1, kPixels / std::max(grid.rows, grid.cols));
  return grid;
}

}  // namespace

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      three = three << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k > bytes.size() ? '=' : kDigits[three >> (18 - 6 * k) & 63U];
    }
  }
  return out;
}

std::string error_picture_url(const Json& map) try {
  return map.is_object() ? "data:image/png;base64," + base64(png_of(grid_of(map))) : "";
} catch (const std::exception&) {
  return "";
}

std::string error_picture_label(const Json& map) {
  const std::string output = map.value("output", std::string("the output"));
  return text("Where ", output,
              " is wrong: light is right, yellow, orange and dark red are wrong by more than 1, 100 and ",
              "10000 tolerances.");
}

}  // namespace alab::grade
