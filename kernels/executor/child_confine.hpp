// Takes from the calling process what work with kernels never needs. SPDX-License-Identifier: MIT
#pragma once

namespace alab::child {

/// From now on, and in every thread that is started later, only a list of system calls works: memory, time,
/// threads, reading files, writing to what is open. Any other fails with EPERM. False where the system has no
/// such filters (it takes Linux with seccomp on x86-64 or arm64); then nothing is forbidden.
bool confine();

}  // namespace alab::child
