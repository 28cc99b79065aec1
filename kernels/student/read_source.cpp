// SPDX-License-Identifier: MIT
#include "kernels/student/read_source.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "kernels/student/tokens.hpp"
#include "reference/core/error.hpp"

namespace alab::student {
namespace {

using Words = std::span<const std::string_view>;

// What their headers declare is there without them.
constexpr std::array<std::string_view, 20> kHeaders{
    "cuda_runtime.h", "cuda_fp16.h", "cuda_bf16.h", "math_constants.h", "device_launch_parameters.h",
    "cuda.h",         "math.h",      "cmath",       "float.h",          "cfloat",
    "limits.h",       "climits",     "stdint.h",    "cstdint",          "stddef.h",
    "cstddef",        "stdio.h",     "cstdio",      "string.h",         "cstring"};
constexpr std::array<std::string_view, 9> kConditionals{"if",   "ifdef", "ifndef", "elif",   "elifdef",
                                                        "else", "endif", "error",  "warning"};
constexpr std::array<std::string_view, 3> kPragmas{"unroll", "nounroll", "once"};
constexpr std::array<std::string_view, 3> kAssembly{"asm", "__asm", "__asm__"};
constexpr std::array<std::string_view, 15> kAttributes{
    "aligned",  "__aligned__",  "unused",        "__unused__", "maybe_unused",
    "noinline", "__noinline__", "always_inline", "nodiscard",  "likely",
    "unlikely", "fallthrough",  "packed",        "noreturn",   "no_unique_address"};
constexpr std::array<std::string_view, 19> kLanguage{
    "__global__",        "__device__",   "__host__",  "__shared__", "__constant__", "__forceinline__",
    "__launch_bounds__", "__restrict__", "__align__", "threadIdx",  "blockIdx",     "blockDim",
    "gridDim",           "warpSize",     "defined",   "asm",        "__asm__",      "__attribute__",
    "cudaStream_t"};

bool is_one_of(std::string_view word, Words words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_ours(std::string_view word) {
  return word == "alab" || word.starts_with("alab_") || word.starts_with("ALAB_") ||
         word.starts_with("__tsan") || word.starts_with("__ubsan");
}

class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source), reading_(reading_of(source)) {}

  SourceReading read() {
    out_.compilable = std::string(source_);
    for (const auto& directive : reading_.directives) {
      read_directive(directive);
      check_words(std::span(directive).subspan(1));
    }
    check_words(reading_.code);
    find_unclosed();
    std::stable_sort(out_.refusals.begin(), out_.refusals.end(),
                     [](const Diagnostic& a, const Diagnostic& b) {
                       return a.line != b.line ? a.line < b.line : a.column < b.column;
                     });
    return std::move(out_);
  }

 private:
  template <class... Parts>
  void refuse(const Token& at, const Parts&... sentence) {
    out_.refusals.push_back({at.line, at.column, true, text(sentence...)});
  }

  void read_directive(const std::vector<Token>& d) {
    const std::string_view name = d.size() > 1 ? std::string_view(d[1].text) : std::string_view();
    if (name.empty() || is_one_of(name, kConditionals)) {
      return;
    }
    if (name == "include") {
      read_include(d);
    } else if (name == "define" || name == "undef") {
      read_macro(d);
    } else if (name == "pragma") {
      const std::string_view what = d.size() > 2 ? std::string_view(d[2].text) : std::string_view();
      if (!is_one_of(what, kPragmas) && !what.starts_with("nv_")) {
        refuse(d.front(), "#pragma ", what, " is not for kernels: #pragma unroll and #pragma nounroll are");
      }
    } else {
      refuse(d.front(), "#", name, " is not for kernels: take it out");
    }
  }

  void read_include(const std::vector<Token>& d) {
    std::string header;
    for (const Token& token : std::span(d).subspan(2)) {
      header += token.text;
    }
    const bool quoted = header.size() > 2 && ((header.front() == '<' && header.back() == '>') ||
                                              (header.front() == '"' && header.back() == '"'));
    if (!quoted || !is_one_of(std::string_view(header).substr(1, header.size() - 2), kHeaders)) {
      refuse(d.front(), "#include ", header,
             " is not there: a kernel needs no header, and of them only cuda_runtime.h, cuda_fp16.h, "
             "cuda_bf16.h, math_constants.h and C's own for numbers may be named");
      return;
    }
    for (std::size_t i = d.front().offset; i < d.back().end; ++i) {
      char& c = out_.compilable[i];
      c = c == '\n' || c == '\\' ? c : ' ';
    }
  }

