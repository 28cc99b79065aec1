// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/keep_registers.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "kernels/executor/counted/assembly.hpp"
#include "reference/core/error.hpp"

namespace alab::counted {
namespace {

constexpr unsigned kSaved = 128, kArguments = 128;

struct Call {
  std::size_t line = 0;
  std::string_view function;  // empty: through a pointer
  bool frame_pointer = false;
};
struct Function {
  bool uses = false;         // any of the registers
  bool replaceable = false;  // the linker may take another file's
  bool unsafe = false;       // may change the registers
  std::vector<Call> calls;
};

// Of the executor and the C library's mathematics: no argument of theirs is on the stack.
bool takes_registers(std::string_view function) {
  static constexpr std::string_view kNames[] = {"expf", "exp2f", "logf", "log2f", "sinf",
                                                "cosf", "tanhf", "powf", "sqrtf"};
  return function.starts_with("_ZN4alab8executor") ||
         std::find(std::begin(kNames), std::end(kNames), function) != std::end(kNames);
}

// xmm8 to xmm15, or what they are the lower parts of.
bool mentions(std::string_view line) {
  for (std::size_t at = 0; (at = line.find("mm", at)) != std::string_view::npos; at += 2) {
    const std::string_view number = line.substr(at + 2, 2);
    const bool two = number.size() == 2 && number[1] >= '0' && number[1] <= '9';
    if (!number.empty() &&
        ((two && number[0] == '1' && number[1] <= '5') || (!two && (number[0] == '8' || number[0] == '9')))) {
      return true;
    }
  }
  return false;
}

class File {
 public:
  explicit File(std::string_view assembly) : lines_(lines_of(assembly)) {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      line(i);
    }
    while (spread()) {
    }
  }
  std::string kept() const {
    std::map<std::size_t, Call> wrapped;
    for (const auto& [name, f] : functions_) {
      for (const Call& call : f.calls) {
        if (f.uses && !preserves(call.function)) {
          wrapped.emplace(call.line, call);
        }
      }
    }
    std::string out;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const auto at = wrapped.find(i);
      out += at == wrapped.end() ? std::string(lines_[i]) + "\n" : around(at->second);
    }
    return out;
  }

 private:
  void line(std::size_t i) {
    const std::string_view word = first_word(lines_[i]), what = operand(lines_[i]);
    const auto current = functions_.find(current_);
    if (word == ".weak") {
      functions_[what].replaceable = true;
    } else if (word == ".type" && what.ends_with(", @function")) {
      current_ = what.substr(0, what.find(','));
      functions_[current_];
    } else if (word.starts_with(".cfi_")) {
      frame(word, what);
    } else if (is_instruction(lines_[i]) && current != functions_.end()) {
      Function& f = current->second;
      f.uses = f.uses || mentions(what);
      f.unsafe = f.unsafe || f.uses;  // g++ does not save them in a function's prologue
      if (word == "call") {
        f.calls.push_back({i, called(lines_[i]), frame_pointer_});
      } else if (word == "jmp" && !what.starts_with(".L") && !what.starts_with('*')) {
        f.unsafe = true;  // it returns to the caller from there
      }
    }
  }

  void frame(std::string_view word, std::string_view what) {
    if (word == ".cfi_startproc") {
      frame_pointer_ = false;
    } else if (word == ".cfi_def_cfa" || word == ".cfi_def_cfa_register") {
      frame_pointer_ = what.starts_with('6');
    } else if (word == ".cfi_remember_state") {
      remembered_ = frame_pointer_;
    } else if (word == ".cfi_restore_state") {
      frame_pointer_ = remembered_;
    }
  }

  bool preserves(std::string_view function) const {
    if (function == "alab_log_full") {
      return true;
    }
    const auto at = functions_.find(function);
    return at != functions_.end() && !at->second.replaceable && !at->second.unsafe;
  }
  bool spread() {
    bool changed = false;
    for (auto& [name, f] : functions_) {
      const bool loses =
          std::any_of(f.calls.begin(), f.calls.end(), [&](const Call& c) { return !preserves(c.function); });
      changed = changed || (loses && !f.unsafe);
      f.unsafe = f.unsafe || loses;
    }
    return changed;
  }

  // Arguments on the stack are handed on: as much of what lies there as any function takes.
  std::string around(const Call& call) const {
    constexpr unsigned all = kSaved + kArguments;
    const std::string_view target = operand(lines_[call.line]);
    const bool moves = target.find("(%rsp)") != std::string_view::npos;
    std::string s = moves ? text("\tmovq\t", target.substr(1), ", %r11\n") : "";
    s += text("\tsubq\t$", all, ", %rsp\n\t.cfi_escape 0x2e,0x80,0x2\n");
    s += call.frame_pointer ? "" : text("\t.cfi_adjust_cfa_offset ", all, "\n");
    for (unsigned i = 0; i < 8; ++i) {
      s += text("\tmovups\t%xmm", 8 + i, ", ", kArguments + 16 * i, "(%rsp)\n");
    }
    for (unsigned at = 0; !takes_registers(call.function) && at < kArguments; at += 16) {
      s += text("\tmovups\t", all + at, "(%rsp), %xmm8\n\tmovups\t%xmm8, ", at, "(%rsp)\n");
    }
    s += moves ? "\tcall\t*%r11\n" : std::string(lines_[call.line]) + "\n";
    for (unsigned i = 0; i < 8; ++i) {
      s += text("\tmovups\t", kArguments + 16 * i, "(%rsp), %xmm", 8 + i, "\n");
    }
    s += text("\taddq\t$", all, ", %rsp\n\t.cfi_escape 0x2e,0\n");
    s += call.frame_pointer ? "" : text("\t.cfi_adjust_cfa_offset -", all, "\n");
    return s;
  }

  std::vector<std::string_view> lines_;
  std::map<std::string_view, Function> functions_;
  std::string_view current_;
  bool frame_pointer_ = false, remembered_ = false;
};

}  // namespace

std::string keep_registers(std::string_view assembly) {
  return File(assembly).kept();
}

}  // namespace alab::counted
