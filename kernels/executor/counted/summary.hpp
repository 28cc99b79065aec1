// From what the recorders of a launch hold to its profile.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>

#include "kernels/executor/counted/profile.hpp"
#include "kernels/executor/counted/recorder.hpp"

namespace alab::counted {

/// What the launch's codes of 24 bits are relative to.
std::uintptr_t code_base(const executor::Launch& launch);
/// Place, extents and, when named, the kernel's name.
LaunchProfile begin_profile(const executor::Launch& launch, bool named);
/// Adds counters, buffers and findings.
void summarise(const LaunchContext& context, std::span<const std::unique_ptr<Recorder>> recorders,
               LaunchProfile& profile, bool by_line);
/// The finding that ended the launch; nullptr when it ran to its end.
const Finding* fatal(const LaunchProfile& profile);

}  // namespace alab::counted
