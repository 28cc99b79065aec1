// Floating sheets: export, doctor, help, glossary. None is modal.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "misc/cpp/imgui_stdlib.h"
#include "reference/core/files.hpp"

namespace alab::shell {
namespace {

void start_export(App& app, const Lab& lab) {
  ExportDialog& dialog = app.exports;
  ExportRequest request;
  request.lab = &lab;
  const RunView view = run_view(app);
  if (dialog.given != nullptr) {
    request.results.push_back(*dialog.given);
  } else if (dialog.whole_lab || view.result == nullptr) {
    request.results = app.runner.results_of(lab);
  } else {
    request.results.push_back(*view.result);
  }
  if (!dialog.only.empty() && request.results.size() == 1) {
    Result& result = request.results.front();
    const auto other = [&](const auto& item) { return item.key != dialog.only; };
    std::erase_if(result.plots, other);
    std::erase_if(result.heatmaps, other);
    std::erase_if(result.tables, other);
    std::erase_if(result.steppers, other);
  }
  request.options.formats = dialog.formats;
  request.options.folder = dialog.folder;
  change_preferences(app, [&](Preferences& p) {
    p.export_folder = dialog.folder;
    p.student = dialog.student;
    const ExportFormats& f = dialog.formats;
    p.export_formats.clear();
    for (const auto& [on, name] :
         {std::pair{f.png, "png"}, {f.svg, "svg"}, {f.csv, "csv"}, {f.json, "json"}, {f.html, "html"}}) {
      if (on) {
        p.export_formats += (p.export_formats.empty() ? "" : ",") + std::string(name);
      }
    }
  });
  request.options.student = student_record(app.book, lab, app.runner.results_of(lab));
  app.exporter.start(std::move(request));
  dialog.started = true;
}

void open_export(App& app) {
  ExportDialog& dialog = app.exports;
  const Preferences& p = app.book.preferences();
  dialog.folder = p.export_folder.empty() ? default_export_folder().string() : p.export_folder;
  dialog.student = p.student;
  dialog.started = false;
  try {
    dialog.formats = ExportFormats::parse(p.export_formats);
  } catch (const Error&) {
    dialog.formats = {};
  }
}

void export_formats(App& app) {
  ExportFormats& f = app.exports.formats;
  const std::string no_png = png_unavailable();
  ImGui::BeginDisabled(!no_png.empty());
  f.png = f.png && no_png.empty();
  ImGui::Checkbox("PNG###png", &f.png);
  ImGui::EndDisabled();
  ui::help(app.ui, no_png.empty() ? "Pictures at twice the size" : no_png);
  const std::tuple<const char*, bool*, const char*> rest[] = {
      {"SVG###svg", &f.svg, "Vector pictures with real text"},
      {"CSV###csv", &f.csv, "Numbers of plots and tables"},
      {"JSON###json", &f.json, "The whole result, with provenance"},
      {"HTML report###html", &f.html, "One page with your predictions, answers, plots and provenance"}};
  for (const auto& [label, on, doc] : rest) {
    ImGui::SameLine(0, ui::em(1));
    ImGui::Checkbox(label, on);
    ui::help(app.ui, doc);
  }
}

void export_outcome(App& app) {
  if (!app.exports.started) {
    return;
  }
  const JobStatus status = app.exporter.status();
  ui::vspace(0.4F);
  if (status.state == JobState::running) {
    ui::muted(app.ui, text("Writing: ", status.what, "  ", static_cast<int>(100 * status.fraction), " %"));
  } else if (status.state == JobState::failed) {
    ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().orange);
    ui::paragraph(app.ui, status.error, ui::Type::small);
    ImGui::PopStyleColor();
  } else if (status.state == JobState::cancelled) {
    ui::muted(app.ui, "Cancelled; no partial files were left.");
  } else if (status.state == JobState::done) {
    const auto files = app.exporter.files();
    ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().green);
    ui::paragraph(app.ui,
                  text(ICON_FA_CHECK "  ", files.size(), files.size() == 1 ? " file" : " files", " in ",
                       app.exports.folder),
                  ui::Type::small);
    ImGui::PopStyleColor();
  }
}

