// Runs a rung on a backend and judges it: outputs against double precision, memory outside them untouched.
// SPDX-License-Identifier: MIT
#include "kernels/backend.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

#include "kernels/carry_out.hpp"
#include "kernels/cuda/device.hpp"
#include "kernels/executor/stream.hpp"
#include "kernels/judge_outputs.hpp"

namespace alab {
namespace {

std::string read_cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  std::string name = "unknown CPU";
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos && line.rfind("model name", 0) == 0) {
      name = line.substr(colon + 2);
      break;
    }
  }
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  return text(name, ", ", cores, cores == 1 ? " core" : " cores");
}

Check judge_f32(const BufferSpec& spec, const Tensor<float>& got, const Judged& judged,
                const Provenance& provenance) {
  const Tensor<double>& truth = judged.truth.at(spec.name);
  const Tensor<float>& plain = judged.plain.f32.at(spec.name);
  const Tolerance tolerance = derived_tolerance<float>(plain.span(), truth.span());
  return compare("error_" + spec.name, spec.name + ": relative error against double precision",
                 difference<float>(got.span(), truth.span()), tolerance, spec.shape, provenance);
}

Check judge_i32(const BufferSpec& spec, const Tensor<std::int32_t>& got, const Judged& judged,
                const Provenance& provenance) {
  const Tensor<double>& truth = judged.truth.at(spec.name);
  double wrong = got.size() == truth.size() ? 0 : std::nan("");
  std::int64_t first = -1;
  for (std::int64_t i = 0; i < std::min(got.size(), truth.size()); ++i) {
    if (static_cast<double>(got[i]) != truth[i]) {
      first = wrong++ == 0 ? i : first;
    }
  }
  Check check = check_exactly("error_" + spec.name, spec.name + ": elements that differ from the reference",
                              wrong, 0, provenance);
  if (first >= 0) {
    check.detail = text("element ", first, " is ", got[first], ", the reference has ", truth[first]);
  }
  return check;
}

void judge_memory(RungRun& run, Stream& stream, const Placement& placed, const Provenance& provenance) {
  const std::string damage = stream.damage();
  run.checks.push_back(
      check_exactly("guards", "buffers written outside their bounds", damage.empty() ? 0 : 1, 0, provenance));
  run.checks.back().detail = damage;
  const std::vector<std::string> changed = placed.changed();
  run.checks.push_back(check_exactly("inputs", "inputs changed by the kernel",
                                     static_cast<double>(changed.size()), 0, provenance));
  for (const std::string& name : changed) {
    run.checks.back().detail += (&name == &changed.front() ? "changed: " : ", ") + name;
  }
}

Provenance provenance_of(Backend backend) {
  if (backend == Backend::cuda) {
    return {Provenance::measured, text(cuda_device().name, ", ", cuda_device().driver)};
  }
  return {Provenance::measured, text("CPU executor on ", cpu_name(), " (not a GPU time)")};
}

std::string why_not(const RungBuild& build, Backend backend, const ParamSet& problem, const ParamSet& tiles) {
  const Rung& rung = *build.rung;
  if (backend == Backend::reference) {
    return "the reference is not a rung: it judges them";
  }
  if (backend == Backend::cuda) {
    const CudaDevice& device = cuda_device();
    if (!device.usable) {
      return device.unavailable;
    }
    if (device.sm < rung.min_sm) {
      return text("needs compute capability ", rung.min_sm / 10, ".", rung.min_sm % 10, ", ", device.name,
                  " has ", device.sm / 10, ".", device.sm % 10);
    }
  }
  return rung.unsupported != nullptr ? rung.unsupported(problem, tiles) : "";
}

void fail(RungRun& run, const Error& error, const Provenance& provenance) {
  run.passed = false;
  run.checks.push_back(check_exactly("runs", "the kernel runs to its end", 0, 1, provenance));
  run.checks.back().detail = error.what();
}

std::unique_ptr<Stream> make_stream(Backend backend, const RunOptions& options, const Progress& progress) {
  std::unique_ptr<Stream> stream;
  if (backend == Backend::cuda) {
    stream = cuda::make_stream(progress);
  } else {
    stream = std::make_unique<executor::FastStream>(progress, options.workers);
  }
  stream->set_order(options.order);
  return stream;
}

}  // namespace

