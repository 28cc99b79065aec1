// SPDX-License-Identifier: MIT
#include "app/grade/zip.hpp"

#include <algorithm>
#include <memory>
#include <set>

#include "app/grade/texts.hpp"
#include "reference/core/error.hpp"
#ifdef ALAB_HAVE_LIBZIP
#include <sys/stat.h>
#include <zip.h>
#endif

namespace alab::grade {

#ifndef ALAB_HAVE_LIBZIP

std::string zip_unavailable() {
  return "zip files are not read, as libzip was not found when this program was built; install libzip-dev "
         "and "
         "build again, or unpack the submission into a folder";
}

std::vector<SubmittedFile> read_zip(const std::filesystem::path&, const SubmissionLimits&,
                                    const std::function<bool(std::string_view)>&) {
  throw Error(zip_unavailable());
}

#else

namespace {

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;

std::string lower(std::string_view name) {
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool is_archive(std::string_view name) {
  const std::string low = lower(name);
  constexpr std::string_view kEndings[] = {".zip", ".tar", ".gz",  ".tgz", ".bz2", ".xz",
                                           ".zst", ".7z",  ".rar", ".jar", ".lz4", ".lzma"};
  return std::any_of(std::begin(kEndings), std::end(kEndings),
                     [&](std::string_view ending) { return low.ends_with(ending); });
}

// Backslashes are separators too, as some programs on Windows write them.
void require_path_inside(const std::string& shown, std::string name, std::size_t depth) {
  std::replace(name.begin(), name.end(), '\\', '/');
  require(!name.empty(), "an entry of the zip has no name; pack the .cu files again");
  require(name[0] != '/' && !(name.size() > 1 && name[1] == ':'), "the zip holds the absolute path '", shown,
          "'; pack the .cu files again, with relative paths");
  std::size_t parts = 0;
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('/', start), name.size());
    require(name.substr(start, end - start) != "..", "the zip holds the path '", shown,
            "', which leads out of its folder; pack the .cu files again");
    start = end + 1;
    ++parts;
  }
  require(parts <= depth, "the path '", shown, "' in the zip is ", parts, " folders deep; at most ", depth,
          " are read");
}

void require_plain(zip_t* archive, zip_uint64_t index, const std::string& shown) {
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(archive, index, 0, &system, &attributes) != 0 ||
      (system != ZIP_OPSYS_UNIX && system != ZIP_OPSYS_OS_X)) {
    return;
  }
  const mode_t kind = (attributes >> 16U) & S_IFMT;
  require(kind != S_IFLNK, "'", shown, "' in the zip is a symbolic link; pack the file itself");
  require(kind == 0 || kind == S_IFREG || kind == S_IFDIR, "'", shown,
          "' in the zip is neither a file nor a folder; pack only .cu files");
}

void require_sizes(const zip_stat_t& entry, const std::string& shown, const SubmissionLimits& limits,
                   std::uint64_t& total) {
  require((entry.valid & ZIP_STAT_SIZE) != 0 && (entry.valid & ZIP_STAT_COMP_SIZE) != 0, "the size of '",
          shown, "' in the zip cannot be read; pack the .cu files again");
  require(entry.size <= limits.unpacked_bytes - total, "the zip unpacks to more than ",
          limits.unpacked_bytes >> 20U, " MiB; hand in the .cu files alone");
  total += entry.size;
  const bool large = entry.size > (std::uint64_t{1} << 20);
  require(!large || (entry.comp_size > 0 && entry.size / entry.comp_size <= limits.ratio), "'", shown,
          "' in the zip unpacks to ", entry.size, " bytes from ", entry.comp_size,
          ", as zip bombs do; hand in the .cu files alone");
}

