// Runs a fuzz target without a fuzzer: every file of a corpus, then seeded mutations of them. Any crash,
// sanitizer report or exception other than Error ends the program. With clang, link the target with
// -fsanitize=fuzzer instead.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "reference/core/files.hpp"
#include "reference/core/rng.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void try_input(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::string mutated(std::string bytes, const std::vector<std::string>& corpus, alab::Rng& rng) {
  const auto edits = 1 + rng.below(6);
  for (std::uint64_t e = 0; e < edits; ++e) {
    const std::size_t at = bytes.empty() ? 0 : rng.below(bytes.size());
    switch (bytes.empty() ? 3 : rng.below(6)) {
      case 0:
        bytes[at] = static_cast<char>(rng.next());
        break;
      case 1:
        bytes.resize(at);
        break;
      case 2:
        bytes[at] = static_cast<char>(rng.below(2) == 0 ? 0xff : 0x00);
        break;
      case 3:
        bytes.insert(at, corpus[rng.below(corpus.size())].substr(0, rng.below(64)));
        break;
      case 4:
        bytes.erase(at, 1 + rng.below(8));
        break;
      default:
        for (std::size_t i = at; i < bytes.size() && i < at + 8; ++i) {
          bytes[i] = static_cast<char>(rng.next());
        }
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " CORPUS_FOLDER SECONDS\n";
    return 2;
  }
  std::vector<std::string> corpus;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    corpus.push_back(alab::read_file(entry.path()));
    try_input(corpus.back());
  }
  if (corpus.empty()) {
    std::cerr << argv[1] << " holds no files\n";
    return 1;
  }
  alab::Rng rng(1);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(std::atof(argv[2]));
  long runs = 0;
  while (std::chrono::steady_clock::now() < end) {
    try_input(mutated(corpus[rng.below(corpus.size())], corpus, rng));
    ++runs;
  }
  std::cout << corpus.size() << " files and " << runs << " mutations without a crash\n";
  return 0;
}
