// Files drawn from a Result, the same from the window and from the command line. No ImGui here.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "labs/lab.hpp"
#include "reference/core/job.hpp"
#include "reference/core/result.hpp"

namespace alab {

struct ExportFormats {
  bool png = true, svg = true, csv = true, json = true, html = true;
  /// "csv,json,svg,png,html"; Error names an unknown one.
  static ExportFormats parse(std::string_view list);
};

/// What the student said about one step; part of the report.
struct StudentAnswer {
  std::string step;        ///< Step::key
  std::string prediction;  ///< as text; "" when skipped
  std::string verdict;     ///< "right", "3 % off", "skipped"
};
struct StudentRecord {
  std::string name;   ///< may be empty
  std::string notes;  ///< free text of the lab
  std::vector<StudentAnswer> answers;
  std::map<std::string, int> quiz;  ///< QuizItem::key -> chosen option
};

struct ExportOptions {
  ExportFormats formats;
  std::filesystem::path folder;
  StudentRecord student;
};

/// Writes <folder>/<experiment>_<plot key>.{png,svg,csv}, <experiment>.json, and report.html; returns what it
/// wrote. Each file appears whole or not at all. PNG is drawn at twice the nominal size.
std::vector<std::filesystem::path> export_result(const Lab& lab, const Result& result,
                                                 const ExportOptions& options, const Progress& progress);
/// One self-contained HTML lab report over several results: predictions, answers, plots, tables, provenance.
std::filesystem::path write_report(const Lab& lab, const std::vector<Result>& results,
                                   const ExportOptions& options, const Progress& progress);
/// PNG needs cairo at build time: "" or the sentence to show.
std::string png_unavailable();

}  // namespace alab
