// What 'alab grade --slurm' was asked for. SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "app/cli/cli.hpp"
#include "app/grade/slurm.hpp"

namespace alab::cli {

/// Options that mean something with --slurm only.
inline constexpr std::array<std::string_view, 7> kSlurmOptions{
    "--slurm-tasks", "--slurm-tries", "--slurm-setup", "--slurm-options",
    "--slurm-ask",   "--partition",   "--time"};

/// A whole number from 1 to most; Error names the option.
unsigned count_of(const Arguments& arguments, std::string_view option, unsigned fallback, unsigned most);

/// @throws Error for a value out of range, and for an option of --slurm without it
grade::SlurmRequest slurm_request(const Arguments& arguments, const grade::GradeRequest& request);

}  // namespace alab::cli
