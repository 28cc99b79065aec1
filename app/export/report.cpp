// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/export/export.hpp"
#include "app/export/figures.hpp"
#include "app/export/program.hpp"
#include "reference/core/files.hpp"

namespace alab {
namespace {

constexpr std::string_view kStyle =
    "body{font:17px/1.5 Roboto,'DejaVu "
    "Sans',Helvetica,Arial,sans-serif;color:#22262b;background:#fbfaf7;max-width:820px;margin:2em "
    "auto;padding:0 1em}"
    "h1{font-size:1.7em;line-height:1.2}h2{margin-top:2em;border-bottom:1px solid "
    "#d9d5cb;padding-bottom:.2em}h3{margin-bottom:.3em}"
    "table{border-collapse:collapse;width:100%;margin:.8em "
    "0;font-size:.88em}th,td{text-align:left;padding:.3em .6em;border-bottom:1px solid "
    "#d9d5cb;vertical-align:top}"
    "th{background:#f1efe9}td:first-child{min-width:11em}td.n{text-align:right;white-space:nowrap}"
    ".chip{display:inline-block;font-size:.8em;line-height:1.35;color:#4c525a;background:#f1efe9;"
    "border-radius:5px;padding:.05em .45em;overflow-wrap:anywhere}td.n "
    ".chip{white-space:normal;text-align:left}"
    ".ok{color:#00704f;font-weight:bold}.bad{color:#a84a00;font-weight:bold}.quiet{color:#5d636b;font-size:."
    "9em}figure{margin:1.2em 0}svg{max-width:100%;height:auto}"
    "blockquote{border-left:3px solid #0072b2;margin:0;padding:.2em "
    "1em;background:#eef4f9;white-space:pre-wrap}"
    "@media print{body{background:#fff}h2{page-break-before:auto}figure,table{page-break-inside:avoid}}";

std::string tag(std::string_view name, std::string_view inside) {
  return text("<", name, ">", inside, "</", name, ">\n");
}

std::string chip(const Provenance& p) {
  return text("<span class=\"chip\" title=\"", escaped(p.source), "\">", to_string(p.kind), ": ",
              escaped(p.source), "</span>");
}

std::string answers_html(const Lab& lab, const StudentRecord& student) {
  std::string rows;
  for (const StudentAnswer& answer : student.answers) {
    std::string title = answer.step;
    std::string question;
    for (const Step& step : lab.steps) {
      if (step.key == answer.step) {
        title = std::string(step.title);
        question = std::string(step.prediction.question);
      }
    }
    rows +=
        text("<tr><td>", escaped(title), "<br><span class=\"quiet\">", escaped(question), "</span></td><td>",
             answer.prediction.empty() ? "<i>skipped</i>" : escaped(answer.prediction), "</td><td>",
             escaped(answer.verdict), "</td></tr>\n");
  }
  return rows.empty()
             ? ""
             : tag("h2", "Predictions") +
                   "<table><tr><th>step</th><th>prediction</th><th>outcome</th></tr>\n" + rows + "</table>\n";
}

std::string quiz_html(const Lab& lab, const StudentRecord& student) {
  std::string rows;
  for (const QuizItem& item : lab.quiz) {
    const auto at = student.quiz.find(std::string(item.key));
    if (at == student.quiz.end() || at->second < 0 || at->second >= static_cast<int>(item.options.size())) {
      continue;
    }
    const bool right = at->second == item.correct;
    rows += text("<tr><td>", escaped(item.question), "</td><td>",
                 escaped(item.options[static_cast<std::size_t>(at->second)]), "</td><td class=\"",
                 right ? "ok\">right" : "bad\">not right", "</td></tr>\n");
  }
  return rows.empty() ? ""
                      : tag("h2", "Quiz") + "<table><tr><th>question</th><th>answer</th><th></th></tr>\n" +
                            rows + "</table>\n";
}

std::string checks_html(const Result& result) {
  if (result.checks.empty()) {
    return "";
  }
  std::string rows;
  for (const Check& c : result.checks) {
    const std::string verdict = c.passed() ? "<span class=\"ok\">passed</span>"
                                           : (c.lamp ? "lamp off" : "<span class=\"bad\">failed</span>");
    const std::string hint = c.low == 0 ? "error" : "";
    const std::string band =
        c.low == c.high ? text("exactly ", format_value(c.high, ""))
                        : (c.low == 0 ? text("at most ", format_value(c.high, hint))
                                      : text(format_value(c.low, ""), " to ", format_value(c.high, "")));
    rows += text("<tr><td>", escaped(c.label),
                 c.detail.empty() ? "" : text("<br><span class=\"quiet\">", escaped(c.detail), "</span>"),
                 "</td><td class=\"n\">", format_value(c.value, hint), "</td><td class=\"n\">", band,
                 "</td><td>", verdict, "</td><td>", chip(c.provenance), "</td></tr>\n");
  }
  return "<table><tr><th>check</th><th>value</th><th>criterion</th><th></th><th>where from</th></tr>\n" +
         rows + "</table>\n";
}

std::string scalars_html(const Result& result) {
  if (result.scalars.empty()) {
    return "";
  }
  std::string rows;
  for (const Scalar& s : result.scalars) {
    rows += text("<tr><td>", escaped(s.label), "</td><td class=\"n\">", format_value(s.value, s.hint), " ",
                 escaped(s.unit), "</td><td>", chip(s.provenance), "</td></tr>\n");
  }
  return "<table><tr><th>quantity</th><th>value</th><th>where from</th></tr>\n" + rows + "</table>\n";
}

std::string table_html(const Table& table) {
  std::string rows = "<tr>";
  for (const std::string& column : table.columns) {
    rows += text("<th>", escaped(column), "</th>");
  }
  rows += "</tr>\n";
  for (const auto& row : table.rows) {
    rows += "<tr>";
    for (const Cell& cell : row) {
      rows += cell.has_number ? text("<td class=\"n\">", format_value(cell.value, cell.hint), "<br>",
                                     chip(cell.provenance), "</td>")
                              : text("<td>", escaped(cell.text), "</td>");
    }
    rows += "</tr>\n";
  }
  return text(tag("h3", escaped(table.title)), "<p class=\"quiet\">", escaped(table.note), "</p>\n<table>",
              rows, "</table>\n");
}

// Ids of clip paths must differ between the figures of one page.
std::string unique_ids(std::string svg, int figure) {
  const std::string prefix = text("f", figure, "clip");
  for (const std::string before : {"id=\"clip", "url(#clip"}) {
    const std::string after = before.substr(0, before.size() - 4) + prefix;
    for (std::size_t at = svg.find(before); at != std::string::npos;
         at = svg.find(before, at + after.size())) {
      svg.replace(at, before.size(), after);
    }
  }
  return svg;
}

struct Heading {
  std::string title, what, preset;
};

// A Result of a preset is called EXPERIMENT_PRESET.
Heading heading_of(const Lab& lab, const std::string& name) {
  const auto presets = find_lab(lab.id) == nullptr ? std::vector<Preset>{} : presets_of(lab);
  for (const Experiment& e : lab.experiments) {
    if (name != e.id && !name.starts_with(text(e.id, "_"))) {
      continue;
    }
    Heading heading{std::string(e.title), std::string(e.what), ""};
    for (const Preset& preset : presets) {
      if (name == text(e.id, "_", preset.name)) {
        heading.preset = preset.title;
      }
    }
    return heading;
  }
  return {name, "", ""};
}

std::string result_html(const Lab& lab, const Result& result, int& figure, const Progress& progress) {
  const Heading heading = heading_of(lab, result.experiment);
  std::string out = tag("h2", escaped(heading.title)) +
                    (heading.preset.empty() ? "" : tag("h3", escaped(heading.preset))) +
                    tag("p", escaped(heading.what));
  out += text("<p class=\"quiet\">Parameters: ", result.params.empty() ? "none" : escaped(result.params),
              result.input.empty() ? "" : text("<br>Input: ", escaped(result.input)), "</p>\n");
  for (const std::string& note : result.notes) {
    out += text("<p class=\"quiet\">", escaped(note), "</p>\n");
  }
  out += scalars_html(result) + checks_html(result);
  for (const Figure& f : figures_of(result)) {
    progress.step(0.5, text("drawing ", f.key));
    out += text("<figure>", unique_ids(svg_of(f), ++figure), "</figure>\n");
  }
  for (const Table& table : result.tables) {
    out += table_html(table);
  }
  return out;
}

}  // namespace

std::filesystem::path write_report(const Lab& lab, const std::vector<Result>& results,
                                   const ExportOptions& options, const Progress& progress) {
  std::string body =
      tag("h1", escaped(text("Chapter ", lab.chapter, ": ", lab.title))) + tag("p", escaped(lab.question));
  if (!options.student.name.empty()) {
    body += text("<p>Student: <b>", escaped(options.student.name), "</b></p>\n");
  }
  std::string objectives;
  for (const std::string_view objective : lab.objectives) {
    objectives += tag("li", escaped(objective));
  }
  body += objectives.empty() ? "" : tag("ul", objectives);
  body += answers_html(lab, options.student) + quiz_html(lab, options.student);
  if (!options.student.notes.empty()) {
    body += tag("h2", "Notes") + tag("blockquote", escaped(options.student.notes));
  }
  int figure = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    body += result_html(lab, results[i], figure,
                        progress.part(static_cast<double>(i) / static_cast<double>(results.size()), 1));
  }
  body +=
      "<p class=\"quiet\">Every number says where it comes from: <b>measured</b> on the named machine, "
      "<b>counted</b> while the algorithm ran, "
      "<b>modelled</b> by the named formula, <b>recorded</b> in the named file, or printed in the named "
      "<b>paper</b>.</p>\n" +
      tag("p", text("Made with ", program_name(), ".")) + "\n";
  const std::string page = text(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>",
      escaped(lab.title), "</title><style>", kStyle, "</style></head><body>\n", body, "</body></html>\n");
  const std::filesystem::path path = options.folder / "report.html";
  write_file_atomic(path, page);
  return path;
}

}  // namespace alab