SubmittedFile read_entry(zip_t* archive, zip_uint64_t index, const zip_stat_t& entry,
                         const std::string& shown, const SubmissionLimits& limits) {
  SubmittedFile out{shown, "", ""};
  if (entry.size > limits.file_bytes) {
    out.trouble = text("it has ", entry.size, " bytes; at most ", limits.file_bytes, " are read");
    return out;
  }
  const std::unique_ptr<zip_file_t, CloseEntry> file(zip_fopen_index(archive, index, 0));
  if (file == nullptr) {
    out.trouble = text("it cannot be unpacked (", zip_strerror(archive), ")");
    return out;
  }
  // One byte more than announced: an entry that unpacks to more than it said is damaged, not longer.
  std::string bytes(static_cast<std::size_t>(entry.size) + 1, '\0');
  std::size_t have = 0;
  zip_int64_t got = 0;
  while (have < bytes.size() && (got = zip_fread(file.get(), bytes.data() + have, bytes.size() - have)) > 0) {
    have += static_cast<std::size_t>(got);
  }
  if (got < 0 || have != entry.size) {
    out.trouble = "it is damaged: what unpacks is not what the zip announces";
    return out;
  }
  bytes.resize(have);
  require(!bytes.starts_with("PK\x03\x04"), "'", shown,
          "' in the zip is itself a zip; hand in the .cu files alone");
  out.bytes = std::move(bytes);
  return out;
}

Archive open_archive(const std::filesystem::path& file, const SubmissionLimits& limits) {
  std::error_code why;
  const std::uintmax_t size = std::filesystem::file_size(file, why);
  require(!why, "the zip cannot be read: ", why.message());
  require(size <= limits.archive_bytes, "the zip has ", size, " bytes; at most ", limits.archive_bytes,
          " are read");
  int code = 0;
  Archive archive(zip_open(file.c_str(), ZIP_RDONLY, &code));
  if (archive == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw Error(text("the zip cannot be read (", reason, "); pack the .cu files again"));
  }
  return archive;
}

}  // namespace

std::string zip_unavailable() {
  return "";
}

std::vector<SubmittedFile> read_zip(const std::filesystem::path& file, const SubmissionLimits& limits,
                                    const std::function<bool(std::string_view)>& wanted) {
  const Archive archive = open_archive(file, limits);
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
  require(count <= limits.entries, "the zip has ", count, " entries; at most ", limits.entries, " are read");
  std::uint64_t total = 0;
  std::set<std::string> names;
  std::vector<std::pair<zip_uint64_t, std::string> > chosen;
  for (zip_uint64_t i = 0; i < count; ++i) {
    zip_stat_t entry{};
    require(zip_stat_index(archive.get(), i, 0, &entry) == 0 && (entry.valid & ZIP_STAT_NAME) != 0, "entry ",
            i, " of the zip cannot be read; pack the .cu files again");
    const std::string shown = as_utf8(entry.name);
    require_path_inside(shown, entry.name, limits.depth);
    require_plain(archive.get(), i, shown);
    require((entry.valid & ZIP_STAT_ENCRYPTION_METHOD) == 0 || entry.encryption_method == ZIP_EM_NONE, "'",
            shown, "' in the zip is encrypted; pack it without a password");
    require(!is_archive(shown), "the zip holds another archive, '", shown, "'; hand in the .cu files alone");
    require_sizes(entry, shown, limits, total);
    require(names.insert(shown).second, "the zip holds '", shown, "' twice; pack the .cu files again");
    if (!shown.ends_with('/') && wanted(shown)) {
      chosen.emplace_back(i, shown);
    }
  }
  std::vector<SubmittedFile> files;
  for (const auto& [index, shown] : chosen) {
    zip_stat_t entry{};
    require(zip_stat_index(archive.get(), index, 0, &entry) == 0, "'", shown, "' in the zip cannot be read");
    files.push_back(read_entry(archive.get(), index, entry, shown, limits));
  }
  std::sort(files.begin(), files.end(),
            [](const SubmittedFile& a, const SubmittedFile& b) { return a.name < b.name; });
  return files;
}

#endif

}  // namespace alab::grade
