// SPDX-License-Identifier: MIT
#include <array>
#include <filesystem>
#include <iostream>

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

Case read_case(const fs::path& folder) {
  require(fs::is_directory(folder), "there is no case folder ", folder.string(),
          "; it must hold meta.json and one .npy file per input");
  const Json meta = read_json(folder / "meta.json");
  require(meta.is_object() && meta.contains("algorithm") && meta["algorithm"].is_string(),
          (folder / "meta.json").string(), " must be an object with the field 'algorithm'");
  const auto name = meta["algorithm"].get<std::string>();
  Case out{find_algorithm(name), Json::object(), folder};
  if (out.algorithm == nullptr) {
    std::vector<std::string> names;
    for (const Algorithm& a : all_algorithms()) {
      names.emplace_back(a.name);
    }
    const std::string close = nearest(name, names);
    throw Error(text("there is no algorithm '", name, "'",
                     close.empty() ? "" : text("; did you mean '", close, "'?"),
                     " 'alab list algorithms' shows them"));
  }
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

int run_eval(const Arguments& arguments, const Progress& progress) {
  require(arguments.positional().size() == 1,
          "'alab eval' needs one case folder; 'alab eval --help' shows how");
  require(arguments.has("--out"), "say where the outputs go: --out DIR");
  const std::string dtype = arguments.value("--dtype", "f32");
  require(dtype == "f32" || dtype == "f64", "--dtype is '", dtype, "'; it can be f32 or f64");
  const std::string backend = arguments.value("--backend", "reference");
  require(backend_from(backend).has_value(), "there is no backend '", backend,
          "'; choose reference, simulated or cuda");
  const Case c = read_case(arguments.positional()[0]);
  const fs::path out = arguments.value("--out", "");
  if (*backend_from(backend) != Backend::reference) {
    require(dtype == "f32", "kernel rungs compute in f32; leave --dtype f64 to --backend reference");
    const RungCase rung_case{*c.algorithm, c.params, read_inputs<float>(c), *backend_from(backend),
                             arguments.value("--rung", "")};
    write_outputs(eval_rung(rung_case, progress), out);
    return kPassed;
  }
  require(!arguments.has("--rung"), "--rung goes with --backend simulated or cuda");
  if (dtype == "f64") {
    write_outputs(run_algorithm<double>(*c.algorithm, c.params, read_inputs<double>(c)), out);
  } else {
    write_outputs(run_algorithm<float>(*c.algorithm, c.params, read_inputs<float>(c)), out);
  }
  return kPassed;
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
    "(f32 or f64, little-endian). 'alab list algorithms --json' names inputs, shapes and params.\n\n"
    "Example meta.json: {\"algorithm\": \"softmax_attention\", \"params\": {\"causal\": true, \"scale\": "
    "0.125}}\n",
    kOptions,
    run_eval};

}  // namespace alab::cli
