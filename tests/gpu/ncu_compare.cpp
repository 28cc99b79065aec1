// The two sides of the comparison with Nsight Compute (tests/gpu/ncu_compare.py joins them):
//   ncu_compare count FILE [GROUP]   counts every case on the CPU executor, writes the counters as JSON
//   ncu_compare launch [GROUP]       runs the same cases on the GPU, for ncu to watch
//   ncu_compare mistakes             lists the planted mistakes and the intact kernels, one a line
//   ncu_compare mistake NUMBER       runs one of them on the GPU, for compute-sanitizer to watch
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <iostream>

#include "kernels/cuda/device.hpp"
#include "kernels/executor/counted/counted_stream.hpp"
#include "reference/core/files.hpp"
#include "reference/core/json.hpp"
#include "tests/kernels/compared_cases.hpp"
#include "tests/kernels/counting_samples.hpp"

using namespace alab;

namespace {

Json json_of(const counted::LaunchProfile& launch) {
  Json counters = Json::object();
  for (const counted::Counter& c : counted::counters(launch)) {
    counters[c.name] = c.value;
  }
  return {{"kernel", launch.kernel},
          {"grid", launch.grid},
          {"block", launch.block},
          {"dynamic_shared_bytes", launch.dynamic_shared_bytes},
          {"counters", std::move(counters)}};
}

int count(const std::string& file, std::string_view group) {
  Json cases = Json::array();
  for (const samples::ComparedCase& one : samples::compared_cases(false)) {
    if (group.empty() || one.group == group) {
      counted::CountedStream stream;
      one.run(stream);
      Json launches = Json::array();
      for (const counted::LaunchProfile& launch : stream.profiles()) {
        launches.push_back(json_of(launch));
      }
      cases.push_back({{"group", one.group},
                       {"name", one.name},
                       {"small", one.small},
                       {"launches", std::move(launches)}});
    }
  }
  write_file_atomic(file, cases.dump() + "\n");
  std::cout << cases.size() << " cases counted\n";
  return 0;
}

int launch(std::string_view group) {
  std::size_t done = 0;
  for (const samples::ComparedCase& one : samples::compared_cases(true)) {
    if (group.empty() || one.group == group) {
      one.run(*cuda::make_stream({}));
      ++done;
    }
  }
  std::cout << done << " cases run on " << cuda_device().name << ", " << cuda_device().driver << "\n";
  return 0;
}

/// The planted mistakes, then kernels that are right.
std::vector<samples::Planted> mistakes() {
#if defined(ALAB_HAVE_CUDA)
  const auto planted = cuda_build::planted_mistakes(), intact = cuda_build::intact_kernels();
#else
  const auto planted = counted_build::planted_mistakes(), intact = counted_build::intact_kernels();
#endif
  std::vector<samples::Planted> all(planted.begin(), planted.end());
  all.insert(all.end(), intact.begin(), intact.end());
  return all;
}

int list_mistakes() {
  const std::size_t planted = mistakes().size() - counted_build::intact_kernels().size();
  std::size_t number = 0;
  for (const samples::Planted& one : mistakes()) {
    std::cout << number << "\t" << (number < planted ? counted::to_string(one.mistake) : "intact") << "\t"
              << one.mark << "\n";
    ++number;
  }
  return 0;
}

int run_mistake(std::size_t number) {
  const std::vector<samples::Planted> all = mistakes();
  require(number < all.size(), "there is no kernel ", number, ": choose 0 to ", all.size() - 1);
  const auto stream = cuda::make_bare_stream({});
  all[number].run(*stream);
  stream->damage();  // waits for the kernel
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  try {
    if (command == "count" && argc > 2) {
      return count(argv[2], argc > 3 ? argv[3] : "");
    }
    if (command == "launch") {
      return launch(argc > 2 ? argv[2] : "");
    }
    if (command == "mistakes") {
      return list_mistakes();
    }
    if (command == "mistake" && argc > 2) {
      return run_mistake(std::stoul(argv[2]));
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ncu_compare: %s\n", e.what());
    return 1;
  }
  std::fprintf(stderr, "ncu_compare: see the head of tests/gpu/ncu_compare.cpp\n");
  return 2;
}
