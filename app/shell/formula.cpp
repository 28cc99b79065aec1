// Formulas by MicroTeX. Its library asks the C++ runtime for the locale en_US.UTF-8 and throws where a system
// has only C.UTF-8; the four questions it asks that locale are answered here instead, so that formulas draw
// everywhere. SPDX-License-Identifier: MIT
#include <cwctype>
#include <filesystem>
#include <functional>
#include <locale>
#include <set>

#include "app/shell/markdown.hpp"
#include "imgui_microtex/imgui_microtex.h"

namespace microtex {

// Declared by MicroTeX's utils/utils.h. Defined in a program they take precedence over the archive's own.
const std::locale& defaultLocale();
bool isUnicodeLower(char32_t code);
bool isUnicodeDigit(char32_t code);
char32_t toUnicodeUpper(char32_t code);
char32_t toUnicodeLower(char32_t code);
int binIndexOf(int count, const std::function<int(int)>& compare, bool return_closest);

const std::locale& defaultLocale() {
  return std::locale::classic();
}

char32_t toUnicodeUpper(char32_t code) {
  const bool greek = code >= 0x3b1 && code <= 0x3c9 && code != 0x3c2;
  const bool cyrillic = code >= 0x430 && code <= 0x44f;
  if (greek || cyrillic) {
    return code - 0x20;
  }
  return code < 0x80 ? static_cast<char32_t>(std::towupper(static_cast<std::wint_t>(code))) : code;
}

char32_t toUnicodeLower(char32_t code) {
  const bool greek = code >= 0x391 && code <= 0x3a9 && code != 0x3a2;
  const bool cyrillic = code >= 0x410 && code <= 0x42f;
  if (greek || cyrillic) {
    return code + 0x20;
  }
  return code < 0x80 ? static_cast<char32_t>(std::towlower(static_cast<std::wint_t>(code))) : code;
}

bool isUnicodeLower(char32_t code) {
  return toUnicodeUpper(code) != code;
}

bool isUnicodeDigit(char32_t code) {
  return code >= U'0' && code <= U'9';
}

int binIndexOf(int count, const std::function<int(int)>& compare, bool return_closest) {
  int from = 0;
  int to = count;
  while (from < to) {
    const int middle = from + (to - from) / 2;
    const int order = compare(middle);
    if (order == 0) {
      return middle;
    }
    (order < 0 ? to : from) = order < 0 ? middle : middle + 1;
  }
  return return_closest && count > 0 ? (from > 0 ? from - 1 : 0) : -1;
}

}  // namespace microtex

namespace alab::shell {
namespace {

std::string& assets() {
  static std::string folder;
  return folder;
}

bool ready() {
  static bool tried = false;
  if (!tried) {
    tried = true;
    const std::filesystem::path fonts = std::filesystem::path(assets()) / "fonts" / "latex";
    std::error_code ignored;
    if (std::filesystem::exists(fonts / "latinmodern-math.clm1", ignored) &&
        std::filesystem::exists(fonts / "latinmodern-math.otf", ignored)) {
      ImGuiMicroTeX::Init((fonts / "latinmodern-math.clm1").string(),
                          (fonts / "latinmodern-math.otf").string());
    }
  }
  return ImGuiMicroTeX::IsInitialized();
}

}  // namespace

void set_formula_assets(const std::string& assets_dir) {
  assets() = assets_dir;
}

void release_formulas() {
  ImGuiMicroTeX::Release();
}

Formula draw_formula(const std::string& latex, float pixels, ImU32 color, bool display) {
  static std::set<std::string> broken;
  Formula formula;
  if (broken.contains(latex)) {
    return formula;
  }
  try {
    if (!ready()) {
      return formula;
    }
    const auto style = display ? ImGuiMicroTeX::TexStyle::Display : ImGuiMicroTeX::TexStyle::Text;
    const auto texture = ImGuiMicroTeX::RenderToTexture(latex, pixels, color, style);
    formula = {texture.TextureId(), texture.Texture, static_cast<float>(texture.Width),
               static_cast<float>(texture.Height), static_cast<float>(texture.BaselineY)};
  } catch (...) {
    broken.insert(latex);
    formula = {};
  }
  return formula;
}

}  // namespace alab::shell