void draw_finding(App& app, const Finding& finding) {
  ImGui::PushID(finding.name.c_str());
  ui::text_colored(finding.found ? app.ui.colors().green : app.ui.colors().amber,
                   finding.found ? ICON_FA_CIRCLE_CHECK : ICON_FA_CIRCLE_INFO);
  ImGui::SameLine(ui::em(1.8F));
  ui::text_as(app.ui, ui::Type::bold, finding.name);
  ImGui::Indent(ui::em(1.8F));
  ui::paragraph(app.ui, finding.detail, ui::Type::small);
  ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().muted);
  if (!finding.loses.empty()) {
    ui::paragraph(app.ui, text("Without it: ", finding.loses), ui::Type::small);
  }
  if (!finding.next.empty()) {
    ui::paragraph(app.ui, text("Next: ", finding.next), ui::Type::small);
  }
  ImGui::PopStyleColor();
  if (!finding.command.empty()) {
    ui::push_type(app.ui, ui::Type::code);
    ui::text_fitted(app.ui, finding.command, ImGui::GetContentRegionAvail().x - ui::em(3));
    ui::pop_type();
    ImGui::SameLine();
    ui::copy_button(app.ui, "copy", "the command", [&] { return finding.command; });
  }
  ImGui::Unindent(ui::em(1.8F));
  ui::vspace(0.4F);
  ImGui::PopID();
}

}  // namespace

void draw_export(App& app) {
  static bool was_open = false;
  if (app.exports.open && !was_open) {
    open_export(app);
  }
  was_open = app.exports.open;
  if (!begin_sheet(app, "export", "Export", &app.exports.open, {34, 21})) {
    return;
  }
  ExportDialog& dialog = app.exports;
  const Lab* lab = app.book.lab();
  const RunView view = run_view(app);
  const auto all = lab == nullptr ? std::vector<Result>{} : app.runner.results_of(*lab);
  const bool hidden = dialog.given == nullptr && app.book.prediction_open();
  const bool has =
      dialog.given != nullptr || (view.result != nullptr && !hidden) || (dialog.whole_lab && !all.empty());
  if (!dialog.only.empty()) {
    ui::muted(app.ui, text("Only '", dialog.only, "'"));
  }
  const std::string_view scopes[] = {"This step", "Whole lab"};
  int scope = dialog.given != nullptr ? -1 : dialog.whole_lab ? 1 : 0;
  if (ui::segmented(app.ui, "scope", scopes, &scope)) {
    dialog.whole_lab = scope == 1;
    dialog.only.clear();
    dialog.given.reset();
  }
  ui::vspace(0.4F);
  export_formats(app);
  ui::vspace(0.4F);
  ImGui::SetNextItemWidth(-ui::em(6));
  ImGui::InputText("Folder###folder", &dialog.folder);
  ImGui::SetNextItemWidth(-ui::em(6));
  ImGui::InputTextWithHint("Name###student", "for the report; may stay empty", &dialog.student);
  ui::vspace(0.5F);
  const ExportFormats& f = dialog.formats;
  const bool any = f.png || f.svg || f.csv || f.json || f.html;
  if (ui::primary_button(app.ui, "Export###go",
                         has && any && !dialog.folder.empty() && !app.exporter.running()) &&
      lab != nullptr) {
    start_export(app, *lab);
  }
  ImGui::SameLine();
  ImGui::AlignTextToFramePadding();
  if (!has) {
    ui::muted(app.ui, hidden ? "Commit or skip the prediction first." : "Run the step first (F5).");
  } else if (!any) {
    ui::muted(app.ui, "Choose a format.");
  }
  export_outcome(app);
  end_sheet();
}

void draw_doctor(App& app) {
  if (!begin_sheet(app, "doctor", "What is here and what is missing", &app.doctor_open, {40, 26})) {
    return;
  }
  ImGui::BeginChild("rows");
  if (app.findings.empty()) {
    ui::muted(app.ui, "Looking …");
  }
  for (const Finding& finding : app.findings) {
    draw_finding(app, finding);
  }
  if (app.markdown.failed_formulas() > 0) {
    ui::muted(app.ui, "Some formulas could not be drawn and are shown as source.");
  }
  ImGui::EndChild();
  end_sheet();
}

void draw_glossary(App& app) {
  if (!begin_sheet(app, "glossary", "Glossary", &app.glossary_open, {34, 28})) {
    return;
  }
  ImGui::BeginChild("terms");
  if (app.ui.glossary.empty()) {
    ui::muted(app.ui, "Open a lab; its words are listed here.");
  }
  for (const ui::GlossaryEntry& entry : app.ui.glossary) {
    const bool wanted = entry.word == app.glossary_word;
    ui::text_colored(wanted ? app.ui.colors().blue : app.ui.colors().ink,
                     entry.symbol.empty() ? entry.word : text(entry.word, "   ", entry.symbol));
    if (wanted && ImGui::IsWindowAppearing()) {
      ImGui::SetScrollHereY(0.2F);
    }
    ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().muted);
    ui::paragraph(app.ui, entry.meaning, ui::Type::small);
    ImGui::PopStyleColor();
    ui::vspace(0.4F);
  }
  ImGui::EndChild();
  end_sheet();
}

}  // namespace alab::shell
