// SPDX-License-Identifier: MIT
#include "app/export/export.hpp"

#include "app/export/csv.hpp"
#include "app/export/figures.hpp"
#include "app/export/program.hpp"
#include "reference/core/files.hpp"
#include "reference/core/json.hpp"

namespace alab {
namespace {

// What was written so far, so that a cancelled or failed export leaves nothing behind.
class Written {
 public:
  Written() = default;
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;
  ~Written() {
    std::error_code ignored;
    for (const auto& path : paths_) {
      std::filesystem::remove(path, ignored);
    }
  }
  void write(const std::filesystem::path& path, std::string_view bytes) {
    const bool fresh = !std::filesystem::exists(path);
    write_file_atomic(path, bytes);
    all_.push_back(path);
    if (fresh) {
      paths_.push_back(path);
    }
  }
  std::vector<std::filesystem::path> keep() {
    paths_.clear();
    return std::move(all_);
  }

 private:
  std::vector<std::filesystem::path> paths_, all_;
};

}  // namespace

std::vector<std::filesystem::path> export_result(const Lab& lab, const Result& result,
                                                 const ExportOptions& options, const Progress& progress) {
  require(!options.formats.png || png_unavailable().empty(), png_unavailable());
  const std::string stem = result.experiment.empty() ? std::string(lab.id) : result.experiment;
  const auto path = [&](const std::string& key, const char* ending) {
    return options.folder / text(stem, "_", key, ending);
  };
  Written written;
  const std::vector<Figure> figures = figures_of(result);
  for (std::size_t i = 0; i < figures.size(); ++i) {
    progress.step(static_cast<double>(i) / static_cast<double>(figures.size() + 1),
                  text("drawing ", figures[i].key));
    if (options.formats.svg) {
      written.write(path(figures[i].key, ".svg"), svg_of(figures[i]));
    }
    if (options.formats.png) {
      written.write(path(figures[i].key, ".png"), png_of(figures[i]));
    }
  }
  if (options.formats.csv) {
    const auto each = [&](const auto& items) {
      for (const auto& item : items) {
        progress.step(0.9, text("writing ", item.key));
        written.write(path(item.key, ".csv"), csv_of(item));
      }
    };
    each(result.plots);
    each(result.heatmaps);
    each(result.tables);
    each(result.steppers);
    for (const Stepper& stepper : result.steppers) {
      if (has_map(stepper)) {
        progress.step(0.9, text("writing the map of ", stepper.key));
        written.write(path(stepper.key + "_map", ".csv"), csv_of_map(stepper));
      }
    }
    written.write(path("numbers", ".csv"), csv_of_numbers(result));
  }
  if (options.formats.json) {
    Json json = to_json(result);
    json["program"] = program_name();
    written.write(options.folder / text(stem, ".json"), json.dump(2) + "\n");
  }
  if (options.formats.html) {
    write_report(lab, {result}, options, progress.part(0.95, 1));
    written.write(options.folder / "report.html", read_file(options.folder / "report.html"));
  }
  return written.keep();
}

}  // namespace alab
