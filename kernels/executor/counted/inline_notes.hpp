// The build step between the compiler and the assembler of the counted build.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace alab::counted {

/// x86-64 assembly as g++ -fsanitize=thread -ffixed-r15 writes it, with the calls for memory accesses in
/// device functions replaced by stores to the log (log.hpp), whose next cell is in r15:
///
///   call __tsan_read4    ->   testl $kFullBit, %r15d; jne (alab_log_full, once per run)
///                             movq  $(alab_log_anchor - here), (%r15)     the run's head, once
///                             movq  %rdi, 256(%r15)
///                             addq  $512, %r15                            once, at the run's last access
///
/// A run ends where a jump may enter or leave; its table (sites.hpp) goes to the section alab_sites. Device
/// functions are those that begin at `.align 32`, as __device__ asks for; others keep the calls. Where a
/// function is called that may suspend the lane, r15 is handed over in Log::next.
std::string inline_notes(std::string_view assembly);

}  // namespace alab::counted
