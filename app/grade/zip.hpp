// Reads the few files of a submission's zip into memory, by libzip. Nothing is ever unpacked onto the disk.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace alab::grade {

/// What a submission may hold; more is refused, since no exercise needs a hundredth of it.
struct SubmissionLimits {
  std::uint64_t archive_bytes = std::uint64_t{64} << 20;   ///< the zip itself
  std::uint64_t unpacked_bytes = std::uint64_t{64} << 20;  ///< all entries together
  std::uint64_t entries = 2000;                            ///< also files of a folder
  std::uint64_t ratio = 200;                               ///< unpacked over packed, of an entry above 1 MiB
  std::uint64_t file_bytes = std::uint64_t{256} << 10;     ///< of a file that is read
  std::size_t depth = 16;                                  ///< folders below each other
};

struct SubmittedFile {
  std::string name;     ///< with its folders, as UTF-8: "hw1/1a.cu"
  std::string bytes;    ///< when it could be read
  std::string trouble;  ///< "" or why it could not be read, a clause
};

/// The entries whose names are wanted, ordered by name.
/// @throws Error, one sentence: no zip, encrypted, a path that leaves the folder, a link, an archive inside,
/// the same name twice, or more than the limits
std::vector<SubmittedFile> read_zip(const std::filesystem::path& file, const SubmissionLimits& limits,
                                    const std::function<bool(std::string_view name)>& wanted);

/// "" or why this build reads no zip files and what to install.
std::string zip_unavailable();

}  // namespace alab::grade
