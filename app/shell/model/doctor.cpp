// SPDX-License-Identifier: MIT
#include "app/shell/model/doctor.hpp"

#include <unistd.h>

#include "app/export/export.hpp"
#include "kernels/backend.hpp"
#include "reference/core/files.hpp"

namespace alab::shell {
namespace {

DoctorRow gpu_row() {
  const CudaDevice& device = cuda_device();
  if (device.usable) {
    return {"GPU", true, device.name + ", driver " + device.driver, ""};
  }
  return {"GPU", false, device.unavailable, ""};
}

DoctorRow data_row() {
  std::filesystem::path folder = data_dir();
  std::filesystem::path existing = folder;
  std::error_code ignored;
  while (!std::filesystem::exists(existing, ignored) && existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  const bool writable = ::access(existing.c_str(), W_OK) == 0;
  return {"Saving", writable, folder.string() + (writable ? "" : " cannot be written; nothing is kept."),
          writable ? "" : "export ALAB_DATA_DIR=/a/folder/you/can/write"};
}

}  // namespace

std::vector<DoctorRow> examine(const InputCatalog& catalog) {
  std::vector<DoctorRow> rows;
  rows.push_back({"Processor", true, cpu_name(), ""});
  rows.push_back(gpu_row());
  for (const CatalogEntry& entry : catalog.entries) {
    if (entry.model) {
      rows.push_back({entry.label, entry.unavailable.empty(),
                      entry.unavailable.empty() ? entry.doc : entry.unavailable, entry.command});
    }
  }
  const std::string png = png_unavailable();
  rows.push_back({"PNG export", png.empty(), png.empty() ? "drawn by cairo" : png,
                  png.empty() ? "" : "sudo apt install libcairo2-dev && ./app/run.sh --build-only"});
  rows.push_back(data_row());
  return rows;
}

}  // namespace alab::shell
