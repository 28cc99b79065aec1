// SPDX-License-Identifier: MIT
#include "app/doctor/doctor.hpp"

#include <locale.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/export/export.hpp"
#include "app/grade/zip.hpp"
#include "kernels/backend.hpp"
#include "kernels/student/run_case.hpp"
#include "reference/core/files.hpp"
#include "reference/model/input_sources.hpp"
#include "reference/model/text.hpp"

namespace alab {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFetch = "./app/run.sh --build-only";
constexpr const char* kRebuild = "cmake --preset release && cmake --build --preset release";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// The program as PATH finds it, or "".
std::string on_path(std::string_view program) {
  const std::string path = variable("PATH");
  std::string_view rest = path;
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

Finding processor() {
  return {"processor", true, true, cpu_name(), "", "", ""};
}

Finding compiler() {
  const std::string found = on_path("g++");
  return {
      "C++ compiler",
      !found.empty(),
      false,
      text(found.empty() ? "g++ is not on PATH" : found, " (this program was built by ", __VERSION__, ")"),
      "",
      "install g++",
      "sudo apt-get install g++"};
}

Finding nvcc() {
  std::string found = on_path("nvcc");
  const fs::path usual = "/usr/local/cuda/bin/nvcc";
  if (found.empty() && is_there(usual)) {
    found = usual.string();
  }
  const std::size_t kernels = cuda_rungs().size();
  return {"nvcc",
          !found.empty(),
          false,
          text(found.empty() ? "nvcc is not on PATH" : found, " (this program holds ",
               kernels == 0 ? std::string("no GPU kernels") : text(kernels, " GPU kernels"), ")"),
          "",
          "install the CUDA Toolkit 12 or newer from NVIDIA, delete build/release, and build again",
          ""};
}

Finding driver() {
  std::ifstream file("/proc/driver/nvidia/version");
  std::string version;
  std::getline(file, version);
  return {"GPU driver",
          !version.empty(),
          false,
          version.empty() ? "no NVIDIA driver is loaded" : version,
          "",
          "a machine with an NVIDIA GPU needs NVIDIA's driver; others need nothing",
          ""};
}

Finding gpu() {
  const CudaDevice& device = cuda_device();
  return {
      "GPU",
      device.usable,
      false,
      device.usable ? text(device.name, ", sm_", device.sm, ", driver ", device.driver) : device.unavailable,
      "kernels run on the CPU executor, which gives values and checks but no GPU times",
      "everything else works without one",
      ""};
}

Finding display() {
  const std::string x11 = variable("DISPLAY");
  const std::string found = x11.empty() ? variable("WAYLAND_DISPLAY") : x11;
  return {"display",
          !found.empty(),
          false,
          found.empty() ? "DISPLAY and WAYLAND_DISPLAY are not set" : found,
          "the window cannot open",
          "write every plot and report without a display",
          "./app/run.sh --headless lab-results"};
}

Finding locale() {
  const locale_t wanted = ::newlocale(LC_CTYPE_MASK, "en_US.UTF-8", locale_t{});
  const bool ok = wanted != locale_t{};
  if (ok) {
    ::freelocale(wanted);
  }
  return {"locale",
          ok,
          false,
          ok ? "en_US.UTF-8" : "en_US.UTF-8 does not exist",
          "formulas show as source text",
          "make it",
          "sudo localedef -i en_US -f UTF-8 en_US.UTF-8"};
}

Finding fonts() {
  const fs::path folder = "/usr/share/fonts/truetype";
  for (const fs::path font : {"roboto/unhinted/RobotoTTF/Roboto-Regular.ttf", "dejavu/DejaVuSans.ttf"}) {
    if (is_there(folder / font)) {
      return {"fonts for export", true, false, (folder / font).string(), "", "", ""};
    }
  }
  return {"fonts for export",
          false,
          false,
          "neither Roboto nor DejaVu is installed",
          "exported pictures use another font",
          "install them",
          "sudo apt-get install fonts-roboto-unhinted fonts-dejavu-core"};
}

Finding png() {
  const std::string why = png_unavailable();
  return {"PNG export",
          why.empty(),
          false,
          why.empty() ? "drawn by cairo" : why,
          "SVG, CSV, JSON and HTML are written, PNG is not",
          "install libcairo2-dev and build again",
          text("sudo apt-get install libcairo2-dev && ", kRebuild)};
}

Finding zips() {
  const std::string why = grade::zip_unavailable();
  return {"zip submissions",
          why.empty(),
          false,
          why.empty() ? "read by libzip" : "this program was built without libzip",
          "'alab grade' reads submissions in folders, not in zip files",
          "install libzip-dev and build again",
          text("sudo apt-get install libzip-dev && ", kRebuild)};
}

Finding sandbox() {
  const std::string program = on_path("bwrap");
  const bool works = !program.empty() && student::containment().bubblewrap;
  return {"sandbox",
          works,
          false,
          works             ? program
          : program.empty() ? "bwrap is not on PATH"
                            : student::containment().unavailable,
          "students' kernels do not compile or run, unless you allow them to go without",
          "install bubblewrap, and let users make namespaces",
          "sudo apt-get install bubblewrap"};
}

Finding weights() {
  const InputSource head = head_source({});
  return {"model weights",
          head.unavailable.empty(),
          false,
          head.unavailable.empty() ? text("SmolLM2-135M-Instruct in ", (cache_dir() / "models").string())
                                   : head.unavailable,
          "real heads cannot be read",
          "fetch them (93 MB)",
          kFetch};
}

Finding passages() {
  const auto here = std::ranges::count_if(books(), [](const Book& b) { return book_unavailable(b).empty(); });
  const auto all = static_cast<std::ptrdiff_t>(books().size());
  return {"books",
          here == all,
          false,
          text(here, " of ", all, " in ", (cache_dir() / "texts").string()),
          "the model can read your own sentence, not a book",
          "fetch them (45 MB)",
          kFetch};
}

// Writes and removes a file, because a permission bit does not tell of a full or read-only disk.
Finding state_folder() {
  const fs::path folder = data_dir();
  const fs::path probe = folder / text(".writable-", ::getpid());
  std::string why;
  try {
    write_file_atomic(probe, "1");
  } catch (const Error& error) {
    why = error.what();
  }
  std::error_code ignored;
  fs::remove(probe, ignored);
  return {"state folder",
          why.empty(),
          true,
          why.empty() ? folder.string() : why,
          "predictions, answers and notes are lost when the window closes",
          "name a folder that you may write to",
          "export ALAB_DATA_DIR=\"$HOME/attention-lab\""};
}

}  // namespace

std::vector<Finding> examine_machine() {
  std::vector<Finding> findings = {processor(), compiler(), nvcc(),     driver(),      gpu(),
                                   display(),   locale(),   fonts(),    png(),         zips(),
                                   sandbox(),   weights(),  passages(), state_folder()};
  for (Finding& f : findings) {
    if (f.found) {
      f.loses.clear();
      f.next.clear();
      f.command.clear();
    }
  }
  return findings;
}

bool usable(const std::vector<Finding>& findings) {
  return std::ranges::all_of(findings, [](const Finding& f) { return f.found || !f.required; });
}

Json to_json(const std::vector<Finding>& findings) {
  Json out = Json::array();
  for (const Finding& f : findings) {
    out.push_back({{"name", f.name},
                   {"found", f.found},
                   {"required", f.required},
                   {"detail", f.detail},
                   {"loses", f.loses},
                   {"next", f.next},
                   {"command", f.command}});
  }
  return out;
}

}  // namespace alab
