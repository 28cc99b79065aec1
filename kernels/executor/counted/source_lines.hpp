// From code addresses of this program to the kernels' source lines and names.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "kernels/executor/counted/fixed_line.hpp"
#include "kernels/executor/counted/profile.hpp"

namespace alab::counted {

/// The innermost line of a kernel's own files (not of the executor's headers) that was inlined at this return
/// address. {"", 0} when the program carries no line tables.
Line line_of_return(std::uintptr_t address);
/// The innermost line of a .cu or .cuh file outside the executor on the calling stack, through signal frames.
/// Once it has been called, it may be called in signal handlers: it allocates nothing.
FixedLine line_of_stack();
/// "flash_fwd<32, 32>"; "kernel" when the program carries no symbols.
std::string kernel_name(const void* code);

}  // namespace alab::counted
