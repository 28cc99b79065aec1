// The build step that saves registers around calls of code that does not know they are kept.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "kernels/executor/counted/keep_registers.hpp"

using alab::counted::keep_registers;

namespace {

std::string function(std::string_view name, std::string_view body) {
  const std::string n(name);
  return "\t.type\t" + n + ", @function\n" + n + ":\n\t.cfi_startproc\n" + std::string(body) +
         "\tret\n\t.cfi_endproc\n";
}

bool saves(std::string_view assembly) {
  return keep_registers(assembly).find("movups\t%xmm15, ") != std::string::npos;
}

constexpr std::string_view kUses = "\tvaddss\t%xmm0, %xmm9, %xmm9\n";

}  // namespace

TEST_CASE("a foreign call is surrounded where the caller uses a kept register") {
  const std::string f = function("f", std::string(kUses) + "\tcall\texpf@PLT\n");
  CHECK(saves(f));
  CHECK(keep_registers(f).find("call\texpf@PLT") != std::string::npos);
  CHECK(saves(function("f", std::string(kUses) + "\tcall\t*%rax\n")));
  CHECK_FALSE(saves(function("f", "\tvaddss\t%xmm0, %xmm7, %xmm16\n\tcall\texpf@PLT\n")));
  CHECK_FALSE(saves(function("f", std::string(kUses) + "\tcall\talab_log_full\n")));
}

TEST_CASE(
    "a function of the same file is surrounded when it, or one that it calls, may change the registers") {
  const std::string caller = function("f", std::string(kUses) + "\tcall\tg\n");
  CHECK_FALSE(saves(caller + function("g", "")));
  CHECK_FALSE(saves(caller + function("g", "\tcall\th\n") + function("h", "")));
  CHECK(saves(caller + function("g", std::string(kUses))));
  CHECK(saves(function("f", std::string(kUses) + "\tcall\tf\n")));
  CHECK(saves(caller + function("g", "\tcall\texpf\n")));
  CHECK(saves(caller + function("g", "\tcall\th\n") + function("h", "\tcall\texpf\n")));
  CHECK(saves(caller + function("g", "\tjmp\texpf\n")));
  CHECK(saves(caller + "\t.weak\tg\n" + function("g", "")));
}

TEST_CASE("stack arguments and a target on the stack are found again below the saved registers") {
  const std::string many = keep_registers(function("f", std::string(kUses) + "\tcall\tmany\n"));
  CHECK(many.find("movups\t256(%rsp), %xmm8\n\tmovups\t%xmm8, 0(%rsp)") != std::string::npos);
  const std::string moved = keep_registers(function("f", std::string(kUses) + "\tcall\t*8(%rsp)\n"));
  CHECK(moved.find("movq\t8(%rsp), %r11\n\tsubq\t$256, %rsp") != std::string::npos);
  CHECK(moved.find("call\t*%r11") != std::string::npos);
}

TEST_CASE("the unwinder is told where the frame is, unless it goes by the frame pointer") {
  const std::string plain = keep_registers(function("f", std::string(kUses) + "\tcall\texpf\n"));
  CHECK(plain.find(".cfi_adjust_cfa_offset 256") != std::string::npos);
  const std::string framed =
      keep_registers(function("f", "\t.cfi_def_cfa_register 6\n" + std::string(kUses) + "\tcall\texpf\n"));
  CHECK(framed.find(".cfi_adjust_cfa_offset") == std::string::npos);
  CHECK(framed.find(".cfi_escape 0x2e,0x80,0x2") != std::string::npos);
}
