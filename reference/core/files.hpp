// Files as the house handles them: atomic writes, size limits, readable errors. No partial file under a final
// name. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace alab {

/// Whole file as bytes; Error names the path and the reason. Refuses more than max_bytes.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{1} << 30);
/// Writes path.tmp-PID, flushes to disk, renames over path. A full disk or a read-only folder is an Error and
/// leaves neither a partial nor a temporary file.
void write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

/// XDG folders of this program (created on demand by the writer): data (state), cache (downloads, builds).
std::filesystem::path
data_dir();  ///< $ALAB_DATA_DIR, else $XDG_DATA_HOME/attention-lab, else ~/.local/share/...
std::filesystem::path
cache_dir();  ///< $ALAB_CACHE_DIR, else $XDG_CACHE_HOME/attention-lab, else ~/.cache/...

/// A read-only file mapped into memory. Moves, does not copy.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::string_view bytes() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace alab
