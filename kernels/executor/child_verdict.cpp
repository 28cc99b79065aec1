// From what a child process left behind to a sentence. SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>

#include "kernels/executor/child_frames.hpp"
#include "reference/core/error.hpp"

namespace alab::child {
namespace {

/// The frames that came; anything that is no frame ends them.
struct Frames {
  std::optional<std::vector<std::byte>> answer;
  std::optional<std::string> refusal;
  std::optional<EarlyEnd> early_end;
  bool clean = true;
};

Frames frames_of(std::span<const std::byte> bytes) {
  Frames frames;
  while (!bytes.empty()) {
    FrameHead head;
    if (bytes.size() < sizeof head) {
      frames.clean = false;
      return frames;
    }
    std::memcpy(&head, bytes.data(), sizeof head);
    bytes = bytes.subspan(sizeof head);
    if (head.magic != kMagic || head.bytes > bytes.size()) {
      frames.clean = false;
      return frames;
    }
    const auto content = bytes.first(static_cast<std::size_t>(head.bytes));
    bytes = bytes.subspan(content.size());
    if (head.kind == FrameKind::answer) {
      frames.answer.emplace(content.begin(), content.end());
    } else if (head.kind == FrameKind::refusal) {
      frames.refusal.emplace(reinterpret_cast<const char*>(content.data()), content.size());
    } else if (head.kind == FrameKind::early_end && content.size() == sizeof(EarlyEnd)) {
      std::memcpy(&frames.early_end.emplace(), content.data(), sizeof(EarlyEnd));
      frames.early_end->at.file.back() = '\0';
    }
  }
  return frames;
}

std::string what_signal(int signal) {
  switch (signal) {
    case SIGSEGV:
    case SIGBUS:
      return "it touched memory that is not there, or its stack ran over";
    case SIGFPE:
      return "it divided an integer by zero";
    case SIGILL:
      return "it executed what is no instruction: it was overwritten, or built for another processor";
    case SIGABRT:
      return "it aborted itself (abort, a failed assert, or damaged memory)";
    case SIGXFSZ:
      return "it wrote a file, which a kernel may not";
    default:
      return text("it was ended by signal ", signal, " (", strsignal(signal), ")");
  }
}

std::string sentence_of(const ChildVerdict& v, const ChildLimits& limits) {
  const std::string where = v.line.line != 0 ? text(v.line.file, ":", v.line.line, ": ") : std::string();
  const char* loop = ": does a loop never end? Its condition must change in each turn";
  switch (v.end) {
    case ChildEnd::wall_time:
      return text(where, "the kernel had not ended after ", limits.wall_seconds, " s and was stopped", loop);
    case ChildEnd::cpu_time:
      return text(where, "the kernel had used ", limits.cpu_seconds, " s of processor time and was stopped",
                  loop);
    case ChildEnd::memory:
      return text(
          where, "the kernel's process held more than ", limits.memory_bytes >> 20,
          " MB of memory and was stopped: a kernel allocates nothing, its buffers come from the launch");
    case ChildEnd::signal:
      return text(where, "the kernel ended its process: ", what_signal(v.signal));
    case ChildEnd::exited:
      return text(where, "the kernel ended its process with exit code ", v.exit_code,
                  " instead of returning: leave a kernel with return");
    default:
      return "the kernel's process answered with bytes that are no result: it wrote over memory that is not "
             "its own";
  }
}

}  // namespace

ChildVerdict verdict_of(Remains r, const ChildLimits& limits) {
  ChildVerdict v;
  v.output = std::move(r.printed);
  v.seconds = r.seconds;
  v.cpu_seconds = r.cpu_seconds;
  v.peak_bytes = r.peak_bytes;
  Frames frames = frames_of(r.answered);
  const bool killed = WIFSIGNALED(r.status);
  v.signal = killed ? WTERMSIG(r.status) : 0;
  v.exit_code = WIFEXITED(r.status) ? WEXITSTATUS(r.status) : 0;
  if (frames.early_end) {
    const EarlyEnd& e = *frames.early_end;
    v.signal = e.signal;
    v.exit_code = e.signal == 0 ? e.exit_code : v.exit_code;
    v.line = {e.at.file.data(), std::max(e.at.line, 0)};
  }
  if (r.over != ChildEnd::answered) {
    v.end = r.over;
  } else if (v.signal == SIGXCPU || (v.signal == SIGKILL && r.cpu_seconds >= limits.cpu_seconds)) {
    v.end = ChildEnd::cpu_time;
  } else if (v.signal != 0) {
    v.end = ChildEnd::signal;
  } else if (frames.refusal) {
    v.end = ChildEnd::failed;
    v.sentence = *frames.refusal;
    return v;
  } else if (frames.early_end || (!frames.answer && frames.clean)) {
    v.end = ChildEnd::exited;
  } else if (!frames.answer || !frames.clean) {
    v.end = ChildEnd::garbled;
  } else {
    v.end = ChildEnd::answered;
    v.answer = std::move(*frames.answer);
    return v;
  }
  v.sentence = sentence_of(v, limits);
  return v;
}

std::string_view to_string(ChildEnd end) {
  constexpr std::array<std::string_view, 9> kNames{"answered", "failed",  "wall_time",
                                                   "cpu_time", "memory",  "signal",
                                                   "exited",   "garbled", "did_not_start"};
  return kNames[static_cast<std::size_t>(end)];
}

}  // namespace alab::child
