// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/inline_notes.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "kernels/executor/counted/assembly.hpp"
#include "kernels/executor/counted/log_layout.hpp"
#include "reference/core/error.hpp"

namespace alab::counted {
namespace {

constexpr std::string_view kLogSymbol = "_ZN4alab7counted5t_logE";
/// Runtime functions that suspend the lane; their mangled names begin so.
constexpr std::string_view kSuspending[] = {
    "_ZN4alab8executor12sync_threadsE", "_ZN4alab8executor9warp_callE", "_ZN4alab8executor11active_maskE"};

std::optional<Kind> access_of(std::string_view function) {
  static constexpr std::string_view kNames[] = {
      "__tsan_read1",  "__tsan_read2",  "__tsan_read4",  "__tsan_read8",  "__tsan_read16",
      "__tsan_write1", "__tsan_write2", "__tsan_write4", "__tsan_write8", "__tsan_write16"};
  const auto* const at = std::find(std::begin(kNames), std::end(kNames), function);
  return at == std::end(kNames) ? std::nullopt : std::optional(static_cast<Kind>(at - std::begin(kNames)));
}

bool suspends(std::string_view function) {
  return std::any_of(std::begin(kSuspending), std::end(kSuspending),
                     [&](std::string_view name) { return function.starts_with(name); });
}

// Calls, jumps, and inline assembly, which may hold either.
bool leaves(std::string_view word) {
  return word == "call" || word.starts_with('j') || word.starts_with("ret") || word == "notrack" ||
         word.starts_with('#');
}

// Labels that only the line table, unwinding and exception tables use: nothing jumps there.
bool is_mark(std::string_view label) {
  static constexpr std::string_view kMarks[] = {".LVL", ".LBB",  ".LBE",  ".LBI", ".LFB",
                                                ".LFE", ".LEHB", ".LEHE", ".LCFI"};
  return std::any_of(std::begin(kMarks), std::end(kMarks), [&](std::string_view mark) {
    return label.starts_with(mark) && label.size() > mark.size() && std::isdigit(label[mark.size()]) != 0;
  });
}

class Rewriter {
 public:
  std::string rewrite(std::string_view assembly) {
    for (const std::string_view l : lines_of(assembly)) {
      line(l);
    }
    end_run();
    std::string out;
    for (const std::string& l : out_) {
      out += l;
      out += '\n';
    }
    return out;
  }

 private:
  void line(std::string_view text) {
    const std::string_view word = first_word(text);
    if (word.empty()) {
      keep(text);
    } else if (word.starts_with('.') && !word.ends_with(':')) {
      directive(word, text);
    } else if (word.ends_with(':')) {
      if (!is_mark(word)) {
        end_run();
      }
      keep(text);
    } else {
      instruction(word, text);
    }
  }

  void directive(std::string_view word, std::string_view text) {
    const std::string_view what = operand(text);
    if (word == ".align") {
      aligned_ = what == "32";
    } else if (word == ".p2align") {
      aligned_ = false;
    } else if (word == ".type" && what.ends_with("@function")) {
      in_device_ = aligned_;
      aligned_ = false;
    } else if (word == ".cfi_endproc") {
      end_run();
      when_full();
    } else if (word == ".text" || word == ".section") {
      end_run();
      group_ = group_of(word, what);
    }
    keep(text);
  }

  // "name" of .section .text.name,"axG",@progbits,name,comdat
  static std::string group_of(std::string_view word, std::string_view what) {
    if (word != ".section" || !what.ends_with(",comdat")) {
      return {};
    }
    what.remove_suffix(std::string_view(",comdat").size());
    return std::string(what.substr(what.rfind(',') + 1));
  }

  void instruction(std::string_view word, std::string_view text) {
    const std::string_view function = called(text);
    const std::optional<Kind> kind = access_of(function);
    if (kind && in_device_) {
      note(*kind);
      return;
    }
    if (leaves(word)) {
      end_run();
    }
    if (suspends(function)) {
      const std::string log = "\tmovq\t" + std::string(kLogSymbol) + "@gottpoff(%rip), %r11";
      keep(log);
      keep("\tmovq\t%r15, %fs:(%r11)");
      keep(text);
      keep(log);
      keep("\tmovq\t%fs:(%r11), %r15");
      return;
    }
    keep(text);
  }

  void note(Kind kind) {
    if (kinds_.size() == kLongestRun) {
      end_run();
    }
    const std::string run = ".Lalab_run" + std::to_string(run_);
    if (kinds_.empty()) {
      keep(text("\ttestl\t$", kFullBit, ", %r15d"));
      keep("\tjne\t" + run + "_full");
      keep(run + "_go:");
      keep("\tmovq\t$(alab_log_anchor-" + run + "), (%r15)");
      keep(run + ":");
      full_.push_back(run);
    }
    keep(text("\tmovq\t%rdi, ", kRowBytes * (kinds_.size() + 1), "(%r15)"));
    keep(text(run, "_", kinds_.size(), ":"));
    kinds_.push_back(kind);
    last_ = out_.size() - 1;
  }

  // Flags are free where a call was, and nowhere else: what ends a run goes to its last access.
  void end_run() {
    if (kinds_.empty()) {
      return;
    }
    const std::string run = ".Lalab_run" + std::to_string(run_++);
    std::string& at = out_[last_];
    at += text("\n\taddq\t$", kRowBytes * (kinds_.size() + 1), ", %r15\n\t.pushsection alab_sites,");
    at += group_.empty() ? "\"a\",@progbits\n" : "\"aG\",@progbits," + group_ + ",comdat\n";
    at += text("\t.balign\t4\n\t.long\t", run, "-., ", kinds_.size(), "\n");
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      at += text("\t.long\t", run, "_", i, "-., ", static_cast<unsigned>(kinds_[i]), "\n");
    }
    at += "\t.popsection";
    kinds_.clear();
  }

  void when_full() {
    for (const std::string& run : full_) {
      keep(run + "_full:");
      keep("\tcall\talab_log_full");
      keep("\tjmp\t" + run + "_go");
    }
    full_.clear();
  }

  void keep(std::string_view text) { out_.emplace_back(text); }

  std::vector<std::string> out_;
  std::vector<Kind> kinds_;        // of the run so far
  std::vector<std::string> full_;  // runs of this function, whose way out is yet to be written
  std::string group_;              // of the section
  std::size_t run_ = 0, last_ = 0;
  bool aligned_ = false, in_device_ = false;
};

}  // namespace

std::string inline_notes(std::string_view assembly) {
  return Rewriter().rewrite(assembly);
}

}  // namespace alab::counted