std::string_view to_string(Backend backend) {
  switch (backend) {
    case Backend::reference:
      return "reference";
    case Backend::simulated:
      return "simulated";
    default:
      return "cuda";
  }
}

std::optional<Backend> backend_from(std::string_view name) {
  for (const Backend backend : {Backend::reference, Backend::simulated, Backend::cuda}) {
    if (name == to_string(backend)) {
      return backend;
    }
  }
  return std::nullopt;
}

const CudaDevice& cuda_device() {
  static const CudaDevice device = cuda::query_device();
  return device;
}

const std::string& cpu_name() {
  static const std::string name = read_cpu_name();
  return name;
}

Spread median_and_spread(std::vector<double> values) {
  if (values.empty()) {
    return {};
  }
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double q) {
    const double at = q * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(at);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
  };
  return {quantile(0.5), (quantile(0.75) - quantile(0.25)) / 2};
}

Judged judge(const Op& op, const ParamSet& problem, const HostArrays& inputs) {
  return {op.reference(problem, inputs), op.plain(problem, inputs)};
}

std::vector<Check> judge_outputs(const Op& op, const ParamSet& problem, const HostArrays& outputs,
                                 const Judged& judged, const Provenance& provenance) {
  std::vector<Check> checks;
  for (const BufferSpec& spec : op.buffers(problem)) {
    if (spec.role == BufferRole::output) {
      checks.push_back(spec.type == ElementType::f32
                           ? judge_f32(spec, outputs.f32.at(spec.name), judged, provenance)
                           : judge_i32(spec, outputs.i32.at(spec.name), judged, provenance));
    }
  }
  return checks;
}

RungRun run_rung(const Op& op, const RungBuild& build, Backend backend, const ParamSet& problem,
                 const ParamSet& tiles, const HostArrays& inputs, const Judged& judged,
                 const RunOptions& options, const Progress& progress) {
  RungRun run;
  run.rung = build.rung;
  run.backend = backend;
  run.unsupported = why_not(build, backend, problem, tiles);
  if (!run.unsupported.empty()) {
    return run;
  }
  try {
    const std::unique_ptr<Stream> stream = make_stream(backend, options, progress);
    return run_rung_on(*stream, op, build, backend, problem, tiles, inputs, judged, options, progress);
  } catch (const Error& error) {
    fail(run, error, provenance_of(backend));
  }
  return run;
}

RungRun run_rung_on(Stream& stream, const Op& op, const RungBuild& build, Backend backend,
                    const ParamSet& problem, const ParamSet& tiles, const HostArrays& inputs,
                    const Judged& judged, const RunOptions& options, const Progress& progress) {
  RungRun run;
  run.rung = build.rung;
  run.backend = backend;
  run.time_provenance = provenance_of(backend);
  try {
    const Placement placed(stream, op.buffers(problem), inputs);
    const auto work = [&] { build.run(stream, problem, tiles, placed.buffers()); };
    const double first = stream.seconds(work);
    run.peak_scratch_bytes = stream.peak_scratch_bytes();
    run.outputs = placed.outputs();
    run.checks = judge_outputs(op, problem, run.outputs, judged, run.time_provenance);
    judge_memory(run, stream, placed, run.time_provenance);
    run.passed = std::all_of(run.checks.begin(), run.checks.end(), [](const Check& c) { return c.passed(); });
    if (run.passed && options.timed) {
      std::vector<double> times{first};
      if (options.repeats > 1) {
        times.clear();
        for (int i = 0; i < options.repeats; ++i) {
          progress.step(static_cast<double>(i) / options.repeats, build.rung->title);
          times.push_back(stream.seconds(work));
        }
      }
      const Spread spread = median_and_spread(times);
      run.seconds = spread.median;
      run.spread = spread.half_iqr;
      run.repeats = static_cast<int>(times.size());
    }
  } catch (const Error& error) {
    fail(run, error, run.time_provenance);
  }
  return run;
}

}  // namespace alab
