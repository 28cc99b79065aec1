// Build step: alab_rewrite IN.cu OUT.cu [--counting-floats | --shifts]
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "kernels/executor/rewrite.hpp"
#include "kernels/executor/subscripts.hpp"
#include "reference/core/error.hpp"

int main(int argc, char** argv) {
  try {
    const std::string_view option = argc == 4 ? argv[3] : "";
    const bool counting = option == "--counting-floats", shifts = option == "--shifts";
    alab::require(argc == 3 || counting || shifts,
                  "usage: alab_rewrite IN.cu OUT.cu [--counting-floats | --shifts]");
    std::ifstream in(argv[1], std::ios::binary);
    std::string source{std::istreambuf_iterator<char>(in), {}};
    alab::require(in.good() || in.eof(), argv[1], " cannot be read");
    if (shifts) {
      source = alab::executor::with_shifts(source, argv[1]);
    }
    std::string result = alab::executor::rewrite_cuda(source, argv[1]);
    if (counting) {
      result = alab::executor::rewrite_floats(result);
    }
    std::filesystem::create_directories(std::filesystem::path(argv[2]).parent_path());
    std::ofstream out(argv[2], std::ios::binary);
    out << result;
    out.close();
    alab::require(!out.fail(), argv[2], " cannot be written");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
