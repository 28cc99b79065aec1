// ELF by its specification (System V ABI, chapters 4 and 5): every offset is checked before it is followed.
// SPDX-License-Identifier: MIT
#include "kernels/student/check_object.hpp"

#include <cxxabi.h>
#include <elf.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "reference/core/error.hpp"

namespace alab::student {
namespace {

constexpr std::uint64_t kMostStaticBytes = std::uint64_t{64} << 20;

// The counted build's own and C's, as undefined symbols of an object.
constexpr std::string_view kNames[] = {
    "_GLOBAL_OFFSET_TABLE_",
    "alab_log_anchor",
    "alab_log_full",
    "__ubsan_handle_out_of_bounds",
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "memchr",
    "strlen",
    "abs",
    "labs",
    "llabs",
    "printf",
    "puts",
    "putchar",
    "malloc",
    "free",
    "_Znwm",
    "_Znam",
    "_ZdlPv",
    "_ZdlPvm",
    "_ZdaPv",
    "_ZdaPvm",
    "_Unwind_Resume",
    "__gxx_personality_v0",
    "__dynamic_cast",
    "__stack_chk_fail",
    "__tls_get_addr",
    "__cxa_throw",
    "__cxa_rethrow",
    "__cxa_begin_catch",
    "__cxa_end_catch",
    "__cxa_allocate_exception",
    "__cxa_free_exception",
    "__cxa_throw_bad_array_new_length",
    "__cxa_bad_cast",
    "__cxa_pure_virtual",
    "_ZN4alab7counted5t_logE",
    "_ZN4alab7counted12t_flop_shiftE",
    "_ZN4alab7counted11note_atomicEPKvm",
    "_ZTIN4alab8executor14ExecutorStreamE",
    "_ZNK4alab7Buffers4findESt17basic_string_viewIcSt11char_traitsIcEE",
    "_ZNK4alab7student4Call6numberESt17basic_string_viewIcSt11char_traitsIcEE",
    "_ZN4alab8executor6t_viewE",
    "_ZN4alab8executor16packed_block_idxEv",
    "_ZN4alab8executor17packed_thread_idxEv",
    "_ZN4alab8executor16packed_block_dimEv",
    "_ZN4alab8executor15packed_grid_dimEv",
    "_ZN4alab8executor14dynamic_sharedEv",
    "_ZN4alab8executor5watchEPKciifi",
    "_ZSt9terminatev"};
// Of the C++ library: strings, streams into strings, exceptions and what they are made of.
constexpr std::string_view kBeginnings[] = {"__tsan_",
                                            "_ZN4alab8executor12sync_threadsE",
                                            "_ZN4alab8executor9warp_callE",
                                            "_ZN4alab8executor4trapE",
                                            "_ZN4alab8executor11active_maskE",
                                            "_ZN4alab8executor8describe",
                                            "_ZTVN10__cxxabiv1",
                                            "_ZTI",
                                            "_ZTSSt",
                                            "_ZTVSt9basic_ios",
                                            "_ZTVSt15basic_streambuf",
                                            "_ZTVNSt7__cxx1115basic_stringbuf",
                                            "_ZTVNSt7__cxx1119basic_ostringstream",
                                            "_ZTTNSt7__cxx1119basic_ostringstream",
                                            "_ZSt16__ostream_insert",
                                            "_ZNSo",
                                            "_ZNSt8ios_base",
                                            "_ZNKSt8ios_base",
                                            "_ZNSt9basic_ios",
                                            "_ZNKSt9basic_ios",
                                            "_ZNSt6locale",
                                            "_ZNKSt6locale",
                                            "_ZNSt15basic_streambuf",
                                            "_ZNSt7__cxx1112basic_string",
                                            "_ZNKSt7__cxx1112basic_string",
                                            "_ZNSt7__cxx1115basic_stringbuf",
                                            "_ZNKSt7__cxx1115basic_stringbuf",
                                            "_ZNSt7__cxx1119basic_ostringstream",
                                            "_ZNKSt7__cxx1119basic_ostringstream",
                                            "_ZSt17__throw_",
                                            "_ZSt18_Rb_tree",
                                            "_ZSt19__throw_",
                                            "_ZSt20__throw_",
                                            "_ZSt24__throw_",
                                            "_ZSt25__throw_",
                                            "_ZSt28__throw_",
                                            "_ZNSt13runtime_error",
                                            "_ZNKSt13runtime_error",
                                            "_ZNSt11logic_error",
                                            "_ZNSt12length_error",
                                            "_ZNSt12out_of_range",
                                            "_ZNSt9exception",
                                            "_ZNKSt9exception",
                                            "_ZNSt9bad_alloc"};
// C's mathematics; each also with f or l at its end.
constexpr std::string_view kMath[] = {
    "acos",   "acosh",    "asin",    "asinh",   "atan",      "atan2",     "atanh",  "cbrt",
    "ceil",   "copysign", "cos",     "cosh",    "erf",       "erfc",      "exp",    "exp10",
    "exp2",   "expm1",    "fabs",    "fdim",    "floor",     "fma",       "fmax",   "fmin",
    "fmod",   "frexp",    "hypot",   "ilogb",   "j0",        "j1",        "jn",     "ldexp",
    "lgamma", "llrint",   "llround", "log",     "log10",     "log1p",     "log2",   "logb",
    "lrint",  "lround",   "modf",    "nan",     "nearbyint", "nextafter", "pow",    "remainder",
    "remquo", "rint",     "round",   "scalbln", "scalbn",    "sin",       "sincos", "sinh",
    "sqrt",   "tan",      "tanh",    "tgamma",  "trunc",     "y0",        "y1",     "yn"};

template <class List>
bool holds(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

bool is_allowed(std::string_view name) {
  if (holds(kNames, name) || holds(kMath, name)) {
    return true;
  }
  if (std::any_of(std::begin(kBeginnings), std::end(kBeginnings),
                  [&](std::string_view beginning) { return name.starts_with(beginning); })) {
    return true;
  }
  return !name.empty() && (name.back() == 'f' || name.back() == 'l') &&
         holds(kMath, name.substr(0, name.size() - 1));
}

std::string readable(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? std::string(name.get()) : symbol;
}

/// The word in front of the parameters.
std::string plain_name(const std::string& name) {
  std::string word = name.substr(0, std::min(name.find_first_of("(<["), name.size()));
  const std::size_t colon = word.rfind(':');
  return colon == std::string::npos ? word : word.substr(colon + 1);
}

ObjectRefusal undefined(const std::string& symbol) {
  const std::string name = readable(symbol);
  const bool own = symbol.starts_with("_Z") && !symbol.starts_with("_ZSt") && !symbol.starts_with("_ZNSt") &&
                   !symbol.starts_with("_ZNKSt");
  if (symbol.starts_with("__cxa_guard") || symbol == "__cxa_atexit" || symbol == "__dso_handle") {
    return {"",
            "a static variable gets its value while the kernel runs, or is destroyed at the end: on a GPU "
            "only constants can be its first value"};
  }
  if (own) {
    return {plain_name(name), text("your code uses '", name, "', which it declares and nowhere defines")};
  }
  return {plain_name(name),
          text("your kernel calls '", name,
               "', which is not there on a GPU: CUDA's own functions and those of math.h are")};
}

struct NotAnObject {};

class Object {
 public:
  explicit Object(std::string_view bytes) : bytes_(bytes) {
    const auto header = at<Elf64_Ehdr>(0);
    const bool is_object = std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
                           header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB &&
                           header.e_type == ET_REL && header.e_shentsize == sizeof(Elf64_Shdr) &&
                           header.e_shnum > 0 && header.e_shstrndx < header.e_shnum;
    if (!is_object) {
      throw NotAnObject{};
    }
    for (std::size_t i = 0; i < header.e_shnum; ++i) {
      sections_.push_back(at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr)));
    }
    names_ = header.e_shstrndx;
  }

