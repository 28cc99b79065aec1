// What alab_gpu, the program that runs students' kernels on a GPU, is asked and answers.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace alab::student {

/// Cases of one source, to be run one after the other. Nothing in it tells what is right.
struct GpuRequest {
  std::string exercise;
  std::vector<std::byte> image;               ///< what nvcc made of the student's source: device code alone
  std::vector<std::vector<std::byte>> cases;  ///< of CaseRequests
  bool bare = false;  ///< no guard bands, nothing filled, no answer: for tools that watch memory
  int repeats = 0;    ///< timed runs of each case; 0: outputs are wanted
};

struct GpuAnswer {
  /// Of CaseAnswers, empty of timed runs. Less than were asked for when a case left the GPU's context
  /// unusable: it is the last.
  std::vector<std::vector<std::byte>> answers;
  std::vector<double> seconds;
};

/// GPU 0 of this machine.
struct GpuDevice {
  std::string name;         ///< "NVIDIA H200"
  int sm = 0;               ///< 90
  int driver = 0;           ///< 13000: CUDA 13.0
  std::string unavailable;  ///< "" or why it cannot be used, and what to install
};

template <class Archive>
void exchange(Archive& archive, GpuRequest& x) {
  auto& [exercise, image, cases, bare, repeats] = x;
  archive(exercise, image, cases, bare, repeats);
}
template <class Archive>
void exchange(Archive& archive, GpuAnswer& x) {
  auto& [answers, seconds] = x;
  archive(answers, seconds);
}
template <class Archive>
void exchange(Archive& archive, GpuDevice& x) {
  auto& [name, sm, driver, unavailable] = x;
  archive(name, sm, driver, unavailable);
}

}  // namespace alab::student
