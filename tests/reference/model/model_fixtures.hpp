// Small GGUF files made in memory, and the way to the real model where it is installed.
// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/files.hpp"
#include "reference/core/json.hpp"
#include "reference/core/rng.hpp"
#include "reference/model/smollm2.hpp"

namespace alab::testing {

/// Little-endian bytes of a number.
template <class T>
std::string raw(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}
inline std::string words(std::string_view s) {
  return raw(std::uint64_t{s.size()}) + std::string(s);
}

/// Writes GGUF version 3 as the format's description says; anything may be made wrong on purpose.
struct GgufWriter {
  std::uint32_t version = 3, alignment = 32;
  std::uint64_t values = 0, tensors = 0;
  std::optional<std::uint64_t> claimed_values, claimed_tensors;
  std::string metadata, infos, data;

  void value(std::string_view key, std::uint32_t type, const std::string& payload) {
    metadata += words(key) + raw(type) + payload;
    ++values;
  }
  void integer(std::string_view key, std::uint32_t v) { value(key, 4, raw(v)); }
  void real(std::string_view key, float v) { value(key, 6, raw(v)); }
  void word(std::string_view key, std::string_view v) { value(key, 8, words(v)); }
  void word_list(std::string_view key, const std::vector<std::string>& list) {
    std::string payload = raw(std::uint32_t{8}) + raw(std::uint64_t{list.size()});
    for (const std::string& item : list) {
      payload += words(item);
    }
    value(key, 9, payload);
  }
  void integer_list(std::string_view key, const std::vector<std::int32_t>& list) {
    std::string payload = raw(std::uint32_t{5}) + raw(std::uint64_t{list.size()});
    for (const std::int32_t item : list) {
      payload += raw(item);
    }
    value(key, 9, payload);
  }
  /// extents innermost first, as in the file.
  void tensor(std::string_view name, const std::vector<std::uint64_t>& extents, std::uint32_t type,
              const std::string& bytes, std::optional<std::uint64_t> offset = {}) {
    data.resize((data.size() + alignment - 1) / alignment * alignment);
    infos += words(name) + raw(static_cast<std::uint32_t>(extents.size()));
    for (const std::uint64_t extent : extents) {
      infos += raw(extent);
    }
    infos += raw(type) + raw(offset.value_or(data.size()));
    data += bytes;
    ++tensors;
  }
  std::string bytes() const {
    std::string out =
        "GGUF" + raw(version) + raw(claimed_tensors.value_or(tensors)) + raw(claimed_values.value_or(values));
    out += metadata + infos;
    if (tensors > 0) {
      out.resize((out.size() + alignment - 1) / alignment * alignment);
    }
    return out + data;
  }
};

/// Sizes of a made-up model and how its matrices are stored (ggml's type numbers).
struct TinyShape {
  std::uint32_t layers = 2, heads = 4, kv_heads = 2, head_dim = 16, hidden = 96;
  std::uint32_t attention_type = 3, feed_forward_type = 8, output_type = 1;  // Q4_1, Q8_0, F16
};

/// A vocabulary of all 256 bytes, a few merges and two control tokens.
struct TinyVocabulary {
  std::vector<std::string> tokens, merges;
  std::vector<std::int32_t> types;
  TinyVocabulary();
  int id(std::string_view token) const;
};

/// Random bytes of a matrix of `count` values in storage `type`, of moderate size.
std::string random_matrix(std::uint32_t type, std::uint64_t count, Rng& rng);
/// A whole model file with random weights.
std::string tiny_model(const TinyShape& shape = {}, std::uint64_t seed = 1);

/// A folder of its own, removed at the end.
struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
};

/// Points cache_dir() elsewhere for as long as it lives.
struct CacheAt {
  explicit CacheAt(const std::filesystem::path& folder);
  ~CacheAt();
  CacheAt(const CacheAt&) = delete;
  CacheAt& operator=(const CacheAt&) = delete;
  std::optional<std::string> before;
};

/// True when the real weights are there; else says in the test's output why the test is left out.
bool have_model();
bool have_books();
/// The real model, opened once.
const SmolLm2& real_model();
/// fixtures/smollm2.json, made by make_fixture.py.
const Json& fixture();

/// What an Error says, or "no error".
template <class Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}
inline bool contains(std::string_view where, std::string_view what) {
  return where.find(what) != std::string_view::npos;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace alab::testing
