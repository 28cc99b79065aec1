// Help: the keys, and the documents that lie in assets/docs.
// SPDX-License-Identifier: MIT
#include <filesystem>

#include "app/shell/parts.hpp"
#include "reference/core/files.hpp"

#ifndef ALAB_SOURCE_DIR
#define ALAB_SOURCE_DIR "."
#endif

namespace alab::shell {
namespace {

constexpr std::size_t kMaxDocument = std::size_t{1} << 20;

const char* const kKeys =
    "| key | does |\n|---|---|\n"
    "| F5 | run this step |\n"
    "| Esc | cancel what runs, close a sheet |\n"
    "| Ctrl+K | search and commands |\n"
    "| Ctrl+PageDown, Ctrl+Tab | next page |\n"
    "| Ctrl+PageUp, Ctrl+Shift+Tab | previous page |\n"
    "| PageDown, PageUp in the lesson | scroll, then turn the page |\n"
    "| arrows, Home, End, space | drive a stepper |\n"
    "| Ctrl+Z, Ctrl+Y | undo and redo parameter changes |\n"
    "| Ctrl+S | export; in an exercise, save and check it |\n"
    "| Ctrl+N | notes |\n"
    "| Ctrl+M | code and memory: what a kernel moves |\n"
    "| arrows, Home, End there | step through requests |\n"
    "| Ctrl+B | contents as list or icons |\n"
    "| Ctrl++, Ctrl+-, Ctrl+0 | size of the text |\n"
    "| F6 | go round lesson, instruments, contents |\n"
    "| Tab | next control, in reading order |\n"
    "| F1 | this sheet |\n"
    "| Ctrl+Q | quit; everything is saved |\n\n"
    "Sliders: click the number to type it, double click for the default, Shift for fine steps, right click "
    "for "
    "\"sweep this\". Plots: wheel zooms, drag moves, double click shows all. Drag the borders between the "
    "columns; "
    "a double click on one restores the default layout.\n\n"
    "A prediction is committed before its plot is shown; *Skip* is remembered as skipped. Chips tell where a "
    "number "
    "comes from: *measured* here, *counted* while an algorithm ran, *modelled* by a formula, *recorded* in a "
    "file, "
    "or printed in a *paper*.\n";

void add_document(Help& help, const std::string& title, const std::string& file) {
  for (const char* folder : {ALAB_SOURCE_DIR "/assets/docs/", ALAB_SOURCE_DIR "/"}) {
    const std::filesystem::path path = std::string(folder) + file;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
      continue;
    }
    try {
      help.documents.emplace_back(title, read_file(path, kMaxDocument));
    } catch (const Error& e) {
      help.documents.emplace_back(title, e.what());
    }
    return;
  }
}

void load_documents(Help& help) {
  help.documents.emplace_back("Keys", kKeys);
  add_document(help, "Code and memory", "CODE_AND_MEMORY.md");
  add_document(help, "About", "README.md");
  add_document(help, "Counters", "COUNTERS.md");
  add_document(help, "Contributing", "CONTRIBUTING.md");
  add_document(help, "Changes", "CHANGELOG.md");
}

}  // namespace

void draw_help(App& app) {
  if (!begin_sheet(app, "help", "Help", &app.help.open, {46, 34})) {
    return;
  }
  if (app.help.documents.empty()) {
    load_documents(app.help);
  }
  std::vector<std::string_view> titles;
  for (const auto& [title, words] : app.help.documents) {
    titles.push_back(title);
  }
  ui::segmented(app.ui, "pages", titles, &app.help.page);
  ui::vspace(0.4F);
  ImGui::BeginChild("text");
  app.markdown.draw(app.ui, "document", app.help.documents[static_cast<std::size_t>(app.help.page)].second,
                    ImGui::GetContentRegionAvail().x - ui::em(0.6F), ui::kSmallSize);
  ImGui::EndChild();
  end_sheet();
}

}  // namespace alab::shell
