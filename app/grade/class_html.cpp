// class.html: tables only, so that it prints and reads without a network. SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/grade/class_report.hpp"
#include "app/grade/texts.hpp"
#include "reference/core/error.hpp"

namespace alab::grade {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Class report</title>
<style>
body { font: 15px/1.45 Roboto, sans-serif; color: #1c2127; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: .6rem 0 1.4rem }
th, td { border: 1px solid #c9d0d6; padding: .25rem .6rem; text-align: left; vertical-align: top }
th { background: #f0f3f5 } td.n { text-align: right; font-variant-numeric: tabular-nums }
.none { color: #6b757e } .bad { background: #fbe9e0 } .full { background: #e3f1e6 }
.bar { display: inline-block; height: .7rem; background: #c4551d; vertical-align: middle; margin-right: .5rem }
.wide { overflow-x: auto } h2 { margin-top: 2.2rem } pre { white-space: pre-wrap; margin: 0 }
@media print { body { max-width: none } }
</style></head><body>
)";

std::string cell(std::string_view words, std::string_view kind = "") {
  return kind.empty() ? text("<td>", html_text(words), "</td>")
                      : text("<td class=\"", kind, "\">", html_text(words), "</td>");
}

std::string percent(int part, int whole) {
  return whole == 0 ? "-" : text((100 * part + whole / 2) / whole, " %");
}

std::string names(const std::vector<std::string>& students) {
  std::string out;
  for (const std::string& student : students) {
    out += (out.empty() ? "" : ", ") + student;
  }
  return out;
}

std::string points_cell(const GradedExercise* e) {
  if (e == nullptr || e->file.empty()) {
    return "<td class=\"none\">not handed in</td>";
  }
  const std::string points = points_text(e->earned());
  switch (e->outcome) {
    case Outcome::judged:
      return cell(points, e->earned() >= e->points() ? "n full" : "n");
    case Outcome::did_not_compile:
      return cell(points + ", does not compile", "bad");
    case Outcome::not_allowed:
      return cell(points + ", not allowed", "bad");
    case Outcome::unreadable:
      return cell(points + ", unreadable", "bad");
    default:
      return cell("not judged", "bad");
  }
}

std::string students_table(const ClassSummary& summary) {
  std::string out = "<h2>Students</h2>\n<div class=\"wide\"><table><tr><th>student</th><th>points</th>";
  for (const ExerciseStatistics& s : summary.exercises) {
    out += text("<th title=\"", html_text(s.title), "\">", html_text(s.id), "<br>of ", points_text(s.points),
                "</th>");
  }
  out += "<th>result</th></tr>\n";
  for (const StudentGrade& g : summary.students) {
    out += text("<tr>", cell(g.student),
                cell(text(points_text(g.earned()), " of ", points_text(g.points())), "n"));
    for (const ExerciseStatistics& s : summary.exercises) {
      const auto at = std::find_if(g.exercises.begin(), g.exercises.end(),
                                   [&](const GradedExercise& e) { return e.id == s.id; });
      out += points_cell(at == g.exercises.end() ? nullptr : &*at);
    }
    out += text("<td>", html_text(text("students/", file_name_of(g.student), ".json")), "</td></tr>\n");
  }
  return out + "</table></div>\n";
}

std::string checks_table(const ExerciseStatistics& s) {
  std::string out =
      "<table><tr><th>check</th><th>points</th><th>seen by students</th><th>failed</th><th></th></tr>\n";
  for (const CheckStatistics& c : s.checks) {
    const int share = c.judged == 0 ? 0 : 100 * c.failed / c.judged;
    out += text("<tr>", cell(c.info.title), cell(points_text(c.info.points), "n"), cell(c.info.visibility),
                cell(text(c.failed, " of ", c.judged), "n"), "<td><span class=\"bar\" style=\"width:", share,
                "px\"></span>", percent(c.failed, c.judged), "</td></tr>\n");
  }
  return out + "</table>\n";
}

std::string diagnoses_table(const ExerciseStatistics& s) {
  if (s.diagnoses.empty()) {
    return "";
  }
  std::string out = "<table><tr><th>commonest diagnoses</th><th>students</th></tr>\n";
  for (std::size_t i = 0; i < s.diagnoses.size() && i < 10; ++i) {
    out += text("<tr>", cell(s.diagnoses[i].first), cell(text(s.diagnoses[i].second), "n"), "</tr>\n");
  }
  return out + "</table>\n";
}

std::string exercise_section(const ExerciseStatistics& s, std::size_t students) {
  std::string line = text(s.handed_in, " of ", students, " handed it in");
  if (s.handed_in > 0) {
    line += text("; on average ", points_text(s.mean), " of ", points_text(s.points), " points, ",
                 s.full_marks, " with all of them");
  }
  const auto add = [&](int count, const char* what) { line += count > 0 ? text("; ", count, what) : ""; };
  add(s.did_not_compile, " did not compile");
  add(s.not_allowed, " held code that may not run");
  add(s.unreadable, " could not be read");
  add(s.not_judged, " could not be judged (run the same command again)");
  if (s.hint_files > 0) {
    line += text("; hints opened: ", points_text(s.mean_hints), " on average of the ", s.hint_files,
                 " whose state.json tells");
  }
  return text("<h2>", html_text(s.id), ": ", html_text(s.title), "</h2>\n<p>", html_text(line), ".</p>\n",
              checks_table(s), diagnoses_table(s),
              s.missing.empty() ? "" : text("<p>Not handed in by: ", html_text(names(s.missing)), "</p>\n"));
}

std::string remarks(const ClassSummary& summary) {
  std::string rows;
  const auto add = [&](const std::string& student, const std::string& words) {
    rows += text("<tr>", cell(student), "<td><pre>", html_text(words), "</pre></td></tr>\n");
  };
  for (const StudentGrade& g : summary.students) {
    if (!g.refused.empty()) {
      add(g.student, g.refused);
    }
    for (const std::string& note : g.notes) {
      add(g.student, note);
    }
    for (const GradedExercise& e : g.exercises) {
      if (e.outcome != Outcome::judged && e.outcome != Outcome::not_handed_in) {
        add(g.student, text(e.id, ": ", cut_to(e.message, 1500)));
      }
    }
  }
  return rows.empty()
             ? ""
             : "<h2>Remarks</h2>\n<table><tr><th>student</th><th>what</th></tr>\n" + rows + "</table>\n";
}

}  // namespace

std::string class_html(const ClassSummary& summary) {
  std::string out(kHead);
  out += text(
      "<h1>Class report</h1>\n<p>", summary.students.size(), " submissions, ", summary.exercises.size(),
      summary.exercises.size() == 1 ? " exercise" : " exercises",
      ". Points are of counted runs on the CPU executor; no time decides. A failed check counts where the "
      "submission compiled.</p>\n");
  if (!summary.nothing_handed_in.empty()) {
    out += text("<p>Nothing handed in: ", html_text(names(summary.nothing_handed_in)), "</p>\n");
  }
  if (!summary.refused.empty()) {
    out += text("<p>Submissions that were not read: ", html_text(names(summary.refused)), "</p>\n");
  }
  for (const std::string& note : summary.notes) {
    out += text("<p>", html_text(note), "</p>\n");
  }
  out += students_table(summary);
  for (const ExerciseStatistics& s : summary.exercises) {
    out += exercise_section(s, summary.students.size());
  }
  return out + remarks(summary) + "</body></html>\n";
}

}  // namespace alab::grade
