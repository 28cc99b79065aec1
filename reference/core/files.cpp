// SPDX-License-Identifier: MIT
#include "reference/core/files.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "reference/core/error.hpp"

namespace alab {
namespace {

std::string reason() {
  return std::strerror(errno);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

int open_regular(const std::filesystem::path& path, std::size_t& size) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  require(fd >= 0, "cannot read ", path.string(), ": ", reason(), "; check the path and its permissions");
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    throw Error(text("cannot read ", path.string(), ": it is not a regular file"));
  }
  size = static_cast<std::size_t>(info.st_size);
  return fd;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return true;
}

std::filesystem::path xdg(const char* own, const char* variable, const char* fallback) {
  if (const char* folder = std::getenv(own); folder != nullptr && *folder != '\0') {
    return folder;
  }
  if (const char* folder = std::getenv(variable); folder != nullptr && *folder != '\0') {
    return std::filesystem::path(folder) / "attention-lab";
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : ".") / fallback / "attention-lab";
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  std::size_t size = 0;
  const Descriptor file(open_regular(path, size));
  require(size <= max_bytes, path.string(), " has ", size, " bytes; at most ", max_bytes, " are read here");
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, size - done);
    require(got >= 0 || errno == EINTR, "cannot read ", path.string(), ": ", reason());
    if (got == 0) {
      break;
    }
    done += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  bytes.resize(done);
  return bytes;
}

void write_file_atomic(const std::filesystem::path& path, std::string_view bytes) {
  std::error_code no_folder;
  if (path.has_parent_path()) {
    std::filesystem::create_directories(path.parent_path(), no_folder);
  }
  const std::string temporary = path.string() + ".tmp-" + std::to_string(::getpid());
  std::string why;
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.get() < 0 || !write_all(file.get(), bytes) || ::fsync(file.get()) != 0) {
      why = file.get() < 0 && no_folder ? no_folder.message() : reason();
    }
  }
  if (why.empty() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    why = reason();
  }
  if (!why.empty()) {
    ::unlink(temporary.c_str());
    throw Error(text("cannot write ", path.string(), ": ", why, "; choose a folder you may write to with ",
                     bytes.size(), " free bytes"));
  }
}

std::filesystem::path data_dir() {
  return xdg("ALAB_DATA_DIR", "XDG_DATA_HOME", ".local/share");
}
std::filesystem::path cache_dir() {
  return xdg("ALAB_CACHE_DIR", "XDG_CACHE_HOME", ".cache");
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file(open_regular(path, size_));
  require(size_ > 0, path.string(), " is empty; fetch it again with ./app/run.sh");
  void* memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  require(memory != MAP_FAILED, "cannot map ", path.string(), " into memory: ", reason());
  data_ = static_cast<const char*>(memory);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    ::munmap(const_cast<char*>(data_), size_);
  }
}

}  // namespace alab
