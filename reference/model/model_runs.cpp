// SPDX-License-Identifier: MIT
#include "reference/model/model_runs.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "reference/core/error.hpp"

namespace alab {

ModelRuns::ModelRuns(std::shared_ptr<const SmolLm2> model, std::size_t max_bytes)
    : model_(std::move(model)), max_bytes_(max_bytes) {}

std::shared_ptr<ModelRuns> ModelRuns::installed() {
  static std::mutex mutex;
  static std::filesystem::path opened;
  static std::shared_ptr<ModelRuns> runs;
  const std::lock_guard lock(mutex);
  const std::filesystem::path file = SmolLm2::default_path();
  if (!runs || opened != file) {
    require(std::filesystem::exists(file), "SmolLM2's weights are not in ", file.string(),
            "; run ./app/run.sh once (without --no-model) to fetch them");
    runs = std::make_shared<ModelRuns>(std::make_shared<const SmolLm2>(file));
    opened = file;
  }
  return runs;
}

std::shared_ptr<const ModelRun> ModelRuns::get(const std::vector<int>& tokens, std::int64_t layer,
                                               const Progress& progress) {
  require(layer >= 0 && layer < model_->shape().layers, "layer ", layer, " is outside 0..",
          model_->shape().layers - 1);
  const std::shared_ptr<ModelRun> run = find_or_start(tokens);
  if (run->ready() > layer) {
    return run;
  }
  std::unique_lock lock(computing_, std::try_to_lock);
  while (!lock.owns_lock() && !lock.try_lock()) {
    progress.step(0, "SmolLM2: waiting for another text to finish");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  model_->extend(*run, layer + 1, progress);
  forget_old();
  return run;
}

std::size_t ModelRuns::kept() const {
  const std::lock_guard lock(mutex_);
  return runs_.size();
}

std::shared_ptr<ModelRun> ModelRuns::find_or_start(const std::vector<int>& tokens) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(runs_.begin(), runs_.end(), [&](const auto& run) { return run->tokens() == tokens; });
  if (found != runs_.end()) {
    runs_.splice(runs_.begin(), runs_, found);
  } else {
    runs_.push_front(model_->start(tokens));
  }
  return runs_.front();
}

void ModelRuns::forget_old() {
  const std::lock_guard lock(mutex_);
  std::size_t total = 0;
  for (auto run = runs_.begin(); run != runs_.end();) {
    total += (*run)->memory_bytes();
    run = total > max_bytes_ && run != runs_.begin() ? runs_.erase(run) : std::next(run);
  }
}

}  // namespace alab
