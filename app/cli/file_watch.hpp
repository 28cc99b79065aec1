// Notices that a file was saved, also by editors that write a new file and rename it over the old one.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "reference/core/job.hpp"

namespace alab::cli {

class FileWatch {
 public:
  FileWatch(std::filesystem::path file, std::size_t largest) : file_(std::move(file)), largest_(largest) {}

  /// Its text, at once the first time, then as soon as it differs from the one given before. A file that is
  /// away for a moment is waited for. @throws Error at first when there is none; Cancelled
  std::string next(const Progress& progress);
  /// The file differs from the text that next() gave.
  bool changed() const;

 private:
  std::optional<std::string> text_now() const;
  std::filesystem::path file_;
  std::size_t largest_;
  std::optional<std::string> given_;
};

/// A Progress that stops when the given one does, and when the watched file changes.
class ChangeStop {
 public:
  ChangeStop(const FileWatch& watch, const Progress& progress);
  const Progress& progress() const { return progress_; }

 private:
  std::stop_source source_;
  Progress progress_;
  std::jthread thread_;
};

}  // namespace alab::cli
