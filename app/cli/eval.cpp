// SPDX-License-Identifier: MIT
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <thread>

#include "app/cli/commands.hpp"
#include "app/cli/eval_rung.hpp"
#include "reference/algorithms.hpp"
#include "reference/core/npy.hpp"

namespace alab::cli {
namespace {

namespace fs = std::filesystem;

struct Case {
  const Algorithm* algorithm = nullptr;
  Json params = Json::object();
  fs::path folder;
};

const Algorithm& algorithm_named(const std::string& name) {
  const Algorithm* algorithm = find_algorithm(name);
  if (algorithm == nullptr) {
    std::vector<std::string> names;
    for (const Algorithm& a : all_algorithms()) {
      names.emplace_back(a.name);
    }
    throw Error(text("there is no algorithm '", name, "'", did_you_mean(name, names),
                     " 'alab list algorithms' shows them"));
  }
  return *algorithm;
}

Case read_case(const fs::path& folder) {
  require(fs::is_directory(folder), "there is no case folder ", folder.string(),
          "; it must hold meta.json and one .npy file per input");
  const Json meta = read_json(folder / "meta.json");
  require(meta.is_object() && meta.contains("algorithm") && meta["algorithm"].is_string(),
          (folder / "meta.json").string(), " must be an object with the field 'algorithm'");
  Case out{&algorithm_named(meta["algorithm"].get<std::string>()), Json::object(), folder};
  if (meta.contains("params")) {
    require(meta["params"].is_object(), (folder / "meta.json").string(), ": 'params' must be an object");
    out.params = meta["params"];
  }
  return out;
}

template <class T>
NamedTensors<T> read_inputs(const Case& c) {
  NamedTensors<T> inputs;
  for (const std::string_view name : c.algorithm->inputs) {
    const fs::path file = c.folder / (std::string(name) + ".npy");
    require(fs::exists(file), c.folder.string(), " lacks ", std::string(name), ".npy, an input of ",
            c.algorithm->name);
    inputs.emplace(name, read_npy<T>(file));
  }
  for (const std::string_view name : c.algorithm->optional_inputs) {
    const fs::path file = c.folder / (std::string(name) + ".npy");
    if (fs::exists(file)) {
      inputs.emplace(name, read_npy<T>(file));
    }
  }
  return inputs;
}

template <class T>
void write_outputs(const NamedTensors<T>& outputs, const fs::path& folder) {
  for (const auto& [name, tensor] : outputs) {
    write_npy(folder / (name + ".npy"), tensor);
    std::cout << name << " " << to_string(tensor.shape()) << "\n";
  }
}

// Runs work that knows no Progress on a thread of its own and abandons it on Ctrl-C: it may not touch files.
template <class T>
T interruptible(const Progress& progress, std::function<T()> work) {
  std::packaged_task<T()> task(std::move(work));
  std::future<T> result = task.get_future();
  std::thread thread(std::move(task));
  while (result.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
    if (progress.stop.stop_requested()) {
      thread.detach();
      throw Cancelled{};
    }
  }
  thread.join();
  return result.get();
}

template <class T>
int eval_reference(const Case& c, const fs::path& out, const Progress& progress) {
  const std::function<NamedTensors<T>()> work = [c, inputs = read_inputs<T>(c)] {
    return run_algorithm<T>(*c.algorithm, c.params, inputs);
  };
  write_outputs(interruptible(progress, work), out);
  return kPassed;
}

int eval_kernel(const Case& c, Backend backend, const std::string& rung, const fs::path& out,
                const Progress& progress) {
  const std::function<RungOutcome()> work = [=, inputs = read_inputs<float>(c)] {
    return eval_rung({*c.algorithm, c.params, inputs, backend, rung}, progress);
  };
  const RungOutcome outcome = interruptible(progress, work);
  std::cout << "computed by " << c.algorithm->op << "/" << outcome.rung << " (" << to_string(backend)
            << ")\n";
  write_outputs(outcome.outputs, out);
  if (!outcome.failure.empty()) {
    std::cerr << "alab: " << outcome.rung << " failed its check: " << outcome.failure << "\n";
  }
  return outcome.failure.empty() ? kPassed : kFailed;
}

int run_eval(const Arguments& arguments, const Progress& progress) {
  require(arguments.positional().size() == 1,
          "'alab eval' needs one case folder; 'alab eval --help' shows how");
  require(arguments.has("--out"), "say where the outputs go: --out DIR");
  const std::string dtype = arguments.value("--dtype", "f32");
  require(dtype == "f32" || dtype == "f64", "--dtype is '", dtype, "'; it can be f32 or f64");
  const std::string name = arguments.value("--backend", "reference");
  const std::vector<std::string> known{"reference", "simulated", "cuda"};
  const std::optional<Backend> backend = backend_from(name);
  require(backend.has_value(), "there is no backend '", name, "'", did_you_mean(name, known),
          " choose reference, simulated or cuda");
  require(!arguments.has("--rung") || *backend != Backend::reference,
          "--rung goes with --backend simulated or cuda");
  require(dtype == "f32" || *backend == Backend::reference,
          "kernel rungs compute in f32; leave --dtype f64 to --backend reference");
  const Case c = read_case(arguments.positional()[0]);
  const fs::path out = arguments.value("--out", "");
  require_folder(out);
  if (*backend != Backend::reference) {
    return eval_kernel(c, *backend, arguments.value("--rung", ""), out, progress);
  }
  return dtype == "f64" ? eval_reference<double>(c, out, progress) : eval_reference<float>(c, out, progress);
}

constexpr std::array<Option, 4> kOptions{
    {{"--out", "DIR", "where NAME.npy of each output is written"},
     {"--dtype", "f32|f64", "precision of the CPU reference (default f32)"},
     {"--backend", "NAME", "reference (default), simulated or cuda"},
     {"--rung", "ID",
      "which kernel rung, with simulated or cuda (default: the last that supports the case)"}}};

}  // namespace

const Command eval_command{
    "eval",
    "eval CASE_DIR --out DIR [options]",
    "Evaluates an algorithm on your own tensors.",
    "CASE_DIR holds meta.json with \"algorithm\" and \"params\", and one .npy file per input\n"
    "(f32 or f64, little-endian). 'alab list algorithms --json' names inputs, shapes and params.\n"
    "A kernel rung is held to the algorithm in double precision.\n\n"
    "Example meta.json: {\"algorithm\": \"softmax_attention\", \"params\": {\"causal\": true, \"scale\": "
    "0.125}}\n\n"
    "Exit code: 0 done, 1 a kernel failed its check, 2 the request could not be carried out.\n",
    kOptions,
    run_eval};

}  // namespace alab::cli
