// The build step of the counted build: where runs of accesses begin and end, and what is left alone.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "kernels/executor/counted/inline_notes.hpp"

using alab::counted::inline_notes;

namespace {

std::string device(std::string_view body) {
  return "\t.text\n\t.align 32\n\t.type\tf, @function\nf:\n\t.cfi_startproc\n" + std::string(body) +
         "\tret\n\t.cfi_endproc\n";
}

int count(std::string_view text, std::string_view part) {
  int n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) {
    ++n;
  }
  return n;
}

constexpr std::string_view kRead = "\tcall\t*__tsan_read4@GOTPCREL(%rip)\n";
constexpr std::string_view kWrite = "\tcall\t__tsan_write16@PLT\n";

}  // namespace

TEST_CASE("accesses in a row are one run with one head, one step and one way out") {
  const std::string out = inline_notes(device(std::string(kRead) + "\tmovss\t(%rdi), %xmm0\n.LVL3:\n" +
                                              "\t.loc 1 7 3\n" + std::string(kWrite)));
  CHECK(count(out, "__tsan_") == 0);
  CHECK(count(out, "alab_log_anchor") == 1);
  CHECK(count(out, "movq\t%rdi, 256(%r15)") == 1);
  CHECK(count(out, "movq\t%rdi, 512(%r15)") == 1);
  CHECK(count(out, "addq\t$768, %r15") == 1);
  CHECK(count(out, "call\talab_log_full") == 1);
  CHECK(count(out, "\t.long\t.Lalab_run0-., 2\n") == 1);
  CHECK(out.find("alab_log_full") < out.find(".cfi_endproc"));
}

TEST_CASE("labels, jumps, calls and inline assembly end a run") {
  for (const std::string_view between :
       {".L7:\n", "\tjne\t.L7\n", "\tcall\texpf\n", "#APP\n", "\tnotrack jmp\t*%rax\n", "g:\n"}) {
    CAPTURE(between);
    const std::string out =
        inline_notes(device(std::string(kRead) + std::string(between) + std::string(kRead)));
    CHECK(count(out, "alab_log_anchor") == 2);
    CHECK(count(out, "addq\t$512, %r15") == 2);
    CHECK(out.find("addq\t$512, %r15") < out.find(between));
  }
}

TEST_CASE("a long run is cut to what fits behind a full log") {
  std::string body;
  for (int i = 0; i < 40; ++i) {
    body += kRead;
  }
  const std::string out = inline_notes(device(body));
  CHECK(count(out, "alab_log_anchor") == 3);
  CHECK(count(out, "movq\t%rdi") == 40);
  CHECK(count(out, "addq\t$4096, %r15") == 2);
}

TEST_CASE("functions of the host keep their calls") {
  for (const std::string_view start : {"\t.p2align 4\n", "\t.align 64\n", ""}) {
    const std::string host = "\t.text\n" + std::string(start) + "\t.type\th, @function\nh:\n" +
                             std::string(kRead) + "\tret\n\t.cfi_endproc\n";
    CHECK(inline_notes(host) == host);
    CHECK(inline_notes(device(std::string(kRead)) + host).ends_with(host));
  }
}

TEST_CASE("the log's place is handed over where the lane may be suspended") {
  const std::string out =
      inline_notes(device("\tcall\t*_ZN4alab8executor12sync_threadsESt15source_location@GOTPCREL(%rip)\n"));
  CHECK(out.find("movq\t%r15, %fs:(%r11)") < out.find("call\t*_ZN4alab8executor12sync_threads"));
  CHECK(out.find("call\t*_ZN4alab8executor12sync_threads") < out.find("movq\t%fs:(%r11), %r15"));
}

TEST_CASE("the table of a function that the linker may drop is dropped with it") {
  const std::string out = inline_notes("\t.section\t.text._Z1hv,\"axG\",@progbits,_Z1hv,comdat\n" +
                                       device(std::string(kRead)).substr(7));
  CHECK(count(out, ".pushsection alab_sites,\"aG\",@progbits,_Z1hv,comdat\n") == 1);
}
