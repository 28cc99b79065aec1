// What the two sides of a child process say to each other. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/executor/child.hpp"
#include "kernels/executor/child_serve.hpp"
#include "kernels/executor/wire.hpp"

namespace alab::child {

constexpr int kAnswerDescriptor = 3;  ///< of the child, beside the standard three
constexpr std::uint32_t kMagic = 0x616C4231;

/// started: the task begins; from then on the wall clock counts.
enum class FrameKind : std::uint32_t { started, answer, refusal, early_end };

/// Before each piece that the child writes.
struct FrameHead {
  std::uint32_t magic = kMagic;
  FrameKind kind = FrameKind::answer;
  std::uint64_t bytes = 0;
};

struct Request {
  ChildLimits limits;
  std::string task;
  std::vector<std::byte> bytes;
};

template <class Archive>
void exchange(Archive& archive, Request& r) {
  archive(r.limits, r.task, r.bytes);
}

/// Sent from a signal handler or at exit.
struct EarlyEnd {
  int signal = 0;  ///< 0: the program was ended by exit
  int exit_code = 0;
  counted::FixedLine at;
};

/// Of a child that has ended.
struct Remains {
  std::vector<std::byte> answered;  ///< what it wrote to kAnswerDescriptor
  std::string printed;
  ChildEnd over = ChildEnd::answered;  ///< the limit for which the parent ended it, or answered
  int status = 0;                      ///< as wait gives it
  double seconds = 0, cpu_seconds = 0;
  std::size_t peak_bytes = 0;
};

ChildVerdict verdict_of(Remains remains, const ChildLimits& limits);

}  // namespace alab::child
