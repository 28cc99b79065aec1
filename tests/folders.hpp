// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace alab::tests {

/// The checkout that this program was built from.
std::string source_folder();
/// Where the programs were built.
std::string bin_folder();

}  // namespace alab::tests
