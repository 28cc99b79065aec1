// The CPU forms of softmax attention by name, and their stopwatch. A time is taken only after a passed check.
// SPDX-License-Identifier: MIT
#include "reference/cpu_forms.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>

#include "reference/core/compare.hpp"
#include "reference/core/rng.hpp"
#include "reference/flash_attention.hpp"

namespace alab {

namespace {

constexpr double kTolerance = 5e-6;  // T32: same mathematics, other order of summation
constexpr int kLeastRuns = 5, kMostRuns = 10000;

using Q = Tensor<float>;

AttentionOutput<float> run_naive(const Q& q, const Q& k, const Q& v, const AttentionOptions& options, int,
                                 const Progress& progress) {
  return softmax_attention(q, k, v, options, {}, progress);
}

AttentionOutput<float> run_online(const Q& q, const Q& k, const Q& v, const AttentionOptions& options, int,
                                  const Progress& progress) {
  return online_softmax_attention(q, k, v, options, {}, 64, progress);
}

AttentionOutput<float> run_fa1(const Q& q, const Q& k, const Q& v, const AttentionOptions& options, int,
                               const Progress& progress) {
  FlashOutput<float> out = flash_attention_fa1(
      q, k, v, {.causal = options.causal, .scale = options.scale, .tiles = {64, 64}}, {}, progress);
  return {std::move(out.output), std::move(out.logsumexp)};
}

AttentionOutput<float> run_fa2(const Q& q, const Q& k, const Q& v, const AttentionOptions& options, int,
                               const Progress& progress) {
  FlashOutput<float> out = flash_attention_fa2(
      q, k, v, {.causal = options.causal, .scale = options.scale, .tiles = {64, 64}}, {}, progress);
  return {std::move(out.output), std::move(out.logsumexp)};
}

AttentionOutput<float> run_blocked(const Q& q, const Q& k, const Q& v, const AttentionOptions& options,
                                   int threads, const Progress& progress) {
  return blocked_softmax_attention(q, k, v, options, threads, progress);
}

constexpr std::array kForms{
    CpuForm{"naive", "scores of a head held whole, softmax by rows, products by Eigen", false, run_naive},
    CpuForm{"online", "64 keys at a time, one running state per query", false, run_online},
    CpuForm{"fa1_order", "FlashAttention's algorithm 1, tiles of 64 x 64, literally", false, run_fa1},
    CpuForm{"fa2_order", "FlashAttention-2's algorithm 1, tiles of 64 x 64, literally", false, run_fa2},
    CpuForm{"blocked", "tiles of 128 x 512, products and exp by Eigen, threads over query tiles", true,
            run_blocked}};

Tensor<float> drawn(Shape shape, Rng& rng) {
  Tensor<float> out(std::move(shape));
  for (float& value : out.span()) {
    value = static_cast<float>(rng.normal());
  }
  return out;
}

double percentile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

void check_options(const CpuBenchOptions& o) {
  require(o.heads >= 1 && o.seq_len >= 1 && o.head_dim >= 1, "a problem of ", o.heads, " heads, ", o.seq_len,
          " tokens and head_dim ", o.head_dim, " is empty: each is at least 1");
  require(o.threads >= 0 && o.threads <= 256, "threads = ", o.threads,
          " is out of range: 1 .. 256, or 0 for all of this machine");
  require(o.seconds >= 0 && o.seconds <= 600, "timing for ", o.seconds, " s is out of range: 0 .. 600");
}

}  // namespace

std::span<const CpuForm> attention_cpu_forms() {
  return kForms;
}

const CpuForm* find_attention_cpu_form(std::string_view name) {
  const auto found =
      std::find_if(kForms.begin(), kForms.end(), [&](const CpuForm& form) { return form.name == name; });
  return found == kForms.end() ? nullptr : &*found;
}

CpuTiming time_attention_cpu_form(const CpuForm& form, const CpuBenchOptions& o, const Progress& progress) {
  check_options(o);
  Rng rng(o.seed);
  const Tensor<float> q = drawn({o.heads, o.seq_len, o.head_dim}, rng);
  const Tensor<float> k = drawn(q.shape(), rng), v = drawn(q.shape(), rng);
  const AttentionOptions options{.causal = o.causal};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CpuTiming timing{.form = std::string(form.name),
                   .problem = o,
                   .tolerance = kTolerance,
                   .median_s = nan,
                   .low_s = nan,
                   .high_s = nan,
                   .gflops = nan};

  const AttentionOutput<double> truth = blocked_softmax_attention(
      q.cast<double>(), k.cast<double>(), v.cast<double>(), options, o.threads, progress.part(0, 0.3));
  const Difference d = difference<float>(
      form.run(q, k, v, options, o.threads, progress.part(0.3, 0.4)).output.span(), truth.output.span());
  timing.rel_l2 = d.rel_l2;
  timing.max_abs = d.max_abs;
  timing.passed = d.comparable && d.rel_l2 <= kTolerance;
  if (!timing.passed) {
    return timing;
  }

  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  const Clock::time_point start = Clock::now();
  while (static_cast<int>(seconds.size()) < kLeastRuns ||
         (std::chrono::duration<double>(Clock::now() - start).count() < o.seconds &&
          static_cast<int>(seconds.size()) < kMostRuns)) {
    progress.step(0.5, "timing");
    const Clock::time_point before = Clock::now();
    form.run(q, k, v, options, o.threads, Progress{progress.stop, {}});
    seconds.push_back(std::chrono::duration<double>(Clock::now() - before).count());
  }
  std::sort(seconds.begin(), seconds.end());
  timing.runs = static_cast<int>(seconds.size());
  timing.median_s = percentile(seconds, 0.5);
  timing.low_s = percentile(seconds, 0.1);
  timing.high_s = percentile(seconds, 0.9);
  const double n = static_cast<double>(o.seq_len);
  const double flops = 4.0 * static_cast<double>(o.heads * o.head_dim) * n * n * (o.causal ? 0.5 : 1.0);
  timing.gflops = flops / timing.median_s / 1e9;
  return timing;
}

}  // namespace alab
