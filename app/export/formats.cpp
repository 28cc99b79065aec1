// SPDX-License-Identifier: MIT
#include <array>
#include <utility>

#include "app/export/export.hpp"

namespace alab {

ExportFormats ExportFormats::parse(std::string_view list) {
  ExportFormats out{false, false, false, false, false};
  const std::array<std::pair<std::string_view, bool*>, 5> known{
      {{"png", &out.png}, {"svg", &out.svg}, {"csv", &out.csv}, {"json", &out.json}, {"html", &out.html}}};
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view word = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    bool found = false;
    for (const auto& [name, flag] : known) {
      if (name == word) {
        *flag = found = true;
      }
    }
    require(found, "there is no export format '", word, "'; choose from png, svg, csv, json, html");
  }
  return out;
}

std::string png_unavailable() {
#ifdef ALAB_HAVE_CAIRO
  return "";
#else
  return "PNG needs cairo, which was not found when this program was built; install libcairo2-dev and build "
         "again";
#endif
}

}  // namespace alab
