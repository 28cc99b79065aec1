// Lines of assembly as g++ writes them.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

namespace alab::counted {

/// Without their line ends.
std::vector<std::string_view> lines_of(std::string_view assembly);
/// "call" of "\tcall\t*f@GOTPCREL(%rip)"; what follows: "*f@GOTPCREL(%rip)".
std::string_view first_word(std::string_view line);
std::string_view operand(std::string_view line);
/// The function that a call names: "f"; empty for one through a register or memory, and for other lines.
std::string_view called(std::string_view line);
/// Whether the line is an instruction: not a label, a directive or a comment.
bool is_instruction(std::string_view line);

}  // namespace alab::counted
