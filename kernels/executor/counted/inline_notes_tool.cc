// Build step, called by g++ in place of the assembler: `as ARGUMENTS FILE.s` rewrites FILE.s, the compiler's
// own temporary file, and calls the assembler. SPDX-License-Identifier: MIT
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <string_view>

#include "kernels/executor/counted/inline_notes.hpp"
#include "kernels/executor/counted/keep_registers.hpp"
#include "reference/core/error.hpp"

namespace {

void rewrite(const char* file) {
  std::ifstream in(file, std::ios::binary);
  const std::string assembly{std::istreambuf_iterator<char>(in), {}};
  alab::require(in.good() || in.eof(), file, " cannot be read");
  std::ofstream out(file, std::ios::binary);
  out << alab::counted::keep_registers(alab::counted::inline_notes(assembly));
  out.close();
  alab::require(!out.fail(), file, " cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    for (int i = 1; i < argc; ++i) {
      if (std::string_view(argv[i]).ends_with(".s") && std::strcmp(argv[i - 1], "-o") != 0) {
        rewrite(argv[i]);
      }
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  execvp(ALAB_ASSEMBLER, argv);
  std::fprintf(stderr, "%s cannot be run: %s\n", ALAB_ASSEMBLER, std::strerror(errno));
  return 1;
}
