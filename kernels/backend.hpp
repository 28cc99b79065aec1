// What can run a rung on this machine, asked once, with the reason when it cannot.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/rung.hpp"
#include "reference/core/compare.hpp"
#include "reference/core/job.hpp"

namespace alab {

enum class Backend { reference, simulated, cuda };
std::string_view to_string(Backend backend);
std::optional<Backend> backend_from(std::string_view name);

struct CudaDevice {
  bool usable = false;
  std::string name;         ///< "NVIDIA H200"
  int sm = 0;               ///< 90
  std::string unavailable;  ///< one sentence and the next step: no nvcc at build time, no driver, no device
  std::string driver;
};
const CudaDevice& cuda_device();
/// "Intel Xeon ..., 2 cores": the source of everything measured on the CPU.
const std::string& cpu_name();

struct Spread {
  double median = 0, half_iqr = 0;
};
/// Median and half the interquartile range (linear interpolation); zeros of an empty list.
Spread median_and_spread(std::vector<double> values);

/// Result of one run of one rung on one backend, judged against the reference.
struct RungRun {
  const Rung* rung = nullptr;
  Backend backend = Backend::simulated;
  std::string unsupported;    ///< not run, and why
  std::vector<Check> checks;  ///< one per output: error against double; guard bands; inputs unchanged
  bool passed = false;
  double seconds = 0, spread = 0;  ///< median and half the interquartile range; 0 when not timed
  int repeats = 0;
  std::size_t peak_scratch_bytes = 0;
  Provenance time_provenance;  ///< measured: the GPU, or "CPU executor on ... (not a GPU time)"
  HostArrays outputs;
};

struct RunOptions {
  Stream::Order order = Stream::Order::ascending;
  int repeats = 1;       ///< timed runs after one warm-up when > 1
  bool timed = true;     ///< a run that fails its checks is never timed
  unsigned workers = 0;  ///< OS threads of the executor; 0: one per core
};

/// Fills outputs with NaN, puts guard bands around every buffer, runs, compares with the truth, and checks
/// that guards and inputs are untouched. A kernel that stops with an Error is a failed check, not an
/// exception. An output's tolerance: derived_tolerance on the plain form. truth and plain may be handed in
/// when several rungs share a problem.
struct Judged {
  TruthArrays truth;
  HostArrays plain;
};
Judged judge(const Op& op, const ParamSet& problem, const HostArrays& inputs);
RungRun run_rung(const Op& op, const RungBuild& build, Backend backend, const ParamSet& problem,
                 const ParamSet& tiles, const HostArrays& inputs, const Judged& judged,
                 const RunOptions& options, const Progress& progress);
/// The same on a stream of the caller's. Does not ask unsupported().
RungRun run_rung_on(Stream& stream, const Op& op, const RungBuild& build, Backend backend,
                    const ParamSet& problem, const ParamSet& tiles, const HostArrays& inputs,
                    const Judged& judged, const RunOptions& options, const Progress& progress);

}  // namespace alab
