// Which program made a file. SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace alab {

/// "Attention Lab 0.1.0, commit 1a2b3c4d5"; "commit unknown" when it was built outside a git checkout.
std::string_view program_name();

}  // namespace alab
