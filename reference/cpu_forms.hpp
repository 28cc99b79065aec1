// Ways of computing attention on the CPU, family by family, with times that are taken only after a passed
// check. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/job.hpp"
#include "reference/core/tensor.hpp"

namespace alab {

/// One problem in f32. Families read what they need: the linear ones take q and k as features, gates are log
/// decays.
struct CpuProblem {
  Tensor<float> q, k, v, log_decay;
  bool causal = false;
};

/// A way to compute the family's output [heads, seq_len, head_dim] in f32 on this CPU.
struct CpuForm {
  std::string_view name, doc;  ///< name: naive, recurrent, blocked, ...
  bool threaded = false;       ///< uses the threads it is given; others run on one
  Tensor<float> (*run)(const CpuProblem& problem, int threads, const Progress& progress) = nullptr;
};

struct CpuBenchOptions {
  std::int64_t heads = 1, seq_len = 1024, head_dim = 64;
  bool causal = false;
  int threads = 1;
  double seconds = 0.5;  ///< timed for at least this long and at least 5 runs, after a warm-up
  std::uint64_t seed = 42;
};

/// Forms of one operation: the same inputs, truth and count of flops.
struct CpuFamily {
  std::string_view name, title;  ///< name: as on the command line: attention_cpu, linear_cpu, gla_cpu
  std::span<const CpuForm> forms;
  CpuProblem (*problem)(const CpuBenchOptions& options) = nullptr;
  Tensor<double> (*truth)(const CpuProblem& problem, int threads, const Progress& progress) = nullptr;
  double (*flops)(const CpuBenchOptions& options) = nullptr;  ///< of the same formula for every form
  std::string_view flops_formula;
};
/// softmax attention, linear attention, gated linear attention.
std::span<const CpuFamily> cpu_families();
/// nullptr when unknown.
const CpuFamily* find_cpu_family(std::string_view name);
const CpuForm* find_cpu_form(const CpuFamily& family, std::string_view name);

/// One row of the table. Times are NaN unless passed.
struct CpuTiming {
  std::string form;
  CpuBenchOptions problem;
  double rel_l2 = 0, max_abs = 0;  ///< against double precision on the same rounded inputs
  double tolerance = 0;            ///< on rel_l2
  bool passed = false;
  int runs = 0;
  double median_s = 0, low_s = 0, high_s = 0;  ///< 10th and 90th percentile around the median
  double gflops = 0;                           ///< the family's flops / median
};
/// Checks the form against double precision, then times it. Measured on this CPU.
CpuTiming time_cpu_form(const CpuFamily& family, const CpuForm& form, const CpuBenchOptions& options,
                        const Progress& progress = {});

// One family each, in a file of its own.
std::span<const CpuForm> softmax_cpu_forms();
std::span<const CpuForm> linear_cpu_forms();
std::span<const CpuForm> gated_cpu_forms();

}  // namespace alab
