// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "kernels/executor/rewrite.hpp"
#include "kernels/student/judge.hpp"

namespace alab::student {
namespace {

constexpr std::array<std::string_view, 12> kFastMath{"__expf",    "__exp10f", "__logf",     "__log2f",
                                                     "__log10f",  "__sinf",   "__cosf",     "__tanf",
                                                     "__sincosf", "__powf",   "__fdividef", "__tanhf"};

}  // namespace

bool uses_fast_math(std::string_view source) {
  const std::string code = executor::code_only(source);
  return std::any_of(kFastMath.begin(), kFastMath.end(), [&](std::string_view name) {
    for (std::size_t at = code.find(name); at != std::string::npos; at = code.find(name, at + 1)) {
      const std::size_t end = at + name.size();
      if ((at == 0 || !executor::is_word(code[at - 1])) &&
          (end == code.size() || !executor::is_word(code[end]))) {
        return true;
      }
    }
    return false;
  });
}

}  // namespace alab::student
