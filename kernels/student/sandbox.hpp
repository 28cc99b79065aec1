// Surroundings without network, home or other processes, made by bubblewrap. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "kernels/student/run_case.hpp"

namespace alab::student {

/// How bwrap was found to work; program: its path, or empty to look for it. For tests; others ask
/// containment().
Containment try_bubblewrap(const std::filesystem::path& program);

/// Whether commands run under bubblewrap here.
/// @throws Error when it cannot be used and limits do not allow to go without
bool uses_bubblewrap(const StudentLimits& limits);

/// bwrap and its options, to be followed by a command: all of the system is read-only and only its programs
/// and libraries are there, /tmp is empty, there is no network.
/// @param readable  files and folders that keep their paths
std::vector<std::string> bubblewrap(std::span<const std::filesystem::path> readable);

}  // namespace alab::student
