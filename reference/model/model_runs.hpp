// What the model did with the last texts, kept so that switching layer and head is instant. Safe to share.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "reference/model/smollm2.hpp"

namespace alab {

/// Runs by their tokens, the most recently used first; older ones go once together they exceed max_bytes.
class ModelRuns {
 public:
  /// 320 MiB: one text of 2,048 tokens (239 MiB) or many short ones.
  explicit ModelRuns(std::shared_ptr<const SmolLm2> model, std::size_t max_bytes = std::size_t{320} << 20);
  /// The installed model (SmolLm2::default_path()), opened on first use and shared by the whole program.
  /// @throws Error naming the command that fetches the file, when it is absent
  static std::shared_ptr<ModelRuns> installed();

  const SmolLm2& model() const { return *model_; }
  /// The run of these tokens with layers 0 .. layer finished: at once when they are known, else computed now,
  /// one forward pass at a time in the program; while another one runs, progress is still stepped every 20
  /// ms.
  std::shared_ptr<const ModelRun> get(const std::vector<int>& tokens, std::int64_t layer,
                                      const Progress& progress);
  std::size_t kept() const;  ///< number of runs held

 private:
  std::shared_ptr<ModelRun> find_or_start(const std::vector<int>& tokens);
  void forget_old();

  std::shared_ptr<const SmolLm2> model_;
  std::size_t max_bytes_;
  mutable std::mutex mutex_;  ///< guards runs_
  std::list<std::shared_ptr<ModelRun>> runs_;
  std::mutex computing_;
};

}  // namespace alab
