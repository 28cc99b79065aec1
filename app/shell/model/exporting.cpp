// SPDX-License-Identifier: MIT
#include "app/shell/model/exporting.hpp"

#include <cstdlib>

#include "reference/core/files.hpp"

namespace alab::shell {
namespace {

const Result* result_for(const std::vector<Result>& results, std::string_view experiment) {
  for (const Result& result : results) {
    if (result.experiment == experiment) {
      return &result;
    }
  }
  return nullptr;
}

StudentAnswer answer_of(const Step& step, const StepProgress& progress, const Result* result) {
  StudentAnswer out{std::string(step.key), answer_text(step.prediction, progress.answer), ""};
  if (progress.answer.kind == AnswerKind::skipped) {
    out.verdict = "skipped";
  } else if (result != nullptr) {
    const Judgement judgement = judge_answer(step.prediction, progress.answer, *result);
    const bool right = judgement.verdict == Verdict::right && progress.answer.kind == AnswerKind::choice;
    out.verdict = right ? "right" : judgement.words;
  } else {
    out.verdict = "not run yet";
  }
  return out;
}

std::vector<std::filesystem::path> write_all(const ExportRequest& request, const Progress& progress) {
  std::vector<std::filesystem::path> files;
  ExportOptions options = request.options;
  const bool report = options.formats.html;
  options.formats.html = false;
  const bool others =
      options.formats.png || options.formats.svg || options.formats.csv || options.formats.json;
  const double share = report ? 0.8 : 1.0;
  for (std::size_t i = 0; others && i < request.results.size(); ++i) {
    const auto n = static_cast<double>(request.results.size());
    const Progress part =
        progress.part(share * static_cast<double>(i) / n, share * static_cast<double>(i + 1) / n);
    const auto written = export_result(*request.lab, request.results[i], options, part);
    files.insert(files.end(), written.begin(), written.end());
  }
  if (report) {
    options.formats = request.options.formats;
    files.push_back(write_report(*request.lab, request.results, options, progress.part(share, 1)));
  }
  return files;
}

}  // namespace

StudentRecord student_record(const Workbook& workbook, const Lab& lab, const std::vector<Result>& results) {
  StudentRecord record;
  record.name = workbook.preferences().student;
  const LabProgress* progress = workbook.find_progress(lab);
  if (progress == nullptr) {
    return record;
  }
  record.notes = progress->notes;
  for (const Step& step : lab.steps) {
    const auto found = progress->steps.find(step.key);
    if (found != progress->steps.end() && found->second.answer.kind != AnswerKind::none) {
      record.answers.push_back(answer_of(step, found->second, result_for(results, step.experiment)));
    }
  }
  record.quiz = {progress->quiz.begin(), progress->quiz.end()};
  return record;
}

std::filesystem::path default_export_folder() {
  const char* home = std::getenv("HOME");
  return home != nullptr && *home != '\0' ? std::filesystem::path(home) / "attention-lab-exports"
                                          : data_dir() / "exports";
}

void Exporter::start(ExportRequest request) {
  job_.submit(
      [request = std::move(request)](const Progress& progress) { return write_all(request, progress); });
}

std::vector<std::filesystem::path> Exporter::files() const {
  const auto last = job_.result().second;
  return last == nullptr ? std::vector<std::filesystem::path>{} : *last;
}

}  // namespace alab::shell
