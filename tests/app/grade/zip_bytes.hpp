// Zip files written byte by byte (PKWARE APPNOTE 4.3), so that a test can put anything into them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace alab::grade_test {

struct ZipEntry {
  std::string name, bytes;
  std::uint16_t flags = 0, method = 0;  // method 0: stored; flag 1: encrypted
  std::uint32_t mode = 0100644;         // as Unix has it
  std::int64_t size = -1;               // announced size, when not the true one
  std::string packed = {};              // stored instead of bytes, when given
};

inline std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ (0xEDB88320U & (0U - (crc & 1U)));
    }
  }
  return ~crc;
}

inline std::string little(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) {
    out += static_cast<char>(value >> (8 * i));
  }
  return out;
}

inline std::string zip_of(const std::vector<ZipEntry>& entries) {
  std::string out, directory;
  for (const ZipEntry& e : entries) {
    const std::string& packed = e.packed.empty() ? e.bytes : e.packed;
    const std::uint64_t size = e.size < 0 ? e.bytes.size() : static_cast<std::uint64_t>(e.size);
    const std::string common = little(e.flags, 2) + little(e.method, 2) + little(0, 4) +
                               little(crc32(e.bytes), 4) + little(packed.size(), 4) + little(size, 4) +
                               little(e.name.size(), 2) + little(0, 2);
    directory += "PK\x01\x02" + little(3 << 8 | 20, 2) + little(20, 2) + common + little(0, 6) +
                 little(static_cast<std::uint64_t>(e.mode) << 16U, 4) + little(out.size(), 4) + e.name;
    out += "PK\x03\x04" + little(20, 2) + common + e.name + packed;
  }
  return out + directory + "PK\x05\x06" + little(0, 4) + little(entries.size(), 2) +
         little(entries.size(), 2) + little(directory.size(), 4) + little(out.size(), 4) + little(0, 2);
}

}  // namespace alab::grade_test
