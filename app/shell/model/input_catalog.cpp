// SPDX-License-Identifier: MIT
#include "app/shell/model/input_catalog.hpp"

#include <algorithm>
#include <filesystem>

#include "reference/model/input_sources.hpp"
#include "reference/model/text.hpp"

namespace alab::shell {
namespace {

constexpr const char* kFetchModel = "./app/run.sh --build-only";

CatalogEntry model_entry() {
  const InputSource probe = head_source({});
  return {std::string(kModelInput),
          "SmolLM2-135M",
          "A head of a trained language model, reading your sentence or a book.",
          probe.unavailable,
          probe.unavailable.empty() ? "" : kFetchModel,
          true};
}

CatalogEntry file_entry(const std::string& folder) {
  if (folder.empty()) {
    return {std::string(kFileInput),
            "my .npy case",
            "Your own q.npy, k.npy and v.npy.",
            "drop a folder that holds q.npy, k.npy and v.npy onto the window",
            "",
            false};
  }
  const InputSource source = case_source(folder);
  return {std::string(kFileInput), source.label, text(source.doc, " From ", folder, "."),
          source.unavailable,      "",           false};
}

InputSource missing(std::string name, std::string why) {
  InputSource none;
  none.label = name;
  none.name = std::move(name);
  none.unavailable = std::move(why);
  return none;
}

}  // namespace

InputCatalog make_catalog(const InputSelection& selection) {
  InputCatalog catalog;
  for (const InputSource& source : synthetic_inputs()) {
    catalog.entries.push_back({source.name, source.label, source.doc, source.unavailable, "", false});
  }
  catalog.entries.push_back(model_entry());
  catalog.entries.push_back(file_entry(selection.file));
  catalog.layers = kSmolLm2Layers;
  catalog.heads = kSmolLm2Heads;
  for (const Book& book : books()) {
    if (book_unavailable(book).empty()) {
      catalog.books.emplace_back(book.title);
      catalog.book_names.emplace_back(book.name);
    }
  }
  return catalog;
}

InputSource source_of(const InputCatalog& catalog, const InputSelection& selection) {
  try {
    if (selection.name == kModelInput) {
      HeadChoice choice;
      choice.layer = std::clamp(selection.layer, 0, kSmolLm2Layers - 1);
      choice.head = std::clamp(selection.head, 0, kSmolLm2Heads - 1);
      const auto book = static_cast<std::size_t>(std::max(0, selection.book));
      if (selection.own_text) {
        choice.text = selection.text;
      } else if (book < catalog.book_names.size()) {
        choice.book = catalog.book_names[book];
      }
      return head_source(choice);
    }
    if (selection.name == kFileInput) {
      return selection.file.empty() ? missing("file", file_entry("").unavailable)
                                    : case_source(selection.file);
    }
    return resolve_input(selection.name);
  } catch (const Error& e) {
    return missing(selection.name, e.what());
  }
}

InputSelection selection_of(const InputCatalog& catalog, std::string_view name, InputSelection selection) {
  const HeadChoice standard;
  if (name.substr(0, kModelInput.size()) != kModelInput) {
    selection.name = std::string(name);
    return selection;
  }
  const HeadChoice choice = name == kModelInput ? standard : parse_head(name);
  selection.name = std::string(kModelInput);
  selection.layer = choice.layer;
  selection.head = choice.head;
  const auto book = std::ranges::find(catalog.book_names, choice.book);
  selection.own_text = book == catalog.book_names.end();
  if (selection.own_text) {
    selection.text = choice.text.empty() ? std::string(kDefaultText) : choice.text;
  } else {
    selection.book = static_cast<int>(book - catalog.book_names.begin());
  }
  return selection;
}

std::string dropped_case(const std::string& path) {
  const std::filesystem::path dropped(path);
  std::error_code ignored;
  if (std::filesystem::is_directory(dropped, ignored)) {
    return dropped.string();
  }
  return dropped.extension() == ".npy" ? dropped.parent_path().string() : "";
}

std::string short_name(const InputCatalog& catalog, const InputSelection& selection) {
  if (selection.name == kModelInput) {
    return text("SmolLM2 L", selection.layer, " H", selection.head);
  }
  const auto same = [&](const CatalogEntry& e) { return e.name == selection.name; };
  const auto found = std::ranges::find_if(catalog.entries, same);
  return found == catalog.entries.end() ? selection.name : found->label;
}

}  // namespace alab::shell
