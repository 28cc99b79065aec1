// Export from the window: what to write and where, written in the background by app/export.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/export/export.hpp"
#include "app/shell/model/runner.hpp"
#include "app/shell/model/workbook.hpp"

namespace alab::shell {

struct ExportRequest {
  const Lab* lab = nullptr;
  std::vector<Result> results;  ///< the one in view, or all of the lab
  ExportOptions options;        ///< html asks for one report over all results
};

/// What the student did in a lab, for the report.
StudentRecord student_record(const Workbook& workbook, const Lab& lab, const std::vector<Result>& results);
/// $HOME/attention-lab-exports, else the folder below the data folder.
std::filesystem::path default_export_folder();

class Exporter {
 public:
  void start(ExportRequest request);
  void cancel() { job_.cancel(); }
  JobStatus status() const { return job_.status(); }
  bool running() const { return status().state == JobState::running; }
  /// Files of the last export that finished.
  std::vector<std::filesystem::path> files() const;

 private:
  LatestJob<std::vector<std::filesystem::path>> job_;
};

}  // namespace alab::shell
