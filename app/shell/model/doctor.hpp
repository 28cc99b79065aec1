// What this machine has and lacks, each with the command that mends it.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "app/shell/model/input_catalog.hpp"

namespace alab::shell {

struct DoctorRow {
  std::string what;  ///< "GPU"
  bool found = false;
  std::string detail;   ///< what was found, or what works without it
  std::string command;  ///< that mends it; "" when nothing is to be done
};
/// Asks the driver and the file system; takes up to a second, so it belongs into a job.
std::vector<DoctorRow> examine(const InputCatalog& catalog);

}  // namespace alab::shell
