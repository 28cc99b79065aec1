// The commands of alab, in the order its help shows them.
// SPDX-License-Identifier: MIT
#include "app/cli/commands.hpp"

#include <array>

namespace alab::cli {

std::span<const Command* const> all_commands() {
  static constexpr std::array<const Command*, 10> kAll{
      &list_command,    &run_command,   &report_command, &eval_command,   &bench_command,
      &profile_command, &check_command, &grade_command,  &doctor_command, &completion_command};
  return kAll;
}

}  // namespace alab::cli
