// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

#include "app/cli/commands.hpp"
#include "app/export/export.hpp"
#include "reference/core/files.hpp"

namespace alab::cli {
namespace {

namespace fs = std::filesystem;

// The program as PATH finds it, or "".
std::string on_path(std::string_view program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const fs::path candidate = fs::path(rest.substr(0, colon)) / program;
    if (::access(candidate.c_str(), X_OK) == 0) {
      return candidate.string();
    }
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  return "";
}

Finding program(std::string name, std::string_view executable, std::string next, bool required) {
  const std::string found = on_path(executable);
  return {std::move(name), !found.empty(), found.empty() ? text(executable, " is not on PATH") : found,
          std::move(next), required};
}

Finding compiler() {
  Finding f = program("C++ compiler", "g++", "sudo apt-get install g++", false);
  f.detail += text(" (this program was built by ", __VERSION__, ")");
  return f;
}

Finding nvcc() {
  Finding f = program(
      "nvcc", "nvcc",
      "install the CUDA Toolkit 12 or newer, then build again; without it kernels run on the CPU executor",
      false);
  const fs::path usual = "/usr/local/cuda/bin/nvcc";
  if (!f.ok && fs::exists(usual)) {
    f.ok = true;
    f.detail = usual.string();
  }
  f.detail += cuda_rungs().empty() ? " (this build holds no GPU kernels)"
                                   : text(" (this build holds ", cuda_rungs().size(), " GPU kernels)");
  return f;
}

Finding gpu() {
  const CudaDevice& device = cuda_device();
  return {
      "GPU", device.usable,
      device.usable ? text(device.name, ", sm_", device.sm, ", driver ", device.driver) : device.unavailable,
      "everything works without one: the same kernels run on the CPU executor", false};
}

Finding display() {
  const char* x11 = std::getenv("DISPLAY");
  const char* wayland = std::getenv("WAYLAND_DISPLAY");
  const char* found =
      x11 != nullptr && *x11 != '\0' ? x11 : (wayland != nullptr && *wayland != '\0' ? wayland : nullptr);
  return {"display", found != nullptr, found != nullptr ? found : "DISPLAY and WAYLAND_DISPLAY are not set",
          "./app/run.sh --headless DIR writes every plot without a display", false};
}

Finding locale() {
  const std::string before = std::setlocale(LC_CTYPE, nullptr);
  const bool ok = std::setlocale(LC_CTYPE, "en_US.UTF-8") != nullptr;
  std::setlocale(LC_CTYPE, before.c_str());
  return {"locale", ok, ok ? "en_US.UTF-8" : "en_US.UTF-8 does not exist; formulas show as source text",
          "sudo localedef -i en_US -f UTF-8 en_US.UTF-8", false};
}

Finding weights() {
  const fs::path file = cache_dir() / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf";
  const bool ok = fs::exists(file);
  return {"model weights", ok,
          ok ? file.string() : text(file.string(), " is missing; real heads are greyed out"),
          "./app/run.sh (without --no-model) fetches them", false};
}

Finding books() {
  const fs::path folder = cache_dir() / "texts";
  const bool ok = fs::exists(folder / "carroll-alice.txt");
  return {"books", ok,
          ok ? folder.string() : text(folder.string(), " holds no books; passages are greyed out"),
          "./app/run.sh (without --no-model) fetches them", false};
}

Finding data_folder() {
  const fs::path folder = data_dir();
  try {
    write_file_atomic(folder / ".writable", "");
    fs::remove(folder / ".writable");
    return {"state folder", true, folder.string(), "", true};
  } catch (const Error& error) {
    return {"state folder", false, error.what(), "set ALAB_DATA_DIR to a folder you may write to", true};
  }
}

Finding png() {
  return {"PNG export", png_unavailable().empty(), png_unavailable().empty() ? "cairo" : png_unavailable(),
          "sudo apt-get install libcairo2-dev, then build again", false};
}

Finding fonts() {
  for (const char* font : {"/usr/share/fonts/truetype/roboto/unhinted/RobotoTTF/Roboto-Regular.ttf",
                           "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"}) {
    if (fs::exists(font)) {
      return {"fonts for export", true, font, "", false};
    }
  }
  return {"fonts for export", false, "neither Roboto nor DejaVu is installed",
          "sudo apt-get install fonts-roboto-unhinted", false};
}

int run_doctor(const Arguments& arguments, const Progress&) {
  require(arguments.positional().empty(), "'alab doctor' takes no names");
  const std::vector<Finding> findings = examine_machine();
  bool usable = true;
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Finding& f : findings) {
    usable = usable && (f.ok || !f.required);
    json.push_back({{"name", f.name},
                    {"found", f.ok},
                    {"required", f.required},
                    {"detail", f.detail},
                    {"next", f.ok ? "" : f.next}});
    rows.push_back(
        {f.ok ? "  found  " : "  missing", f.name, f.detail + (f.ok ? "" : ". To get it: " + f.next)});
  }
  std::cout << (arguments.has("--json") ? json.dump(2) + "\n" : aligned(rows));
  return usable ? kPassed : kFailed;
}

constexpr std::array<Option, 1> kOptions{{{"--json", "", "the same as JSON"}}};

}  // namespace

std::vector<Finding> examine_machine() {
  return {{"processor", true, cpu_name(), "", true},
          compiler(),
          nvcc(),
          gpu(),
          display(),
          locale(),
          fonts(),
          png(),
          program("sandbox", "bwrap", "sudo apt-get install bubblewrap", false),
          weights(),
          books(),
          data_folder()};
}

const Command doctor_command{
    "doctor",
    "doctor [--json]",
    "Says what was found on this machine and how to get what is missing.",
    "Exit code: 0 the workbook can run here, 1 something it cannot do without is missing.\n",
    kOptions,
    run_doctor};

}  // namespace alab::cli
