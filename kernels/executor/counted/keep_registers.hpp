// The build step between the compiler and the assembler of the counted build, its second half.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace alab::counted {

/// x86-64 assembly compiled with -fcall-saved-xmm8 to -fcall-saved-xmm15, where a note of an access
/// (inline_notes.hpp) costs no spill of the sums that a kernel keeps in these registers. Its functions
/// preserve them, but other code does not: calls of it are put between a save and a restore, where the caller
/// uses any. Upper halves of the registers are not kept, and nothing wider than 16 bytes must live across a
/// call.
std::string keep_registers(std::string_view assembly);

}  // namespace alab::counted
