// Batches of sequences of different lengths: where the key mask must act, and what a left-over pad does to a
// state. Source: fast-transformers (idiap), LinearAttention and its key-length mask.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"
#include "reference/core/rng.hpp"

namespace alab::causal_linear {
namespace {

constexpr std::int64_t kWidth = 16;  // head_dim and head_dim_v

enum class PadRule {
  features_zeroed,  ///< phi(k) = 0 beyond the length: what fast-transformers does
  keys_zeroed,      ///< k = 0 beyond the length, then phi: elu(0) + 1 = 1
  ignored           ///< whatever stands there is folded in
};

struct Batch {
  Tensor<float> query, key, value;   ///< [sequences, padded, width]
  std::vector<std::int64_t> length;  ///< the last sequence fills the batch
};

Batch drawn_batch(std::int64_t sequences, std::int64_t padded, std::uint64_t seed) {
  Rng rng(seed);
  const auto draw = [&] {
    Tensor<float> x({sequences, padded, kWidth});
    for (float& e : x.span()) {
      e = static_cast<float>(rng.normal());
    }
    return x;
  };
  Batch batch{draw(), draw(), draw(), {}};
  for (std::int64_t s = 0; s < sequences; ++s) {
    batch.length.push_back(
        std::max<std::int64_t>(1, padded * (s + 1) / sequences - (s + 1 < sequences ? 3 : 0)));
  }
  return batch;
}

void zero_beyond(Tensor<float>& x, const std::vector<std::int64_t>& length) {
  for (std::int64_t s = 0; s < x.extent(0); ++s) {
    for (std::int64_t t = length[static_cast<std::size_t>(s)]; t < x.extent(1); ++t) {
      for (std::int64_t c = 0; c < x.extent(2); ++c) {
        x(s, t, c) = 0;
      }
    }
  }
}

LinearAttentionProblem<float> padded_problem(const Batch& batch, PadRule rule) {
  Tensor<float> key = batch.key;
  if (rule == PadRule::keys_zeroed) {
    zero_beyond(key, batch.length);
  }
  LinearAttentionProblem<float> p = linear_attention_problem(FeatureMap{}, batch.query, key, batch.value);
  if (rule == PadRule::features_zeroed) {
    zero_beyond(p.key, batch.length);
  }
  return p;
}

Tensor<float> cut(const Tensor<float>& x, std::int64_t s, std::int64_t rows) {
  const float* first = x.data() + s * x.extent(1) * x.extent(2);
  return Tensor<float>({1, rows, x.extent(2)}, {first, first + rows * x.extent(2)});
}

struct Gap {
  double full = 0, causal = 0, state = 0;  ///< relL2 over all valid rows, and of the final states
  std::vector<double> by_sequence;         ///< full attention, each sequence
};

/// The batch against every sequence on its own, in double.
Gap gap_of(const Batch& batch, PadRule rule) {
  const LinearAttentionProblem<float> padded = padded_problem(batch, rule);
  LinearAttentionOptions full;
  full.causal = false;
  const auto batch_full = linear_attention_recurrent(padded, full),
             batch_causal = linear_attention_chunkwise(padded, 16);
  const LinearAttentionProblem<float> clean = padded_problem(batch, PadRule::ignored);
  Gap gap;
  double off[3] = {0, 0, 0}, size[3] = {0, 0, 0};
  for (std::size_t s = 0; s < batch.length.size(); ++s) {
    const auto at = static_cast<std::int64_t>(s), rows = batch.length[s];
    const LinearAttentionProblem<double> alone =
        widened({cut(clean.query, at, rows), cut(clean.key, at, rows), cut(clean.value, at, rows)});
    const auto truth_full = linear_attention_recurrent(alone, full),
               truth_causal = linear_attention_recurrent(alone);
    const auto add = [&](int which, const Tensor<float>& got, const Tensor<double>& truth) {
      double apart = 0, norm = 0;
      for (std::int64_t i = 0; i < truth.size(); ++i) {
        apart += std::pow(static_cast<double>(got[i]) - truth[i], 2);
        norm += truth[i] * truth[i];
      }
      off[which] += apart;
      size[which] += norm;
      return std::sqrt(apart / norm);
    };
    gap.by_sequence.push_back(add(0, cut(batch_full.output, at, rows), truth_full.output));
    add(1, cut(batch_causal.output, at, rows), truth_causal.output);
    add(2, cut(batch_causal.state, at, kWidth), truth_causal.state);
  }
  gap.full = std::sqrt(off[0] / size[0]);
  gap.causal = std::sqrt(off[1] / size[1]);
  gap.state = std::sqrt(off[2] / size[2]);
  return gap;
}

Plot sequences_plot(const Batch& batch, const Gap& right, const Gap& zeroed, const Gap& ignored) {
  const Provenance here = measured_here("float against double, every sequence alone");
  Plot plot{"by_length",
            "Whatever has pads is spoilt, unless phi(k) = 0 there",
            "Error of each sequence, without a causal mask. The longest fills the batch and has no pads.",
            {"length of the sequence", "tokens", false},
            {"relative error", "", true},
            {}};
  std::vector<double> xs;
  for (const std::int64_t length : batch.length) {
    xs.push_back(static_cast<double>(length));
  }
  const auto line = [&](std::string key, std::string label, std::vector<double> ys) {
    for (double& y : ys) {
      y = std::max(y, 1e-9);
    }
    plot.series.push_back(
        plain(std::move(key), std::move(label), xs, std::move(ys), here, SeriesStyle::line_and_markers));
  };
  line("ignored", "pads folded in", ignored.by_sequence);
  line("zeroed", "k = 0, then phi", zeroed.by_sequence);
  line("right", "phi(k) = 0", right.by_sequence);
  return plot;
}

}  // namespace

Result run_padding(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const Batch batch = drawn_batch(params.integer(kSequences), params.integer(kPadLength), seed);
  context.progress.step(0.1, "phi(k) = 0 beyond the length");
  const Gap right = gap_of(batch, PadRule::features_zeroed);
  context.progress.step(0.4, "k = 0 beyond the length");
  const Gap zeroed = gap_of(batch, PadRule::keys_zeroed);
  context.progress.step(0.7, "pads folded in");
  const Gap ignored = gap_of(batch, PadRule::ignored);
  const Provenance here = measured_here("float against double, every sequence alone");
  Result result;
  result.input = text("normal, seed ", seed, ", pads filled with normal numbers");
  result.plots.push_back(sequences_plot(batch, right, zeroed, ignored));
  const auto row = [&](std::string name, const Gap& gap) {
    return std::vector<Cell>{Cell::words(std::move(name)), Cell::number(gap.full, "error", here),
                             Cell::number(gap.causal, "error", here), Cell::number(gap.state, "error", here)};
  };
  result.tables.push_back({"pad_rules",
                           "Three ways to treat a pad",
                           "Against every sequence computed alone. Only rows of real tokens are compared.",
                           {"rule", "outputs, no mask", "outputs, causal", "final state"},
                           {row("phi(k) = 0 at pads", right), row("k = 0 at pads, then phi", zeroed),
                            row("pads folded in", ignored)}});
  result.scalars = {scalar("right_full", "phi(k) = 0: error", right.full, "error", here),
                    scalar("zeroed_full", "k = 0, then phi: error", zeroed.full, "", here),
                    scalar("zeroed_state", "k = 0, then phi: error of the state", zeroed.state, "", here),
                    scalar("ignored_full", "pads folded in: error", ignored.full, "", here),
                    scalar("ignored_causal", "pads folded in, causal: error", ignored.causal, "error", here)};
  result.checks = {check_at_most("pass_padded", "padded equals unpadded, outputs and states: <= 5e-6",
                                 worse(worse(right.full, right.causal), right.state), kT32, here),
                   check_at_most("pass_causal", "pads at the end never reach a causal output: <= 5e-6",
                                 ignored.causal, kT32, here)};
  add_where(result, batch.length.size() >= 2, "two sequences or more",
            check_between("pass_zeroed_wrong", "k = 0 before phi is no mask: error of the state above 0.01",
                          zeroed.state, 0.01, 1e9, here));
  return result;
}

}  // namespace alab::causal_linear
