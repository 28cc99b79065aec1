// SPDX-License-Identifier: MIT
#include "kernels/student/program_cache.hpp"

#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <vector>

#include "kernels/executor/wire.hpp"
#include "reference/core/error.hpp"
#include "reference/core/files.hpp"

namespace alab::student {

template <class Archive>
void exchange(Archive& archive, Diagnostic& x) {
  auto& [line, column, error, words] = x;
  archive(line, column, error, words);
}

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWork = "work-";
constexpr auto kAbandoned = std::chrono::hours(24);
constexpr auto kInUse = std::chrono::minutes(10);

/// What an entry holds beside the program: the key, so that equal names are found out, and the messages.
struct Entry {
  std::string source, launch, kit, refused;
  std::vector<Diagnostic> diagnostics;
  bool compiled = false;
};
template <class Archive>
void exchange(Archive& archive, Entry& x) {
  auto& [source, launch, kit, refused, diagnostics, compiled] = x;
  archive(source, launch, kit, refused, diagnostics, compiled);
}

fs::path folder() {
  return cache_dir() / "student";
}

// FNV-1a, 64 bits: a name only, the key itself lies in the entry.
std::string name_of(const ProgramKey& key) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const std::string* part : {&key.source, &key.launch, &key.kit}) {
    for (const char c : *part) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    }
    hash = (hash ^ 0x100u) * 1099511628211ull;
  }
  std::string name;
  for (int i = 0; i < 16; ++i, hash >>= 4) {
    name += "0123456789abcdef"[hash & 15u];
  }
  return name;
}

// Several machines may share the folder, so that no number of a process is unique in it.
fs::path fresh_folder() {
  std::error_code failure;
  fs::create_directories(folder(), failure);
  std::string path = (folder() / text(kWork, "XXXXXX")).string();
  if (!failure && mkdtemp(path.data()) == nullptr) {
    failure.assign(errno, std::generic_category());
  }
  require(!failure, "cannot write to the cache folder ", folder().string(), " (", failure.message(),
          "): free space there, or name another with ALAB_CACHE_DIR");
  return path;
}

void discard(const fs::path& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

void bound(std::size_t most) {
  std::vector<std::pair<fs::file_time_type, fs::path>> entries;
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder(), failure)) {
    std::error_code gone;
    const auto used = entry.last_write_time(gone);
    if (gone) {
      continue;
    }
    if (!entry.path().filename().string().starts_with(kWork)) {
      entries.emplace_back(used, entry.path());
    } else if (fs::file_time_type::clock::now() - used > kAbandoned) {
      discard(entry.path());
    }
  }
  std::sort(entries.begin(), entries.end());
  const auto idle = fs::file_time_type::clock::now() - kInUse;
  for (std::size_t i = 0; i + most < entries.size() && entries[i].first < idle; ++i) {
    discard(entries[i].second);
  }
}

}  // namespace

WorkFolder::WorkFolder() : path_(fresh_folder()) {}
WorkFolder::~WorkFolder() {
  discard(path_);
}

std::optional<Program> find_program(const ProgramKey& key) {
  const fs::path entry = folder() / name_of(key);
  std::error_code failure;
  if (!fs::exists(entry / "entry", failure)) {
    return std::nullopt;
  }
  try {
    const std::string bytes = read_file(entry / "entry", std::size_t{64} << 20);
    const auto found = wire::unpacked<Entry>(std::as_bytes(std::span(bytes)));
    const bool whole = !found.compiled || fs::is_regular_file(entry / "program", failure);
    if (found.source != key.source || found.launch != key.launch || found.kit != key.kit || !whole) {
      return std::nullopt;
    }
    fs::last_write_time(entry, fs::file_time_type::clock::now(), failure);
    Program program;
    program.file = found.compiled ? entry / "program" : fs::path();
    program.diagnostics = found.diagnostics;
    program.refused = found.refused;
    return program;
  } catch (const Error&) {
    return std::nullopt;  // of another version, or cut by a full disk: it is made again
  }
}

Program keep_program(const ProgramKey& key, Program program) {
  const WorkFolder work;
  const Entry entry{key.source,      key.launch,          key.kit,
                    program.refused, program.diagnostics, !program.file.empty()};
  std::error_code failure;
  if (entry.compiled) {
    fs::rename(program.file, work.path() / "program", failure);
    require(!failure, "cannot keep a program in ", folder().string(), " (", failure.message(),
            "): free space there, or name another folder with ALAB_CACHE_DIR");
  }
  const std::vector<std::byte> bytes = wire::packed(entry);
  write_file_atomic(work.path() / "entry", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const fs::path place = folder() / name_of(key);
  fs::rename(work.path(), place, failure);
  if (failure) {  // another process was first, or an entry of another key has the name
    if (const std::optional<Program> theirs = find_program(key)) {
      program.file = theirs->file;
      return program;
    }
    discard(place);
    fs::rename(work.path(), place, failure);
    require(!failure, "cannot keep a program in ", folder().string(), " (", failure.message(),
            "): free space there, or name another folder with ALAB_CACHE_DIR");
  }
  program.file = entry.compiled ? place / "program" : fs::path();
  bound(kMostPrograms);
  return program;
}

}  // namespace alab::student
