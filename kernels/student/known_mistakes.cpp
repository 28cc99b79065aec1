// SPDX-License-Identifier: MIT
#include "kernels/student/known_mistakes.hpp"

namespace alab::student {

std::optional<HostArrays> KnownMistakes::outputs(const Exercise& exercise, std::string_view file,
                                                 const Case& c, const HostArrays& inputs,
                                                 const Progress& progress) {
  const std::string key = text(exercise.id, "/", file, " ", c.shape.describe(), " ", c.input, " ", c.seed,
                               " ", static_cast<int>(c.order));
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = known_.find(key); at != known_.end()) {
      return at->second;
    }
  }
  std::optional<HostArrays> outputs = outputs_of_mistake(exercise, text("wrong/", file), c, inputs, progress);
  const std::lock_guard lock(mutex_);
  if (known_.size() < kMost) {
    known_.emplace(key, outputs);
  }
  return outputs;
}

}  // namespace alab::student
