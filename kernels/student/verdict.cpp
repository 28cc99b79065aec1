// SPDX-License-Identifier: MIT
#include "kernels/student/verdict.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace alab::student {
namespace {

Json number(double x) {
  return std::isfinite(x) ? Json(x) : Json(std::isnan(x) ? "NaN" : x > 0 ? "inf" : "-inf");
}

Json to_json(const counted::Line& line) {
  return {{"file", line.file}, {"line", line.line}};
}

Json to_json(const counted::Finding& f) {
  return {{"mistake", counted::to_string(f.mistake)},
          {"sentence", f.sentence},
          {"where", to_json(f.line)},
          {"other", to_json(f.other_line)},
          {"block", f.block},
          {"thread", f.thread},
          {"buffer", f.buffer},
          {"count", f.count}};
}

Json to_json(const BadElement& e) {
  return {{"element", e.name}, {"expected", number(e.expected)}, {"got", number(e.got)}};
}

Json to_json(const CaseName& c) {
  return {{"shape", c.shape}, {"input", c.input}, {"seed", c.seed}, {"order", c.order}};
}

Json to_json(const CounterBound& c) {
  return {{"expression", c.expression},
          {"now", number(c.now)},
          {"relation", c.relation},
          {"allowed", number(c.allowed)},
          {"holds", c.holds}};
}

Json to_json(const ShownSeries& s) {
  Json values = Json::array();
  for (const float value : s.values) {
    values.push_back(number(value));
  }
  return {{"name", s.name}, {"values", values}, {"more", s.more}};
}

Json to_json(const ErrorMap& m) {
  Json shown = Json::array();
  for (const ShownSeries& s : m.shown) {
    shown.push_back(to_json(s));
  }
  return {{"case", to_json(m.at)},
          {"output", m.output},
          {"matrix", m.matrix},
          {"rows", m.rows},
          {"cols", m.cols},
          {"row_step", m.row_step},
          {"col_step", m.col_step},
          {"cell_rows", m.cell_rows},
          {"cell_cols", m.cell_cols},
          {"cells", m.cells},
          {"worst", to_json(m.worst)},
          {"writer", m.writer},
          {"shown", shown}};
}

Json to_json(const Diagnosis& d);
Json to_json(const Diagnostic& d);
Json to_json(const CheckVerdict& c);
Json to_json(const GpuTiming& t);
Json to_json(const GpuReport& g);

template <class T>
Json list(const std::vector<T>& items) {
  Json out = Json::array();
  for (const T& item : items) {
    out.push_back(to_json(item));
  }
  return out;
}

template <class T>
Json maybe(const std::optional<T>& item) {
  return item ? to_json(*item) : Json(nullptr);
}

Json to_json(const Diagnosis& d) {
  return {{"kind", d.kind}, {"sentence", d.sentence}, {"mistake", d.mistake}};
}

Json to_json(const Diagnostic& d) {
  return {{"line", d.line}, {"column", d.column}, {"error", d.error}, {"text", d.text}};
}

Json to_json(const CheckVerdict& c) {
  return {{"id", c.id},
          {"title", c.title},
          {"kind", c.kind},
          {"visibility", c.visibility},
          {"status", to_string(c.status)},
          {"points", c.points},
          {"earned", c.earned},
          {"criterion", c.criterion},
          {"judged_on", c.judged_on},
          {"sentence", c.sentence},
          {"why", c.why},
          {"rule", c.rule},
          {"runs", c.runs},
          {"failed_runs", c.failed_runs},
          {"skipped_runs", c.skipped_runs},
          {"first_failure", maybe(c.first_failure)},
          {"first_bad", maybe(c.first_bad)},
          {"diagnosis", maybe(c.diagnosis)},
          {"findings", list(c.findings)},
          {"counters", list(c.counters)},
          {"error_map", maybe(c.error_map)}};
}

Json to_json(const GpuTiming& t) {
  return {{"shape", t.shape},
          {"seconds", t.seconds},
          {"spread", t.spread},
          {"repeats", t.repeats},
          {"rung", t.rung},
          {"rung_seconds", t.rung_seconds},
          {"rung_spread", t.rung_spread},
          {"rung_note", t.rung_note},
          {"problem", t.problem}};
}

Json to_json(const GpuReport& g) {
  return {{"device", g.device},       {"judged", g.judged},
          {"sanitizer", g.sanitizer}, {"compile_seconds", g.compile_seconds},
          {"seconds", g.seconds},     {"timing", maybe(g.timing)}};
}

}  // namespace

std::string_view to_string(Status status) {
  constexpr std::array<std::string_view, 3> kNames{"passed", "failed", "not_run"};
  return kNames[static_cast<std::size_t>(status)];
}

std::string to_string(const CaseName& c) {
  return text(c.shape, ", input ", c.input, ", ", c.order, " order");
}

double Verdict::points() const {
  double total = 0;
  for (const CheckVerdict& c : checks) {
    total += c.points;
  }
  return total;
}

double Verdict::earned() const {
  double total = 0;
  for (const CheckVerdict& c : checks) {
    total += c.earned;
  }
  return total;
}

bool Verdict::passed() const {
  return compiled && refused.empty() && !checks.empty() &&
         std::all_of(checks.begin(), checks.end(),
                     [](const CheckVerdict& c) { return c.status == Status::passed; });
}

std::string_view in_words(counted::Mistake mistake) {
  constexpr std::array<std::string_view, 16> kWords{"access outside an array",
                                                    "access outside shared memory",
                                                    "index outside a local or shared array",
                                                    "access through a pointer into no array",
                                                    "misaligned access",
                                                    "shared memory read before it was written",
                                                    "element read that nothing has written",
                                                    "race in shared memory",
                                                    "race between blocks",
                                                    "race between threads of a block",
                                                    "barrier that not every thread reaches",
                                                    "warp call with a wrong mask",
                                                    "launch outside the limits of the GPU",
                                                    "stack overflow",
                                                    "loop that does not end",
                                                    "mistake"};
  return kWords[static_cast<std::size_t>(mistake)];
}

std::string in_words(const ShownSeries& series) {
  std::string out = series.name + " = ";
  for (std::size_t i = 0; i < series.values.size(); ++i) {
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "%s%.6g", i == 0 ? "" : ", ", static_cast<double>(series.values[i]));
    out += buffer;
  }
  return out + (series.more == 0 ? std::string() : text(" and ", series.more, " more"));
}

std::string words_of(const CheckVerdict& c) {
  std::string out = text(c.sentence, "\n", c.why, "\n");
  if (c.diagnosis) {
    out += c.diagnosis->sentence + "\n";
  }
  for (const counted::Finding& f : c.findings) {
    out += text(in_words(f.mistake), ": ", f.sentence, "\n");
  }
  for (const CounterBound& b : c.counters) {
    out += b.expression + "\n";
  }
  return out;
}

Json to_json(const Verdict& v) {
  return {{"exercise", v.exercise},
          {"title", v.title},
          {"student", v.student},
          {"backend", v.backend},
          {"passed", v.passed()},
          {"points", v.points()},
          {"earned", v.earned()},
          {"compiled", v.compiled},
          {"refused", v.refused},
          {"note", v.note},
          {"diagnostics", list(v.diagnostics)},
          {"checks", list(v.checks)},
          {"sandbox", v.sandbox},
          {"compile_seconds", v.compile_seconds},
          {"seconds", v.seconds},
          {"gpu", maybe(v.gpu)}};
}

}  // namespace alab::student