  std::vector<ObjectRefusal> refusals() const {
    std::vector<ObjectRefusal> found;
    for (const Elf64_Shdr& s : sections_) {
      check_section(s, found);
      if (s.sh_type == SHT_SYMTAB || s.sh_type == SHT_DYNSYM) {
        check_symbols(s, found);
      }
    }
    return found;
  }

 private:
  template <class T>
  T at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) {
      throw NotAnObject{};
    }
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  std::string string_at(std::size_t section, std::uint64_t offset) const {
    if (section >= sections_.size()) {
      throw NotAnObject{};
    }
    const Elf64_Shdr& s = sections_[section];
    if (s.sh_type != SHT_STRTAB || s.sh_offset > bytes_.size() || s.sh_size > bytes_.size() - s.sh_offset ||
        offset >= s.sh_size) {
      throw NotAnObject{};
    }
    const std::string_view rest = bytes_.substr(s.sh_offset + offset, s.sh_size - offset);
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) {
      throw NotAnObject{};
    }
    return std::string(rest.substr(0, end));
  }

  void check_section(const Elf64_Shdr& s, std::vector<ObjectRefusal>& found) const {
    const std::string name = string_at(names_, s.sh_name);
    const bool at_load = s.sh_type == SHT_INIT_ARRAY || s.sh_type == SHT_PREINIT_ARRAY ||
                         s.sh_type == SHT_FINI_ARRAY || name.starts_with(".init") ||
                         name.starts_with(".fini") || name.starts_with(".preinit") ||
                         name.starts_with(".ctors") || name.starts_with(".dtors");
    // The instrumentation registers itself by one entry in a section of its own.
    const bool is_instrumentation =
        name == ".init_array.00099" && s.sh_type == SHT_INIT_ARRAY && s.sh_size == sizeof(void*);
    if (at_load && !is_instrumentation) {
      found.push_back({"",
                       "your code runs before the kernel is launched: a variable outside of functions must "
                       "have a constant as its first value, and nothing can run at load"});
    }
    if ((s.sh_flags & SHF_EXECINSTR) != 0 && !name.starts_with(".text")) {
      found.push_back({"", text("your code puts instructions into section '", name,
                                "': a kernel's code is made by its functions alone")});
    }
    if ((s.sh_flags & SHF_ALLOC) != 0 && s.sh_size > kMostStaticBytes) {
      found.push_back({"", text("your variables outside of functions take ", s.sh_size >> 20,
                                " MB, more than ", kMostStaticBytes >> 20,
                                " MB: a kernel works in the arrays that it is given and in shared memory")});
    }
  }

  void check_symbols(const Elf64_Shdr& table, std::vector<ObjectRefusal>& found) const {
    if (table.sh_entsize != sizeof(Elf64_Sym) || table.sh_offset > bytes_.size() ||
        table.sh_size > bytes_.size() - table.sh_offset) {
      throw NotAnObject{};
    }
    for (std::uint64_t i = 1; i < table.sh_size / sizeof(Elf64_Sym); ++i) {
      const auto symbol = at<Elf64_Sym>(table.sh_offset + i * sizeof(Elf64_Sym));
      const std::string name = string_at(table.sh_link, symbol.st_name);
      if (ELF64_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC) {
        found.push_back({plain_name(readable(name)), text("'", readable(name),
                                                          "' is chosen at load, which a "
                                                          "GPU cannot do: write one function")});
      } else if (symbol.st_shndx == SHN_UNDEF) {
        if (!name.empty() && !is_allowed(name)) {
          found.push_back(undefined(name));
        }
      } else if (name.starts_with("__tsan_") || name.starts_with("__ubsan_")) {
        found.push_back({name, text("'", name, "' belongs to the workbook: choose another name")});
      }
    }
  }

  std::string_view bytes_;
  std::vector<Elf64_Shdr> sections_;
  std::size_t names_ = 0;
};

}  // namespace

std::vector<ObjectRefusal> refusals_of_object(std::string_view object) {
  try {
    return Object(object).refusals();
  } catch (const NotAnObject&) {
    return {{"", "the compiler left no object file that can be read: it was stopped, or misled"}};
  }
}

}  // namespace alab::student
