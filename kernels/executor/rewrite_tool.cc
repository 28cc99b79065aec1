// Build step: alab_rewrite IN.cu OUT.cu [--counting-floats]
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "kernels/executor/rewrite.hpp"
#include "reference/core/error.hpp"

int main(int argc, char** argv) {
  try {
    const bool counting = argc == 4 && std::string_view(argv[3]) == "--counting-floats";
    alab::require(argc == 3 || counting, "usage: alab_rewrite IN.cu OUT.cu [--counting-floats]");
    std::ifstream in(argv[1], std::ios::binary);
    const std::string source{std::istreambuf_iterator<char>(in), {}};
    alab::require(in.good() || in.eof(), argv[1], " cannot be read");
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
