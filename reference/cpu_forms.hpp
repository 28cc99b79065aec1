// Softmax attention on the CPU, form by form, with times that are taken only after a passed check.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/softmax_attention.hpp"

namespace alab {

/// A way to compute softmax attention in f32 on this CPU.
struct CpuForm {
  std::string_view name, doc;  ///< name: naive, online, blocked, ...
  bool threaded = false;       ///< uses the threads it is given; others run on one
  AttentionOutput<float> (*run)(const Tensor<float>& q, const Tensor<float>& k, const Tensor<float>& v,
                                const AttentionOptions& options, int threads,
                                const Progress& progress) = nullptr;
};
std::span<const CpuForm> attention_cpu_forms();
/// nullptr when unknown.
const CpuForm* find_attention_cpu_form(std::string_view name);

struct CpuBenchOptions {
  std::int64_t heads = 1, seq_len = 1024, head_dim = 64;
  bool causal = false;
  int threads = 1;
  double seconds = 0.5;  ///< timed for at least this long and at least 5 runs, after a warm-up
  std::uint64_t seed = 42;
};

/// One row of the table. Times are NaN unless passed.
struct CpuTiming {
  std::string form;
  CpuBenchOptions problem;
  double rel_l2 = 0, max_abs = 0;  ///< against double precision on the same rounded inputs
  double tolerance = 0;            ///< on rel_l2
  bool passed = false;
  int runs = 0;
  double median_s = 0, low_s = 0, high_s = 0;  ///< 10th and 90th percentile around the median
  double gflops = 0;                           ///< 4 H N^2 d / median, half of it when causal
};
/// Checks the form against double precision, then times it. Measured on this CPU.
CpuTiming time_attention_cpu_form(const CpuForm& form, const CpuBenchOptions& options,
                                  const Progress& progress = {});

}  // namespace alab
