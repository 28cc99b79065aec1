// SPDX-License-Identifier: MIT
#include "app/cli/file_watch.hpp"

#include <chrono>

#include "reference/core/files.hpp"

namespace alab::cli {
namespace {

// Texts of exercises are small: comparing them is simpler and surer than their times.
constexpr auto kPause = std::chrono::milliseconds(100);

}  // namespace

std::optional<std::string> FileWatch::text_now() const {
  try {
    return read_file(file_, largest_);
  } catch (const Error&) {
    return {};
  }
}

bool FileWatch::changed() const {
  const std::optional<std::string> now = text_now();
  return now && now != given_;
}

std::string FileWatch::next(const Progress& progress) {
  if (!given_) {
    return *(given_ = read_file(file_, largest_));
  }
  for (;;) {
    if (const std::optional<std::string> now = text_now(); now && now != given_) {
      return *(given_ = now);
    }
    if (progress.stop.stop_requested()) {
      throw Cancelled{};
    }
    std::this_thread::sleep_for(kPause);
  }
}

ChangeStop::ChangeStop(const FileWatch& watch, const Progress& progress)
    : progress_(progress), thread_([this, &watch, outer = progress.stop](const std::stop_token& done) {
        while (!done.stop_requested()) {
          if (outer.stop_requested() || watch.changed()) {
            source_.request_stop();
            return;
          }
          std::this_thread::sleep_for(kPause);
        }
      }) {
  progress_.stop = source_.get_token();
}

}  // namespace alab::cli