  void read_macro(const std::vector<Token>& d) {
    if (d.size() < 3) {
      return;  // the compiler says so
    }
    const Token& name = d[2];
    if (is_one_of(name.text, kLanguage) || name.text.starts_with("__sync")) {
      refuse(name, "#", d[1].text, " ", name.text,
             ": the words of CUDA cannot be changed, choose another name");
    }
    out_.macros.push_back(name.text);
    for (std::size_t i = 3; i + 1 < d.size(); ++i) {
      if (d[i].text == "#" && d[i + 1].text == "#") {
        refuse(d[i], "## makes words that cannot be read here: write the whole word");
      }
    }
  }

  void check_words(std::span<const Token> tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Token& t = tokens[i];
      const std::span<const Token> rest = tokens.subspan(i + 1);
      if (t.kind == TokenKind::word) {
        check_word(t, rest);
      } else if ((t.kind == TokenKind::string || t.kind == TokenKind::character) && t.touches && i > 0 &&
                 tokens[i - 1].kind == TokenKind::word) {
        refuse(t, "strings and characters with a prefix (", tokens[i - 1].text,
               ") are not for kernels: leave the prefix out");
      } else if (t.text == "[" && !rest.empty() && rest.front().text == "[") {
        check_attributes(t, rest.subspan(1), "]");
      } else if (t.text == "%" && !rest.empty() && rest.front().text == ":" && rest.front().touches) {
        refuse(t, "%: stands for #: write #");
      }
    }
  }

  void check_word(const Token& t, std::span<const Token> rest) {
    if (is_one_of(t.text, kAssembly)) {
      refuse(t, "assembly (", t.text,
             ") is made for a GPU's own instructions, and this kernel runs on the CPU: write it in CUDA C++");
    } else if (is_ours(t.text)) {
      refuse(t, "'", t.text, "' belongs to the workbook: a kernel uses CUDA's names and its own");
    } else if (t.text == "__attribute__" || t.text == "__attribute") {
      const bool opens = rest.size() > 2 && rest[0].text == "(" && rest[1].text == "(";
      if (!opens) {
        refuse(t, t.text, " must be followed by its attribute in double parentheses");
      } else {
        check_attributes(t, rest.subspan(2), ")");
      }
    } else if (t.text == "__declspec") {
      refuse(t, "__declspec is not for kernels: take it out");
    } else if (t.text == "_Pragma") {
      const std::string_view what = rest.size() > 1 ? std::string_view(rest[1].text) : std::string_view();
      if (!what.starts_with("\"unroll") && !what.starts_with("\"nounroll")) {
        refuse(t, "_Pragma(", what, ") is not for kernels: unroll and nounroll are");
      }
    }
  }

  // rest begins behind the opening signs; two closing ones end the list.
  void check_attributes(const Token& at, std::span<const Token> rest, std::string_view close) {
    int depth = 0;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      if (depth == 0 && rest[i].text == close && i + 1 < rest.size() && rest[i + 1].text == close) {
        return;
      }
      depth += rest[i].text == "(" ? 1 : rest[i].text == ")" ? -1 : 0;
      if (depth == 0 && rest[i].kind == TokenKind::word && !is_one_of(rest[i].text, kAttributes)) {
        refuse(at, "the attribute '", rest[i].text,
               "' is not for kernels: alignment, inlining and unused names can be marked");
        return;
      }
    }
  }

  void find_unclosed() {
    std::vector<const Token*> open;
    for (const Token& t : reading_.code) {
      if (t.text == "{" && t.kind == TokenKind::sign) {
        open.push_back(&t);
      } else if (t.text == "}" && t.kind == TokenKind::sign && !open.empty()) {
        open.pop_back();
      }
    }
    if (!open.empty()) {
      out_.unclosed = {open.back()->line, open.back()->column, true,
                       "this { is never closed: a } is missing"};
    }
  }

  std::string_view source_;
  Reading reading_;
  SourceReading out_;
};

}  // namespace

SourceReading read_source(std::string_view source) {
  SourceReading reading;
  if (source.size() > kMostSource) {
    reading.refusals = {{0, 0, true,
                         text("the file has ", source.size() >> 10, " KiB, more than the ", kMostSource >> 10,
                              " KiB that are taken: a solution is a few hundred lines")}};
    return reading;
  }
  if (source.find('\0') != std::string_view::npos) {
    reading.refusals = {{0, 0, true, "the file holds zero bytes: it is no text"}};
    return reading;
  }
  return Reader(source).read();
}

}  // namespace alab::student
